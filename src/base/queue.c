#include "base/queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/mem.h"

struct item {
    void *ptr;
    int64_t since_us;
};

struct its_queue {
    struct its_queue_settings set;
    pthread_mutex_t lock;
    pthread_cond_t filled, drained;

    /* --- under lock */
    struct item *ring; /* [capacity] */
    unsigned head;     /* oldest */
    bool closed;
    struct its_queue_stats stats;
};

struct its_queue *its_queue_create(const struct its_queue_settings *settings)
{
    its_assert(settings->capacity > 0);
    struct its_queue *q = its_malloc(sizeof(*q));
    q->set = *settings;
    q->ring = its_calloc(settings->capacity, sizeof(*q->ring));
    q->stats.name = settings->name;
    q->stats.capacity = settings->capacity;
    pthread_mutex_init(&q->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&q->filled, &attr);
    pthread_cond_init(&q->drained, &attr);
    pthread_condattr_destroy(&attr);
    return q;
}

static void *pop_locked(struct its_queue *q)
{
    void *ptr = q->ring[q->head].ptr;
    q->head = (q->head + 1) % q->set.capacity;
    q->stats.depth--;
    return ptr;
}

void its_queue_destroy(struct its_queue **pq)
{
    struct its_queue *q = *pq;
    if (!q)
        return;
    *pq = NULL;
    while (q->stats.depth) {
        void *left = pop_locked(q);
        if (q->set.drop)
            q->set.drop(left);
    }
    pthread_cond_destroy(&q->filled);
    pthread_cond_destroy(&q->drained);
    pthread_mutex_destroy(&q->lock);
    free(q->ring);
    free(q);
}

int its_queue_push(struct its_queue *q, void *item)
{
    void *dropped = NULL;
    int rc = 0;

    pthread_mutex_lock(&q->lock);
    while (q->set.full == ITS_QUEUE_BLOCK && q->stats.depth == q->set.capacity && !q->closed)
        pthread_cond_wait(&q->drained, &q->lock);

    if (q->closed) {
        rc = -EPIPE;
        goto out;
    }
    if (q->stats.depth == q->set.capacity) {
        if (q->set.full == ITS_QUEUE_REJECT) {
            q->stats.rejected++;
            rc = -EAGAIN;
            goto out;
        }
        dropped = pop_locked(q);
        q->stats.dropped++;
    }
    unsigned tail = (q->head + q->stats.depth) % q->set.capacity;
    q->ring[tail] = (struct item){item, its_mono_us()};
    q->stats.depth++;
    q->stats.pushed++;
    q->stats.peak = ITS_MAX(q->stats.peak, q->stats.depth);
    pthread_cond_signal(&q->filled);
out:
    pthread_mutex_unlock(&q->lock);
    if (dropped && q->set.drop)
        q->set.drop(dropped);
    return rc;
}

int its_queue_pop(struct its_queue *q, void **out, unsigned max, int64_t until_us)
{
    struct timespec until = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};
    int n = 0, rc = 0;

    pthread_mutex_lock(&q->lock);
    while (!q->stats.depth && !q->closed && until_us && rc == 0) {
        if (until_us == INT64_MAX)
            pthread_cond_wait(&q->filled, &q->lock);
        else
            rc = pthread_cond_timedwait(&q->filled, &q->lock, &until);
    }
    while (q->stats.depth && (unsigned)n < max)
        out[n++] = pop_locked(q);
    q->stats.popped += (unsigned)n;
    if (n == 0 && q->closed)
        n = -EPIPE;
    if (n > 0)
        pthread_cond_broadcast(&q->drained);
    pthread_mutex_unlock(&q->lock);
    return n;
}

void its_queue_close(struct its_queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_cond_broadcast(&q->filled);
    pthread_cond_broadcast(&q->drained);
    pthread_mutex_unlock(&q->lock);
}

void its_queue_read_stats(struct its_queue *q, struct its_queue_stats *stats)
{
    pthread_mutex_lock(&q->lock);
    *stats = q->stats;
    stats->head_age_us = q->stats.depth ? its_mono_us() - q->ring[q->head].since_us : 0;
    pthread_mutex_unlock(&q->lock);
}
