#include "app/seat.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/diff.h"

/* A priority camera's packets are due in half the time, a low one's in twice. */
static const double budget_factor[] = {
    [ITS_PRIORITY_LOW] = 2,
    [ITS_PRIORITY_NORMAL] = 1,
    [ITS_PRIORITY_HIGH] = 0.5,
};

struct its_seat {
    const struct its_seat_settings *shared;
    char id[ITS_CAMERA_ID_MAX + 1];
    struct its_camera *camera;
    struct its_recorder recorder;
    struct its_bus bus;

    /* --- under the engine's change lock */
    struct its_arena *arena; /* of the configuration */
    const struct its_camera_config *config;

    /* --- tick thread only */
    int64_t tick_us, cpu_before_us;
    uint64_t frames_before, lost_before, bytes_before;

    /* --- written by the tick, read by all */
    _Atomic double fps, cpu, kbps;
};

/* --- configuration into settings */

static void take_config(struct its_seat *s, const struct its_camera_config *config)
{
    struct its_arena *old = s->arena;
    s->arena = its_arena_create(0);
    s->config = its_camera_config_copy(config, s->arena);
    its_arena_destroy(&old);
}

/* settings.analysis.lines are `lines`, without revisions. */
static struct its_camera_settings settings_of(const struct its_seat *s,
                                              const struct its_camera_config *c,
                                              struct its_line lines[ITS_CAMERA_LINES_MAX])
{
    struct its_camera_settings set = {
        .id = s->id,
        .url = c->url,
        .enabled = c->enabled,
        .stall_us = c->stall_us,
    };
    its_source_defaults(&set.source);
    set.source.paced = true;
    set.source.loop = c->loop;
    set.source.transport = c->transport;
    set.source.open_timeout_us = set.source.read_timeout_us = c->timeout_us;

    its_decode_lane_defaults(&set.lane);
    set.lane.limits.packets = (unsigned)s->shared->decode.queue_packets;
    set.lane.limits.age_us = s->shared->decode.queue_us;
    set.lane.budget_us =
        (int64_t)(s->shared->target_latency_ms * 1000 * budget_factor[c->priority]);
    set.lane.analysis_fps = c->analysis_fps;

    its_analysis_defaults(&set.analysis);
    its_analysis_use(&set.analysis, s->shared->detectors);
    set.analysis.blind_us = c->blind_us;
    for (unsigned i = 0; i < c->line_count; i++)
        lines[i] = c->lines[i].line;
    set.analysis.lines = lines;
    set.analysis.line_count = (int)c->line_count;
    return set;
}

/* --- life */

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

static int start(struct its_seat *s, struct its_error *err)
{
    struct its_line lines[ITS_CAMERA_LINES_MAX];
    struct its_camera_settings set = settings_of(s, s->config, lines);
    struct its_store *store = s->shared->store;
    uint64_t base;
    int rc = its_store_reserve_tracks(store, s->id, &base, err);
    if (rc == 0)
        rc = its_store_register_lines(store, s->id, lines, set.analysis.line_count, its_wall_us(),
                                      err);
    if (rc < 0)
        return rc;
    set.analysis.first_track = base + 1;
    s->tick_us = its_mono_us();
    return its_camera_start(&set, s->shared->cancel, s->shared->pool, &s->bus, &s->camera, err);
}

int its_seat_create(const struct its_seat_settings *settings,
                    const struct its_camera_config *config, struct its_seat **out,
                    struct its_error *err)
{
    struct its_seat *s = its_malloc(sizeof(*s));
    s->shared = settings;
    strcpy(s->id, config->id);
    take_config(s, config);
    its_recorder_init(&s->recorder, s->id, settings->store);
    its_bus_add(&s->bus, its_recorder_result, &s->recorder);
    if (settings->feed)
        its_bus_add(&s->bus, on_result, settings->feed);
    int rc = start(s, err);
    if (rc < 0)
        its_seat_destroy(&s);
    *out = s;
    return rc;
}

