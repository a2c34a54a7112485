/* One lock guards the list of lanes and their queues; it is held for picking and queueing, never
 * while decoding. With a few hundred lanes a scan for the earliest deadline costs less than the
 * bookkeeping of a heap whose keys change with every packet. */
#include "frame/decode_pool.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

struct its_decode_pool {
    pthread_mutex_t lock;
    pthread_cond_t work; /* a lane may have become ready, or stop */
    pthread_cond_t room; /* a queue has become shorter, or a worker has left a lane */

    /* --- under lock */
    struct its_decode_lane *lanes;
    bool stopped;
};

struct its_decode_lane {
    struct its_decode_pool *pool;
    struct its_decode_lane_settings set; /* immutable but for what its_decode_lane_retune changes,
                                          * which is under the pool's lock */

    /* --- under the pool's lock */
    struct its_decode_lane *next;
    struct its_packet_queue queue;
    bool busy, closing, finishing, finished;
    struct its_decode_lane_stats stats; /* copied out of the worker after each turn */
    int64_t analysis_slot;              /* the last one that had its frame analysed */

    /* --- the worker inside only */
    struct its_decoder *decoder;
};

struct its_decode_pool *its_decode_pool_create(void)
{
    struct its_decode_pool *pool = its_malloc(sizeof(*pool));
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->room, NULL);
    return pool;
}

