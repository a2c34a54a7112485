/* A log-linear histogram of microseconds: 64 steps in every power of two, so a value read back is
 * within 0.8 % of the one recorded. Fixed memory (6 KiB), no allocation.
 * One writer at a time; readers on other threads see a slightly old picture, never a torn count. */
#pragma once

#include <stdint.h>

#define ITS_HIST_SUB_BITS 6
#define ITS_HIST_MAX_BITS 28 /* values from 2^28 µs (268 s) on fall into the last bucket */
#define ITS_HIST_BUCKETS  ((ITS_HIST_MAX_BITS - ITS_HIST_SUB_BITS + 1) << ITS_HIST_SUB_BITS)

struct its_hist {
    _Atomic uint32_t bucket[ITS_HIST_BUCKETS];
    _Atomic uint64_t count;
    _Atomic int64_t sum_us, max_us;
};

/* Negative values count as 0. */
void its_hist_record(struct its_hist *h, int64_t value_us);

/* quantile in 0..1. Middle of the bucket that holds it; 0 when nothing was recorded. */
int64_t its_hist_quantile(const struct its_hist *h, double quantile);

/* into += from. */
void its_hist_add(struct its_hist *into, const struct its_hist *from);
