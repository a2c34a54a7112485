/* The read thread follows orders: an address to read, or nothing to do. Each set of orders comes
 * with a leash; other orders trigger it, and whatever the thread is in (opening, reading, waiting
 * for the next attempt) ends. So changing a camera never waits for it, not even while the name of
 * its host is being looked up.
 *
 * The states of camera_state.h are entered in three places only: here by the read thread, on the
 * first packet after a silence (hear), and by the tick, which notices the silence. */
#include "app/camera.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"

struct orders {
    char url[ITS_URL_MAX];
    bool enabled;
    struct its_source_settings source; /* without url and resume */
};

struct its_camera {
    char id[64];
    struct its_cancel *cancel;
    struct its_decode_lane *lane;
    struct its_analysis *analysis;
    struct its_thread thread;

    pthread_mutex_t lock;
    /* --- under lock */
    struct orders orders;
    struct its_cancel *leash;    /* of what the read thread is doing; NULL: not begun */
    struct its_camera_view view; /* id, life and what the read thread knows */
    int64_t stall_us;
    int64_t heard_us; /* of the newest packet, or the opening; 0 = not open */

    /* --- read thread only */
    struct its_source_resume resume;
    struct its_backoff backoff;

    /* --- lane only */
    enum its_sight sight;
};

const char *its_camera_error_name(enum its_camera_error error)
{
    static const char *const names[] = {
#define X(name, text) text,
        ITS_CAMERA_ERRORS(X)
#undef X
    };
    return names[error];
}

static enum its_camera_error error_of(int code)
{
    switch (code) {
    case ITS_EUNAUTHORISED:
    case -EACCES:
        return ITS_CAMERA_ERROR_UNAUTHORISED;
    case ITS_ENOTFOUND:
    case -ENOENT:
        return ITS_CAMERA_ERROR_NOT_FOUND;
    case -ECONNREFUSED:
        return ITS_CAMERA_ERROR_REFUSED;
    case -ETIMEDOUT:
        return ITS_CAMERA_ERROR_TIMED_OUT;
    case ITS_EHOST:
    case -EHOSTUNREACH:
    case -ENETUNREACH:
        return ITS_CAMERA_ERROR_UNREACHABLE;
    case ITS_ENOVIDEO:
    case ITS_EUNSUPPORTED:
        return ITS_CAMERA_ERROR_UNUSABLE;
    case ITS_EEOF:
    case -EPIPE:
    case -ECONNRESET:
        return ITS_CAMERA_ERROR_CLOSED;
    default:
        return ITS_CAMERA_ERROR_OTHER;
    }
}

/* --- states */

/* Takes an arrow and tells of it in one line. With the lock held. */
static void enter(struct its_camera *c, enum its_camera_state state, const char *reason,
                  const char *fmt, ...) ITS_PRINTF(4, 5);
static void enter(struct its_camera *c, enum its_camera_state state, const char *reason,
                  const char *fmt, ...)
{
    static const enum its_log_level level[ITS_CAMERA_STATE_COUNT] = {
        [ITS_CAMERA_DISABLED] = ITS_LOG_INFO, [ITS_CAMERA_CONNECTING] = ITS_LOG_DEBUG,
        [ITS_CAMERA_LIVE] = ITS_LOG_INFO,     [ITS_CAMERA_STALLED] = ITS_LOG_WARN,
        [ITS_CAMERA_LOST] = ITS_LOG_WARN,     [ITS_CAMERA_ENDED] = ITS_LOG_INFO,
    };
    char text[600];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    its_camera_life_enter(&c->view.life, state, its_mono_us());
    snprintf(c->view.reason, sizeof(c->view.reason), "%.199s", reason);
    its_log(level[state], c->id, "%s: %s", its_camera_state_name(state), text);
}

static void enter_connecting(struct its_camera *c)
{
    char masked[ITS_URL_MAX];
    pthread_mutex_lock(&c->lock);
    enter(c, ITS_CAMERA_CONNECTING, "", "%.400s",
          its_url_mask(c->orders.url, masked, sizeof(masked)));
    pthread_mutex_unlock(&c->lock);
}

