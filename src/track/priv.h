/* What the files of track/ share: the tracker's own view of one road user. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "detect/detection.h"
#include "track/kalman.h"
#include "track/tracker.h"
#include "track/vote.h"

struct its_tracklet {
    uint64_t id;
    struct its_kalman motion;
    struct its_vote vote;
    float score; /* of the last detection */
    bool confirmed;
    uint32_t swift; /* detections at which it was too fast to walk */
    bool lost;      /* the last update did not find it */
    uint32_t hits;
    int64_t born_us, seen_us;
    struct its_point born, still; /* centres: at birth, and where it has been since still_us */
    int64_t still_us;
    bool travelled;
};

static inline struct its_kalman_noise its_tracker_noise(const struct its_tracker_settings *s)
{
    return (struct its_kalman_noise){s->measure_noise, s->drift, s->accel, s->speed};
}
