/* The kernels with AVX-512 F, BW, DQ, VL. What is special here: the taps of 16 columns mostly lie
 * within one or two registers, so one shuffle with planned indices fetches them all; a gather, a
 * load per lane, costs ten times that. Ends of rows are masked. */
#include "tensor/pixels.h"

#include <immintrin.h>

#include "base/attr.h"

/* The first n of 16 lanes; all for n >= 16. */
static __mmask16 first_16(int n)
{
    return n >= 16 ? 0xffff : (__mmask16)((1u << n) - 1);
}

static __mmask32 first_32(int n)
{
    return n >= 32 ? 0xffffffffu : (1u << n) - 1;
}

static __mmask64 first_64(int n)
{
    return n >= 64 ? ~0ull : (1ull << n) - 1;
}

/* --- rows */

/* Words of 8 bits each. */
static inline __m512i mix(__m512i a, __m512i b, __m512i share)
{
    __m512i step = _mm512_slli_epi16(_mm512_sub_epi16(b, a), ITS_SAMPLE_BITS);
    return _mm512_add_epi16(_mm512_slli_epi16(a, ITS_SAMPLE_BITS),
                            _mm512_mulhrs_epi16(step, share));
}

static void blend_avx512(int16_t *dst, const uint8_t *a, const uint8_t *b, int n, int share)
{
    __m512i weight = _mm512_set1_epi16((short)share);
    for (int i = 0; i < n; i += 32) {
        __mmask32 mask = first_32(n - i);
        __m512i va = _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(mask, a + i));
        __m512i vb = _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(mask, b + i));
        _mm512_storeu_si512(dst + i, mix(va, vb, weight));
    }
}

static void blend_pairs_avx512(int16_t *first, int16_t *second, const uint8_t *a, const uint8_t *b,
                               int n, int share)
{
    __m512i weight = _mm512_set1_epi16((short)share), low = _mm512_set1_epi16(0xff);
    for (int i = 0; i < n; i += 32) {
        __mmask64 mask = first_64(2 * (n - i));
        __m512i va = _mm512_maskz_loadu_epi8(mask, a + 2 * i);
        __m512i vb = _mm512_maskz_loadu_epi8(mask, b + 2 * i);
        __m512i even = mix(_mm512_and_si512(va, low), _mm512_and_si512(vb, low), weight);
        __m512i odd = mix(_mm512_srli_epi16(va, 8), _mm512_srli_epi16(vb, 8), weight);
        _mm512_storeu_si512(first + i, even);
        _mm512_storeu_si512(second + i, odd);
    }
}

/* --- columns and colour */

/* 64 samples from base on serve as a table of two registers. */
static inline __m512i pick_64(const int16_t *base, __m512i index)
{
    return _mm512_permutex2var_epi16(_mm512_loadu_si512(base), index,
                                     _mm512_loadu_si512(base + 32));
}

static inline __m512i taps(const int16_t *row, const struct its_columns *c, int block)
{
    const int16_t *base = row + c->base[block];
    if (c->reach == ITS_REACH_FAR)
        return _mm512_i32gather_epi32(_mm512_load_si512(c->at + 16 * block), row, 2);
    __m512i index = _mm512_load_si512(c->pick + 32 * block);
    __m512i near = pick_64(base, index);
    if (c->reach == ITS_REACH_64)
        return near;
    /* The index' bit 6 says which of the two; the shuffle does not look at it. */
    __mmask32 far = _mm512_test_epi16_mask(index, _mm512_set1_epi16(64));
    return _mm512_mask_blend_epi16(far, near, pick_64(base + 64, index));
}

static inline __m512 columns(const int16_t *row, const struct its_columns *c, int block)
{
    __m512i weight = _mm512_load_si512(c->weight + 32 * block);
    return _mm512_cvtepi32_ps(_mm512_madd_epi16(taps(row, c, block), weight));
}

static inline __m512 value(const struct its_colour *c, int k, const __m512 s[3])
{
    __m512 v = _mm512_add_ps(_mm512_mul_ps(_mm512_set1_ps(c->matrix[k][0]), s[0]),
                             _mm512_mul_ps(_mm512_set1_ps(c->matrix[k][1]), s[1]));
    v = _mm512_add_ps(v, _mm512_mul_ps(_mm512_set1_ps(c->matrix[k][2]), s[2]));
    v = _mm512_add_ps(v, _mm512_set1_ps(c->bias[k]));
    v = _mm512_min_ps(_mm512_max_ps(v, _mm512_setzero_ps()), _mm512_set1_ps(255));
    __m512 rest =
        _mm512_add_ps(_mm512_mul_ps(v, _mm512_set1_ps(c->scale_rest)), _mm512_set1_ps(c->offset));
    return _mm512_add_ps(_mm512_mul_ps(v, _mm512_set1_ps(c->scale)), rest);
}

static void colour_avx512(float *const dst[3], const int16_t *const row[3],
                          const struct its_columns *luma, const struct its_columns *chroma,
                          const struct its_colour *c)
{
    const struct its_colour colour = *c; /* out of the stores' way */
    for (int block = 0; block < luma->blocks; block++) {
        int x = block * ITS_COLUMNS_BLOCK;
        __mmask16 mask = first_16(luma->count - x);
        __m512 s[3] = {columns(row[0], luma, block), columns(row[1], chroma, block),
                       columns(row[2], chroma, block)};
        for (int k = 0; k < 3; k++)
            _mm512_mask_storeu_ps(dst[k] + x, mask, value(&colour, k, s));
    }
}

/* --- elements */

