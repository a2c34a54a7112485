/* Two locks. change_lock: whoever adds, changes or removes a camera holds it all the way, through
 * the store and the joining of threads. list_lock: held for the moment of linking or unlinking a
 * seat, and by those who look in, so that no seat is freed under their eyes. Both are needed to
 * change the list, either to read it. */
#include "app/engine.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/folder.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "config/diff.h"

#define TICK_US 1000000

/* After so many ticks, what queues and cameras left behind goes back to the system: under a
 * millisecond with twenty cameras. */
#define TRIM_TICKS 10

struct its_engine {
    struct its_seat_settings shared; /* immutable but for the target */
    struct its_thread store_thread, tick_thread, *workers;
    int worker_count;

    pthread_mutex_t change_lock, list_lock;
    /* --- under both */
    struct its_seat **seats;
    unsigned seat_count;
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

static void tick(void *arg)
{
    struct its_engine *e = arg;
    unsigned ticks = 0;
    for (int64_t due_us = its_mono_us() + TICK_US;
         !its_cancel_sleep_until(e->shared.cancel, due_us); due_us = its_mono_us() + TICK_US) {
        pthread_mutex_lock(&e->list_lock);
        for (unsigned i = 0; i < e->seat_count; i++)
            its_seat_tick(e->seats[i], its_mono_us());
        pthread_mutex_unlock(&e->list_lock);
        if (++ticks % TRIM_TICKS == 0)
            its_mem_trim();
    }
}

/* --- the list of seats, with the change lock held */

static int find(const struct its_engine *e, const char *id)
{
    for (unsigned i = 0; i < e->seat_count; i++)
        if (strcmp(its_seat_config(e->seats[i])->id, id) == 0)
            return (int)i;
    return -1;
}

static void link_seat(struct its_engine *e, struct its_seat *seat)
{
    pthread_mutex_lock(&e->list_lock);
    e->seats = its_realloc(e->seats, (e->seat_count + 1) * sizeof(*e->seats));
    e->seats[e->seat_count++] = seat;
    pthread_mutex_unlock(&e->list_lock);
}

static struct its_seat *unlink_seat(struct its_engine *e, unsigned at)
{
    pthread_mutex_lock(&e->list_lock);
    struct its_seat *seat = e->seats[at];
    e->seat_count--;
    memmove(&e->seats[at], &e->seats[at + 1], (e->seat_count - at) * sizeof(e->seats[0]));
    pthread_mutex_unlock(&e->list_lock);
    return seat;
}

/* --- cameras come, change and go */

static int unknown(const char *id, struct its_error *err)
{
    return its_error_set(err, ITS_ENOTFOUND, "there is no camera '%s'", id);
}

int its_engine_add_camera(struct its_engine *e, const struct its_camera_config *camera,
                          struct its_error *err)
{
    struct its_seat *seat;
    int rc = 0;
    pthread_mutex_lock(&e->change_lock);
    if (find(e, camera->id) >= 0)
        rc = its_error_set(err, -EEXIST, "there is a camera '%s' already", camera->id);
    else
        rc = its_seat_create(&e->shared, camera, &seat, err);
    if (rc == 0)
        link_seat(e, seat);
    pthread_mutex_unlock(&e->change_lock);
    return rc;
}

int its_engine_change_camera(struct its_engine *e, const struct its_camera_config *camera,
                             char *what, size_t size, struct its_error *err)
{
    int rc = 0;
    pthread_mutex_lock(&e->change_lock);
    int at = find(e, camera->id);
    if (at < 0)
        rc = unknown(camera->id, err);
    else if (its_camera_config_diff(its_seat_config(e->seats[at]), camera, what, size))
        rc = its_seat_change(e->seats[at], camera, err);
    pthread_mutex_unlock(&e->change_lock);
    return rc;
}

int its_engine_remove_camera(struct its_engine *e, const char *id, struct its_error *err)
{
    pthread_mutex_lock(&e->change_lock);
    int at = find(e, id), rc = 0;
    if (at < 0) {
        rc = unknown(id, err);
    } else {
        struct its_seat *seat = unlink_seat(e, (unsigned)at);
        its_seat_halt(seat);
        its_seat_retire(seat);
        its_seat_destroy(&seat);
    }
    pthread_mutex_unlock(&e->change_lock);
    return rc;
}

void its_engine_change_target(struct its_engine *e, double target_latency_ms)
{
    pthread_mutex_lock(&e->change_lock);
    bool other = e->shared.target_latency_ms != target_latency_ms;
    e->shared.target_latency_ms = target_latency_ms;
    for (unsigned i = 0; other && i < e->seat_count; i++)
        its_seat_retune(e->seats[i]);
    pthread_mutex_unlock(&e->change_lock);
}

/* --- start */

static int start_store(struct its_engine *e, const struct its_store_config *config,
                       struct its_error *err)
{
    struct its_store_settings set = its_store_defaults();
    set.path = config->path;
    set.batch_ms = (unsigned)(config->batch_us / 1000);
    set.max_waiting = (unsigned)config->max_events_waiting;
    int rc = its_store_open(&set, &e->shared.store, err);
    if (rc < 0)
        return rc;
    rc = its_thread_start(&e->store_thread, "store", 0, write_store, e->shared.store);
    if (rc < 0)
        return its_error_set(err, rc, "cannot start a thread: %s", its_strerror(rc));
    return 0;
}

/* Packed networks lie in the state directory. Where that cannot be made the store will say so. */
static int start_detectors(struct its_engine *e, const struct its_config *config,
                           struct its_error *err)
{
    if (!its_detector_config_is_network(&config->detector)) {
        its_log(ITS_LOG_INFO, "detector", "motion: no model is given (--model FILE takes one)");
        return 0;
    }
    char plans[4096];
    its_folder_make(config->state, NULL, 0);
    snprintf(plans, sizeof(plans), "%s/plans", config->state);
    struct its_detectors_settings set = its_detectors_settings_of(&config->detector);
    set.cache_dir = plans;
    int rc = its_detectors_create(&set, &e->shared.detectors, err);
    if (rc == 0)
        its_log(ITS_LOG_INFO, "detector", "network: %s", its_detectors_name(e->shared.detectors));
    return rc;
}

static int start_workers(struct its_engine *e, int wanted)
{
    int n = wanted ? wanted : its_cpu_count();
    e->shared.pool = its_decode_pool_create();
    e->workers = its_calloc((size_t)n, sizeof(*e->workers));
    for (; e->worker_count < n; e->worker_count++) {
        char name[24];
        snprintf(name, sizeof(name), "decode-%d", e->worker_count);
        int rc = its_thread_start(&e->workers[e->worker_count], name, 0, work, e->shared.pool);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int start_all(struct its_engine *e, const struct its_config *config, struct its_error *err)
{
    int rc = start_detectors(e, config, err);
    if (rc == 0)
        rc = start_store(e, &config->store, err);
    if (rc == 0 && (rc = start_workers(e, config->decode.workers)) < 0)
        its_error_set(err, rc, "cannot start a decode thread: %s", its_strerror(rc));
    for (unsigned i = 0; rc == 0 && i < config->camera_count; i++)
        rc = its_engine_add_camera(e, &config->cameras[i], err);
    if (rc == 0 && (rc = its_thread_start(&e->tick_thread, "tick", 0, tick, e)) < 0)
        its_error_set(err, rc, "cannot start a thread: %s", its_strerror(rc));
    return rc;
}

int its_engine_start(const struct its_config *config, struct its_queue *feed,
                     struct its_engine **out, struct its_error *err)
{
    struct its_engine *e = its_malloc(sizeof(*e));
    e->shared.cancel = its_cancel_create(NULL);
    e->shared.feed = feed;
    e->shared.decode = config->decode;
    e->shared.target_latency_ms = config->performance.target_latency_ms;
    pthread_mutex_init(&e->change_lock, NULL);
    pthread_mutex_init(&e->list_lock, NULL);
    int rc = start_all(e, config, err);
    if (rc < 0) {
        its_engine_stop(&e);
        return rc;
    }
    *out = e;
    return 0;
}

/* --- stop: the reverse. No new frames, then no frames under way, then the store drains. */

static void stop_store(struct its_engine *e)
{
    if (e->shared.store)
        its_store_stop(e->shared.store);
    its_thread_join(&e->store_thread);
    its_store_close(&e->shared.store);
}

static void stop_workers(struct its_engine *e)
{
    if (e->shared.pool)
        its_decode_pool_stop(e->shared.pool);
    for (int i = 0; i < e->worker_count; i++)
        its_thread_join(&e->workers[i]);
    its_decode_pool_destroy(&e->shared.pool);
    free(e->workers);
}

void its_engine_halt(struct its_engine *e)
{
    its_cancel_trigger(e->shared.cancel);
    its_thread_join(&e->tick_thread);
    for (unsigned i = 0; i < e->seat_count; i++)
        its_seat_halt(e->seats[i]);
}

void its_engine_stop(struct its_engine **pe)
{
    struct its_engine *e = *pe;
    if (!e)
        return;
    *pe = NULL;
    its_engine_halt(e);
    for (unsigned i = 0; i < e->seat_count; i++)
        its_seat_destroy(&e->seats[i]);
    stop_workers(e);
    stop_store(e);
    its_detectors_destroy(&e->shared.detectors);
    its_cancel_destroy(&e->shared.cancel);
    pthread_mutex_destroy(&e->list_lock);
    pthread_mutex_destroy(&e->change_lock);
    free(e->seats);
    free(e);
}

/* --- looking in */

bool its_engine_read_camera(struct its_engine *e, unsigned index, struct its_seat_view *view)
{
    pthread_mutex_lock(&e->list_lock);
    bool there = index < e->seat_count;
    if (there)
        its_seat_read_view(e->seats[index], view);
    pthread_mutex_unlock(&e->list_lock);
    return there;
}

void its_engine_read_latency(struct its_engine *e, struct its_latency *latency)
{
    pthread_mutex_lock(&e->list_lock);
    for (unsigned i = 0; i < e->seat_count; i++)
        its_seat_add_latency(e->seats[i], latency);
    pthread_mutex_unlock(&e->list_lock);
}

int its_engine_read_camera_latency(struct its_engine *e, const char *id,
                                   struct its_latency *latency)
{
    int rc = ITS_ENOTFOUND;
    pthread_mutex_lock(&e->list_lock);
    for (unsigned i = 0; i < e->seat_count && rc < 0; i++) {
        if (strcmp(its_seat_id(e->seats[i]), id) != 0)
            continue;
        its_seat_add_latency(e->seats[i], latency);
        rc = 0;
    }
    pthread_mutex_unlock(&e->list_lock);
    return rc;
}

void its_engine_read_store(struct its_engine *e, struct its_store_stats *stats)
{
    its_store_read_stats(e->shared.store, stats);
}
