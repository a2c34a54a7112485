/* Activations and conversions of 16 values in f32 registers. For files compiled for AVX-512;
 * empty in others. */
#pragma once

#ifdef __AVX512F__

#include <immintrin.h>

#include "nn/cpu/conv_priv.h"

/* 2^r for |r| <= 1/2: 1 + r p(r), p interpolated at the Chebyshev nodes. Relative error below
 * 2e-7, `rough` (results of 8 bits' precision) 2e-4. */
static inline __m512 its_exp2_part(__m512 r, const bool rough)
{
    __m512 rr = _mm512_mul_ps(r, r), one = _mm512_set1_ps(1.0f), low, high;
    if (rough) {
        low = _mm512_fmadd_ps(r, _mm512_set1_ps(0.24203533f), _mm512_set1_ps(0.693147181f));
        high = _mm512_set1_ps(0.0557546498f);
    } else { /* in pairs: a chain of five would keep the processor waiting */
        low = _mm512_fmadd_ps(r, _mm512_set1_ps(0.24022349f), _mm512_set1_ps(0.693147181f));
        high = _mm512_fmadd_ps(r, _mm512_set1_ps(0.00966636852f), _mm512_set1_ps(0.0555038101f));
        high = _mm512_fmadd_ps(rr, _mm512_set1_ps(0.00133813025f), high);
    }
    return _mm512_fmadd_ps(_mm512_fmadd_ps(high, rr, low), r, one);
}

/* 1 / (1 + e^-x), e^-x = 2^(n + r). Adding 1.5 * 2^23 rounds to n, which then stands in the low
 * bits of the sum and is added to the exponent. */
static inline __m512 its_sigmoid(__m512 x, const bool rough)
{
    const __m512 log2e = _mm512_set1_ps(-1.44269504f), one = _mm512_set1_ps(1.0f);
    const __m512 shift = _mm512_set1_ps(12582912.0f);
    x = _mm512_max_ps(_mm512_min_ps(x, _mm512_set1_ps(87.0f)), _mm512_set1_ps(-87.0f));
    __m512 n = _mm512_fmadd_ps(x, log2e, shift);
    __m512 r = _mm512_fmsub_ps(x, log2e, _mm512_sub_ps(n, shift));
    __m512i e = _mm512_castps_si512(its_exp2_part(r, rough));
    e = _mm512_add_epi32(e, _mm512_slli_epi32(_mm512_castps_si512(n), 23));
    __m512 d = _mm512_add_ps(_mm512_castsi512_ps(e), one);
    __m512 y = _mm512_rcp14_ps(d); /* 14 bits; a Newton step doubles them */
    return rough ? y : _mm512_fmadd_ps(y, _mm512_fnmadd_ps(d, y, one), y);
}

static inline __m512 its_hard_swish(__m512 x)
{
    __m512 gate = _mm512_fmadd_ps(x, _mm512_set1_ps(1.0f / 6), _mm512_set1_ps(0.5f));
    gate = _mm512_min_ps(_mm512_max_ps(gate, _mm512_setzero_ps()), _mm512_set1_ps(1.0f));
    return _mm512_mul_ps(x, gate);
}

static inline __m512 its_activated(enum its_act act, float alpha, __m512 x, const bool rough)
{
    const __m512 zero = _mm512_setzero_ps();
    switch (act) {
    case ITS_ACT_SILU:
        return _mm512_mul_ps(x, its_sigmoid(x, rough));
    case ITS_ACT_SIGMOID:
        return its_sigmoid(x, rough);
    case ITS_ACT_RELU:
        return _mm512_max_ps(x, zero);
    case ITS_ACT_LEAKY:
        return _mm512_mask_mul_ps(x, _mm512_cmp_ps_mask(x, zero, _CMP_LT_OQ), x,
                                  _mm512_set1_ps(alpha));
    case ITS_ACT_HARD_SWISH:
        return its_hard_swish(x);
    default:
        return x;
    }
}

static inline __m512 its_bf16_load(const void *from)
{
    __m256i v = _mm256_loadu_si256(from);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(v), 16));
}

/* The channels of a block that exist; the others stay zero, whatever the activation. */
static inline __mmask16 its_block_mask(const struct its_place *p, int block)
{
    int real = p->c - 16 * block;
    return real >= 16 ? 0xffff : (__mmask16)((1u << real) - 1);
}
#endif
