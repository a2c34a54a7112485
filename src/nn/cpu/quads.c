/* Rows of colour pictures, planes or pixels of three or four bytes, as pixels of four bytes, for
 * the first layer in integers. */
#include <immintrin.h>

#include "nn/cpu/conv_priv.h"

/* 16 values as steps of the input's quantisation. */
static inline __m512i steps_of(const float *p, __mmask16 which, __m512 per_step, __m512 zero)
{
    __m512 x = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(which, p), per_step, zero);
    x = _mm512_min_ps(_mm512_max_ps(x, _mm512_setzero_ps()), _mm512_set1_ps(255.0f));
    return _mm512_cvtps_epi32(x);
}

void its_conv_quads_f32(const float *const plane[4], int planes, int n, float per_step, float zero,
                        uint32_t *out)
{
    __m512 k = _mm512_set1_ps(per_step), z = _mm512_set1_ps(zero);
    for (int i = 0; i < n; i += 16) {
        __mmask16 which = n - i >= 16 ? 0xffff : (__mmask16)((1u << (n - i)) - 1);
        __m512i v = steps_of(plane[0] + i, which, k, z);
        for (int p = 1; p < planes; p++)
            v = _mm512_or_si512(
                v, _mm512_sll_epi32(steps_of(plane[p] + i, which, k, z), _mm_cvtsi32_si128(8 * p)));
        _mm512_mask_storeu_epi32(out + i, which, v);
    }
}

void its_conv_quads_u8(const uint8_t *const plane[4], int planes, int n, uint32_t *out)
{
    for (int i = 0; i < n; i += 16) {
        __mmask16 which = n - i >= 16 ? 0xffff : (__mmask16)((1u << (n - i)) - 1);
        __m512i v = _mm512_setzero_si512();
        for (int p = 0; p < planes; p++) {
            __m512i b = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(which, plane[p] + i));
            v = _mm512_or_si512(v, _mm512_sll_epi32(b, _mm_cvtsi32_si128(8 * p)));
        }
        _mm512_mask_storeu_epi32(out + i, which, v);
    }
}

void its_conv_quads_pixels(const uint8_t *pixels, int stride, int n, uint32_t *out)
{
    const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 2, 3, 4, 5, 5, 6, 7, 8, 8, 9, 10, 11, 11);
    const __m512i bytes =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1));
    for (int i = 0; i < n; i += 16) {
        int now = n - i >= 16 ? 16 : n - i;
        __mmask64 which = ~(__mmask64)0 >> (64 - stride * now);
        __m512i v = _mm512_maskz_loadu_epi8(which, pixels + (int64_t)stride * i);
        if (stride == 3) /* four pixels to each 16 bytes, then spread there */
            v = _mm512_shuffle_epi8(_mm512_permutexvar_epi32(lanes, v), bytes);
        _mm512_mask_storeu_epi32(out + i, (__mmask16)(0xffff >> (16 - now)), v);
    }
}