static void narrow_bf16_avx512(void *dst, const float *src, int n)
{
    uint16_t *out = dst;
    __m512i half = _mm512_set1_epi32(0x7fff), one = _mm512_set1_epi32(1);
    for (int i = 0; i < n; i += 16) {
        __mmask16 mask = first_16(n - i);
        __m512i bits = _mm512_castps_si512(_mm512_maskz_loadu_ps(mask, src + i));
        __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), one);
        bits = _mm512_add_epi32(_mm512_add_epi32(bits, half), odd);
        __m256i words = _mm512_cvtepi32_epi16(_mm512_srli_epi32(bits, 16));
        _mm256_mask_storeu_epi16(out + i, mask, words);
    }
}

static void narrow_f16_avx512(void *dst, const float *src, int n)
{
    uint16_t *out = dst;
    for (int i = 0; i < n; i += 16) {
        __mmask16 mask = first_16(n - i);
        __m512 v = _mm512_maskz_loadu_ps(mask, src + i);
        __m256i words = _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
        _mm256_mask_storeu_epi16(out + i, mask, words);
    }
}

static inline void narrow_8(void *dst, const float *src, int n, float low, float high)
{
    uint8_t *out = dst;
    for (int i = 0; i < n; i += 16) {
        __mmask16 mask = first_16(n - i);
        __m512 v = _mm512_maskz_loadu_ps(mask, src + i);
        v = _mm512_min_ps(_mm512_max_ps(v, _mm512_set1_ps(low)), _mm512_set1_ps(high));
        _mm_mask_storeu_epi8(out + i, mask, _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(v)));
    }
}

static void narrow_u8_avx512(void *dst, const float *src, int n)
{
    narrow_8(dst, src, n, 0, 255);
}

static void narrow_s8_avx512(void *dst, const float *src, int n)
{
    narrow_8(dst, src, n, -128, 127);
}

/* --- layout */

/* Sixteen pixels of bytes, a 32-bit word each, the top byte 0. */
static inline __m512i words_of(const uint8_t *const src[3], int i, __mmask16 mask)
{
    __m512i a = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, src[0] + i));
    __m512i b = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, src[1] + i));
    __m512i c = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, src[2] + i));
    return _mm512_or_si512(_mm512_or_si512(a, _mm512_slli_epi32(b, 8)), _mm512_slli_epi32(c, 16));
}

/* Leaves out every fourth byte: within quarters first, then the quarters close up. */
static inline __m512i without_fourth(__m512i words)
{
    const __m512i bytes = _mm512_broadcast_i32x4(
        _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    const __m512i dwords = _mm512_setr_epi32(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 3, 3, 3);
    return _mm512_permutexvar_epi32(dwords, _mm512_shuffle_epi8(words, bytes));
}

static void weave_1_avx512(void *dst, const void *const src[3], int n, int pitch)
{
    const uint8_t *const rows[3] = {src[0], src[1], src[2]};
    uint8_t *out = dst;
    if (pitch > 4) {
        its_weave_1_plain(dst, src, n, pitch);
        return;
    }
    for (int i = 0; i < n; i += 16) {
        __m512i words = words_of(rows, i, first_16(n - i));
        if (pitch == 3)
            words = without_fourth(words);
        __mmask64 mask = first_64(pitch * ITS_MIN(n - i, 16));
        _mm512_mask_storeu_epi8(out + (size_t)i * pitch, mask, words);
    }
}

/* Eight pixels of words, 64 bits each, the top word 0. */
static inline __m512i quads_of(const uint16_t *const src[3], int i, __mmask8 mask)
{
    __m512i a = _mm512_cvtepu16_epi64(_mm_maskz_loadu_epi16(mask, src[0] + i));
    __m512i b = _mm512_cvtepu16_epi64(_mm_maskz_loadu_epi16(mask, src[1] + i));
    __m512i c = _mm512_cvtepu16_epi64(_mm_maskz_loadu_epi16(mask, src[2] + i));
    return _mm512_or_si512(_mm512_or_si512(a, _mm512_slli_epi64(b, 16)), _mm512_slli_epi64(c, 32));
}

static void weave_2_avx512(void *dst, const void *const src[3], int n, int pitch)
{
    static const uint16_t closed[32] = {0,  1,  2,  4,  5,  6,  8,  9,  10, 12, 13, 14,
                                        16, 17, 18, 20, 21, 22, 24, 25, 26, 28, 29, 30};
    const uint16_t *const rows[3] = {src[0], src[1], src[2]};
    uint16_t *out = dst;
    if (pitch > 4) {
        its_weave_2_plain(dst, src, n, pitch);
        return;
    }
    for (int i = 0; i < n; i += 8) {
        __m512i quads = quads_of(rows, i, (__mmask8)first_16(ITS_MIN(n - i, 8)));
        if (pitch == 3) /* leaves out every fourth word */
            quads = _mm512_permutexvar_epi16(_mm512_loadu_si512(closed), quads);
        __mmask32 mask = first_32(pitch * ITS_MIN(n - i, 8));
        _mm512_mask_storeu_epi16(out + (size_t)i * pitch, mask, quads);
    }
}

const struct its_pixel_kernels its_pixel_kernels_avx512 = {
    .blend = blend_avx512,
    .blend_pairs = blend_pairs_avx512,
    .colour = colour_avx512,
    .narrow =
        {
            [ITS_ELEMENT_BF16] = narrow_bf16_avx512,
            [ITS_ELEMENT_F16] = narrow_f16_avx512,
            [ITS_ELEMENT_U8] = narrow_u8_avx512,
            [ITS_ELEMENT_S8] = narrow_s8_avx512,
        },
    .weave = {weave_1_avx512, weave_2_avx512, its_weave_4_plain},
};
