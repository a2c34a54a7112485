/* What the files of the convolution share: the packed step and the kernels' signatures.
 *
 * The kernels see one shape of input only, whatever the math: four bytes (4 u8, 2 bf16 or 1 f32) of
 * one pixel are broadcast and multiplied into a vector of weights for 16 output channels. A list
 * of byte offsets, one per step of the sum, says where in the input these four bytes lie for a
 * pixel; the next pixel is a constant number of bytes further. So one kernel serves all windows. */
#pragma once

#include <string.h>

#include "nn/cpu/conv.h"

#define ITS_CONV_MAGIC   0x43535449u /* "ITSC" */
#define ITS_CONV_VERSION 2 /* raise with every change of what follows or of how it is packed */

#define ITS_CONV_BLOCKS 5  /* most output blocks of 16 channels in one tile */
#define ITS_CONV_PIXELS 20 /* most pixels in one tile */
#define ITS_CONV_CHUNK  40 /* most pixels summed up before they are stored */

/* How the four-byte groups reach the kernel. */
enum its_conv_feed {
    ITS_FEED_PLACE, /* from the input where it lies: 1x1, stride 1, c16 */
    ITS_FEED_ROWS,  /* from padded rows of blocks of 16 channels in the scratch memory */
    ITS_FEED_QUADS, /* integers, at most 4 channels: padded rows of 4-byte pixels */
    ITS_FEED_PLANES /* f32, at most 4 channels: padded rows of each plane */
};

/* How sums become what is stored. */
enum its_conv_store {
    ITS_STORE_FIXED, /* 16-bit fixed point: integers; no activation, SiLU, ReLU */
    ITS_STORE_REAL   /* f32 arithmetic: everything */
};

/* Fixed point: a value v stands for v / 2^shift steps of the output. */
struct its_conv_fixed {
    int16_t silu_base[64]; /* see store_fixed.c */
    int16_t silu_rise[64];
    int32_t shift;
    int32_t segment_shift; /* log2 of a segment's width */
    int32_t add_shift;     /* residual: ((a - zero) << add_shift) * add_factor >> 15 */
    int32_t add_factor;
};

struct its_conv {
    uint32_t magic, version;
    uint64_t bytes;
    enum its_conv_isa isa;
    enum its_conv_feed feed;
    enum its_conv_store store;
    enum its_conv_math kind; /* of the kernel: planes are summed up in f32 for bf16, too */
    struct its_conv_desc desc;
    int out_blocks, in_blocks;
    int steps;           /* of the sum, per output */
    int step_channels;   /* input channels per step: 4, 2, 1 */
    int tile_blocks;     /* output blocks per tile; the last group may have fewer */
    int pixel_bytes;     /* from one output pixel's input to the next one's */
    int row_pixels;      /* of a padded row */
    int strip_rows;      /* output rows whose input is gathered at a time */
    uint64_t row_bytes;  /* of a padded row with all its blocks */
    uint64_t offsets_at; /* int32_t[steps] */
    uint64_t weights_at; /* by group, step, block: 64 bytes; ITS_CONV_C: OIHW */
    uint64_t first_at;   /* 32-bit[out_blocks * 16]: what sums start from */
    uint64_t factor_at;  /* float[out_blocks * 16] */
    uint64_t bias_at;    /* float[out_blocks * 16] */
    struct its_conv_fixed fixed;
};

/* Step of a channel's weights; measured where they are f32. */
float its_conv_channel_scale(const struct its_conv_desc *d, const struct its_conv_weights *w,
                             int out);

static inline const void *its_conv_part(const struct its_conv *c, uint64_t at)
{
    return (const char *)c + at;
}

static inline int its_conv_type_bytes(enum its_conv_math m)
{
    return m == ITS_CONV_INT8 ? 1 : m == ITS_CONV_BF16 ? 2 : 4;
}

/* Rounded to nearest even, and back. */
static inline uint16_t its_bf16_of(float x)
{
    uint32_t u;
    memcpy(&u, &x, 4);
    return (uint16_t)((u + 0x7fff + (u >> 16 & 1)) >> 16);
}

static inline float its_bf16_value(uint16_t v)
{
    uint32_t u = (uint32_t)v << 16;
    float f;
    memcpy(&f, &u, 4);
    return f;
}

/* Sums `steps` products for some pixels and blocks; acc is [block][ITS_CONV_CHUNK][16] of 32 bits.
 */
typedef void its_conv_tile_fn(const char *in, const int32_t *offsets, int steps,
                              const void *weights, const void *first, void *acc);
/* Sums of one block's depthwise convolution for n pixels; in: the padded rows of that block. */
typedef void its_conv_depth_fn(const struct its_conv *c, int block, const char *in, int n,
                               void *acc);
/* Turns n sums of one block into results. `out` and `add` are the block's first pixel. */
typedef void its_conv_store_fn(const struct its_conv *c, int block, const void *acc, int n,
                               void *out, const void *add);

/* Most pixels of a tile with that many blocks: as many sums as registers hold. */
static inline int its_conv_tile_pixels(int blocks)
{
    static const int pixels[ITS_CONV_BLOCKS] = {20, 14, 8, 6, 5};
    return pixels[blocks - 1];
}

/* [pixels - 1][0: neighbours in the input, 1: every other pixel, 2: 8 bytes apart (first layer,
 * stride 2), 3: 4 bytes (first layer, stride 1)] */
typedef its_conv_tile_fn *its_conv_tiles[ITS_CONV_PIXELS][4];
extern const its_conv_tiles its_conv_tiles_int8_1, its_conv_tiles_int8_2, its_conv_tiles_int8_3,
    its_conv_tiles_int8_4, its_conv_tiles_int8_5;
extern const its_conv_tiles its_conv_tiles_f32_1, its_conv_tiles_f32_2, its_conv_tiles_f32_3,
    its_conv_tiles_f32_4, its_conv_tiles_f32_5;
extern const its_conv_tiles its_conv_tiles_bf16_1, its_conv_tiles_bf16_2, its_conv_tiles_bf16_3,
    its_conv_tiles_bf16_4, its_conv_tiles_bf16_5;

its_conv_depth_fn its_conv_depth_int8, its_conv_depth_f32, its_conv_depth_bf16;
its_conv_store_fn its_conv_store_fixed, its_conv_store_real;

/* Copies the input of output rows [from, to) of image n into padded rows. */
void its_conv_gather(const struct its_conv *c, const void *in, int n, int from, int to, char *rows);
/* One row of f32 planes (or u8 ones) as four-byte pixels; n pixels. */
void its_conv_quads_f32(const float *const plane[4], int planes, int n, float per_step, float zero,
                        uint32_t *out);
void its_conv_quads_u8(const uint8_t *const plane[4], int planes, int n, uint32_t *out);
/* Pixels of 3 or 4 bytes (`stride`); a fourth byte meets a weight of zero. */
void its_conv_quads_pixels(const uint8_t *pixels, int stride, int n, uint32_t *out);
