/* The kernels with AVX2. Ends of rows are done in plain C. */
#include "tensor/pixels.h"

#include <immintrin.h>
#include <string.h>

/* --- rows */

/* Words of 8 bits each. */
static inline __m256i mix(__m256i a, __m256i b, __m256i share)
{
    __m256i step = _mm256_slli_epi16(_mm256_sub_epi16(b, a), ITS_SAMPLE_BITS);
    return _mm256_add_epi16(_mm256_slli_epi16(a, ITS_SAMPLE_BITS),
                            _mm256_mulhrs_epi16(step, share));
}

static inline __m256i load_words(const uint8_t *p)
{
    return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)p));
}

static void blend_avx2(int16_t *dst, const uint8_t *a, const uint8_t *b, int n, int share)
{
    __m256i weight = _mm256_set1_epi16((short)share);
    int i = 0;
    for (; i + 16 <= n; i += 16)
        _mm256_storeu_si256((__m256i *)(dst + i),
                            mix(load_words(a + i), load_words(b + i), weight));
    its_blend_plain(dst + i, a + i, b + i, n - i, share);
}

static void blend_pairs_avx2(int16_t *first, int16_t *second, const uint8_t *a, const uint8_t *b,
                             int n, int share)
{
    __m256i weight = _mm256_set1_epi16((short)share), low = _mm256_set1_epi16(0xff);
    int i = 0;
    for (; i + 16 <= n; i += 16) {
        __m256i va = _mm256_loadu_si256((const __m256i *)(a + 2 * i));
        __m256i vb = _mm256_loadu_si256((const __m256i *)(b + 2 * i));
        __m256i even = mix(_mm256_and_si256(va, low), _mm256_and_si256(vb, low), weight);
        __m256i odd = mix(_mm256_srli_epi16(va, 8), _mm256_srli_epi16(vb, 8), weight);
        _mm256_storeu_si256((__m256i *)(first + i), even);
        _mm256_storeu_si256((__m256i *)(second + i), odd);
    }
    its_blend_pairs_plain(first + i, second + i, a + 2 * i, b + 2 * i, n - i, share);
}

/* --- columns and colour */

/* Both taps of column x. Eight of these loads are no slower than a gather, and much faster where a
 * gather had to be mended in microcode. */
static inline int pair(const int16_t *row, const struct its_columns *c, int x)
{
    int both;
    memcpy(&both, row + c->at[x], sizeof both);
    return both;
}

static inline __m256 columns(const int16_t *row, const struct its_columns *c, int x)
{
    __m256i taps = _mm256_setr_epi32(pair(row, c, x), pair(row, c, x + 1), pair(row, c, x + 2),
                                     pair(row, c, x + 3), pair(row, c, x + 4), pair(row, c, x + 5),
                                     pair(row, c, x + 6), pair(row, c, x + 7));
    __m256i weight = _mm256_load_si256((const __m256i *)(c->weight + 2 * x));
    return _mm256_cvtepi32_ps(_mm256_madd_epi16(taps, weight));
}

static inline __m256 value(const struct its_colour *c, int k, const __m256 s[3])
{
    __m256 v = _mm256_add_ps(_mm256_mul_ps(_mm256_set1_ps(c->matrix[k][0]), s[0]),
                             _mm256_mul_ps(_mm256_set1_ps(c->matrix[k][1]), s[1]));
    v = _mm256_add_ps(v, _mm256_mul_ps(_mm256_set1_ps(c->matrix[k][2]), s[2]));
    v = _mm256_add_ps(v, _mm256_set1_ps(c->bias[k]));
    v = _mm256_min_ps(_mm256_max_ps(v, _mm256_setzero_ps()), _mm256_set1_ps(255));
    __m256 rest =
        _mm256_add_ps(_mm256_mul_ps(v, _mm256_set1_ps(c->scale_rest)), _mm256_set1_ps(c->offset));
    return _mm256_add_ps(_mm256_mul_ps(v, _mm256_set1_ps(c->scale)), rest);
}

static inline void store_first(float *dst, __m256 v, int n)
{
    float all[8];
    if (n >= 8) {
        _mm256_storeu_ps(dst, v);
        return;
    }
    _mm256_storeu_ps(all, v);
    memcpy(dst, all, (size_t)n * sizeof *dst);
}

static void colour_avx2(float *const dst[3], const int16_t *const row[3],
                        const struct its_columns *luma, const struct its_columns *chroma,
                        const struct its_colour *c)
{
    const struct its_colour colour = *c; /* out of the stores' way */
    for (int x = 0; x < luma->count; x += 8) {
        __m256 s[3] = {columns(row[0], luma, x), columns(row[1], chroma, x),
                       columns(row[2], chroma, x)};
        for (int k = 0; k < 3; k++)
            store_first(dst[k] + x, value(&colour, k, s), luma->count - x);
    }
}

