/* A packet: one access unit (one coded picture) of one camera, with its clocks. Made in camera/,
 * never rewritten downstream. Ref-counted, pooled; handed on by reference. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/ref.h"

struct AVPacket;
struct AVCodecParameters;

/* Where capture_us comes from. */
enum its_capture_source {
    ITS_CAPTURE_ARRIVAL, /* nobody told us: the wall clock at arrival */
    ITS_CAPTURE_RTCP,    /* sender report of the camera */
    ITS_CAPTURE_FILE,    /* time in a file, on top of the wall clock at its start */
};

/* What a decoder must know. Immutable, shared by all packets of one stretch of stream: a decoder
 * that sees another pointer than before starts anew. */
struct its_stream_info {
    struct its_ref ref;
    struct AVCodecParameters *codec;  /* owned */
    char codec_name[24];              /* "h264" */
    int coded_w, coded_h;             /* as stored, pixels */
    int rotation;                     /* degrees clockwise to show it upright: 0, 90, 180, 270 */
    int time_base_num, time_base_den; /* seconds per unit of pts */
    double fps;                       /* nominal; 0 = unknown */
};

struct its_stream_info *its_stream_info_ref(struct its_stream_info *info);
void its_stream_info_unref(struct its_stream_info **info);

/* The size at which it is shown: the width stretched by the sample aspect, then turned (the order
 * of every player). An aspect that is unknown or beyond 1:4 counts as square. */
void its_displayed_size(int coded_w, int coded_h, int sar_num, int sar_den, int rotation, int *w,
                        int *h);
/* The same of a stream, as far as it is known before the first picture. */
void its_stream_info_displayed_size(const struct its_stream_info *info, int *w, int *h);

struct its_packet {
    struct its_ref ref;
    struct AVPacket *av;          /* owned by the packet's slot in its pool */
    struct its_stream_info *info; /* a reference */
    uint64_t seq;                 /* 0, 1, 2, … in decoding order, per camera, never reset */
    uint32_t epoch;               /* raised at every reconnect, loop wrap or seek */
    int64_t pts;                  /* in the stream's own time base; INT64_MIN = it has none */
    int64_t time_us;              /* stream time since the first picture of epoch 0; goes on over a
                                     loop wrap, so that it never runs back */
    int64_t arrived_us;           /* monotonic: the last byte of the access unit was read */
    int64_t capture_us;           /* wall clock */
    enum its_capture_source capture_source;
    bool has_time;   /* the stream said so; else time_us is counted */
    bool key;        /* decoding can start here */
    bool disposable; /* no other picture refers to it */
    uint32_t bytes;
    uint64_t read_errors; /* damaged stretches passed over before it, since the opening */
};

struct its_packet *its_packet_ref(struct its_packet *p);
/* Drops the caller's reference and clears the pointer; a pointer to NULL is allowed. */
void its_packet_unref(struct its_packet **p);
