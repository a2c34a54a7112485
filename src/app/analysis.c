#include "app/analysis.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/pool.h"

struct its_analysis {
    struct its_analysis_settings set; /* set.lines is our own copy: pixels or fractions */
    struct its_line *lines;
    const struct its_bus *bus;

    struct its_pool *results;
    struct its_motion *motion;
    /* --- for pictures of this size; NULL until the first one */
    int display_w, display_h;
    struct its_tracker *tracker;
    struct its_counter *counter;

    uint32_t epoch;
    struct its_detections seen;
    struct its_latency latency;
    struct its_analysis_stats stats;
};

void its_analysis_defaults(struct its_analysis_settings *settings)
{
    *settings = (struct its_analysis_settings){0};
    its_motion_defaults(&settings->motion);
    its_tracker_defaults_motion(&settings->tracker);
    its_counter_defaults(&settings->counter);
}

int its_analysis_create(const struct its_analysis_settings *settings, const struct its_bus *bus,
                        struct its_analysis **out)
{
    struct its_analysis *a = its_malloc(sizeof(*a));
    a->set = *settings;
    a->bus = bus;
    a->lines = its_calloc((size_t)settings->line_count + 1, sizeof(*a->lines));
    for (int i = 0; i < settings->line_count; i++)
        a->lines[i] = settings->lines[i];
    a->set.lines = a->lines;
    a->results = its_pool_create(&(struct its_pool_settings){
        .name = "results",
        .object_bytes = sizeof(struct its_result),
    });
    int rc = its_motion_create(&settings->motion, &a->motion);
    if (rc < 0) {
        its_analysis_destroy(&a);
        return rc;
    }
    *out = a;
    return 0;
}

void its_analysis_destroy(struct its_analysis **pa)
{
    struct its_analysis *a = *pa;
    if (!a)
        return;
    *pa = NULL;
    its_counter_destroy(&a->counter);
    its_tracker_destroy(&a->tracker);
    its_motion_destroy(&a->motion);
    its_pool_close(&a->results);
    free(a->lines);
    free(a);
}

/* Lines in fractions, and a tracker that has to know the picture's edges, meet the real picture
 * here: with the first frame and whenever the size changes. Track ids go on. */
static int fit_picture(struct its_analysis *a, const struct its_frame *f)
{
    if (a->counter && f->display_w == a->display_w && f->display_h == a->display_h)
        return 0;
    a->display_w = f->display_w;
    a->display_h = f->display_h;

    struct its_tracker_settings tracker = a->set.tracker;
    tracker.picture_w = f->display_w;
    tracker.picture_h = f->display_h;
    uint64_t first = a->tracker ? its_tracker_next_id(a->tracker) : a->set.first_track;
    its_tracker_destroy(&a->tracker);
    a->tracker = its_tracker_create(&tracker, first);

    struct its_line pixels[ITS_COUNTER_LINES_MAX];
    for (int i = 0; i < a->set.line_count; i++)
        pixels[i] = its_line_in_pixels(&a->lines[i], f->display_w, f->display_h);
    its_counter_destroy(&a->counter);
    a->counter = its_counter_create(&a->set.counter, pixels, a->set.line_count);
    return a->tracker && a->counter ? 0 : -ENOMEM;
}

static void note_discontinuity(struct its_analysis *a, const struct its_frame *f)
{
    if (f->epoch == a->epoch)
        return;
    a->epoch = f->epoch;
    its_motion_reset(a->motion);
    its_tracker_reset(a->tracker);
    its_counter_reset(a->counter);
}

static int detect(struct its_analysis *a, const struct its_frame *f, struct its_stamps *stamps)
{
    int rc = its_motion_prepare(a->motion, f);
    if (rc < 0)
        return rc;
    stamps->end_us[ITS_STAGE_PREPARE] = its_mono_us();
    its_motion_infer(a->motion);
    stamps->end_us[ITS_STAGE_INFER] = its_mono_us();
    its_motion_post(a->motion, &a->seen);
    stamps->end_us[ITS_STAGE_POST] = its_mono_us();
    return 0;
}

static void follow(struct its_analysis *a, const struct its_frame *f, struct its_result *r)
{
    if (r->analysed)
        its_tracker_update(a->tracker, f->time_us, &a->seen, &r->tracks);
    else
        its_tracker_predict(a->tracker, f->time_us, &r->tracks);
    r->crossing_count = its_counter_update(a->counter, &r->tracks, f->index, f->time_us,
                                           f->capture_us, r->crossing, ITS_CROSSINGS_MAX);
    r->stamps.end_us[ITS_STAGE_TRACK] = its_mono_us();
}

static void publish(struct its_analysis *a, struct its_result *r)
{
    its_bus_publish(a->bus, r);
    r->stamps.end_us[ITS_STAGE_PUBLISH] = its_mono_us();
    its_latency_record(&a->latency, &r->stamps);
    a->stats.frames++;
    a->stats.analysed += r->analysed;
    a->stats.tracks = r->tracks.count;
    a->stats.last_us = r->stamps.end_us[ITS_STAGE_PUBLISH];
}

static struct its_result *begin_result(struct its_analysis *a, const struct its_frame *f)
{
    struct its_result *r = its_pool_take(a->results);
    if (!r)
        return NULL;
    its_ref_init(&r->ref);
    r->camera = a->set.camera;
    r->frame = f->index;
    r->epoch = f->epoch;
    r->pts = f->pts;
    r->time_us = f->time_us;
    r->capture_us = f->capture_us;
    r->display_w = f->display_w;
    r->display_h = f->display_h;
    r->analysed = f->analyse;
    r->stamps = f->stamps;
    r->tracks.count = 0;
    r->crossing_count = 0;
    return r;
}

void its_analysis_frame(struct its_analysis *a, struct its_frame *f)
{
    struct its_result *r = fit_picture(a, f) == 0 ? begin_result(a, f) : NULL;
    if (!r) {
        a->stats.failed++;
        its_frame_unref(&f);
        return;
    }
    note_discontinuity(a, f);
    if (r->analysed && detect(a, f, &r->stamps) < 0) {
        a->stats.failed++;
        r->analysed = false;
    }
    follow(a, f, r);
    its_frame_unref(&f);
    publish(a, r);
    its_result_unref(&r);
}

const struct its_latency *its_analysis_latency(const struct its_analysis *a)
{
    return &a->latency;
}

const struct its_analysis_stats *its_analysis_stats(const struct its_analysis *a)
{
    return &a->stats;
}
