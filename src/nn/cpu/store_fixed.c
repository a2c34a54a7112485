/* Sums of integers to 8-bit results, in 16-bit fixed point: 32 values per register.
 *
 *   t = sum * factor + bias           in 2^-shift steps of the output (its_conv_fixed)
 *   SiLU: t = max(t, 0) + bend(|t|)   bend(a) = -a / (1 + e^a): even, at most 0.28 deep, gone by 9
 *   t += residual, rounded, moved to the zero point, saturated to 8 bits
 *
 * The bend is 64 straight pieces whose error is below a tenth of an output step; a piece is found
 * by the upper bits of |t|. The lower ones, the way along it, are read as a signed number, so that
 * it runs from 0 to 1 in even pieces and from -1 to 0 in odd ones, whose base is their end. Four
 * pixels are packed at a time, which interleaves their channels by fours; one permutation puts 64
 * bytes in order. */
#include <immintrin.h>

#include "nn/cpu/conv_priv.h"

struct consts {
    __m512 factor, bias;
    __m512i base[2], rise[2], last, zero, add_zero, add_factor, order;
    __m512i shift, segment, fraction; /* factors: shifts compete with permutations */
    __m128i add_shift;
    __m512i flip; /* s8 is u8 with the upper bit turned over, and a zero point 128 higher */
};

static inline struct consts consts_of(const struct its_conv *c, int block)
{
    const struct its_conv_fixed *f = &c->fixed;
    const struct its_place *out = &c->desc.out;
    int bias = out->type == ITS_S8 ? 128 : 0;
    int last = f->segment_shift >= 9 ? INT16_MAX : (64 << f->segment_shift) - 1;
    return (struct consts){
        .factor = _mm512_load_ps((const float *)its_conv_part(c, c->factor_at) + 16 * block),
        .bias = _mm512_load_ps((const float *)its_conv_part(c, c->bias_at) + 16 * block),
        .base = {_mm512_loadu_si512(f->silu_base), _mm512_loadu_si512(f->silu_base + 32)},
        .rise = {_mm512_loadu_si512(f->silu_rise), _mm512_loadu_si512(f->silu_rise + 32)},
        .last = _mm512_set1_epi16((short)last),
        .zero = _mm512_set1_epi16((short)((out->zero + bias) << f->shift)),
        .add_zero = _mm512_set1_epi16((short)(c->desc.add.zero + bias)),
        .add_factor = _mm512_set1_epi16((short)f->add_factor),
        .order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15),
        .shift = _mm512_set1_epi16((short)(1 << (15 - f->shift))),
        .segment = _mm512_set1_epi16((short)(1 << (16 - f->segment_shift))),
        .fraction = _mm512_set1_epi16((short)(1 << (15 - f->segment_shift))),
        .add_shift = _mm_cvtsi32_si128(f->add_shift),
        .flip = _mm512_set1_epi8((char)bias),
    };
}

/* Two pixels' sums as 32 16-bit values: by lane, four channels of the one, four of the other. */
static inline __m512i scaled(const struct consts *k, const int32_t *acc)
{
    __m512 a = _mm512_cvtepi32_ps(_mm512_load_si512(acc));
    __m512 b = _mm512_cvtepi32_ps(_mm512_load_si512(acc + 16));
    a = _mm512_fmadd_ps(a, k->factor, k->bias);
    b = _mm512_fmadd_ps(b, k->factor, k->bias);
    return _mm512_packs_epi32(_mm512_cvtps_epi32(a), _mm512_cvtps_epi32(b));
}

static inline __m512i silu(const struct consts *k, __m512i t)
{
    __m512i a = _mm512_min_epu16(_mm512_abs_epi16(t), k->last);
    __m512i segment = _mm512_mulhi_epu16(a, k->segment);
    __m512i along = _mm512_mullo_epi16(a, k->fraction);
    __m512i base = _mm512_permutex2var_epi16(k->base[0], segment, k->base[1]);
    __m512i rise = _mm512_permutex2var_epi16(k->rise[0], segment, k->rise[1]);
    __m512i bend = _mm512_add_epi16(base, _mm512_mulhrs_epi16(rise, along));
    return _mm512_adds_epi16(_mm512_max_epi16(t, _mm512_setzero_si512()), bend);
}

/* v: 32 bytes of the residual, widened. */
static inline __m512i residual(const struct consts *k, __m512i v)
{
    v = _mm512_sll_epi16(_mm512_sub_epi16(v, k->add_zero), k->add_shift);
    return _mm512_mulhrs_epi16(v, k->add_factor);
}

static inline __m512i activated(const struct consts *k, enum its_act act, __m512i t)
{
    if (act == ITS_ACT_SILU)
        return silu(k, t);
    if (act == ITS_ACT_RELU)
        return _mm512_max_epi16(t, _mm512_setzero_si512());
    return t;
}

