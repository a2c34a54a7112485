/* Vectors of 16, and the names of what is compiled once per level: ITS_LEVEL is plain, avx2 or
 * avx512. Only for the files of this folder. */
#pragma once

#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#include "nn/lanes/lanes.h"

#define ITS_JOIN2(a, b) its_lane_##a##_##b
#define ITS_JOIN(a, b)  ITS_JOIN2(a, b)
#define LANE(name)      ITS_JOIN(name, ITS_LEVEL)

enum { LANES = 16 };

typedef float f32x16 __attribute__((vector_size(64)));
typedef int32_t s32x16 __attribute__((vector_size(64)));
typedef uint32_t u32x16 __attribute__((vector_size(64)));
typedef float f32x16_any __attribute__((vector_size(64), aligned(4), may_alias));

static inline f32x16 lane_load(const float *p)
{
    return *(const f32x16_any *)p;
}

static inline void lane_store(float *p, f32x16 v)
{
    *(f32x16_any *)p = v;
}

/* The first `count` lanes; the others are 0, and stay in memory as they are. */
static inline f32x16 lane_load_some(const float *p, int count)
{
    float some[LANES] = {0};
    if (count == LANES)
        return lane_load(p);
    memcpy(some, p, (size_t)count * sizeof(float));
    return lane_load(some);
}

static inline void lane_store_some(float *p, f32x16 v, int count)
{
    if (count == LANES)
        lane_store(p, v);
    else
        memcpy(p, &v, (size_t)count * sizeof(float));
}

static inline f32x16 lane_all(float x)
{
    return (f32x16){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
}

/* Per lane a where mask is all ones, b where it is 0. */
static inline f32x16 lane_pick(s32x16 mask, f32x16 a, f32x16 b)
{
    return (f32x16)(((s32x16)a & mask) | ((s32x16)b & ~mask));
}

static inline f32x16 lane_max(f32x16 a, f32x16 b)
{
    return lane_pick(a > b, a, b);
}

/* 1.5 * 2^23: what it is added to is rounded to an integer, which then stands in the low bits. */
#define ROUNDS 12582912.f

/* e^x, relative error below 3e-7 for x in [-87, 88]; smaller ones give 0, larger ones e^88.
 * x = n ln 2 + r, |r| <= ln 2 / 2; e^r by its series to the 7th power; times 2^n by the exponent.
 * ln 2 in two parts, so that r keeps its bits (Cody and Waite 1980). */
static inline f32x16 lane_exp(f32x16 x)
{
    const f32x16 low = lane_all(-87.33f), high = lane_all(88.f);
    s32x16 tiny = x < low;
    x = lane_pick(x > high, high, lane_pick(tiny, low, x));
    f32x16 rounded = x * 1.44269504f + lane_all(ROUNDS);
    s32x16 n = (s32x16)rounded;
    f32x16 k = rounded - lane_all(ROUNDS);
    f32x16 r = x - k * 0.693359375f + k * 2.12194440e-4f;
    f32x16 e = lane_all(1.f / 5040) * r + 1.f / 720;
    e = e * r + 1.f / 120;
    e = e * r + 1.f / 24;
    e = e * r + 1.f / 6;
    e = e * r + 0.5f;
    e = e * r + 1.f;
    e = e * r + 1.f;
    f32x16 two = (f32x16)((n << 23) + (127 << 23));
    return lane_pick(tiny, lane_all(0), e * two);
}

#define LANE_UPPER(c, s) ((c) & (s) ? 16 + (c) - (s) : (c))
#define LANE_LOWER(c, s) ((c) & (s) ? 16 + (c) : (c) + (s))
#define LANE_MASK(m, s)                                                                            \
    m(0, s), m(1, s), m(2, s), m(3, s), m(4, s), m(5, s), m(6, s), m(7, s), m(8, s), m(9, s),      \
        m(10, s), m(11, s), m(12, s), m(13, s), m(14, s), m(15, s)
#define LANE_SWAP(s)                                                                               \
    for (int i = 0; i < LANES; i++)                                                                \
        if (!(i & (s))) {                                                                          \
            f32x16 a = v[i], b = v[i + (s)];                                                       \
            v[i] = __builtin_shufflevector(a, b, LANE_MASK(LANE_UPPER, s));                        \
            v[i + (s)] = __builtin_shufflevector(a, b, LANE_MASK(LANE_LOWER, s));                  \
        }

/* Turns rows into columns: squares of 8, 4, 2, 1 change places across the diagonal. */
static inline void lane_turn(f32x16 v[LANES])
{
    LANE_SWAP(8)
    LANE_SWAP(4)
    LANE_SWAP(2)
    LANE_SWAP(1)
}
#undef LANE_SWAP
#undef LANE_MASK
#undef LANE_LOWER
#undef LANE_UPPER

/* The functions of this level, for the table. */
void LANE(pool)(const struct its_lanes_pool *p, enum its_dtype type, const void *in, void *out,
                void *scratch);
void LANE(enlarge)(const void *in, void *out, int h, int w, int fy, int fx, size_t pixel_bytes);
void LANE(to_planes)(const float *block, float *planes, int channels, int64_t pixels,
                     int64_t plane_stride);
void LANE(to_block)(const float *planes, float *block, int channels, int64_t pixels,
                    int64_t plane_stride);
void LANE(to_bf16)(const float *in, uint16_t *out, int64_t count);
void LANE(from_bf16)(const uint16_t *in, float *out, int64_t count);
void LANE(to_u8)(const float *in, uint8_t *out, int64_t count, float scale, int zero);
void LANE(from_u8)(const uint8_t *in, float *out, int64_t count, float scale, int zero);
void LANE(attention)(const struct its_lanes_attention *a, const float *q, const float *k,
                     const float *v, float *out, int from, int to, void *scratch);
void LANE(decode)(const struct its_lanes_level *l, int classes, float *out, int64_t anchors,
                  int from, int to);
