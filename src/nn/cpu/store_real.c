/* Sums to results in f32 arithmetic: any activation, any type of result. The loop is made for the
 * cases that networks consist of and once for all others. bf16's own instruction is met only where
 * the kernels of bf16 could run. */
#include "nn/cpu/real.h"

static inline __m512 load_real(const struct its_place *p, const char *from)
{
    __m512i v;
    switch (p->type) {
    case ITS_F32:
        return _mm512_loadu_ps(from);
    case ITS_BF16:
        return its_bf16_load(from);
    case ITS_S8:
        v = _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)from));
        break;
    default:
        v = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)from));
    }
    v = _mm512_sub_epi32(v, _mm512_set1_epi32(p->zero));
    return _mm512_mul_ps(_mm512_cvtepi32_ps(v), _mm512_set1_ps(p->scale));
}

/* Bytes: rounded to the nearest step, saturated. */
static inline void store_bytes(const struct its_place *p, char *to, __m512 x)
{
    bool is_signed = p->type == ITS_S8;
    __m512i v = _mm512_cvtps_epi32(_mm512_mul_ps(x, _mm512_set1_ps(1.0f / p->scale)));
    v = _mm512_add_epi32(v, _mm512_set1_epi32(p->zero));
    v = _mm512_max_epi32(v, _mm512_set1_epi32(is_signed ? -128 : 0));
    v = _mm512_min_epi32(v, _mm512_set1_epi32(is_signed ? 127 : 255));
    _mm_storeu_si128((__m128i *)to, _mm512_cvtepi32_epi8(v));
}

static inline __attribute__((always_inline)) void store_all(
    const struct its_conv *c, int block, const char *acc, int n, char *out, const char *add,
    const enum its_dtype type, const enum its_act act, const bool ints, const bool adds)
{
    const struct its_place *o = &c->desc.out, *a = &c->desc.add;
    int64_t stride = (int64_t)o->pixel_stride * (int64_t)its_dtype_bytes(type);
    int64_t add_stride = (int64_t)a->pixel_stride * (int64_t)its_dtype_bytes(type);
    __m512 factor = _mm512_load_ps((const float *)its_conv_part(c, c->factor_at) + 16 * block);
    __m512 bias = _mm512_load_ps((const float *)its_conv_part(c, c->bias_at) + 16 * block);
    __mmask16 which = its_block_mask(o, block);
    for (int i = 0; i < n; i++, acc += 64, out += stride) {
        __m512 x = ints ? _mm512_fmadd_ps(_mm512_cvtepi32_ps(_mm512_load_si512(acc)), factor, bias)
                        : _mm512_load_ps(acc);
        x = _mm512_maskz_mov_ps(which, its_activated(act, c->desc.act_alpha, x, type == ITS_BF16));
        if (adds)
            x = _mm512_add_ps(x, load_real(a, add + i * add_stride));
        if (type == ITS_F32)
            _mm512_storeu_ps(out, x);
        else if (type == ITS_BF16)
            _mm256_storeu_si256((__m256i *)out, (__m256i)_mm512_cvtneps_pbh(x));
        else
            store_bytes(o, out, x);
    }
}

#define STORE(type, act, ints)                                                                     \
    do {                                                                                           \
        if (add)                                                                                   \
            store_all(c, block, acc, n, out, add, type, act, ints, true);                          \
        else                                                                                       \
            store_all(c, block, acc, n, out, NULL, type, act, ints, false);                        \
    } while (0)

void its_conv_store_real(const struct its_conv *c, int block, const void *acc, int n, void *out,
                         const void *add)
{
    enum its_dtype type = c->desc.out.type;
    enum its_act act = c->desc.act;
    bool ints = c->desc.math == ITS_CONV_INT8;
    if (ints && type == ITS_F32 && act == ITS_ACT_NONE)
        STORE(ITS_F32, ITS_ACT_NONE, true);
    else if (ints)
        STORE(type, act, true);
    else if (type == ITS_F32 && act == ITS_ACT_SILU)
        STORE(ITS_F32, ITS_ACT_SILU, false);
    else if (type == ITS_F32 && act == ITS_ACT_NONE)
        STORE(ITS_F32, ITS_ACT_NONE, false);
    else if (type == ITS_BF16 && act == ITS_ACT_SILU)
        STORE(ITS_BF16, ITS_ACT_SILU, false);
    else if (type == ITS_BF16 && act == ITS_ACT_NONE)
        STORE(ITS_BF16, ITS_ACT_NONE, false);
    else
        STORE(type, act, false);
}
