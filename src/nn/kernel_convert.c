/* A value from one form to another: planes ↔ blocks of 16, f32 ↔ bf16 ↔ integers.
 *
 * A row of pixels of 16 channels at a time goes through a small f32 buffer: load, store. bf16 rounds
 * to nearest even (what the hardware's conversion does); integers round to nearest even and
 * saturate. Channels beyond the last become zero (the zero point). */
#include "nn/backend.h"

#include <math.h>
#include <string.h>

enum { PIXELS = 64, BLOCK = 16 };

static inline float from_bf16(uint16_t h)
{
    uint32_t bits = (uint32_t)h << 16;
    float f;
    memcpy(&f, &bits, 4);
    return f;
}

static inline uint16_t to_bf16(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, 4);
    if (f != f)
        return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static inline float load(const struct its_place *p, const void *data, int64_t i)
{
    switch (p->type) {
    case ITS_BF16:
        return from_bf16(((const uint16_t *)data)[i]);
    case ITS_U8:
        return (float)(((const uint8_t *)data)[i] - p->zero) * p->scale;
    case ITS_S8:
        return (float)(((const int8_t *)data)[i] - p->zero) * p->scale;
    default:
        return ((const float *)data)[i];
    }
}

static inline int32_t quantise(const struct its_place *p, float f, int low, int high)
{
    float q = nearbyintf(f / p->scale) + (float)p->zero;
    return (int32_t)fminf(fmaxf(q, (float)low), (float)high);
}

static inline void store(const struct its_place *p, void *data, int64_t i, float f)
{
    switch (p->type) {
    case ITS_BF16:
        ((uint16_t *)data)[i] = to_bf16(f);
        break;
    case ITS_U8:
        ((uint8_t *)data)[i] = (uint8_t)quantise(p, f, 0, 255);
        break;
    case ITS_S8:
        ((int8_t *)data)[i] = (int8_t)quantise(p, f, -128, 127);
        break;
    default:
        ((float *)data)[i] = f;
    }
}

/* Pixels [at, at + count) of channels [c, c + BLOCK) into a buffer of BLOCK x PIXELS. */
static void load_rows(const struct its_place *p, const void *data, int64_t image, int c, int64_t at,
                      int count, float (*to)[PIXELS])
{
    for (int k = 0; k < BLOCK; k++) {
        if (c + k >= p->c) {
            memset(to[k], 0, sizeof(to[k]));
            continue;
        }
        int64_t i = image + (c + k) / p->block * p->block_stride + (c + k) % p->block +
                    at * p->pixel_stride;
        for (int x = 0; x < count; x++)
            to[k][x] = load(p, data, i + x * p->pixel_stride);
    }
}

static void store_rows(const struct its_place *p, void *data, int64_t image, int c, int64_t at,
                       int count, float (*from)[PIXELS])
{
    int channels = p->block == 1 && p->c - c < BLOCK ? p->c - c : BLOCK;
    for (int k = 0; k < channels; k++) {
        int64_t i = image + (c + k) / p->block * p->block_stride + (c + k) % p->block +
                    at * p->pixel_stride;
        for (int x = 0; x < count; x++)
            store(p, data, i + x * p->pixel_stride, from[k][x]);
    }
}

/* Integers that stand for nothing but themselves, and whatever keeps its form. */
static bool is_copy(const struct its_place *a, const struct its_place *b)
{
    return a->type == b->type && a->layout == b->layout && a->scale == b->scale &&
           a->zero == b->zero;
}

static int run(const struct its_bound *b)
{
    const struct its_place *from = b->step->in_place[0], *to = b->step->out_place[0];
    float row[BLOCK][PIXELS];
    if (is_copy(from, to)) {
        memcpy(b->out[0], b->in[0],
               (size_t)(to->n * to->image_stride) * its_dtype_bytes(to->type));
        return 0;
    }
    int64_t pixels = (int64_t)to->h * to->w;
    for (int n = 0; n < to->n; n++)
        for (int c = 0; c < to->c; c += BLOCK)
            for (int64_t at = 0; at < pixels; at += PIXELS) {
                int count = (int)ITS_MIN(PIXELS, pixels - at);
                load_rows(from, b->in[0], n * from->image_stride, c, at, count, row);
                store_rows(to, b->out[0], n * to->image_stride, c, at, count, row);
            }
    return 0;
}

static bool takes(const struct its_node *n, struct its_form *in, struct its_form *out)
{
    return false;
}

const struct its_kernel its_kernel_convert = {.name = "convert", .takes = takes, .run = run};
