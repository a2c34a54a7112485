/* Sums to results in f32 arithmetic: any activation, any type of result. Relative error of SiLU and
 * sigmoid below 3e-7. */
#include <immintrin.h>
#include <math.h>

#include "nn/cpu/conv_priv.h"

/* e^x for |x| <= 88 and a little beyond, saturating sensibly: 2^n * e^r, |r| <= ln2 / 2, where
 * (e^r - 1 - r) / r^2 is interpolated at the Chebyshev nodes (error 1e-8 of the result). */
static inline __m512 exp_ps(__m512 x)
{
    x = _mm512_max_ps(_mm512_min_ps(x, _mm512_set1_ps(88.0f)), _mm512_set1_ps(-88.0f));
    __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504f)), 8);
    __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375f), x);
    r = _mm512_fnmadd_ps(n, _mm512_set1_ps(-2.12194440e-4f), r);
    __m512 p = _mm512_set1_ps(1.39261836e-3f);
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(8.36317905e-3f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(4.16665546e-2f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.66665770e-1f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.5f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f));
    return _mm512_scalef_ps(p, n);
}

/* 1 / x: the processor's 14 bits and one Newton step. */
static inline __m512 inverse(__m512 x)
{
    __m512 y = _mm512_rcp14_ps(x);
    return _mm512_fmadd_ps(y, _mm512_fnmadd_ps(x, y, _mm512_set1_ps(1.0f)), y);
}

static inline __m512 sigmoid(__m512 x)
{
    __m512 one = _mm512_set1_ps(1.0f);
    return inverse(_mm512_add_ps(one, exp_ps(_mm512_sub_ps(_mm512_setzero_ps(), x))));
}

static inline __m512 activated(const struct its_conv_desc *d, __m512 x)
{
    __m512 zero = _mm512_setzero_ps(), six = _mm512_set1_ps(6.0f);
    switch (d->act) {
    case ITS_ACT_SILU:
        return _mm512_mul_ps(x, sigmoid(x));
    case ITS_ACT_SIGMOID:
        return sigmoid(x);
    case ITS_ACT_RELU:
        return _mm512_max_ps(x, zero);
    case ITS_ACT_LEAKY:
        return _mm512_mask_mul_ps(x, _mm512_cmp_ps_mask(x, zero, _CMP_LT_OQ), x,
                                  _mm512_set1_ps(d->act_alpha));
    case ITS_ACT_HARD_SWISH: {
        __m512 gate = _mm512_fmadd_ps(x, _mm512_set1_ps(1.0f / 6), _mm512_set1_ps(0.5f));
        gate = _mm512_min_ps(_mm512_max_ps(gate, zero), _mm512_div_ps(six, six));
        return _mm512_mul_ps(x, gate);
    }
    default:
        return x;
    }
}

static inline __m512 bf16_load(const void *from)
{
    __m256i v = _mm256_loadu_si256(from);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(v), 16));
}

/* Rounded to nearest even; NaN stays NaN (quiet). */
static inline __m256i bf16_of(__m512 x)
{
    __m512i v = _mm512_castps_si512(x);
    __m512i odd = _mm512_and_si512(_mm512_srli_epi32(v, 16), _mm512_set1_epi32(1));
    __m512i r = _mm512_add_epi32(v, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    __mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
    r = _mm512_mask_or_epi32(r, nan, v, _mm512_set1_epi32(0x400000));
    return _mm512_cvtepi32_epi16(_mm512_srli_epi32(r, 16));
}

static inline __m512 load_real(const struct its_place *p, const char *from)
{
    __m512i v;
    switch (p->type) {
    case ITS_F32:
        return _mm512_loadu_ps(from);
    case ITS_BF16:
        return bf16_load(from);
    case ITS_S8:
        v = _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)from));
        break;
    default:
        v = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)from));
    }
    v = _mm512_sub_epi32(v, _mm512_set1_epi32(p->zero));
    return _mm512_mul_ps(_mm512_cvtepi32_ps(v), _mm512_set1_ps(p->scale));
}

static inline void store_result(const struct its_place *p, char *to, __m512 x)
{
    if (p->type == ITS_F32) {
        _mm512_storeu_ps(to, x);
        return;
    }
    if (p->type == ITS_BF16) {
        _mm256_storeu_si256((__m256i *)to, bf16_of(x));
        return;
    }
    bool is_signed = p->type == ITS_S8;
    __m512i v = _mm512_cvtps_epi32(_mm512_mul_ps(x, _mm512_set1_ps(1.0f / p->scale)));
    v = _mm512_add_epi32(v, _mm512_set1_epi32(p->zero));
    v = _mm512_max_epi32(v, _mm512_set1_epi32(is_signed ? -128 : 0));
    v = _mm512_min_epi32(v, _mm512_set1_epi32(is_signed ? 127 : 255));
    _mm_storeu_si128((__m128i *)to, _mm512_cvtepi32_epi8(v));
}

void its_conv_store_real(const struct its_conv *c, int block, const void *acc, int n, void *out,
                         const void *add)
{
    const struct its_place *o = &c->desc.out, *a = &c->desc.add;
    int64_t stride = (int64_t)o->pixel_stride * (int64_t)its_dtype_bytes(o->type);
    int64_t add_stride = add ? (int64_t)a->pixel_stride * (int64_t)its_dtype_bytes(a->type) : 0;
    __m512 factor = _mm512_load_ps((const float *)its_conv_part(c, c->factor_at) + 16 * block);
    __m512 bias = _mm512_load_ps((const float *)its_conv_part(c, c->bias_at) + 16 * block);
    bool ints = c->desc.math == ITS_CONV_INT8;
    int real = o->c - 16 * block; /* channels; the others stay zero, whatever the activation */
    __mmask16 which = real >= 16 ? 0xffff : (__mmask16)((1u << real) - 1);
    for (int i = 0; i < n; i++) {
        const char *from = (const char *)acc + 64 * i;
        __m512 x = ints ? _mm512_fmadd_ps(_mm512_cvtepi32_ps(_mm512_load_si512(from)), factor, bias)
                        : _mm512_load_ps(from);
        x = _mm512_maskz_mov_ps(which, activated(&c->desc, x));
        if (add)
            x = _mm512_add_ps(x, load_real(a, (const char *)add + i * add_stride));
        store_result(o, (char *)out + i * stride, x);
    }
}
