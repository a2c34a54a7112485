/* What a camera says it will send (SDP, RFC 4566): the one video stream we take. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define ITS_SDP_SETS_MAX 4096

enum its_rtp_codec { ITS_RTP_OTHER, ITS_RTP_H264, ITS_RTP_H265, ITS_RTP_JPEG };

struct its_sdp_video {
    enum its_rtp_codec codec;
    char encoding[32]; /* its name there: "H264" */
    int payload_type;
    int clock_rate;    /* Hz */
    double fps;        /* 0: not said */
    bool donl;         /* H.265 packets carry decoding order numbers (RFC 7798 4.4) */
    char control[512]; /* absolute, or to be put behind the base address; "" or "*": the base */
    char session_control[512];
    uint8_t sets[ITS_SDP_SETS_MAX]; /* parameter sets, with start codes */
    size_t sets_bytes;
};

/* The first video of a codec we know, else the first video. 0; ITS_ENOVIDEO; ITS_EUNSUPPORTED: a
 * codec we cannot take; ITS_EDAMAGED: no SDP. With a sentence that begins after the camera's name:
 * "sends no video, only audio". */
int its_sdp_parse(const char *text, size_t len, struct its_sdp_video *out, struct its_error *err);