int its_seat_change(struct its_seat *s, const struct its_camera_config *config,
                    struct its_error *err)
{
    struct its_line lines[ITS_CAMERA_LINES_MAX];
    struct its_camera_settings set = settings_of(s, config, lines);
    if (!its_camera_config_same_lines(s->config, config)) {
        int count = set.analysis.line_count;
        int rc =
            its_store_register_lines(s->shared->store, s->id, lines, count, its_wall_us(), err);
        if (rc < 0)
            return rc;
        its_camera_change_lines(s->camera, lines, count);
    }
    its_camera_change(s->camera, &set);
    take_config(s, config);
    return 0;
}

void its_seat_retune(struct its_seat *s)
{
    struct its_line lines[ITS_CAMERA_LINES_MAX];
    struct its_camera_settings set = settings_of(s, s->config, lines);
    its_camera_change(s->camera, &set);
}

const struct its_camera_config *its_seat_config(const struct its_seat *s)
{
    return s->config;
}

void its_seat_retire(struct its_seat *s)
{
    struct its_error err;
    if (its_store_register_lines(s->shared->store, s->id, NULL, 0, its_wall_us(), &err) < 0)
        its_log(ITS_LOG_WARN, s->id, "its lines stay open: %s", err.text);
}

/* --- once a second */

static uint64_t lost_frames(const struct its_decode_lane_stats *lane)
{
    uint64_t lost = 0;
    for (int i = 0; i < ITS_SKIP_COUNT; i++)
        if (i != ITS_SKIP_RATE) /* left out on purpose */
            lost += lane->skipped[i];
    return lost;
}

/* Rates are smoothed over about three ticks, so that a person can read them; those of a camera that
 * is not live are nothing at once. */
static void smooth(_Atomic double *value, bool live, double now)
{
    *value = !live ? 0 : *value == 0 ? now : *value * 0.7 + now * 0.3;
}

void its_seat_tick(struct its_seat *s, int64_t now_us)
{
    double seconds = (double)(now_us - s->tick_us) * 1e-6;
    if (seconds <= 0)
        return;
    struct its_camera_view v;
    its_camera_check(s->camera, now_us);
    its_camera_read_view(s->camera, &v);
    bool live = v.life.state == ITS_CAMERA_LIVE;
    uint64_t lost = lost_frames(&v.lane);
    smooth(&s->fps, live, (double)(v.frames - s->frames_before) / seconds);
    smooth(&s->cpu, live, (double)(v.lane.cpu_us - s->cpu_before_us) * 1e-6 / seconds);
    smooth(&s->kbps, live, (double)(v.bytes - s->bytes_before) * 8e-3 / seconds);
    its_recorder_lost(&s->recorder, its_wall_us(), (uint32_t)(lost - s->lost_before));
    s->tick_us = now_us;
    s->frames_before = v.frames;
    s->cpu_before_us = v.lane.cpu_us;
    s->bytes_before = v.bytes;
    s->lost_before = lost;
}

void its_seat_halt(struct its_seat *s)
{
    its_camera_halt(s->camera);
    its_seat_tick(s, its_mono_us()); /* what was lost since the last one */
}

void its_seat_destroy(struct its_seat **ps)
{
    struct its_seat *s = *ps;
    if (!s)
        return;
    *ps = NULL;
    if (s->camera)
        its_seat_halt(s);
    its_camera_stop(&s->camera);
    its_recorder_flush(&s->recorder);
    its_arena_destroy(&s->arena);
    free(s);
}

/* --- looking in */

const char *its_seat_id(const struct its_seat *s)
{
    return s->id;
}

void its_seat_read_view(struct its_seat *s, struct its_seat_view *v)
{
    its_camera_read_view(s->camera, &v->camera);
    for (int d = 0; d < 2; d++)
        for (int c = 0; c < ITS_CLASS_COUNT; c++)
            v->crossings[d][c] = s->recorder.crossings[d][c];
    v->fps = s->fps;
    v->cpu = s->cpu;
    v->kbps = s->kbps;
    v->lost = lost_frames(&v->camera.lane);
    v->errors = 0;
    for (int i = 0; i < ITS_CAMERA_ERROR_COUNT; i++)
        v->errors += v->camera.errors[i];
}

void its_seat_add_latency(const struct its_seat *s, struct its_latency *latency)
{
    its_camera_add_latency(s->camera, latency);
}
