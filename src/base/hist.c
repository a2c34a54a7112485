#include "base/hist.h"

#include <math.h>
#include <stdatomic.h>

#define SUB     (1 << ITS_HIST_SUB_BITS)
#define RELAXED memory_order_relaxed

/* The first 2*SUB values have a bucket each; from there on, every power of two has SUB of them. */
static unsigned index_of(uint64_t v)
{
    if (v >= (uint64_t)1 << ITS_HIST_MAX_BITS)
        return ITS_HIST_BUCKETS - 1;
    if (v < SUB)
        return (unsigned)v;
    unsigned exponent = 63 - (unsigned)__builtin_clzll(v); /* >= SUB_BITS */
    unsigned shift = exponent - ITS_HIST_SUB_BITS;
    return ((shift + 1) << ITS_HIST_SUB_BITS) + (unsigned)(v >> shift) - SUB;
}

static int64_t middle_of(unsigned index)
{
    if (index < SUB)
        return index;
    unsigned shift = (index >> ITS_HIST_SUB_BITS) - 1;
    uint64_t low = (uint64_t)((index & (SUB - 1)) + SUB) << shift;
    return (int64_t)(low + ((uint64_t)1 << shift) / 2);
}

void its_hist_record(struct its_hist *h, int64_t value_us)
{
    uint64_t v = value_us > 0 ? (uint64_t)value_us : 0;
    atomic_fetch_add_explicit(&h->bucket[index_of(v)], 1, RELAXED);
    atomic_fetch_add_explicit(&h->count, 1, RELAXED);
    atomic_fetch_add_explicit(&h->sum_us, (int64_t)v, RELAXED);
    if ((int64_t)v > atomic_load_explicit(&h->max_us, RELAXED))
        atomic_store_explicit(&h->max_us, (int64_t)v, RELAXED);
}

int64_t its_hist_quantile(const struct its_hist *h, double quantile)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < ITS_HIST_BUCKETS; i++)
        count += atomic_load_explicit(&h->bucket[i], RELAXED);
    if (!count)
        return 0;
    uint64_t rank = (uint64_t)ceil(quantile * (double)count);
    uint64_t seen = 0;
    for (unsigned i = 0; i < ITS_HIST_BUCKETS; i++) {
        seen += atomic_load_explicit(&h->bucket[i], RELAXED);
        if (seen >= (rank ? rank : 1)) {
            int64_t max = atomic_load_explicit(&h->max_us, RELAXED), mid = middle_of(i);
            return mid < max ? mid : max;
        }
    }
    return atomic_load_explicit(&h->max_us, RELAXED);
}

void its_hist_add(struct its_hist *into, const struct its_hist *from)
{
    for (unsigned i = 0; i < ITS_HIST_BUCKETS; i++) {
        uint32_t n = atomic_load_explicit(&from->bucket[i], RELAXED);
        if (n)
            atomic_fetch_add_explicit(&into->bucket[i], n, RELAXED);
    }
    atomic_fetch_add_explicit(&into->count, atomic_load_explicit(&from->count, RELAXED), RELAXED);
    atomic_fetch_add_explicit(&into->sum_us, atomic_load_explicit(&from->sum_us, RELAXED), RELAXED);
    int64_t max = atomic_load_explicit(&from->max_us, RELAXED);
    if (max > atomic_load_explicit(&into->max_us, RELAXED))
        atomic_store_explicit(&into->max_us, max, RELAXED);
}
