/* Seeded chance for the simulator: splitmix64 (Steele, Lea, Flood 2014). The same seed gives the
 * same throws on every machine; not for anything secret. */
#pragma once

#include <stdint.h>

struct its_dice {
    uint64_t state; /* the seed; any value will do */
};

static inline uint64_t its_dice_bits(struct its_dice *d)
{
    uint64_t z = d->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* low <= result < high */
static inline double its_dice_between(struct its_dice *d, double low, double high)
{
    return low + (high - low) * (double)(its_dice_bits(d) >> 11) * 0x1p-53;
}

/* Mean 0, variance 1, within +-6: the sum of twelve throws. */
static inline double its_dice_normal(struct its_dice *d)
{
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += its_dice_between(d, 0, 1);
    return sum;
}
