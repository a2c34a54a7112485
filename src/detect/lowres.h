/* The working picture of the motion detector: upright luma, reduced by a whole factor.
 * One thread; memory is sized by the first frame and kept. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame/frame.h"

/* Columns of every working plane are padded to a multiple of this, so that kernels need no tail.
 * The padding repeats the last column. */
#define ITS_LOWRES_BLOCK 32

/* Longest side of a frame. */
#define ITS_LOWRES_SIDE_MAX 32767

struct its_lowres {
    int w, h;    /* upright working pixels */
    int stride;  /* bytes per row of px: w rounded up to ITS_LOWRES_BLOCK */
    int factor;  /* coded pixels per working pixel, both ways */
    uint8_t *px; /* luma, 0..255 whatever the range of the frame */

    /* --- the geometry it was planned for */
    int coded_w, coded_h, rotation;
    bool full_range;

    /* --- scratch */
    int side_w, side_h, side_stride; /* the same picture before rotation */
    uint8_t *side;                   /* == px when rotation is 0 */
    uint16_t *sums;                  /* one row of column sums: coded_w */
};

/* Plans for frames like this one: the factor is the smallest that brings the longer side to
 * max_side pixels or fewer, but no more than the shorter side. Remainders at the right and bottom
 * edge are left out. What was planned before is freed. 0; -EINVAL for a picture without pixels or
 * with a side beyond ITS_LOWRES_SIDE_MAX; -ENOMEM; after an error the plan is
 * empty and may be planned again. */
int its_lowres_plan(struct its_lowres *, const struct its_frame *, int max_side);
void its_lowres_fini(struct its_lowres *);

/* Whether the plan fits this frame. */
bool its_lowres_fits(const struct its_lowres *, const struct its_frame *);

/* Reduces the frame, seen through a window moved by (dx, dy) coded pixels in upright directions:
 * when the scene has moved by (dx, dy) in the picture, the result is what it was before. What the
 * window shows outside the frame repeats the frame's edge. */
void its_lowres_reduce(struct its_lowres *, const struct its_frame *, int dx, int dy);

/* Kernel: n output pixels, each the rounded mean of a block of factor x factor pixels, the first
 * block at src. sums is scratch of n * factor. Reads exactly the blocks. */
void its_lowres_row(uint8_t *dst, const uint8_t *src, ptrdiff_t stride, int n, int factor,
                    uint16_t *sums);
/* The same, written to be read: the oracle of the test. */
void its_lowres_row_c(uint8_t *dst, const uint8_t *src, ptrdiff_t stride, int n, int factor);
