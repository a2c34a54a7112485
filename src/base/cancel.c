/* A tree of flags. The links are guarded by one lock per tree (the root's), taken only when a node
 * comes, goes or is triggered; asking is one atomic load. */
#include "base/cancel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/attr.h"
#include "base/mem.h"

struct its_cancel {
    _Atomic bool set;
    pthread_cond_t wake;
    pthread_mutex_t *lock; /* the root's own_lock */
    pthread_mutex_t own_lock;

    /* --- under lock */
    struct its_cancel *parent, *first_child, *next_sibling;
};

struct its_cancel *its_cancel_create(struct its_cancel *parent)
{
    struct its_cancel *c = its_malloc(sizeof(*c));
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&c->wake, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&c->own_lock, NULL);
    c->lock = parent ? parent->lock : &c->own_lock;

    if (parent) {
        pthread_mutex_lock(c->lock);
        c->parent = parent;
        c->next_sibling = parent->first_child;
        parent->first_child = c;
        atomic_store(&c->set, atomic_load(&parent->set));
        pthread_mutex_unlock(c->lock);
    }
    return c;
}

void its_cancel_destroy(struct its_cancel **pc)
{
    struct its_cancel *c = *pc;
    if (!c)
        return;
    *pc = NULL;

    its_assert(!c->first_child);
    if (c->parent) {
        pthread_mutex_lock(c->lock);
        struct its_cancel **link = &c->parent->first_child;
        while (*link != c)
            link = &(*link)->next_sibling;
        *link = c->next_sibling;
        pthread_mutex_unlock(c->lock);
    }
    pthread_cond_destroy(&c->wake);
    pthread_mutex_destroy(&c->own_lock);
    free(c);
}

static void trigger_locked(struct its_cancel *c)
{
    atomic_store(&c->set, true);
    pthread_cond_broadcast(&c->wake);
    for (struct its_cancel *k = c->first_child; k; k = k->next_sibling)
        trigger_locked(k);
}

void its_cancel_trigger(struct its_cancel *c)
{
    pthread_mutex_lock(c->lock);
    trigger_locked(c);
    pthread_mutex_unlock(c->lock);
}

bool its_cancel_is_set(const struct its_cancel *c)
{
    return atomic_load_explicit(&c->set, memory_order_relaxed);
}

bool its_cancel_sleep_until(struct its_cancel *c, int64_t mono_us)
{
    struct timespec until = {.tv_sec = mono_us / 1000000, .tv_nsec = mono_us % 1000000 * 1000};
    int rc = 0;
    pthread_mutex_lock(c->lock);
    while (!c->set && rc == 0)
        rc = pthread_cond_timedwait(&c->wake, c->lock, &until);
    pthread_mutex_unlock(c->lock);
    return its_cancel_is_set(c);
}
