/* Events stand in a list of chunks, oldest first; the writer takes the first chunk whole, so that
 * it holds the lock for a few pointers only. Coverage stands in one of two tables: producers add to
 * one while the writer has the other. The id of an event is drawn under the lock, therefore ids
 * rise in the order of the queue; those of minutes are drawn when they are taken. */
#include "store/backlog.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/mem.h"

#define SPARE_MAX 4 /* chunks kept for reuse: the steady state needs two */

struct its_backlog_chunk {
    struct its_backlog_chunk *next;
    int64_t since_us; /* monotonic; of the first record */
    unsigned count;
    struct its_record record[]; /* [max_batch] */
};

/* Camera-minutes: dense records and an open-addressed index of them, by camera and start. */
struct minutes {
    struct its_record *record; /* [max_minutes] */
    int32_t *slot;             /* [slots], index into record, -1 = free */
    uint32_t slots;            /* power of two, at least twice max_minutes */
    unsigned count;
    int64_t since_us;
};

struct its_backlog {
    struct its_backlog_settings set;
    pthread_mutex_t lock;
    pthread_cond_t due;

    /* --- under lock */
    struct its_ulid_source ids;
    struct its_backlog_chunk *head, *tail, *spare;
    unsigned spares;
    struct minutes *filling, *resting; /* resting: empty, or out with the writer */
    struct its_backlog_stats stats;
    bool closed;

    /* --- immutable */
    struct minutes table[2];
};

static void minutes_init(struct minutes *m, unsigned max)
{
    m->slots = 2;
    while (m->slots < 2 * max)
        m->slots *= 2;
    m->record = its_calloc(max, sizeof(*m->record));
    m->slot = its_calloc(m->slots, sizeof(*m->slot));
    memset(m->slot, 0xff, m->slots * sizeof(*m->slot));
}

static void minutes_clear(struct minutes *m)
{
    if (m->count)
        memset(m->slot, 0xff, m->slots * sizeof(*m->slot));
    m->count = 0;
}

/* FNV-1a over the camera's name, then the minute. */
static uint32_t minutes_hash(const struct its_minute *key)
{
    uint32_t h = 2166136261u;
    for (const char *c = key->camera; *c; c++)
        h = (h ^ (uint8_t)*c) * 16777619u;
    return (h ^ (uint32_t)(key->start_us / ITS_MINUTE_US)) * 16777619u;
}

/* The minute with that key, made when it is new; NULL when the table is full. */
static struct its_minute *minutes_find(struct minutes *m, unsigned max,
                                       const struct its_minute *key)
{
    uint32_t i = minutes_hash(key);
    for (;; i++) {
        int32_t at = m->slot[i & (m->slots - 1)];
        if (at < 0)
            break;
        struct its_minute *known = &m->record[at].minute;
        if (known->start_us == key->start_us && !strcmp(known->camera, key->camera))
            return known;
    }
    if (m->count == max)
        return NULL;
    m->slot[i & (m->slots - 1)] = (int32_t)m->count;
    struct its_record *r = &m->record[m->count++];
    *r = (struct its_record){.kind = ITS_RECORD_MINUTE, .minute = {.start_us = key->start_us}};
    strcpy(r->minute.camera, key->camera);
    return &r->minute;
}

static struct its_backlog_chunk *chunk_create(const struct its_backlog *b)
{
    return its_try_calloc(1, sizeof(struct its_backlog_chunk) +
                                 b->set.max_batch * sizeof(struct its_record));
}

struct its_backlog *its_backlog_create(const struct its_backlog_settings *settings)
{
    its_assert(settings->max_batch > 0 && settings->max_waiting > 0 && settings->max_minutes > 0);
    struct its_backlog *b = its_malloc(sizeof(*b));
    b->set = *settings;
    b->ids.last = settings->last_id;
    for (int i = 0; i < 2; i++)
        minutes_init(&b->table[i], settings->max_minutes);
    b->filling = &b->table[0];
    b->resting = &b->table[1];
    pthread_mutex_init(&b->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&b->due, &attr);
    pthread_condattr_destroy(&attr);
    return b;
}

static void free_chunks(struct its_backlog_chunk *c)
{
    while (c) {
        struct its_backlog_chunk *next = c->next;
        free(c);
        c = next;
    }
}

void its_backlog_destroy(struct its_backlog **pb)
{
    struct its_backlog *b = *pb;
    if (!b)
        return;
    *pb = NULL;
    free_chunks(b->head);
    free_chunks(b->spare);
    for (int i = 0; i < 2; i++) {
        free(b->table[i].record);
        free(b->table[i].slot);
    }
    pthread_cond_destroy(&b->due);
    pthread_mutex_destroy(&b->lock);
    free(b);
}

/* The chunk with room for one more record; NULL when there is no memory. */
static struct its_backlog_chunk *open_chunk(struct its_backlog *b)
{
    if (b->tail && b->tail->count < b->set.max_batch)
        return b->tail;
    struct its_backlog_chunk *c = b->spare;
    if (c) {
        b->spare = c->next;
        b->spares--;
    } else if (!(c = chunk_create(b))) {
        return NULL;
    }
    c->next = NULL;
    c->count = 0;
    c->since_us = its_mono_us();
    if (b->tail)
        b->tail->next = c;
    else
        b->head = c;
    b->tail = c;
    return c;
}