void its_decode_pool_destroy(struct its_decode_pool **ppool)
{
    struct its_decode_pool *pool = *ppool;
    if (!pool)
        return;
    *ppool = NULL;
    its_assert(!pool->lanes);
    pthread_cond_destroy(&pool->room);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

void its_decode_pool_stop(struct its_decode_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->stopped = true;
    pthread_cond_broadcast(&pool->work);
    pthread_cond_broadcast(&pool->room);
    pthread_mutex_unlock(&pool->lock);
}

/* --- lanes */

void its_decode_lane_defaults(struct its_decode_lane_settings *settings)
{
    *settings = (struct its_decode_lane_settings){
        .limits = {.packets = 120, .bytes = 32u << 20, .age_us = 2000000},
        .budget_us = 100000,
    };
}

struct its_decode_lane *its_decode_lane_open(struct its_decode_pool *pool,
                                             const struct its_decode_lane_settings *settings)
{
    struct its_decode_lane *lane = its_malloc(sizeof(*lane));
    lane->pool = pool;
    lane->set = *settings;
    lane->decoder = its_decoder_create();
    lane->analysis_slot = INT64_MIN;
    its_packet_queue_init(&lane->queue, &settings->limits);
    if (settings->lossless)
        lane->queue.limits.age_us = 0;

    pthread_mutex_lock(&pool->lock);
    lane->next = pool->lanes;
    pool->lanes = lane;
    pthread_mutex_unlock(&pool->lock);
    return lane;
}

static void unlink_lane(struct its_decode_pool *pool, struct its_decode_lane *lane)
{
    struct its_decode_lane **link = &pool->lanes;
    while (*link != lane)
        link = &(*link)->next;
    *link = lane->next;
}

void its_decode_lane_close(struct its_decode_lane **plane)
{
    struct its_decode_lane *lane = *plane;
    if (!lane)
        return;
    *plane = NULL;
    struct its_decode_pool *pool = lane->pool;

    pthread_mutex_lock(&pool->lock);
    lane->closing = true;
    pthread_cond_broadcast(&pool->room);
    while (lane->busy)
        pthread_cond_wait(&pool->room, &pool->lock);
    unlink_lane(pool, lane);
    pthread_mutex_unlock(&pool->lock);

    its_packet_queue_fini(&lane->queue);
    its_decoder_destroy(&lane->decoder);
    free(lane);
}

void its_decode_lane_retune(struct its_decode_lane *lane, int64_t budget_us, double analysis_fps)
{
    pthread_mutex_lock(&lane->pool->lock);
    if (analysis_fps != lane->set.analysis_fps)
        lane->analysis_slot = INT64_MIN; /* slots are numbered by the rate */
    lane->set.budget_us = budget_us;
    lane->set.analysis_fps = analysis_fps;
    pthread_mutex_unlock(&lane->pool->lock);
}

int its_decode_lane_push(struct its_decode_lane *lane, struct its_packet *packet)
{
    struct its_decode_pool *pool = lane->pool;
    int rc = 0;

    pthread_mutex_lock(&pool->lock);
    while (lane->set.lossless && !its_packet_queue_has_room(&lane->queue, packet) &&
           !lane->closing && !pool->stopped)
        pthread_cond_wait(&pool->room, &pool->lock);
    if (lane->closing || pool->stopped || lane->finishing) {
        its_packet_unref(&packet);
        rc = -EPIPE;
    } else {
        its_packet_queue_push(&lane->queue, packet);
        pthread_cond_signal(&pool->work);
    }
    pthread_mutex_unlock(&pool->lock);
    return rc;
}

void its_decode_lane_finish(struct its_decode_lane *lane)
{
    pthread_mutex_lock(&lane->pool->lock);
    lane->finishing = true;
    pthread_cond_signal(&lane->pool->work);
    pthread_mutex_unlock(&lane->pool->lock);
}

void its_decode_lane_reopen(struct its_decode_lane *lane)
{
    pthread_mutex_lock(&lane->pool->lock);
    while (lane->finishing && !lane->finished && !lane->closing && !lane->pool->stopped)
        pthread_cond_wait(&lane->pool->room, &lane->pool->lock);
    lane->finishing = lane->finished = false;
    pthread_mutex_unlock(&lane->pool->lock);
}

void its_decode_lane_read_stats(struct its_decode_lane *lane, struct its_decode_lane_stats *stats)
{
    pthread_mutex_lock(&lane->pool->lock);
    const struct its_packet *head = its_packet_queue_head(&lane->queue);
    *stats = lane->stats;
    stats->waiting = lane->queue.count;
    stats->peak = lane->queue.peak;
    stats->waiting_bytes = lane->queue.bytes;
    stats->head_age_us = head ? its_mono_us() - head->arrived_us : 0;
    for (int i = 0; i < ITS_SKIP_COUNT; i++)
        stats->skipped[i] = lane->queue.skipped[i];
    pthread_mutex_unlock(&lane->pool->lock);
}

/* Stream time is cut into slots of one analysis period; the first frame to be decoded in a slot is
 * analysed. Decoding order may run ahead of presentation order: only newer slots count. */
static bool choose(struct its_decode_lane *lane, const struct its_packet *p)
{
    if (lane->set.analysis_fps <= 0)
        return true;
    int64_t slot = (int64_t)floor((double)p->time_us * 1e-6 * lane->set.analysis_fps + 1e-6);
    if (slot <= lane->analysis_slot)
        return false;
    lane->analysis_slot = slot;
    return true;
}

/* --- what a worker does inside a lane, without the lock */

/* Gives out what is ready. -EAGAIN or ITS_EEOF: all of it; -ENOMEM: not all. */
static int deliver(struct its_decode_lane *lane)
{
    for (;;) {
        struct its_frame *frame;
        int rc = its_decoder_receive(lane->decoder, &frame);
        if (rc == 0)
            lane->set.on_frame(lane->set.ctx, frame);
        else if (rc == -EAGAIN || rc == ITS_EEOF || rc == -ENOMEM)
            return rc; /* anything else cost one picture, counted by the decoder */
    }
}

/* 0; -ENOMEM: the packet is given up; or the error that makes the stream undecodable. */
static int decode(struct its_decode_lane *lane, struct its_packet *p, bool analyse)
{
    int rc;
    while ((rc = its_decoder_send(lane->decoder, p, analyse)) == -EAGAIN)
        if (deliver(lane) == -ENOMEM)
            return -ENOMEM;
    deliver(lane);
    return rc == ITS_EUNSUPPORTED || rc == ITS_ETOOBIG || rc == -ENOMEM ? rc : 0;
}

static void drain(struct its_decode_lane *lane)
{
    its_decoder_send(lane->decoder, NULL, false);
    deliver(lane);
    lane->set.on_frame(lane->set.ctx, NULL);
}

/* --- workers */

static bool is_ready(const struct its_decode_lane *lane)
{
    if (lane->busy || lane->closing)
        return false;
    return lane->queue.count || (lane->finishing && !lane->finished);
}

static int64_t deadline_of(const struct its_decode_lane *lane)
{
    const struct its_packet *head = its_packet_queue_head(&lane->queue);
    return head ? head->arrived_us + lane->set.budget_us : INT64_MIN; /* ends are cheap: now */
}

static struct its_decode_lane *pick(struct its_decode_pool *pool)
{
    struct its_decode_lane *best = NULL;
    int64_t best_us = 0;
    for (struct its_decode_lane *lane = pool->lanes; lane; lane = lane->next) {
        if (!is_ready(lane))
            continue;
        int64_t us = deadline_of(lane);
        if (!best || us < best_us) {
            best = lane;
            best_us = us;
        }
    }
    return best;
}

/* One packet of one lane. Enters and leaves with the lock held. */
static void take_turn(struct its_decode_pool *pool, struct its_decode_lane *lane)
{
    lane->busy = true;
    its_packet_queue_shed_late(&lane->queue, its_mono_us());
    struct its_packet *p = its_packet_queue_pop(&lane->queue);
    bool ending = !p && lane->finishing;
    bool analyse = p && choose(lane, p);
    if (p && !analyse && p->disposable && !lane->set.lossless) {
        lane->queue.skipped[ITS_SKIP_RATE]++;
        its_packet_unref(&p);
    }
    pthread_cond_broadcast(&pool->room);
    pthread_mutex_unlock(&pool->lock);

    int64_t cpu_us = its_thread_cpu_us();
    bool decoded = p;
    int failed = p ? decode(lane, p, analyse) : 0;
    its_packet_unref(&p);
    if (ending)
        drain(lane);
    struct its_decoder_stats decoder;
    its_decoder_read_stats(lane->decoder, &decoder);
    cpu_us = its_thread_cpu_us() - cpu_us;

    pthread_mutex_lock(&pool->lock);
    lane->busy = false;
    lane->finished |= ending;
    lane->stats.decoder = decoder;
    lane->stats.cpu_us += cpu_us;
    if (failed == -ENOMEM)
        lane->queue.skipped[ITS_SKIP_NO_MEMORY]++;
    else if (decoded)
        lane->stats.failed = failed;
    if (lane->closing || ending)
        pthread_cond_broadcast(&pool->room);
}

void its_decode_pool_work(struct its_decode_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (!pool->stopped) {
        struct its_decode_lane *lane = pick(pool);
        if (lane)
            take_turn(pool, lane);
        else
            pthread_cond_wait(&pool->work, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
}
