/* A value from one form to another: planes ↔ blocks of 16, f32 ↔ bf16 ↔ integers.
 *
 * A block of 16 channels of a few pixels at a time goes through a small f32 buffer: load, store.
 * bf16 and integers round to nearest even; integers saturate. Channels beyond the last become zero
 * (the zero point). */
#include <math.h>
#include <string.h>

#include "nn/backend.h"
#include "nn/lanes/lanes.h"

enum { PIXELS = 64, BLOCK = 16 };

/* A run of elements to reals, and back. */
static void load(const struct its_lanes *l, const struct its_place *p, const void *data, int64_t at,
                 int64_t count, float *to)
{
    const uint8_t *u8 = (const uint8_t *)data + at;
    const int8_t *s8 = (const int8_t *)data + at;
    if (p->type == ITS_F32)
        memcpy(to, (const float *)data + at, (size_t)count * sizeof(float));
    else if (p->type == ITS_BF16)
        l->from_bf16((const uint16_t *)data + at, to, count);
    else if (p->type == ITS_U8)
        l->from_u8(u8, to, count, p->scale, p->zero);
    else
        for (int64_t i = 0; i < count; i++)
            to[i] = (float)(s8[i] - p->zero) * p->scale;
}

static void store(const struct its_lanes *l, const struct its_place *p, const float *from,
                  int64_t count, void *data, int64_t at)
{
    if (p->type == ITS_F32)
        memcpy((float *)data + at, from, (size_t)count * sizeof(float));
    else if (p->type == ITS_BF16)
        l->to_bf16(from, (uint16_t *)data + at, count);
    else if (p->type == ITS_U8)
        l->to_u8(from, (uint8_t *)data + at, count, p->scale, p->zero);
    else
        for (int64_t i = 0; i < count; i++) {
            float q = rintf(from[i] / p->scale) + (float)p->zero;
            ((int8_t *)data)[at + i] = (int8_t)fminf(fmaxf(q, -128), 127);
        }
}

/* Pixels [x, x + count) of block c into a block of reals, and back. */
static void load_block(const struct its_lanes *l, const struct its_place *p, const void *data,
                       int c, int64_t x, int64_t count, float *block)
{
    float plane[BLOCK * PIXELS];
    if (p->block == BLOCK) {
        load(l, p, data, c / BLOCK * p->block_stride + x * BLOCK, count * BLOCK, block);
        return;
    }
    int channels = ITS_MIN(BLOCK, p->c - c);
    for (int k = 0; k < channels; k++)
        load(l, p, data, (c + k) * p->block_stride + x, count, plane + k * PIXELS);
    l->to_block(plane, block, channels, count, PIXELS);
}

static void store_block(const struct its_lanes *l, const struct its_place *p, const float *block,
                        int c, int64_t x, int64_t count, void *data)
{
    float plane[BLOCK * PIXELS];
    if (p->block == BLOCK) {
        store(l, p, block, count * BLOCK, data, c / BLOCK * p->block_stride + x * BLOCK);
        return;
    }
    int channels = ITS_MIN(BLOCK, p->c - c);
    l->to_planes(block, plane, channels, count, PIXELS);
    for (int k = 0; k < channels; k++)
        store(l, p, plane + k * PIXELS, count, data, (c + k) * p->block_stride + x);
}

static int64_t elements(const struct its_place *p)
{
    return p->n * p->image_stride;
}

/* All of it as one run, where only the type changes. */
static void convert_run(const struct its_lanes *l, const struct its_bound *b, int64_t from,
                        int64_t to)
{
    float real[BLOCK * PIXELS];
    for (int64_t i = from; i < to; i += BLOCK * PIXELS) {
        int64_t count = ITS_MIN(BLOCK * PIXELS, to - i);
        load(l, b->step->in_place[0], b->in[0], i, count, real);
        store(l, b->step->out_place[0], real, count, b->out[0], i);
    }
}

static void convert_block(const struct its_lanes *l, const struct its_bound *b, int n, int c)
{
    const struct its_place *from = b->step->in_place[0], *to = b->step->out_place[0];
    size_t from_bytes = its_dtype_bytes(from->type), to_bytes = its_dtype_bytes(to->type);
    const char *in = (const char *)b->in[0] + (size_t)(n * from->image_stride) * from_bytes;
    char *out = (char *)b->out[0] + (size_t)(n * to->image_stride) * to_bytes;
    int64_t pixels = (int64_t)to->h * to->w;
    float block[BLOCK * PIXELS];
    for (int64_t x = 0; x < pixels; x += PIXELS) {
        int64_t count = ITS_MIN(PIXELS, pixels - x);
        load_block(l, from, in, c, x, count, block);
        store_block(l, to, block, c, x, count, out);
    }
}

static bool same_numbers(const struct its_place *a, const struct its_place *b)
{
    return a->type == b->type && a->scale == b->scale && a->zero == b->zero;
}

static int run(const struct its_bound *b)
{
    const struct its_place *from = b->step->in_place[0], *to = b->step->out_place[0];
    const struct its_lanes *l = its_lanes_of(its_cpu_best());
    int threads = b->step->threads, blocks = (to->c + BLOCK - 1) / BLOCK;
    if (from->layout == to->layout && same_numbers(from, to)) {
        memcpy(b->out[0], b->in[0], (size_t)elements(to) * its_dtype_bytes(to->type));
    } else if (from->layout == to->layout) {
#pragma omp parallel for num_threads(threads) if (threads > 1)
        for (int i = 0; i < threads; i++)
            convert_run(l, b, elements(to) * i / threads, elements(to) * (i + 1) / threads);
    } else {
#pragma omp parallel for num_threads(threads) if (threads > 1)
        for (int i = 0; i < to->n * blocks; i++)
            convert_block(l, b, i / blocks, i % blocks * BLOCK);
    }
    return 0;
}

static bool takes(const struct its_node *n, struct its_form *in, struct its_form *out)
{
    return false;
}

const struct its_kernel its_kernel_convert = {.name = "convert", .takes = takes, .run = run};