/* Three intervals of a slow camera are no silence. */
static int64_t patience_us(const struct its_camera *c)
{
    double fps = c->view.declared_fps;
    return fps > 0 ? ITS_MAX(c->stall_us, (int64_t)(3e6 / fps)) : c->stall_us;
}

void its_camera_check(struct its_camera *c, int64_t now_us)
{
    pthread_mutex_lock(&c->lock);
    enum its_camera_state state = c->view.life.state;
    int64_t silent_us = now_us - c->heard_us;
    if ((state == ITS_CAMERA_LIVE || state == ITS_CAMERA_CONNECTING) && c->heard_us &&
        silent_us > patience_us(c))
        enter(c, ITS_CAMERA_STALLED, "no picture arrives", "no picture for %.1f s",
              (double)silent_us * 1e-6);
    pthread_mutex_unlock(&c->lock);
}

/* --- reading */

static void note_open(struct its_camera *c, const struct its_stream_info *info)
{
    pthread_mutex_lock(&c->lock);
    c->heard_us = its_mono_us();
    c->view.connects++;
    c->view.declared_fps = info->fps;
    its_stream_info_displayed_size(info, &c->view.width, &c->view.height);
    snprintf(c->view.codec, sizeof(c->view.codec), "%s", info->codec_name);
    pthread_mutex_unlock(&c->lock);
}

static void hear(struct its_camera *c, const struct its_packet *p, uint64_t read_errors)
{
    pthread_mutex_lock(&c->lock);
    c->heard_us = its_mono_us();
    c->view.packets++;
    c->view.bytes += p->bytes;
    c->view.errors[ITS_CAMERA_ERROR_READ] += read_errors;
    if (c->view.life.state != ITS_CAMERA_LIVE)
        enter(c, ITS_CAMERA_LIVE, "", "%s %dx%d, %.4g fps", c->view.codec, c->view.width,
              c->view.height, c->view.declared_fps);
    pthread_mutex_unlock(&c->lock);
}

/* Hands packets to the lane until something ends that. */
static int pump(struct its_camera *c, struct its_source *s, struct its_error *err)
{
    uint64_t errors_before = 0;
    for (;;) {
        struct its_packet *packet;
        int rc = its_source_read(s, &packet, err);
        if (rc < 0)
            return rc;
        uint64_t errors = its_source_errors(s);
        hear(c, packet, errors - errors_before);
        errors_before = errors;
        rc = its_decode_lane_push(c->lane, packet);
        if (rc < 0)
            return its_error_set(err, ITS_ECANCELLED, "stopping");
    }
}

/* One life of the connection, from opening to its end; its error. */
static int connect_and_pump(struct its_camera *c, const struct orders *o, struct its_cancel *leash,
                            struct its_error *err)
{
    struct its_source_settings set = o->source;
    set.url = o->url;
    set.resume = c->resume;

    struct its_source *source;
    enter_connecting(c);
    int rc = its_source_open(&set, leash, &source, err);
    if (rc < 0)
        return rc;
    note_open(c, its_source_info(source));
    int64_t since_us = its_mono_us();
    rc = pump(c, source, err);
    its_backoff_held(&c->backoff, its_mono_us() - since_us);
    c->resume = its_source_resume_point(source);
    pthread_mutex_lock(&c->lock);
    c->heard_us = 0;
    pthread_mutex_unlock(&c->lock);
    its_source_close(&source);
    return rc;
}

/* Tells why, waits. True: there are other orders. */
static bool wait_lost(struct its_camera *c, struct its_cancel *leash, const struct its_error *err)
{
    int64_t wait_us = its_backoff_next_us(&c->backoff);
    pthread_mutex_lock(&c->lock);
    c->view.errors[error_of(err->code)]++;
    enter(c, ITS_CAMERA_LOST, err->text, "%s; next try in %.1f s", err->text,
          (double)wait_us * 1e-6);
    pthread_mutex_unlock(&c->lock);
    return its_cancel_sleep_until(leash, its_mono_us() + wait_us);
}

static void end(struct its_camera *c)
{
    its_decode_lane_finish(c->lane);
    pthread_mutex_lock(&c->lock);
    enter(c, ITS_CAMERA_ENDED, "", "the file has been read to its end");
    pthread_mutex_unlock(&c->lock);
}

