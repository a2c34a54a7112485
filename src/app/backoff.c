#include "app/backoff.h"

#include <stdlib.h>

#include "base/attr.h"

static const int64_t steps_ms[] = {500, 1000, 2000, 2000, 2000, 4000, 8000, 16000, 30000};

void its_backoff_init(struct its_backoff *b, unsigned seed)
{
    *b = (struct its_backoff){.dice = seed};
}

int64_t its_backoff_next_us(struct its_backoff *b)
{
    double jitter = 0.8 + 0.4 * rand_r(&b->dice) / RAND_MAX;
    double wait_us = (double)steps_ms[b->step] * 1000 * jitter;
    if (b->step + 1 < ITS_ARRAY_LEN(steps_ms))
        b->step++;
    return (int64_t)wait_us;
}

void its_backoff_held(struct its_backoff *b, int64_t us)
{
    if (us >= ITS_BACKOFF_FORGIVE_US)
        b->step = 0;
}
