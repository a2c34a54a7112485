#include "app/analysis.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/pool.h"
#include "frame/picture.h"

/* A network that cannot be made is not tried again for so long. */
#define REST_US 5000000

/* Lines in pixels or fractions, as they were given. */
struct lines {
    struct its_line line[ITS_COUNTER_LINES_MAX];
    int count;
};

struct its_analysis {
    struct its_analysis_settings set; /* but for its lines */
    const struct its_bus *bus;

    _Atomic int64_t blind_us;
    _Atomic bool lines_changed; /* asked on every frame, so that the lock is not taken */
    pthread_mutex_t lock;
    /* --- under lock */
    struct lines wanted;

    /* --- the lane only */
    struct lines lines;

    struct its_pool *results;
    struct its_picture picture;
    struct its_sight_watch watch;
    enum its_sight sight;
    struct its_motion *motion; /* NULL: a network looks */
    bool told;                 /* that the network failed */
    int64_t rest_until_us;     /* monotonic: no network can be made for these pictures */
    /* --- for pictures of this size; NULL until the first one */
    int display_w, display_h;
    struct its_tracker *tracker;
    struct its_counter *counter;

    uint32_t epoch;
    struct its_detections seen;
    struct its_motion_hint hint[ITS_TRACKS_MAX]; /* who was there in the last analysed frame */
    int hint_count;
    struct its_latency latency;
    struct its_analysis_stats stats;
};

void its_analysis_defaults(struct its_analysis_settings *settings)
{
    *settings = (struct its_analysis_settings){.blind_us = 15000000};
    its_motion_defaults(&settings->motion);
    its_tracker_defaults_motion(&settings->tracker);
    its_counter_defaults(&settings->counter);
}

void its_analysis_use(struct its_analysis_settings *settings, struct its_detectors *detectors)
{
    settings->detectors = detectors;
    if (detectors)
        its_tracker_defaults(&settings->tracker);
    else
        its_tracker_defaults_motion(&settings->tracker);
}