static void disable(struct its_camera *c)
{
    pthread_mutex_lock(&c->lock);
    if (c->view.life.state != ITS_CAMERA_DISABLED)
        enter(c, ITS_CAMERA_DISABLED, "", "by configuration");
    pthread_mutex_unlock(&c->lock);
}

/* Until there are other orders, or nothing is left to read. */
static void keep_reading(struct its_camera *c, const struct orders *o, struct its_cancel *leash)
{
    struct its_error err = {0};
    its_decode_lane_reopen(c->lane);
    do {
        int rc = connect_and_pump(c, o, leash, &err);
        if (rc == ITS_ECANCELLED || its_cancel_is_set(leash))
            return;
        if (rc == ITS_EEOF) {
            end(c);
            return;
        }
    } while (!wait_lost(c, leash, &err));
}

/* --- orders */

/* The newest orders, with a new leash. */
static struct its_cancel *take_orders(struct its_camera *c, struct orders *o)
{
    pthread_mutex_lock(&c->lock);
    its_cancel_destroy(&c->leash);
    c->leash = its_cancel_create(c->cancel);
    *o = c->orders;
    struct its_cancel *leash = c->leash;
    pthread_mutex_unlock(&c->lock);
    return leash;
}

static void read_thread(void *arg)
{
    struct its_camera *c = arg;
    struct orders o;
    while (!its_cancel_is_set(c->cancel)) {
        struct its_cancel *leash = take_orders(c, &o);
        if (o.enabled)
            keep_reading(c, &o, leash);
        else
            disable(c);
        its_cancel_sleep_until(leash, INT64_MAX);
        its_backoff_held(&c->backoff, INT64_MAX);
    }
}

static struct orders orders_of(const struct its_camera_settings *settings)
{
    struct orders o = {.enabled = settings->enabled, .source = settings->source};
    o.source.url = NULL;
    snprintf(o.url, sizeof(o.url), "%s", settings->url);
    return o;
}

static bool same_orders(const struct orders *a, const struct orders *b)
{
    if (!a->enabled && !b->enabled)
        return true; /* what is not read is not connected to anew */
    return a->enabled == b->enabled && strcmp(a->url, b->url) == 0 &&
           a->source.loop == b->source.loop && a->source.transport == b->source.transport &&
           a->source.paced == b->source.paced &&
           a->source.open_timeout_us == b->source.open_timeout_us &&
           a->source.read_timeout_us == b->source.read_timeout_us;
}

void its_camera_change(struct its_camera *c, const struct its_camera_settings *settings)
{
    struct orders o = orders_of(settings);
    pthread_mutex_lock(&c->lock);
    bool same = same_orders(&o, &c->orders);
    c->orders = o;
    c->stall_us = settings->stall_us;
    if (!same && c->leash)
        its_cancel_trigger(c->leash);
    pthread_mutex_unlock(&c->lock);

    its_decode_lane_retune(c->lane, settings->lane.budget_us, settings->lane.analysis_fps);
    its_analysis_change_blind(c->analysis, settings->analysis.blind_us);
}

void its_camera_change_lines(struct its_camera *c, const struct its_line *lines, int count)
{
    its_analysis_change_lines(c->analysis, lines, count);
}

/* --- start and stop */

static void tell_sight(struct its_camera *c, enum its_sight sight)
{
    if (sight == ITS_SIGHT_CLEAR)
        its_log(ITS_LOG_INFO, c->id, "it sees again: counting");
    else
        its_log(ITS_LOG_WARN, c->id, "%s: %s", its_sight_name(sight), its_sight_text(sight));
    c->sight = sight;
}

static void on_frame(void *ctx, struct its_frame *frame)
{
    struct its_camera *c = ctx;
    if (!frame)
        return;
    its_analysis_frame(c->analysis, frame);
    enum its_sight sight = (enum its_sight)its_analysis_stats(c->analysis)->sight;
    if (sight != c->sight)
        tell_sight(c, sight);
}