/* SiLU's table has the zero point in it already. */
static inline __m512i rounded(const struct consts *k, enum its_act act, __m512i t)
{
    if (act != ITS_ACT_SILU)
        t = _mm512_adds_epi16(t, k->zero);
    return _mm512_mulhrs_epi16(t, k->shift);
}

/* 64 bytes of the residual, in order, as two registers of 16-bit values like those of scaled(). */
static inline void widen(const struct consts *k, __m512i bytes, __m512i *lo, __m512i *hi)
{
    __m512i v = _mm512_permutexvar_epi32(k->order, _mm512_xor_si512(bytes, k->flip));
    *lo = _mm512_unpacklo_epi8(v, _mm512_setzero_si512()); /* the order is its own inverse */
    *hi = _mm512_unpackhi_epi8(v, _mm512_setzero_si512());
}

/* Four pixels to 64 bytes in order. */
static inline __m512i four(const struct consts *k, enum its_act act, bool adds, __m512i lo,
                           __m512i hi, __m512i add)
{
    lo = activated(k, act, lo);
    hi = activated(k, act, hi);
    if (adds) {
        __m512i add_lo, add_hi;
        widen(k, add, &add_lo, &add_hi);
        lo = _mm512_adds_epi16(lo, residual(k, add_lo));
        hi = _mm512_adds_epi16(hi, residual(k, add_hi));
    }
    lo = rounded(k, act, lo);
    hi = rounded(k, act, hi);
    __m512i v = _mm512_permutexvar_epi32(k->order, _mm512_packus_epi16(lo, hi));
    return _mm512_xor_si512(v, k->flip);
}

/* Up to four pixels that do not lie together, or are fewer than four. */
static inline __m512i load_apart(const uint8_t *from, int stride, int n)
{
    uint8_t bytes[64] __attribute__((aligned(64))) = {0};
    for (int i = 0; i < n; i++)
        _mm_store_si128((__m128i *)(bytes + 16 * i),
                        _mm_loadu_si128((const __m128i *)(from + (int64_t)i * stride)));
    return _mm512_load_si512(bytes);
}

static inline void store_apart(uint8_t *to, int stride, int n, __m512i v)
{
    uint8_t bytes[64] __attribute__((aligned(64)));
    _mm512_store_si512(bytes, v);
    for (int i = 0; i < n; i++)
        _mm_storeu_si128((__m128i *)(to + (int64_t)i * stride),
                         _mm_load_si128((const __m128i *)(bytes + 16 * i)));
}

static inline __attribute__((always_inline)) void store_all(const struct its_conv *c, int block,
                                                            const int32_t *acc, int n, uint8_t *out,
                                                            const uint8_t *add, enum its_act act,
                                                            bool adds)
{
    struct consts k = consts_of(c, block);
    int stride = c->desc.out.pixel_stride, add_stride = c->desc.add.pixel_stride, i = 0;
    __m512i r = _mm512_setzero_si512(), lo = scaled(&k, acc), hi = scaled(&k, acc + 32);
    if (stride == 16 && (!adds || add_stride == 16))
        for (; i + 4 <= n; i += 4) {
            __m512i now_lo = lo, now_hi = hi;
            const int32_t *next = acc + 16 * (i + 8 <= n ? i + 4 : i);
            lo = scaled(&k, next); /* one round ahead: half the chain of dependences */
            hi = scaled(&k, next + 32);
            if (adds)
                r = _mm512_loadu_si512(add + 16 * i);
            _mm512_storeu_si512(out + 16 * i, four(&k, act, adds, now_lo, now_hi, r));
        }
    for (; i < n; i += 4) {
        int now = n - i < 4 ? n - i : 4;
        if (adds)
            r = load_apart(add + (int64_t)i * add_stride, add_stride, now);
        store_apart(
            out + (int64_t)i * stride, stride, now,
            four(&k, act, adds, scaled(&k, acc + 16 * i), scaled(&k, acc + 16 * i + 32), r));
    }
}

void its_conv_store_fixed(const struct its_conv *c, int block, const void *acc, int n, void *out,
                          const void *add)
{
    switch (c->desc.act) {
    case ITS_ACT_SILU:
        if (add)
            store_all(c, block, acc, n, out, add, ITS_ACT_SILU, true);
        else
            store_all(c, block, acc, n, out, NULL, ITS_ACT_SILU, false);
        break;
    case ITS_ACT_RELU:
        store_all(c, block, acc, n, out, add, ITS_ACT_RELU, add != NULL);
        break;
    default:
        store_all(c, block, acc, n, out, add, ITS_ACT_NONE, add != NULL);
    }
}
