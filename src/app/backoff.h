/* How long to wait before the next attempt at something that failed. Plain data, one thread.
 *
 * The steps are 0.5, 1, 2, 2, 2, 4, 8, 16 and then 30 s, each between 80 and 120 % of it by chance:
 * what comes back within its first 5 s is tried again at the latest 2.4 s later (a camera that
 * reboots its encoder, a switch that is plugged over), and cameras behind one dead switch do not
 * come back in step. */
#pragma once

#include <stdint.h>

/* So long a success must last for the steps to begin anew. */
#define ITS_BACKOFF_FORGIVE_US INT64_C(10000000)

struct its_backoff {
    unsigned step; /* of the next wait */
    unsigned dice;
};

void its_backoff_init(struct its_backoff *b, unsigned seed);

/* The next wait. */
int64_t its_backoff_next_us(struct its_backoff *b);

/* Tells how long the last success held. */
void its_backoff_held(struct its_backoff *b, int64_t us);