static int start_parts(struct its_camera *c, const struct its_camera_settings *settings,
                       struct its_decode_pool *pool, const struct its_bus *bus,
                       struct its_error *err)
{
    struct its_analysis_settings analysis = settings->analysis;
    analysis.camera = c->id;
    int rc = its_analysis_create(&analysis, bus, &c->analysis);
    if (rc < 0)
        return its_error_set(err, rc, "camera %s: %s", c->id, its_strerror(rc));

    struct its_decode_lane_settings lane = settings->lane;
    lane.on_frame = on_frame;
    lane.ctx = c;
    c->lane = its_decode_lane_open(pool, &lane);

    char name[16];
    snprintf(name, sizeof(name), "read-%.10s", c->id);
    rc = its_thread_start(&c->thread, name, 0, read_thread, c);
    if (rc < 0)
        return its_error_set(err, rc, "camera %s: cannot start its thread: %s", c->id,
                             its_strerror(rc));
    return 0;
}

int its_camera_start(const struct its_camera_settings *settings, struct its_cancel *cancel,
                     struct its_decode_pool *pool, const struct its_bus *bus,
                     struct its_camera **out, struct its_error *err)
{
    struct its_camera *c = its_malloc(sizeof(*c));
    snprintf(c->id, sizeof(c->id), "%s", settings->id);
    c->cancel = its_cancel_create(cancel);
    c->orders = orders_of(settings);
    c->stall_us = settings->stall_us;
    its_camera_life_init(&c->view.life, its_mono_us());
    its_backoff_init(&c->backoff, (unsigned)its_wall_us());
    pthread_mutex_init(&c->lock, NULL);
    int rc = start_parts(c, settings, pool, bus, err);
    if (rc < 0) {
        its_camera_stop(&c);
        return rc;
    }
    *out = c;
    return 0;
}

void its_camera_halt(struct its_camera *c)
{
    its_cancel_trigger(c->cancel);
    its_thread_join(&c->thread);
    if (c->lane)
        its_decode_lane_read_stats(c->lane, &c->view.lane);
    its_decode_lane_close(&c->lane);
}

void its_camera_stop(struct its_camera **pc)
{
    struct its_camera *c = *pc;
    if (!c)
        return;
    *pc = NULL;
    its_camera_halt(c);
    its_analysis_destroy(&c->analysis);
    its_cancel_destroy(&c->leash);
    its_cancel_destroy(&c->cancel);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

/* --- looking in */

/* What a camera that reads but cannot be decoded, or sees nothing, has to say for itself. */
static void show_lane(struct its_camera_view *v, enum its_sight sight)
{
    bool live = v->life.state == ITS_CAMERA_LIVE;
    v->errors[ITS_CAMERA_ERROR_PACKET] = v->lane.decoder.bad_packets;
    v->errors[ITS_CAMERA_ERROR_PICTURE] = v->lane.decoder.damaged_frames;
    v->sight = live ? sight : ITS_SIGHT_CLEAR;
    if (live && v->lane.failed)
        snprintf(v->reason, sizeof(v->reason), "%.199s", its_strerror(v->lane.failed));
    else if (v->sight != ITS_SIGHT_CLEAR)
        snprintf(v->reason, sizeof(v->reason), "%s: %s", its_sight_name(v->sight),
                 its_sight_text(v->sight));
}

void its_camera_read_view(struct its_camera *c, struct its_camera_view *v)
{
    const struct its_analysis_stats *analysis = its_analysis_stats(c->analysis);
    const struct its_latency *latency = its_analysis_latency(c->analysis);
    pthread_mutex_lock(&c->lock);
    *v = c->view;
    pthread_mutex_unlock(&c->lock);
    memcpy(v->id, c->id, sizeof(v->id));
    if (c->lane)
        its_decode_lane_read_stats(c->lane, &v->lane);
    show_lane(v, (enum its_sight)analysis->sight);
    v->frames = analysis->frames;
    v->analysed = analysis->analysed;
    v->failed = analysis->failed;
    v->tracks = v->life.state == ITS_CAMERA_LIVE ? analysis->tracks : 0;
    v->p50_us = its_hist_quantile(&latency->total, 0.50);
    v->p99_us = its_hist_quantile(&latency->total, 0.99);
}

void its_camera_add_latency(const struct its_camera *c, struct its_latency *latency)
{
    its_latency_add(latency, its_analysis_latency(c->analysis));
}
