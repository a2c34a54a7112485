/* Whole data sets through the tracker, for the tests and the benchmark that judge it. */
#pragma once

#include <stdint.h>

#include "tests/track/boxes.h"
#include "tests/track/eval.h"
#include "track/tracker.h"

/* What a tracker makes of a sequence: fills `said` (zeroed by the caller) with boxes and ids. */
typedef void its_replay_fn(const void *arg, const struct its_boxes *seen, double fps,
                           struct its_boxes *said);

/* Ours: arg is a struct its_tracker_settings. Says confirmed tracks where they were seen. */
void its_replay_ours(const void *arg, const struct its_boxes *seen, double fps,
                     struct its_boxes *said);

struct its_replay_result {
    struct its_eval eval;
    int64_t frames, boxes;  /* true boxes */
    int64_t spent_us;       /* in the tracker, CPU */
    int sequences;          /* 0: the data set is not there */
};

/* KITTI label_02: its vehicles as a detector of that seed would see them (degrade.h), 10 fps. */
void its_replay_kitti(const char *testdata, uint64_t seed, its_replay_fn *track, const void *arg,
                      struct its_replay_result *out);

/* MOTChallenge 2015 (train): pedestrians, the published detections of the SORT paper. */
void its_replay_mot15(const char *testdata, its_replay_fn *track, const void *arg,
                      struct its_replay_result *out);
