/* The read thread walks a small state machine: connecting → live → (lost → connecting)* → ended.
 * Waiting between attempts doubles from one second to thirty, with jitter, so that cameras behind
 * one dead switch do not come back in step. */
#include "app/camera.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"

#define BACKOFF_FIRST_US 1000000
#define BACKOFF_LAST_US  30000000
/* Live for so long, a camera's next loss starts from the first step again. */
#define BACKOFF_FORGIVE_US 60000000

struct its_camera {
    struct its_camera_settings set; /* immutable */
    struct its_cancel *cancel;
    struct its_decode_lane *lane;
    struct its_analysis *analysis;
    struct its_thread thread;

    pthread_mutex_t lock;
    /* --- under lock: what its_camera_read_view shows */
    struct its_camera_view view;

    /* --- read thread only */
    struct its_source_resume resume;
    int64_t backoff_us;
    unsigned dice;
};

const char *its_camera_state_name(enum its_camera_state state)
{
    static const char *const names[] = {
#define X(name, text) text,
        ITS_CAMERA_STATES(X)
#undef X
    };
    return names[state];
}

static void enter(struct its_camera *c, enum its_camera_state state, const char *reason)
{
    pthread_mutex_lock(&c->lock);
    c->view.state = state;
    snprintf(c->view.reason, sizeof(c->view.reason), "%.199s", reason);
    pthread_mutex_unlock(&c->lock);
}

/* --- reading */

static void note_open(struct its_camera *c, const struct its_stream_info *info)
{
    pthread_mutex_lock(&c->lock);
    c->view.connects++;
    c->view.width = info->coded_w;
    c->view.height = info->coded_h;
    snprintf(c->view.codec, sizeof(c->view.codec), "%s", info->codec_name);
    pthread_mutex_unlock(&c->lock);
    its_log(ITS_LOG_INFO, c->set.id, "live: %s %dx%d, %.4g fps", info->codec_name, info->coded_w,
            info->coded_h, info->fps);
}

static void note_packet(struct its_camera *c, const struct its_source *s, uint32_t bytes)
{
    pthread_mutex_lock(&c->lock);
    c->view.bytes += bytes;
    c->view.read_errors = its_source_errors(s);
    pthread_mutex_unlock(&c->lock);
}

/* Hands packets to the lane until something ends that. */
static int pump(struct its_camera *c, struct its_source *s, struct its_error *err)
{
    for (;;) {
        struct its_packet *packet;
        int rc = its_source_read(s, &packet, err);
        if (rc < 0)
            return rc;
        note_packet(c, s, packet->bytes);
        rc = its_decode_lane_push(c->lane, packet);
        if (rc < 0)
            return its_error_set(err, ITS_ECANCELLED, "stopping");
    }
}

/* One life of the connection, from opening to its end; its error. */
static int connect_and_pump(struct its_camera *c, struct its_error *err)
{
    struct its_source_settings set = c->set.source;
    set.url = c->set.url;
    set.resume = c->resume;

    struct its_source *source;
    enter(c, ITS_CAMERA_CONNECTING, "");
    int rc = its_source_open(&set, c->cancel, &source, err);
    if (rc < 0)
        return rc;
    note_open(c, its_source_info(source));
    enter(c, ITS_CAMERA_LIVE, "");
    int64_t since = its_mono_us();
    rc = pump(c, source, err);
    c->resume = its_source_resume_point(source);
    its_source_close(&source);
    if (its_mono_us() - since > BACKOFF_FORGIVE_US)
        c->backoff_us = BACKOFF_FIRST_US;
    return rc;
}

/* Tells why, waits. True: cancelled meanwhile. */
static bool wait_lost(struct its_camera *c, const struct its_error *err)
{
    enter(c, ITS_CAMERA_LOST, err->text);

    double jitter = 0.8 + 0.4 * rand_r(&c->dice) / RAND_MAX;
    int64_t wait_us = (int64_t)((double)c->backoff_us * jitter);
    its_log(ITS_LOG_WARN, c->set.id, "lost: %s; next try in %.1f s", err->text,
            (double)wait_us * 1e-6);
    c->backoff_us = ITS_MIN(c->backoff_us * 2, BACKOFF_LAST_US);
    return its_cancel_sleep_until(c->cancel, its_mono_us() + wait_us);
}

static void read_thread(void *arg)
{
    struct its_camera *c = arg;
    for (;;) {
        struct its_error err = {0};
        int rc = connect_and_pump(c, &err);
        if (rc == ITS_ECANCELLED || its_cancel_is_set(c->cancel))
            return;
        if (rc == ITS_EEOF) {
            its_decode_lane_finish(c->lane);
            enter(c, ITS_CAMERA_ENDED, "");
            its_log(ITS_LOG_INFO, c->set.id, "ended: the file has been read to its end");
            return;
        }
        if (wait_lost(c, &err))
            return;
    }
}

/* --- life */

static void on_frame(void *ctx, struct its_frame *frame)
{
    struct its_camera *c = ctx;
    if (frame)
        its_analysis_frame(c->analysis, frame);
}

static int start_parts(struct its_camera *c, struct its_decode_pool *pool,
                       const struct its_bus *bus, struct its_error *err)
{
    struct its_analysis_settings analysis = c->set.analysis;
    analysis.camera = c->set.id;
    int rc = its_analysis_create(&analysis, bus, &c->analysis);
    if (rc < 0)
        return its_error_set(err, rc, "camera %s: %s", c->set.id, its_strerror(rc));

    struct its_decode_lane_settings lane = c->set.lane;
    lane.on_frame = on_frame;
    lane.ctx = c;
    c->lane = its_decode_lane_open(pool, &lane);
    if (!c->set.enabled) {
        c->view.state = ITS_CAMERA_DISABLED;
        return 0;
    }
    char name[16];
    snprintf(name, sizeof(name), "read-%.10s", c->set.id);
    rc = its_thread_start(&c->thread, name, 0, read_thread, c);
    if (rc < 0)
        return its_error_set(err, rc, "camera %s: cannot start its thread: %s", c->set.id,
                             its_strerror(rc));
    return 0;
}

int its_camera_start(const struct its_camera_settings *settings, struct its_cancel *cancel,
                     struct its_decode_pool *pool, const struct its_bus *bus,
                     struct its_camera **out, struct its_error *err)
{
    struct its_camera *c = its_malloc(sizeof(*c));
    c->set = *settings;
    c->cancel = its_cancel_create(cancel);
    c->backoff_us = BACKOFF_FIRST_US;
    c->dice = (unsigned)its_wall_us();
    pthread_mutex_init(&c->lock, NULL);
    int rc = start_parts(c, pool, bus, err);
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
    its_cancel_destroy(&c->cancel);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

void its_camera_read_view(struct its_camera *c, struct its_camera_view *view)
{
    pthread_mutex_lock(&c->lock);
    *view = c->view;
    pthread_mutex_unlock(&c->lock);
    view->id = c->set.id;
    view->analysis = its_analysis_stats(c->analysis);
    view->latency = its_analysis_latency(c->analysis);
    if (c->lane)
        its_decode_lane_read_stats(c->lane, &view->lane);
}
