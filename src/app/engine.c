#include "app/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"

#define TICK_US 1000000

/* A priority camera's packets are due in half the time, a low one's in twice. */
static const double budget_factor[] = {
    [ITS_PRIORITY_LOW] = 2,
    [ITS_PRIORITY_NORMAL] = 1,
    [ITS_PRIORITY_HIGH] = 0.5,
};

/* One camera with what hangs on its results. */
struct seat {
    struct its_camera *camera;
    struct its_recorder recorder;
    struct its_bus bus;

    /* --- tick thread only */
    uint64_t frames_before, lost_before;
    int64_t cpu_before_us;

    /* --- written by the tick, read by all */
    _Atomic double fps, cpu;
    _Atomic uint64_t lost;
};

struct its_engine {
    const struct its_config *config;
    struct its_queue *feed;
    struct its_cancel *cancel;
    struct its_store *store;
    struct its_decode_pool *pool;
    struct its_thread store_thread, tick_thread, *workers;
    int worker_count;
    struct seat *seats;
    int seat_count; /* those whose camera was started */
};

/* --- threads */

static void work(void *pool)
{
    its_decode_pool_work(pool);
}

static void write_store(void *store)
{
    its_store_run(store);
}

static uint64_t lost_frames(const struct its_decode_lane_stats *lane)
{
    uint64_t lost = 0;
    for (int i = 0; i < ITS_SKIP_COUNT; i++)
        if (i != ITS_SKIP_RATE) /* left out on purpose */
            lost += lane->skipped[i];
    return lost;
}

/* Rates are smoothed over about three ticks, so that a person can read them. */
static void smooth(_Atomic double *value, double now)
{
    *value = *value == 0 ? now : *value * 0.7 + now * 0.3;
}

static void tick_seat(struct seat *s, double seconds)
{
    struct its_camera_view view;
    its_camera_read_view(s->camera, &view);
    uint64_t frames = view.analysis->frames, lost = lost_frames(&view.lane);
    smooth(&s->fps, (double)(frames - s->frames_before) / seconds);
    smooth(&s->cpu, (double)(view.lane.cpu_us - s->cpu_before_us) * 1e-6 / seconds);
    its_recorder_lost(&s->recorder, its_wall_us(), (uint32_t)(lost - s->lost_before));
    s->frames_before = frames;
    s->lost_before = lost;
    s->lost = lost;
    s->cpu_before_us = view.lane.cpu_us;
}

static void tick(void *arg)
{
    struct its_engine *e = arg;
    int64_t before = its_mono_us();
    while (!its_cancel_sleep_until(e->cancel, before + TICK_US)) {
        int64_t now = its_mono_us();
        for (int i = 0; i < e->seat_count; i++)
            tick_seat(&e->seats[i], (double)(now - before) * 1e-6);
        before = now;
    }
}

/* --- start */

static int start_store(struct its_engine *e, struct its_error *err)
{
    struct its_store_settings set = its_store_defaults();
    set.path = e->config->store.path;
    set.batch_ms = (unsigned)(e->config->store.batch_us / 1000);
    set.max_waiting = (unsigned)e->config->store.max_events_waiting;
    int rc = its_store_open(&set, &e->store, err);
    if (rc < 0)
        return rc;
    return its_thread_start(&e->store_thread, "store", 0, write_store, e->store);
}