int its_analysis_create(const struct its_analysis_settings *settings, const struct its_bus *bus,
                        struct its_analysis **out)
{
    struct its_analysis *a = its_malloc(sizeof(*a));
    a->set = *settings;
    a->bus = bus;
    a->blind_us = settings->blind_us;
    pthread_mutex_init(&a->lock, NULL);
    its_analysis_change_lines(a, settings->lines, settings->line_count);
    a->results = its_pool_create(&(struct its_pool_settings){
        .name = "results",
        .object_bytes = sizeof(struct its_result),
    });
    int rc = settings->detectors ? 0 : its_motion_create(&settings->motion, &a->motion);
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
    its_picture_fini(&a->picture);
    its_pool_close(&a->results);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

void its_analysis_change_blind(struct its_analysis *a, int64_t blind_us)
{
    a->blind_us = blind_us;
}

/* --- lines */

void its_analysis_change_lines(struct its_analysis *a, const struct its_line *lines, int count)
{
    its_assert(count >= 0 && count <= ITS_COUNTER_LINES_MAX);
    pthread_mutex_lock(&a->lock);
    for (int i = 0; i < count; i++)
        a->wanted.line[i] = lines[i];
    a->wanted.count = count;
    a->lines_changed = true;
    pthread_mutex_unlock(&a->lock);
}

static int in_pixels(const struct its_analysis *a, struct its_line *out)
{
    for (int i = 0; i < a->lines.count; i++)
        out[i] = its_line_in_pixels(&a->lines.line[i], a->display_w, a->display_h);
    return a->lines.count;
}

/* Without memory for them the old lines count on, and it is tried again with the next frame. */
static void take_lines(struct its_analysis *a)
{
    if (!a->lines_changed)
        return;
    pthread_mutex_lock(&a->lock);
    a->lines = a->wanted;
    a->lines_changed = false;
    pthread_mutex_unlock(&a->lock);

    struct its_line pixels[ITS_COUNTER_LINES_MAX];
    if (a->counter && its_counter_change_lines(a->counter, pixels, in_pixels(a, pixels)) < 0)
        a->lines_changed = true;
}

/* Lines in fractions, and a tracker that has to know the picture's edges, meet the real picture
 * here: with the first frame and whenever the size changes. Track ids go on. */
static void fit_picture(struct its_analysis *a, const struct its_frame *f)
{
    if (a->counter && f->display_w == a->display_w && f->display_h == a->display_h)
        return;
    a->display_w = f->display_w;
    a->display_h = f->display_h;

    struct its_tracker_settings tracker = a->set.tracker;
    tracker.picture_w = f->display_w;
    tracker.picture_h = f->display_h;
    uint64_t first = a->tracker ? its_tracker_next_id(a->tracker) : a->set.first_track;
    its_tracker_destroy(&a->tracker);
    a->tracker = its_tracker_create(&tracker, first);

    struct its_line pixels[ITS_COUNTER_LINES_MAX];
    int count = in_pixels(a, pixels);
    its_counter_destroy(&a->counter);
    a->counter = its_counter_create(&a->set.counter, pixels, count);
}

/* What was learned and followed may not be there any more. */
static void begin_anew(struct its_analysis *a)
{
    if (a->motion)
        its_motion_reset(a->motion);
    its_tracker_reset(a->tracker);
    a->hint_count = 0;
    its_counter_reset(a->counter);
}

static void note_discontinuity(struct its_analysis *a, const struct its_frame *f)
{
    if (f->epoch == a->epoch)
        return;
    a->epoch = f->epoch;
    begin_anew(a);
}

/* Looks at every frame that is to be analysed. Without memory for that the sight stays as it is. */
static void watch_sight(struct its_analysis *a, const struct its_frame *f)
{
    struct its_picture_measure measure;
    if (!f->analyse || its_picture_measure(&a->picture, f, &measure) < 0)
        return;
    enum its_sight before = a->sight;
    a->sight = its_sight_follow(&a->watch, &measure, f->time_us, a->blind_us);
    if (before != ITS_SIGHT_CLEAR && a->sight == ITS_SIGHT_CLEAR)
        begin_anew(a);
}

/* A network that fails is told of once, until it works again. */
static void note_network(struct its_analysis *a, int rc, const struct its_error *err)
{
    if (rc < 0 && !a->told)
        its_log(ITS_LOG_ERROR, a->set.camera, "the network does not run: %s", err->text);
    a->told = rc < 0;
}

static int detect_by_network(struct its_analysis *a, const struct its_frame *f,
                             struct its_stamps *stamps)
{
    struct its_error err = {0};
    struct its_net_detector *d;
    if (its_mono_us() < a->rest_until_us)
        return -EAGAIN;
    int rc = its_detectors_take(a->set.detectors, f->display_w, f->display_h, &d, &err);
    if (rc < 0) { /* making one is dear, and will most likely fail again */
        a->rest_until_us = its_mono_us() + REST_US;
    } else {
        rc = its_net_detector_frames(d, &f, 1, &a->seen, &stamps);
        if (rc < 0)
            its_error_set(&err, rc, "%s", its_strerror(rc));
        its_detectors_give(a->set.detectors, d);
    }
    note_network(a, rc, &err);
    return rc;
}

static int detect_by_motion(struct its_analysis *a, const struct its_frame *f,
                            struct its_stamps *stamps)
{
    int rc = its_motion_prepare(a->motion, f);
    if (rc < 0)
        return rc;
    stamps->end_us[ITS_STAGE_PREPARE] = its_mono_us();
    its_motion_hint(a->motion, a->hint, a->hint_count);
    its_motion_infer(a->motion);
    stamps->end_us[ITS_STAGE_INFER] = its_mono_us();
    its_motion_post(a->motion, &a->seen);
    stamps->end_us[ITS_STAGE_POST] = its_mono_us();
    return 0;
}

static int detect(struct its_analysis *a, const struct its_frame *f, struct its_stamps *stamps)
{
    return a->set.detectors ? detect_by_network(a, f, stamps) : detect_by_motion(a, f, stamps);
}

static void keep_hints(struct its_analysis *a, const struct its_tracks *tracks, int64_t now_us)
{
    int64_t stay_us = (int64_t)(a->set.motion.stay_s * 1e6f);
    a->hint_count = 0;
    for (int i = 0; i < tracks->count; i++) {
        const struct its_track *t = &tracks->item[i];
        if (t->confirmed && !t->predicted)
            a->hint[a->hint_count++] = (struct its_motion_hint){
                t->box, t->vx, t->vy, t->travelled && now_us - t->still_us < stay_us};
    }
}

static void follow(struct its_analysis *a, const struct its_frame *f, struct its_result *r)
{
    if (r->analysed) {
        its_tracker_update(a->tracker, f->time_us, &a->seen, &r->tracks);
        keep_hints(a, &r->tracks, f->time_us);
    } else {
        its_tracker_predict(a->tracker, f->time_us, &r->tracks);
    }
    r->crossing_count = its_counter_update(a->counter, &r->tracks, f->index, f->time_us,
                                           f->capture_us, r->crossing, ITS_CROSSINGS_MAX);
    r->stamps.end_us[ITS_STAGE_TRACK] = its_mono_us();
}

/* The last stamp goes into a copy: who kept the result may be reading it by then. */
static void publish(struct its_analysis *a, struct its_result *r)
{
    struct its_stamps stamps = r->stamps;
    its_bus_publish(a->bus, r);
    stamps.end_us[ITS_STAGE_PUBLISH] = its_mono_us();
    its_latency_record(&a->latency, &stamps);
    a->stats.frames++;
    a->stats.analysed += r->analysed;
    a->stats.tracks = r->tracks.count;
    a->stats.sight = (int)r->sight;
}

static struct its_result *begin_result(struct its_analysis *a, const struct its_frame *f)
{
    struct its_result *r = its_pool_take(a->results);
    if (!r)
        return NULL;
    its_ref_init(&r->ref);
    snprintf(r->camera, sizeof(r->camera), "%s", a->set.camera);
    r->frame = f->index;
    r->epoch = f->epoch;
    r->pts = f->pts;
    r->time_us = f->time_us;
    r->capture_us = f->capture_us;
    r->display_w = f->display_w;
    r->display_h = f->display_h;
    r->sight = a->sight;
    r->analysed = f->analyse && r->sight == ITS_SIGHT_CLEAR;
    r->stamps = f->stamps;
    r->tracks.count = 0;
    r->crossing_count = 0;
    return r;
}

void its_analysis_frame(struct its_analysis *a, struct its_frame *f)
{
    take_lines(a);
    fit_picture(a, f);
    note_discontinuity(a, f);
    watch_sight(a, f);
    struct its_result *r = begin_result(a, f);
    if (!r) {
        a->stats.failed++;
        its_frame_unref(&f);
        return;
    }
    if (r->analysed && detect(a, f, &r->stamps) < 0) {
        a->stats.failed++;
        r->analysed = false;
    }
    if (r->sight == ITS_SIGHT_CLEAR)
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
