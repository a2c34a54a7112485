/* Sums of one tile: some pixels times some blocks of 16 output channels, all held in registers.
 *
 * A template: meson compiles it for each kind of product (KIND: int8, f32, bf16) and each number of
 * output blocks (BLOCKS), and it makes one function per number of pixels and distance between them.
 * Per step it loads BLOCKS vectors of weights and, per pixel, four bytes into all lanes: with 6
 * pixels and 4 blocks that is 10 loads for 24 multiplications, so the multipliers are what limits.
 */
#include <immintrin.h>

#include "nn/cpu/conv_priv.h"

#define JOIN_(a, b, c) a##b##c
#define JOIN(a, b, c)  JOIN_(a, b, c)

/* Loops over registers must be unrolled, or the compiler keeps the sums in memory. */
#define UNROLL _Pragma("GCC unroll 20")

#define INT8 1
#define F32  2
#define BF16 3

#if KIND == INT8
#define NAME int8_
#define NEAR 16
typedef __m512i vec;
static inline vec load(const void *p)
{
    return _mm512_load_si512(p);
}
static inline void store(void *p, vec v)
{
    _mm512_store_si512(p, v);
}
static inline vec spread(const char *p)
{
    int32_t four;
    __builtin_memcpy(&four, p, 4);
    return _mm512_set1_epi32(four);
}
static inline vec mac(vec sum, vec in, vec weight)
{
    return _mm512_dpbusd_epi32(sum, in, weight);
}
#else
typedef __m512 vec;
static inline vec load(const void *p)
{
    return _mm512_load_ps(p);
}
static inline void store(void *p, vec v)
{
    _mm512_store_ps(p, v);
}
static inline vec spread(const char *p)
{
    float four;
    __builtin_memcpy(&four, p, 4);
    return _mm512_set1_ps(four);
}
#if KIND == F32
#define NAME f32_
#define NEAR 64
static inline vec mac(vec sum, vec in, vec weight)
{
    return _mm512_fmadd_ps(in, weight, sum);
}
#else
#define NAME bf16_
#define NEAR 32
static inline vec mac(vec sum, vec in, vec weight)
{
    return _mm512_dpbf16_ps(sum, (__m512bh)in, (__m512bh)weight);
}
#endif
#endif

/* `apart`: bytes from one pixel's input to the next one's. */
static inline __attribute__((always_inline)) void sum_tile(const char *in, const int32_t *offsets,
                                                           int steps, const char *weights,
                                                           const char *first, char *acc,
                                                           const int pixels, const int apart)
{
    vec sum[ITS_CONV_PIXELS][BLOCKS];
    UNROLL for (int b = 0; b < BLOCKS; b++)
    {
        vec v = load(first + 64 * b);
        UNROLL for (int p = 0; p < pixels; p++) sum[p][b] = v;
    }
    for (int s = 0; s < steps; s++) {
        const char *at = in + offsets[s];
        vec w[BLOCKS];
        UNROLL for (int b = 0; b < BLOCKS; b++) w[b] = load(weights + 64 * b);
        UNROLL for (int p = 0; p < pixels; p++)
        {
            vec v = spread(at + p * apart);
            UNROLL for (int b = 0; b < BLOCKS; b++) sum[p][b] = mac(sum[p][b], v, w[b]);
        }
        weights += 64 * BLOCKS;
    }
    UNROLL for (int b = 0; b < BLOCKS; b++)
    {
        UNROLL for (int p = 0; p < pixels; p++)
            store(acc + 64 * (b * ITS_CONV_CHUNK + p), sum[p][b]);
    }
}

#define TILE(pixels, which, apart)                                                                 \
    static void tile_##pixels##_##which(const char *in, const int32_t *offsets, int steps,         \
                                        const void *weights, const void *first, void *acc)         \
    {                                                                                              \
        sum_tile(in, offsets, steps, weights, first, acc, pixels, apart);                          \
    }
#define TILES(pixels)                                                                              \
    TILE(pixels, 0, NEAR)                                                                          \
    TILE(pixels, 1, NEAR * 2)                                                                      \
    TILE(pixels, 2, 8)                                                                             \
    TILE(pixels, 3, 4)
#define ROW(pixels)                                                                                \
    {                                                                                              \
        tile_##pixels##_0, tile_##pixels##_1, tile_##pixels##_2, tile_##pixels##_3                 \
    }

TILES(1)
TILES(2)
TILES(3)
TILES(4)
TILES(5)
#if BLOCKS <= 4
TILES(6)
#endif
#if BLOCKS <= 3
TILES(7)
TILES(8)
#endif
#if BLOCKS <= 2
TILES(9)
TILES(10)
TILES(11)
TILES(12)
TILES(13)
TILES(14)
#endif
#if BLOCKS == 1
TILES(15)
TILES(16)
TILES(17)
TILES(18)
TILES(19)
TILES(20)
#endif

const its_conv_tiles JOIN(its_conv_tiles_, NAME, BLOCKS) = {
    ROW(1),  ROW(2),  ROW(3),  ROW(4),  ROW(5),
#if BLOCKS <= 4
    ROW(6),
#endif
#if BLOCKS <= 3
    ROW(7),  ROW(8),
#endif
#if BLOCKS <= 2
    ROW(9),  ROW(10), ROW(11), ROW(12), ROW(13), ROW(14),
#endif
#if BLOCKS == 1
    ROW(15), ROW(16), ROW(17), ROW(18), ROW(19), ROW(20),
#endif
};