static int put_event_locked(struct its_backlog *b, const struct its_store_event *event)
{
    if (b->closed)
        return -EPIPE;
    struct its_backlog_chunk *c = NULL;
    if (b->stats.waiting < b->set.max_waiting)
        c = open_chunk(b);
    if (!c) {
        b->stats.refused++;
        return -ENOSPC;
    }
    struct its_record *r = &c->record[c->count++];
    r->kind = ITS_RECORD_CROSSING;
    r->id = its_ulid_next(&b->ids, its_wall_us());
    r->event = *event;
    b->stats.put++;
    b->stats.waiting++;
    b->stats.peak = ITS_MAX(b->stats.peak, b->stats.waiting);
    if (c->count == 1 || c->count == b->set.max_batch)
        pthread_cond_signal(&b->due);
    return 0;
}

int its_backlog_put_event(struct its_backlog *b, const struct its_store_event *event)
{
    pthread_mutex_lock(&b->lock);
    int rc = put_event_locked(b, event);
    pthread_mutex_unlock(&b->lock);
    return rc;
}

static int put_minute_locked(struct its_backlog *b, const struct its_minute *add)
{
    if (b->closed)
        return -EPIPE;
    struct its_minute *m = minutes_find(b->filling, b->set.max_minutes, add);
    if (!m) {
        b->stats.refused++;
        return -ENOSPC;
    }
    m->observed_us += add->observed_us;
    m->frames_used += add->frames_used;
    m->frames_predicted += add->frames_predicted;
    m->frames_lost += add->frames_lost;
    m->analysis_level = ITS_MAX(m->analysis_level, add->analysis_level);
    m->view_invalid |= add->view_invalid;
    if (!b->filling->since_us) {
        b->filling->since_us = its_mono_us();
        pthread_cond_signal(&b->due);
    }
    return 0;
}

int its_backlog_put_minute(struct its_backlog *b, const struct its_minute *minute)
{
    pthread_mutex_lock(&b->lock);
    int rc = put_minute_locked(b, minute);
    pthread_mutex_unlock(&b->lock);
    return rc;
}

static bool is_empty(const struct its_backlog *b)
{
    return !b->head && !b->filling->count;
}

/* When the next batch is to be taken; INT64_MAX when nothing waits. */
static int64_t next_due_us(const struct its_backlog *b)
{
    int64_t due = INT64_MAX;
    if (is_empty(b))
        return due;
    if (b->closed || (b->head && b->head->count == b->set.max_batch))
        return 0;
    if (b->head)
        due = b->head->since_us + b->set.batch_ms * INT64_C(1000);
    if (b->filling->count)
        due = ITS_MIN(due, b->filling->since_us + b->set.coverage_ms * INT64_C(1000));
    return due;
}

static void wait_until(struct its_backlog *b, int64_t until_us)
{
    if (until_us == INT64_MAX) {
        pthread_cond_wait(&b->due, &b->lock);
        return;
    }
    struct timespec t = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};
    pthread_cond_timedwait(&b->due, &b->lock, &t);
}

static void take_locked(struct its_backlog *b, struct its_batch *batch)
{
    *batch = (struct its_batch){0};
    struct its_backlog_chunk *c = b->head;
    if (c) {
        b->head = c->next;
        if (!b->head)
            b->tail = NULL;
        batch->chunk = c;
        batch->event = c->record;
        batch->event_count = c->count;
    }
    struct minutes *m = b->filling;
    if (!m->count)
        return;
    its_assert(b->resting->count == 0);
    b->filling = b->resting;
    b->filling->since_us = 0;
    b->resting = m;
    batch->minute = m->record;
    batch->minute_count = m->count;
    for (unsigned i = 0; i < m->count; i++)
        m->record[i].id = its_ulid_next(&b->ids, its_wall_us());
}

int its_backlog_take(struct its_backlog *b, int64_t until_us, struct its_batch *batch)
{
    int rc = 1;
    pthread_mutex_lock(&b->lock);
    for (;;) {
        int64_t now = its_mono_us(), due = next_due_us(b);
        if (due <= now) {
            take_locked(b, batch);
            break;
        }
        if (b->closed || until_us <= now) {
            rc = b->closed ? -EPIPE : 0;
            break;
        }
        wait_until(b, ITS_MIN(due, until_us));
    }
    pthread_mutex_unlock(&b->lock);
    return rc;
}

void its_backlog_give(struct its_backlog *b, struct its_batch *batch)
{
    struct its_backlog_chunk *c = batch->chunk;
    pthread_mutex_lock(&b->lock);
    b->stats.waiting -= batch->event_count;
    if (batch->minute_count)
        minutes_clear(b->resting);
    if (c && b->spares < SPARE_MAX) {
        c->next = b->spare;
        b->spare = c;
        b->spares++;
        c = NULL;
    }
    pthread_mutex_unlock(&b->lock);
    free(c);
    *batch = (struct its_batch){0};
}

void its_backlog_close(struct its_backlog *b)
{
    pthread_mutex_lock(&b->lock);
    b->closed = true;
    pthread_cond_signal(&b->due);
    pthread_mutex_unlock(&b->lock);
}

void its_backlog_read_stats(struct its_backlog *b, struct its_backlog_stats *stats)
{
    pthread_mutex_lock(&b->lock);
    *stats = b->stats;
    stats->minutes = b->filling->count + b->resting->count;
    pthread_mutex_unlock(&b->lock);
}
