/* What one camera's results leave behind: crossings and coverage in the store, running totals for
 * people. Fed by the camera's lane; totals may be read by any thread. Never blocks. */
#pragma once

#include <stdint.h>

#include "store/store.h"
#include "traffic/counter.h"
#include "traffic/result.h"

struct its_recorder {
    const char *camera;
    struct its_store *store; /* NULL: nothing is stored */

    /* --- the lane only */
    int64_t last_capture_us, since_capture_us;
    struct its_store_coverage coverage; /* since the last flush */

    /* --- written by the lane, read by all */
    _Atomic uint64_t crossings[2][ITS_CLASS_COUNT]; /* all lines together, by direction */
};

/* camera and store outlive the recorder. */
void its_recorder_init(struct its_recorder *r, const char *camera, struct its_store *store);

/* A listener of the camera's bus (app/bus.h). ctx is the recorder. */
void its_recorder_result(void *ctx, struct its_result *result);

/* Hands over what has gathered; with the lane closed, at the end. */
void its_recorder_flush(struct its_recorder *r);

/* Frames that were read but never decoded: any thread. */
void its_recorder_lost(struct its_recorder *r, int64_t capture_us, uint32_t frames);
