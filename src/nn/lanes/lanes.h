/* What lies between the convolutions, 16 lanes at a time: pooling, enlarging, turning blocks into
 * planes and back, attention, a head's decoding.
 *
 * Written once with the compiler's vectors of 16 floats, compiled per CPU level (base/cpu.h); the
 * results agree between levels but for the last bits (contraction into fused multiply-adds).
 * All pointers are to dense tensors of one picture. No allocation; scratch is the caller's. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"
#include "base/dtype.h"

/* Max pooling of one block of 16 channels: (h, w) → (oh, ow), values outside do not take part. */
struct its_lanes_pool {
    int h, w, oh, ow;
    int kernel[2], stride[2], pad[2]; /* height, width; above and left */
};

/* softmax(q^T k * scale) v^T for some heads, each (channels, tokens), row-major:
 *   out[d][i] = sum_j v[d][j] * softmax_j(sum_c q[c][i] * k[c][j] * scale) */
struct its_lanes_attention {
    int heads, tokens, key, value; /* channels of q and k, of v */
    float scale;
};

/* One level of a YOLO head (DFL): box logits 4 x 16, score logits, both in blocks of 16. */
struct its_lanes_level {
    const float *box, *score;
    int w, h;
    float stride;
};

struct its_lanes {
    /* Elements of `type`: f32, bf16, u8, s8. scratch: its_lanes_pool_scratch. */
    void (*pool)(const struct its_lanes_pool *p, enum its_dtype type, const void *in, void *out,
                 void *scratch);
    /* One block of 16 channels, each pixel fy times downwards and fx times to the right. */
    void (*enlarge)(const void *in, void *out, int h, int w, int fy, int fx, size_t pixel_bytes);

    /* f32: one block of 16 channels ↔ planes, `plane_stride` floats apart. Of the 16 only
     * `channels` count: to_block makes the others 0. */
    void (*to_planes)(const float *block, float *planes, int channels, int64_t pixels,
                      int64_t plane_stride);
    void (*to_block)(const float *planes, float *block, int channels, int64_t pixels,
                     int64_t plane_stride);
    /* bf16 rounds to nearest even. */
    void (*to_bf16)(const float *in, uint16_t *out, int64_t count);
    void (*from_bf16)(const uint16_t *in, float *out, int64_t count);
    /* q = round(x / scale) + zero, to nearest even and saturated; x = (q - zero) * scale. */
    void (*to_u8)(const float *in, uint8_t *out, int64_t count, float scale, int zero);
    void (*from_u8)(const uint8_t *in, float *out, int64_t count, float scale, int zero);

    /* Rows [from, to) of its_lanes_attention_parts; scratch: its_lanes_attention_scratch each. */
    void (*attention)(const struct its_lanes_attention *a, const float *q, const float *k,
                      const float *v, float *out, int from, int to, void *scratch);

    /* Boxes and scores of cells [from, to) of one level, to the level's first column of
     * (4 + classes, anchors): centre and size in pixels of the input, scores 0..1. */
    void (*decode)(const struct its_lanes_level *l, int classes, float *out, int64_t anchors,
                   int from, int to);
};

size_t its_lanes_pool_scratch(const struct its_lanes_pool *p);
int its_lanes_attention_parts(const struct its_lanes_attention *a);
size_t its_lanes_attention_scratch(const struct its_lanes_attention *a);

/* The functions for a level that this machine has. */
const struct its_lanes *its_lanes_of(enum its_cpu cpu);
