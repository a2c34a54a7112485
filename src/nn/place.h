/* Where the elements of a planned activation lie in memory. One formula serves every layout we use,
 * and views of other tensors (the parts of a concat or a split) besides:
 *
 *   channel c of pixel (y, x) of image n lies at element
 *   n * image_stride + (c / block) * block_stride + (y * w + x) * pixel_stride + c % block
 *
 *   planes (NCHW)      block 1,  block_stride h * w,      pixel_stride 1
 *   c16 (blocks of 16) block 16, block_stride h * w * 16, pixel_stride 16
 *   pixels (NHWC)      block = channels rounded up to 16, pixel_stride >= block
 *
 * Tensors that are no pictures (rank other than 4) are planes with h * w = the trailing dims.
 * Channels beyond `c` up to the next multiple of `block` exist and are zero (for integers: the
 * zero point) in c16 and pixels; a view begins at a multiple of 16 channels there. */
#pragma once

#include <stdint.h>

#include "base/dtype.h"

enum its_layout { ITS_LAYOUT_PLANES, ITS_LAYOUT_C16, ITS_LAYOUT_PIXELS };

struct its_place {
    enum its_dtype type;
    enum its_layout layout;
    int n, c, h, w;
    int block, pixel_stride;            /* elements */
    int64_t block_stride, image_stride; /* elements */
    float scale;                        /* integers: real = (q - zero) * scale */
    int32_t zero;
};

static inline int64_t its_place_index(const struct its_place *p, int n, int c, int y, int x)
{
    return n * p->image_stride + c / p->block * p->block_stride +
           (int64_t)(y * p->w + x) * p->pixel_stride + c % p->block;
}
