/* A decoded frame: a reference to libavcodec's picture plus where and when it belongs.
 * Ref-counted, pooled; pixels are never copied across this border. Read-only once made. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/ref.h"
#include "base/stamps.h"

struct AVFrame;

/* 8-bit planar or semi-planar YUV as the analysis reads it; anything else is converted when it is
 * decoded. */
enum its_pixels {
    ITS_PIXELS_I420, /* planes Y, U, V; chroma halved both ways */
    ITS_PIXELS_I422, /* chroma halved across */
    ITS_PIXELS_I444,
    ITS_PIXELS_NV12, /* planes Y, UV interleaved */
    ITS_PIXELS_GRAY, /* plane Y alone */
};

/* How Y, U, V make red, green, blue. */
enum its_matrix {
    ITS_MATRIX_BT601,
    ITS_MATRIX_BT709,
};

struct its_frame {
    struct its_ref ref;
    struct AVFrame *av; /* owned by the frame's slot in its pool */

    /* --- pixels; rows of plane 0 may be read up to coded_w, nothing beyond */
    enum its_pixels pixels;
    const uint8_t *plane[3];
    int stride[3];        /* bytes; may be negative */
    int coded_w, coded_h; /* as stored */
    bool full_range;      /* 0..255 luma instead of 16..235 */
    enum its_matrix matrix;

    /* --- displayed geometry: every coordinate downstream is in these pixels */
    int display_w, display_h;
    int rotation; /* degrees clockwise from stored to displayed: 0, 90, 180, 270 */

    /* --- identity and clocks, from the packet */
    uint64_t index; /* 0, 1, 2, … in presentation order, per camera; of what was decoded */
    uint32_t epoch;
    int64_t pts, time_us, capture_us;
    bool key;
    uint64_t errors; /* in the stream so far: damaged stretches, bad packets, damaged frames */
    bool damaged;    /* decoded around missing or broken data */
    bool analyse;    /* the analysis rate chose it: a detector should look at it */
    struct its_stamps stamps;
};

struct its_frame *its_frame_ref(struct its_frame *f);
/* Drops the caller's reference and clears the pointer; a pointer to NULL is allowed. */
void its_frame_unref(struct its_frame **f);
