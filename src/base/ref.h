/* An atomic reference count to embed. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

struct its_ref {
    _Atomic int count;
};

static inline void its_ref_init(struct its_ref *r)
{
    atomic_store_explicit(&r->count, 1, memory_order_relaxed);
}

static inline void its_ref_get(struct its_ref *r)
{
    atomic_fetch_add_explicit(&r->count, 1, memory_order_relaxed);
}

/* True for the last one: the caller frees. What others wrote before their put is visible then. */
static inline bool its_ref_put(struct its_ref *r)
{
    return atomic_fetch_sub_explicit(&r->count, 1, memory_order_acq_rel) == 1;
}
