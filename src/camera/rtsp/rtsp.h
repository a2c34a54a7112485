/* An RTSP session (RFC 2326) that plays one video stream, over one TCP connection or with UDP
 * beside it. Only the video is set up: sound and metadata are never sent to us. One thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "camera/address.h"
#include "camera/rtsp/sdp.h"
#include "camera/source_ops.h"

struct its_rtsp;

/* Connects, describes, sets up, plays. Until the source's deadline. 0; or a negative code with a
 * sentence. *out is NULL then. */
int its_rtsp_open(struct its_source *source, const struct its_address *address,
                  struct its_rtsp **out, struct its_error *err);

/* What it plays. */
const struct its_sdp_video *its_rtsp_video(const struct its_rtsp *r);

/* One packet of the stream: RTP in the order of sending, or RTCP. */
struct its_rtsp_packet {
    const uint8_t *bytes; /* good until the next read */
    size_t size;
    int64_t arrived_us;
    bool rtcp;
};

/* The next packet; keeps the session alive meanwhile. Blocks until the source's deadline.
 * -ECONNRESET: the camera ended the session. Bytes that make no sense are passed over and counted
 * in the source's errors. */
int its_rtsp_read(struct its_rtsp *r, struct its_rtsp_packet *out, struct its_error *err);

/* Says good-bye, without waiting for an answer. Clears the pointer; NULL is allowed. */
void its_rtsp_close(struct its_rtsp **r);
