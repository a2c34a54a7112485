/* The result of one frame: everything the analysis has to say about it. Immutable once published,
 * ref-counted, pooled; goes by reference to everybody who wants it. */
#pragma once

#include <stdint.h>

#include "base/ref.h"
#include "base/stamps.h"
#include "frame/sight.h"
#include "track/track.h"
#include "traffic/event.h"

#define ITS_CROSSINGS_MAX 64 /* in one frame; see counter.h for what happens beyond */

struct its_result {
    struct its_ref ref;
    char camera[64]; /* its id: a copy, as results may outlive their camera */

    uint64_t frame;
    uint32_t epoch;
    int64_t pts, time_us, capture_us;
    int display_w, display_h;
    bool analysed;        /* a detector looked at the frame; else all boxes are predicted */
    enum its_sight sight; /* unless clear: nobody looked, there are neither tracks nor crossings */

    struct its_tracks tracks;
    int crossing_count;
    struct its_crossing crossing[ITS_CROSSINGS_MAX];

    struct its_stamps stamps; /* up to track: publishing ends after the last listener has it */
};

struct its_result *its_result_ref(struct its_result *r);
/* Drops the caller's reference and clears the pointer; a pointer to NULL is allowed. */
void its_result_unref(struct its_result **r);
