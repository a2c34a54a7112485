/* Depthwise sums: every channel by itself, so 16 channels of a pixel stand side by side in a
 * register and there is nothing to broadcast.
 *
 * Integers, windows 3 wide: 64 bytes are four neighbouring pixels of 16 channels. Transposed, each
 * 32-bit lane holds one channel of the four; a dot product with (w0, w1, w2, 0) is one row of the
 * window for the first pixel, with (0, w0, w1, w2) for its neighbour. */
#include "nn/cpu/real.h"

static inline __m512i four_pixels(const char *p)
{
    const __m512i dwords = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i bytes =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    __m512i v = _mm512_permutexvar_epi32(dwords, _mm512_loadu_si512(p));
    return _mm512_shuffle_epi8(v, bytes);
}

/* Stride 1: pixels come in pairs. `rows` known to the compiler keeps the weights in registers. */
static inline __attribute__((always_inline)) void int8_near(const struct its_conv *c,
                                                            const char *weights, __m512i first,
                                                            const char *in, int n, char *acc,
                                                            const int rows)
{
    for (int i = 0; i < n; i += 2) {
        __m512i a = first, b = first;
        _Pragma("GCC unroll 3") for (int y = 0; y < rows; y++)
        {
            __m512i v = four_pixels(in + 16 * i + (int64_t)y * (int64_t)c->row_bytes);
            __m512i w = _mm512_load_si512(weights + 64 * y);
            a = _mm512_dpbusd_epi32(a, v, w);
            b = _mm512_dpbusd_epi32(b, v, _mm512_slli_epi32(w, 8));
        }
        _mm512_store_si512(acc + 64 * i, a);
        if (i + 1 < n)
            _mm512_store_si512(acc + 64 * i + 64, b);
    }
}

void its_conv_depth_int8(const struct its_conv *c, int block, const char *in, int n, void *acc)
{
    int rows = c->desc.kernel_h;
    const char *weights =
        (const char *)its_conv_part(c, c->weights_at) + (int64_t)64 * rows * block;
    __m512i first =
        _mm512_load_si512((const int32_t *)its_conv_part(c, c->first_at) + (int64_t)16 * block);
    if (c->desc.stride == 1) {
        if (rows == 3)
            int8_near(c, weights, first, in, n, acc, 3);
        else
            int8_near(c, weights, first, in, n, acc, rows);
        return;
    }
    for (int i = 0; i < n; i++) {
        __m512i a = first;
        for (int y = 0; y < rows; y++) {
            __m512i v =
                four_pixels(in + (int64_t)c->pixel_bytes * i + (int64_t)y * (int64_t)c->row_bytes);
            a = _mm512_dpbusd_epi32(a, v, _mm512_load_si512(weights + 64 * y));
        }
        _mm512_store_si512((char *)acc + 64 * i, a);
    }
}

/* 16 channels of f32 or bf16. */
static inline __m512 wide(const char *p, const bool bf16)
{
    return bf16 ? its_bf16_load(p) : _mm512_loadu_ps(p);
}

/* Four pixels at a time: enough sums in flight to hide the latency. */
static inline __attribute__((always_inline)) void some(const struct its_conv *c,
                                                       const char *weights, __m512 first,
                                                       const char *in, char *acc, const int pixels,
                                                       const bool bf16)
{
    __m512 sum[4];
    _Pragma("GCC unroll 4") for (int p = 0; p < pixels; p++) sum[p] = first;
    for (int y = 0; y < c->desc.kernel_h; y++, in += c->row_bytes)
        for (int x = 0; x < c->desc.kernel_w; x++, weights += 64) {
            const char *at = in + (bf16 ? 32 : 64) * x;
            __m512 w = _mm512_load_ps(weights);
            _Pragma("GCC unroll 4") for (int p = 0; p < pixels; p++) sum[p] =
                _mm512_fmadd_ps(wide(at + (int64_t)p * c->pixel_bytes, bf16), w, sum[p]);
        }
    _Pragma("GCC unroll 4") for (int p = 0; p < pixels; p++) _mm512_store_ps(acc + 64 * p, sum[p]);
}

/* Stride 1, window 3 wide: eight pixels share the ten that a row of their windows needs. */
static inline __attribute__((always_inline)) void eight(const struct its_conv *c,
                                                        const char *weights, __m512 first,
                                                        const char *in, char *acc, const bool bf16)
{
    __m512 sum[8], v[10];
    _Pragma("GCC unroll 8") for (int p = 0; p < 8; p++) sum[p] = first;
    for (int y = 0; y < c->desc.kernel_h; y++, in += c->row_bytes, weights += 3 * 64) {
        _Pragma("GCC unroll 10") for (int p = 0; p < 10; p++) v[p] =
            wide(in + (bf16 ? 32 : 64) * p, bf16);
        _Pragma("GCC unroll 3") for (int x = 0; x < 3; x++)
        {
            __m512 w = _mm512_load_ps(weights + 64 * x);
            _Pragma("GCC unroll 8") for (int p = 0; p < 8; p++) sum[p] =
                _mm512_fmadd_ps(v[p + x], w, sum[p]);
        }
    }
    _Pragma("GCC unroll 8") for (int p = 0; p < 8; p++) _mm512_store_ps(acc + 64 * p, sum[p]);
}

static inline __attribute__((always_inline)) void depth(const struct its_conv *c, int block,
                                                        const char *in, int n, char *acc,
                                                        const bool bf16)
{
    int taps = c->desc.kernel_h * c->desc.kernel_w, i = 0;
    const char *weights =
        (const char *)its_conv_part(c, c->weights_at) + (int64_t)64 * taps * block;
    __m512 first =
        _mm512_load_ps((const float *)its_conv_part(c, c->first_at) + (int64_t)16 * block);
    for (; c->desc.kernel_w == 3 && c->desc.stride == 1 && i + 8 <= n; i += 8)
        eight(c, weights, first, in + (int64_t)i * c->pixel_bytes, acc + 64 * i, bf16);
    for (; i + 4 <= n; i += 4)
        some(c, weights, first, in + (int64_t)i * c->pixel_bytes, acc + 64 * i, 4, bf16);
    for (; i < n; i++)
        some(c, weights, first, in + (int64_t)i * c->pixel_bytes, acc + 64 * i, 1, bf16);
}

void its_conv_depth_f32(const struct its_conv *c, int block, const char *in, int n, void *acc)
{
    depth(c, block, in, n, acc, false);
}

void its_conv_depth_bf16(const struct its_conv *c, int block, const char *in, int n, void *acc)
{
    depth(c, block, in, n, acc, true);
}
