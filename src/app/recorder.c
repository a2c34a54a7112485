#include "app/recorder.h"

#include <stdio.h>

#include "base/clock.h"

/* Coverage goes to the store once in so much capture time. */
#define FLUSH_EVERY_US 1000000

/* Between two frames further apart than this nobody was watching: a gap, not observed time. */
#define GAP_US 2000000

void its_recorder_init(struct its_recorder *r, const char *camera, struct its_store *store)
{
    *r = (struct its_recorder){.camera = camera, .store = store};
    snprintf(r->coverage.camera, sizeof(r->coverage.camera), "%s", camera);
}

static void put_crossing(struct its_recorder *r, const struct its_result *result,
                         const struct its_crossing *c)
{
    r->crossings[c->direction][c->cls]++;
    if (!r->store)
        return;
    struct its_store_event event = {
        .crossing = *c,
        .arrived_us = its_wall_us() - (its_mono_us() - result->stamps.arrived_us),
    };
    snprintf(event.camera, sizeof(event.camera), "%s", r->camera);
    its_store_put_event(r->store, &event); /* counts and tells what it has no room for */
}

void its_recorder_flush(struct its_recorder *r)
{
    struct its_store_coverage *c = &r->coverage;
    c->capture_us = r->last_capture_us;
    if (r->store && (c->frames_used || c->frames_predicted))
        its_store_put_coverage(r->store, c);
    c->observed_us = 0;
    c->frames_used = c->frames_predicted = 0;
    r->since_capture_us = r->last_capture_us;
}

static void cover(struct its_recorder *r, const struct its_result *result)
{
    bool invalid = result->sight != ITS_SIGHT_CLEAR;
    if (invalid != r->coverage.view_invalid) {
        its_recorder_flush(r);
        r->coverage.view_invalid = invalid;
    }
    int64_t step = result->capture_us - r->last_capture_us;
    if (step < 0 || step > GAP_US) { /* the first frame, a gap, or a clock that was set */
        its_recorder_flush(r);
        r->since_capture_us = result->capture_us;
        step = 0;
    }
    r->coverage.observed_us += step;
    r->coverage.frames_used += result->analysed;
    r->coverage.frames_predicted += !result->analysed;
    r->last_capture_us = result->capture_us;
    if (r->last_capture_us - r->since_capture_us >= FLUSH_EVERY_US)
        its_recorder_flush(r);
}

void its_recorder_result(void *ctx, struct its_result *result)
{
    struct its_recorder *r = ctx;
    for (int i = 0; i < result->crossing_count; i++)
        put_crossing(r, result, &result->crossing[i]);
    cover(r, result);
}

void its_recorder_lost(struct its_recorder *r, int64_t capture_us, uint32_t frames)
{
    if (!r->store || !frames)
        return;
    struct its_store_coverage c = {.capture_us = capture_us, .frames_lost = frames};
    snprintf(c.camera, sizeof(c.camera), "%s", r->camera);
    its_store_put_coverage(r->store, &c);
}
