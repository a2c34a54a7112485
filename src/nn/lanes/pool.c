/* Max pooling and enlarging of one block of 16 channels.
 *
 * A window of a x b is the maximum down a column of maxima along rows: a + b comparisons instead of
 * a * b. Integers order as the reals they stand for, since scales are positive. */
#include "nn/lanes/lane.h"

typedef int16_t s16x16 __attribute__((vector_size(32), aligned(2), may_alias));
typedef uint8_t u8x16 __attribute__((vector_size(16), aligned(1), may_alias));
typedef int8_t s8x16 __attribute__((vector_size(16), aligned(1), may_alias));

/* bf16 orders like its bits once the lower bits of negative ones are turned round; turning twice
 * gives the number back. */
static inline s16x16 turn(s16x16 x)
{
    return x ^ ((x >> 15) & 0x7fff);
}

static inline int least(int a, int b)
{
    return a < b ? a : b;
}

/* Vectors of any element: a where the mask is all ones. */
#define PICK(type, mask, a, b)                                                                     \
    ((type)(((__typeof__(mask))(a) & (mask)) | ((__typeof__(mask))(b) & ~(mask))))

/* One axis of the window: `lines` lines of `n` elements at distance `step` become `on` each. */
#define POOL_AXIS(name, type, look)                                                                \
    static void axis_##name(const type *in, type *out, int n, int on, int kernel, int stride,      \
                            int pad, int64_t step, int64_t out_step)                               \
    {                                                                                              \
        for (int x = 0; x < on; x++) {                                                             \
            int from = x * stride - pad, to = least(from + kernel, n);                             \
            from = from < 0 ? 0 : from;                                                            \
            its_assert(from < to); /* pads are smaller than the window */                          \
            type m = look(in[from * step]);                                                        \
            for (int k = from + 1; k < to; k++) {                                                  \
                type v = look(in[k * step]);                                                       \
                m = PICK(type, v > m, v, m);                                                       \
            }                                                                                      \
            out[x * out_step] = look(m);                                                           \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    static void pool_##name(const struct its_lanes_pool *p, const type *in, type *out, type *rows) \
    {                                                                                              \
        for (int y = 0; y < p->h; y++)                                                             \
            axis_##name(in + (int64_t)y * p->w, rows + (int64_t)y * p->ow, p->w, p->ow,            \
                        p->kernel[1], p->stride[1], p->pad[1], 1, 1);                              \
        for (int x = 0; x < p->ow; x++)                                                            \
            axis_##name(rows + x, out + x, p->h, p->oh, p->kernel[0], p->stride[0], p->pad[0],     \
                        p->ow, p->ow);                                                             \
    }

#define AS_IT_IS(v) (v)
POOL_AXIS(f32, f32x16_any, AS_IT_IS)
POOL_AXIS(bf16, s16x16, turn)
POOL_AXIS(u8, u8x16, AS_IT_IS)
POOL_AXIS(s8, s8x16, AS_IT_IS)
#undef AS_IT_IS
#undef PICK
#undef POOL_AXIS

void LANE(pool)(const struct its_lanes_pool *p, enum its_dtype type, const void *in, void *out,
                void *scratch)
{
    if (type == ITS_F32)
        pool_f32(p, in, out, scratch);
    else if (type == ITS_BF16)
        pool_bf16(p, in, out, scratch);
    else if (type == ITS_U8)
        pool_u8(p, in, out, scratch);
    else
        pool_s8(p, in, out, scratch);
}

void LANE(enlarge)(const void *in, void *out, int h, int w, int fy, int fx, size_t pixel_bytes)
{
    size_t row = (size_t)w * (size_t)fx * pixel_bytes;
    for (int y = 0; y < h; y++) {
        const char *from = (const char *)in + (size_t)y * (size_t)w * pixel_bytes;
        char *to = (char *)out + (size_t)y * (size_t)fy * row;
        if (pixel_bytes == 64 && fx == 2)
            for (int x = 0; x < w; x++) {
                f32x16 v = lane_load((const float *)(from + x * 64));
                lane_store((float *)(to + x * 128), v);
                lane_store((float *)(to + x * 128 + 64), v);
            }
        else
            for (int x = 0; x < w * fx; x++)
                memcpy(to + (size_t)x * pixel_bytes, from + (size_t)(x / fx) * pixel_bytes,
                       pixel_bytes);
        for (int k = 1; k < fy; k++)
            memcpy(to + (size_t)k * row, to, row);
    }
}