/* --- elements */

static inline __m256i bf16_bits(const float *src)
{
    __m256i bits = _mm256_loadu_si256((const __m256i *)src);
    __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    bits = _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff)), odd);
    return _mm256_srli_epi32(bits, 16);
}

static void narrow_bf16_avx2(void *dst, const float *src, int n)
{
    uint16_t *out = dst;
    int i = 0;
    for (; i + 16 <= n; i += 16) {
        __m256i words = _mm256_packus_epi32(bf16_bits(src + i), bf16_bits(src + i + 8));
        words = _mm256_permute4x64_epi64(words, 0xd8); /* packing works within halves */
        _mm256_storeu_si256((__m256i *)(out + i), words);
    }
    its_narrow_bf16_plain(out + i, src + i, n - i);
}

static inline __m256i whole(const float *src, float low, float high)
{
    __m256 v = _mm256_max_ps(_mm256_loadu_ps(src), _mm256_set1_ps(low));
    return _mm256_cvtps_epi32(_mm256_min_ps(v, _mm256_set1_ps(high)));
}

/* Sixteen floats to words in order. */
static inline __m256i words_of(const float *src, float low, float high)
{
    __m256i words = _mm256_packs_epi32(whole(src, low, high), whole(src + 8, low, high));
    return _mm256_permute4x64_epi64(words, 0xd8);
}

static void narrow_u8_avx2(void *dst, const float *src, int n)
{
    uint8_t *out = dst;
    int i = 0;
    for (; i + 16 <= n; i += 16) {
        __m256i words = words_of(src + i, 0, 255);
        _mm_storeu_si128(
            (__m128i *)(out + i),
            _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1)));
    }
    its_narrow_u8_plain(out + i, src + i, n - i);
}

static void narrow_s8_avx2(void *dst, const float *src, int n)
{
    int8_t *out = dst;
    int i = 0;
    for (; i + 16 <= n; i += 16) {
        __m256i words = words_of(src + i, -128, 127);
        _mm_storeu_si128((__m128i *)(out + i), _mm_packs_epi16(_mm256_castsi256_si128(words),
                                                               _mm256_extracti128_si256(words, 1)));
    }
    its_narrow_s8_plain(out + i, src + i, n - i);
}

/* --- layout */

static inline __m256i wide(const uint8_t *p)
{
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p));
}

/* Eight pixels of bytes, a 32-bit word each, the top byte 0. */
static inline __m256i words_at(const void *const src[3], int i)
{
    __m256i a = wide((const uint8_t *)src[0] + i), b = wide((const uint8_t *)src[1] + i);
    __m256i c = wide((const uint8_t *)src[2] + i);
    return _mm256_or_si256(_mm256_or_si256(a, _mm256_slli_epi32(b, 8)), _mm256_slli_epi32(c, 16));
}

/* Each half's twelve bytes of colour, then four of nothing. */
static inline __m256i without_fourth(__m256i words)
{
    const __m256i bytes = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    return _mm256_shuffle_epi8(words, bytes);
}

static void weave_1_avx2(void *dst, const void *const src[3], int n, int pitch)
{
    uint8_t *out = dst;
    int i = 0;
    /* Of pitch 3 the second half's store ends four bytes late: the next pixels cover that, so two
     * must follow. */
    int last = pitch == 3 ? n - 10 : n - 8;
    for (; pitch <= 4 && i <= last; i += 8) {
        __m256i words = words_at(src, i);
        uint8_t *at = out + (size_t)i * pitch;
        if (pitch == 4) {
            _mm256_storeu_si256((__m256i *)at, words);
            continue;
        }
        words = without_fourth(words);
        _mm_storeu_si128((__m128i *)at, _mm256_castsi256_si128(words));
        _mm_storeu_si128((__m128i *)(at + 12), _mm256_extracti128_si256(words, 1));
    }
    const void *const rest[3] = {(const uint8_t *)src[0] + i, (const uint8_t *)src[1] + i,
                                 (const uint8_t *)src[2] + i};
    its_weave_1_plain(out + (size_t)i * pitch, rest, n - i, pitch);
}

const struct its_pixel_kernels its_pixel_kernels_avx2 = {
    .blend = blend_avx2,
    .blend_pairs = blend_pairs_avx2,
    .colour = colour_avx2,
    .narrow =
        {
            [ITS_ELEMENT_BF16] = narrow_bf16_avx2,
            [ITS_ELEMENT_F16] = its_narrow_f16_plain, /* for GPUs; conversion is another flag */
            [ITS_ELEMENT_U8] = narrow_u8_avx2,
            [ITS_ELEMENT_S8] = narrow_s8_avx2,
        },
    .weave = {weave_1_avx2, its_weave_2_plain, its_weave_4_plain},
};
