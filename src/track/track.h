/* A track: one road user followed over time. The snapshot of it that belongs to one frame. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/geom.h"
#include "detect/detection.h"

struct its_track {
    uint64_t id;        /* per camera, never reused */
    struct its_box box; /* filtered; displayed pixels */
    float vx, vy;       /* of the box centre, px/s */
    float score;        /* of the last detection, 0..1 */
    enum its_class cls; /* decided over the whole track, not the last frame's */
    bool confirmed;     /* enough evidence that it is a road user */
    bool predicted;     /* no detection in this frame: the box is extrapolated */
    uint32_t hits;      /* detections so far */
    int64_t born_us;    /* stream time of the first detection */
    int64_t seen_us;    /* stream time of the last detection */
    bool travelled;     /* it was seen a size of its own away from where it was born */
    int64_t still_us;   /* stream time since which it has been where it is, give or take half its
                           size */
};

#define ITS_TRACKS_MAX 300

struct its_tracks {
    int count;
    struct its_track item[ITS_TRACKS_MAX];
};
