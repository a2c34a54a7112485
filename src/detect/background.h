/* What the scene looks like when nothing moves: up to three grey values per working pixel, each
 * with the time it has been seen, and the mask of pixels that show something else now.
 * One thread; memory is sized once and kept. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ITS_BACKGROUND_MODES 3

/* Bits of a mask pixel. */
enum {
    ITS_MASK_MOVING = 1, /* differs from the background */
    ITS_MASK_SOLID = 2,  /* and not in the way a cast shadow does */
};

/* What stands before the background, to whom it matters how fast that is learned. */
enum its_hold {
    ITS_HOLD_FREE,
    ITS_HOLD_SLOW, /* a road user, it seems: learn slowly */
    ITS_HOLD_KEPT, /* somebody followed that one here: do not learn it */
};

struct its_background {
    int w, h, stride;
    int memory_ticks;   /* time seen is counted up to this many ticks of ITS_TICK_US */
    int64_t seen_ticks; /* learned since the start */
    uint8_t *value[ITS_BACKGROUND_MODES];
    int16_t *weight[ITS_BACKGROUND_MODES]; /* time seen, in ticks; falls while not seen */
    uint8_t *noise;  /* four times the median absolute difference to value[0] */
    uint8_t *hold;   /* enum its_hold of each pixel */
    int mask_stride; /* at least one column and one row of zeros lie around the masks */
    uint8_t *mask;   /* result of its_background_compare: bits ITS_MASK_* */
    uint8_t *raw;    /* the same before its neighbours voted */
    uint8_t *rows;   /* scratch: a few rows */
    void *memory;
};

#define ITS_TICK_US 4000

/* The most memory_ticks can be. */
#define ITS_BACKGROUND_TICKS_MAX 32000

/* Planes of w x h with rows of stride bytes, stride a multiple of ITS_LOWRES_BLOCK. What stands
 * held is background when it has been seen three times as long as the background before it, which
 * is at most 3 * memory_ticks. 0 or -ENOMEM. */
int its_background_init(struct its_background *, int w, int h, int stride, int memory_ticks);
void its_background_fini(struct its_background *);

/* Forgets everything and starts from this picture. */
void its_background_restart(struct its_background *, const uint8_t *px);

/* Fills mask from the picture. `threshold`: least difference in luma that counts. */
void its_background_compare(struct its_background *, const uint8_t *px, int threshold);

/* Clears the mask near the edges, so many working pixels from each. */
void its_background_ignore(struct its_background *, int left, int top, int right, int bottom);

/* Learns the picture, which stands for `ticks` of time. */
void its_background_learn(struct its_background *, const uint8_t *px, int ticks);

/* The brightness of the whole scene changed by this factor: the model follows. */
void its_background_scale(struct its_background *, float gain);

/* What is seen now on row y from x0 to x1 (just outside) is the background after all. */
void its_background_accept(struct its_background *, int x0, int x1, int y, const uint8_t *px);

/* Accepts everything that moves according to the mask and is not held: after a change of the whole
 * scene. */
void its_background_accept_unheld(struct its_background *, const uint8_t *px);