static int start_workers(struct its_engine *e)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int n = e->config->decode.workers ? e->config->decode.workers : (int)ITS_MAX(cores, 1);
    e->pool = its_decode_pool_create();
    e->workers = its_calloc((size_t)n, sizeof(*e->workers));
    for (; e->worker_count < n; e->worker_count++) {
        char name[24];
        snprintf(name, sizeof(name), "decode-%d", e->worker_count);
        int rc = its_thread_start(&e->workers[e->worker_count], name, 0, work, e->pool);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* Only results with a crossing are worth a person's line. */
static void on_result(void *ctx, struct its_result *result)
{
    struct its_queue *feed = ctx;
    if (!result->crossing_count)
        return;
    struct its_result *mine = its_result_ref(result);
    if (its_queue_push(feed, mine) < 0)
        its_result_unref(&mine);
}

static int prepare_seat(struct its_engine *e, struct seat *s, const struct its_camera_config *c,
                        struct its_line *lines, struct its_analysis_settings *analysis,
                        struct its_error *err)
{
    its_recorder_init(&s->recorder, c->id, e->store);
    its_bus_add(&s->bus, its_recorder_result, &s->recorder);
    if (e->feed)
        its_bus_add(&s->bus, on_result, e->feed);

    uint64_t base;
    int rc = its_store_reserve_tracks(e->store, c->id, &base, err);
    if (rc == 0)
        rc = its_store_register_lines(e->store, c->id, lines, analysis->line_count,
                                      its_wall_us(), err);
    analysis->first_track = base + 1;
    return rc;
}

static int start_camera(struct its_engine *e, const struct its_camera_config *c,
                        struct its_error *err)
{
    struct seat *s = &e->seats[e->seat_count];
    struct its_line lines[ITS_CAMERA_LINES_MAX];
    struct its_camera_settings set = {.id = c->id, .url = c->url, .enabled = c->enabled};

    its_source_defaults(&set.source);
    set.source.paced = true;
    set.source.loop = c->loop;

    its_decode_lane_defaults(&set.lane);
    set.lane.limits.packets = (unsigned)e->config->decode.queue_packets;
    set.lane.limits.age_us = e->config->decode.queue_us;
    set.lane.budget_us = (int64_t)(e->config->performance.target_latency_ms * 1000 *
                                   budget_factor[c->priority]);
    set.lane.analysis_fps = c->analysis_fps;

    its_analysis_defaults(&set.analysis);
    for (unsigned i = 0; i < c->line_count; i++)
        lines[i] = c->lines[i].line;
    set.analysis.lines = lines;
    set.analysis.line_count = (int)c->line_count;

    int rc = prepare_seat(e, s, c, lines, &set.analysis, err);
    if (rc == 0)
        rc = its_camera_start(&set, e->cancel, e->pool, &s->bus, &s->camera, err);
    if (rc == 0)
        e->seat_count++;
    return rc;
}

static int start_all(struct its_engine *e, struct its_error *err)
{
    int rc = start_store(e, err);
    if (rc == 0 && (rc = start_workers(e)) < 0)
        its_error_set(err, rc, "cannot start a decode thread: %s", its_strerror(rc));
    e->seats = its_calloc(e->config->camera_count + 1, sizeof(*e->seats));
    for (unsigned i = 0; rc == 0 && i < e->config->camera_count; i++)
        rc = start_camera(e, &e->config->cameras[i], err);
    if (rc == 0 && (rc = its_thread_start(&e->tick_thread, "tick", 0, tick, e)) < 0)
        its_error_set(err, rc, "cannot start a thread: %s", its_strerror(rc));
    return rc;
}

int its_engine_start(const struct its_config *config, struct its_queue *feed,
                     struct its_engine **out, struct its_error *err)
{
    struct its_engine *e = its_malloc(sizeof(*e));
    e->config = config;
    e->feed = feed;
    e->cancel = its_cancel_create(NULL);
    int rc = start_all(e, err);
    if (rc < 0) {
        its_engine_stop(&e);
        return rc;
    }
    *out = e;
    return 0;
}

/* The reverse of starting: no new frames, then no frames under way, then the store drains. */
void its_engine_stop(struct its_engine **pe)
{
    struct its_engine *e = *pe;
    if (!e)
        return;
    *pe = NULL;
    its_cancel_trigger(e->cancel);
    its_thread_join(&e->tick_thread);
    for (int i = 0; i < e->seat_count; i++) {
        its_camera_stop(&e->seats[i].camera);
        its_recorder_flush(&e->seats[i].recorder);
    }
    if (e->pool)
        its_decode_pool_stop(e->pool);
    for (int i = 0; i < e->worker_count; i++)
        its_thread_join(&e->workers[i]);
    its_decode_pool_destroy(&e->pool);
    if (e->store)
        its_store_stop(e->store);
    its_thread_join(&e->store_thread);
    its_store_close(&e->store);
    its_cancel_destroy(&e->cancel);
    free(e->workers);
    free(e->seats);
    free(e);
}

/* --- looking in */

int its_engine_camera_count(const struct its_engine *e)
{
    return e->seat_count;
}

void its_engine_read_camera(struct its_engine *e, int index, struct its_engine_camera_view *view)
{
    struct seat *s = &e->seats[index];
    its_camera_read_view(s->camera, &view->camera);
    view->recorder = &s->recorder;
    view->fps = s->fps;
    view->cpu = s->cpu;
    view->lost = s->lost;
    view->errors = view->camera.read_errors + view->camera.lane.decoder.bad_packets +
                   view->camera.lane.decoder.damaged_frames;
}

void its_engine_read_latency(struct its_engine *e, struct its_latency *latency)
{
    struct its_camera_view view;
    for (int i = 0; i < e->seat_count; i++) {
        its_camera_read_view(e->seats[i].camera, &view);
        its_latency_add(latency, view.latency);
    }
}

void its_engine_read_store(struct its_engine *e, struct its_store_stats *stats)
{
    its_store_read_stats(e->store, stats);
}
