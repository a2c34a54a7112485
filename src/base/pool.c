#include "base/pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/attr.h"
#include "base/mem.h"

/* In front of every object; 64 bytes keep the object on a cache line of its own. */
struct slot {
    _Alignas(64) struct its_pool *pool;
    struct slot *next; /* while idle */
    unsigned magic;
};

#define MAGIC_OUT  0x074b1u
#define MAGIC_IDLE 0x1d1eu

struct its_pool {
    struct its_pool_settings set;
    pthread_mutex_t lock;

    /* --- under lock */
    struct slot *idle_list;
    struct its_pool_stats stats;
    bool closed;
};

static void *object_of(struct slot *s)
{
    return s + 1;
}

struct its_pool *its_pool_create(const struct its_pool_settings *settings)
{
    struct its_pool *p = its_malloc(sizeof(*p));
    p->set = *settings;
    pthread_mutex_init(&p->lock, NULL);
    return p;
}

static void free_slot(struct its_pool *p, struct slot *s)
{
    if (p->set.fini)
        p->set.fini(object_of(s));
    free(s);
}

static void free_pool(struct its_pool *p)
{
    while (p->idle_list) {
        struct slot *s = p->idle_list;
        p->idle_list = s->next;
        free_slot(p, s);
    }
    pthread_mutex_destroy(&p->lock);
    free(p);
}

void its_pool_close(struct its_pool **pool)
{
    struct its_pool *p = *pool;
    if (!p)
        return;
    *pool = NULL;
    pthread_mutex_lock(&p->lock);
    p->closed = true;
    bool last = p->stats.out == 0;
    pthread_mutex_unlock(&p->lock);
    if (last)
        free_pool(p);
}

static struct slot *new_slot(struct its_pool *p)
{
    struct slot *s = its_try_aligned(sizeof(*s) + p->set.object_bytes);
    if (!s)
        return NULL;
    s->pool = p;
    if (p->set.init && p->set.init(object_of(s)) < 0) {
        free(s);
        return NULL;
    }
    return s;
}

void *its_pool_take(struct its_pool *p)
{
    pthread_mutex_lock(&p->lock);
    if (p->set.max && p->stats.out >= p->set.max) {
        p->stats.refused++;
        pthread_mutex_unlock(&p->lock);
        return NULL;
    }
    struct slot *s = p->idle_list;
    if (s) {
        its_assert(s->magic == MAGIC_IDLE);
        p->idle_list = s->next;
        p->stats.idle--;
    }
    p->stats.out++;
    p->stats.peak = ITS_MAX(p->stats.peak, p->stats.out);
    pthread_mutex_unlock(&p->lock);

    if (!s && !(s = new_slot(p))) {
        pthread_mutex_lock(&p->lock);
        p->stats.out--;
        pthread_mutex_unlock(&p->lock);
        return NULL;
    }
    s->magic = MAGIC_OUT;
    return object_of(s);
}

void its_pool_give(void *object)
{
    if (!object)
        return;
    struct slot *s = (struct slot *)object - 1;
    struct its_pool *p = s->pool;
    its_assert(s->magic == MAGIC_OUT);
    if (p->set.reset)
        p->set.reset(object);

    pthread_mutex_lock(&p->lock);
    s->magic = MAGIC_IDLE;
    s->next = p->idle_list;
    p->idle_list = s;
    p->stats.idle++;
    bool last = --p->stats.out == 0 && p->closed;
    pthread_mutex_unlock(&p->lock);
    if (last)
        free_pool(p);
}

void its_pool_read_stats(struct its_pool *p, struct its_pool_stats *stats)
{
    pthread_mutex_lock(&p->lock);
    *stats = p->stats;
    pthread_mutex_unlock(&p->lock);
}
