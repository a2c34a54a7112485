/* The kernels in plain C: what runs where nothing better does, and the reference that the others
 * are compared with, bit by bit. For that the order of additions here is the order everywhere and
 * the compiler may not contract a multiplication and an addition into one (see meson.build). */
#include "tensor/pixels.h"

#include <math.h>
#include <string.h>

#include "base/attr.h"

const struct its_pixel_kernels *its_pixel_kernels(enum its_cpu cpu)
{
    cpu = ITS_MIN(cpu, its_cpu_best());
#if defined __x86_64__
    if (cpu == ITS_CPU_AVX512)
        return &its_pixel_kernels_avx512;
    if (cpu == ITS_CPU_AVX2)
        return &its_pixel_kernels_avx2;
#endif
    return &its_pixel_kernels_plain;
}

void its_colour_scale(struct its_colour *c, double scale, double offset)
{
    uint32_t bits;
    c->scale = (float)scale;
    memcpy(&bits, &c->scale, sizeof bits);
    bits &= ~0xffu; /* 16 significant bits, times 8 of the pixel: 24 */
    memcpy(&c->scale, &bits, sizeof bits);
    c->scale_rest = (float)(scale - c->scale);
    c->offset = (float)offset;
}

/* --- rows */

static int16_t mix(uint8_t a, uint8_t b, int share)
{
    int step = (b - a) * (1 << ITS_SAMPLE_BITS);
    return (int16_t)((a << ITS_SAMPLE_BITS) +
                     ((step * share + (1 << (ITS_ROW_SHARE_BITS - 1))) >> ITS_ROW_SHARE_BITS));
}

void its_blend_plain(int16_t *dst, const uint8_t *a, const uint8_t *b, int n, int share)
{
    for (int i = 0; i < n; i++)
        dst[i] = mix(a[i], b[i], share);
}

void its_blend_pairs_plain(int16_t *first, int16_t *second, const uint8_t *a, const uint8_t *b,
                           int n, int share)
{
    for (int i = 0; i < n; i++) {
        first[i] = mix(a[2 * i], b[2 * i], share);
        second[i] = mix(a[2 * i + 1], b[2 * i + 1], share);
    }
}

void its_blend_strided(int16_t *dst, const uint8_t *a, const uint8_t *b, ptrdiff_t step, int n,
                       int share)
{
    for (int i = 0; i < n; i++)
        dst[i] = mix(a[i * step], b[i * step], share);
}

/* --- columns and colour */

static float column(const int16_t *row, const struct its_columns *c, int x)
{
    const int16_t *s = row + c->at[x];
    return (float)(s[0] * c->weight[2 * x] + s[1] * c->weight[2 * x + 1]);
}

static float cut(float v)
{
    v = v > 0 ? v : 0;
    return v < 255 ? v : 255;
}

static void colour_plain(float *const dst[3], const int16_t *const row[3],
                         const struct its_columns *luma, const struct its_columns *chroma,
                         const struct its_colour *c)
{
    for (int x = 0; x < luma->count; x++) {
        float s0 = column(row[0], luma, x);
        float s1 = column(row[1], chroma, x);
        float s2 = column(row[2], chroma, x);
        for (int k = 0; k < 3; k++) {
            const float *m = c->matrix[k];
            float v = cut(((m[0] * s0 + m[1] * s1) + m[2] * s2) + c->bias[k]);
            dst[k][x] = v * c->scale + (v * c->scale_rest + c->offset);
        }
    }
}

/* --- elements */

/* Round to nearest, ties to even, on the bits; values are finite. */
void its_narrow_bf16_plain(void *dst, const float *src, int n)
{
    uint16_t *out = dst;
    for (int i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, src + i, sizeof bits);
        out[i] = (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
    }
}

/* IEEE 754 binary16. A float's exponent is 112 larger. Below 2^-14 halves are multiples of 2^-24:
 * the addition of 0.5 leaves them in the low bits of the sum, rounded by the processor. */
static uint16_t half_of(float v)
{
    uint32_t bits, sign;
    memcpy(&bits, &v, sizeof bits);
    sign = bits >> 16 & 0x8000;
    bits &= 0x7fffffff;
    if (bits >= 0x47800000) /* 65536: beyond the largest */
        return (uint16_t)(sign | 0x7c00);
    if (bits < 0x38800000) { /* 2^-14 */
        float magnitude = fabsf(v) + 0.5f;
        memcpy(&bits, &magnitude, sizeof bits);
        return (uint16_t)(sign | (bits - 0x3f000000));
    }
    return (uint16_t)(sign | ((bits - (112u << 23) + 0xfff + (bits >> 13 & 1)) >> 13));
}

void its_narrow_f16_plain(void *dst, const float *src, int n)
{
    uint16_t *out = dst;
    for (int i = 0; i < n; i++)
        out[i] = half_of(src[i]);
}

static int whole(float v, float low, float high)
{
    v = v > low ? v : low;
    v = v < high ? v : high;
    return (int)lrintf(v);
}

void its_narrow_u8_plain(void *dst, const float *src, int n)
{
    uint8_t *out = dst;
    for (int i = 0; i < n; i++)
        out[i] = (uint8_t)whole(src[i], 0, 255);
}

void its_narrow_s8_plain(void *dst, const float *src, int n)
{
    int8_t *out = dst;
    for (int i = 0; i < n; i++)
        out[i] = (int8_t)whole(src[i], -128, 127);
}

/* --- layout; pitches that networks like are constants to the inner loop */

static inline void weave_1(uint8_t *restrict out, const uint8_t *a, const uint8_t *b,
                           const uint8_t *c, int n, int pitch)
{
    for (int i = 0; i < n; i++, out += pitch) {
        out[0] = a[i];
        out[1] = b[i];
        out[2] = c[i];
        for (int k = 3; k < pitch; k++)
            out[k] = 0;
    }
}

void its_weave_1_plain(void *dst, const void *const src[3], int n, int pitch)
{
    if (pitch == 3)
        weave_1(dst, src[0], src[1], src[2], n, 3);
    else if (pitch == 4)
        weave_1(dst, src[0], src[1], src[2], n, 4);
    else
        weave_1(dst, src[0], src[1], src[2], n, pitch);
}

static inline void weave_2(uint16_t *restrict out, const uint16_t *a, const uint16_t *b,
                           const uint16_t *c, int n, int pitch)
{
    for (int i = 0; i < n; i++, out += pitch) {
        out[0] = a[i];
        out[1] = b[i];
        out[2] = c[i];
        for (int k = 3; k < pitch; k++)
            out[k] = 0;
    }
}

void its_weave_2_plain(void *dst, const void *const src[3], int n, int pitch)
{
    if (pitch == 3)
        weave_2(dst, src[0], src[1], src[2], n, 3);
    else if (pitch == 4)
        weave_2(dst, src[0], src[1], src[2], n, 4);
    else
        weave_2(dst, src[0], src[1], src[2], n, pitch);
}

static inline void weave_4(uint32_t *restrict out, const uint32_t *a, const uint32_t *b,
                           const uint32_t *c, int n, int pitch)
{
    for (int i = 0; i < n; i++, out += pitch) {
        out[0] = a[i];
        out[1] = b[i];
        out[2] = c[i];
        for (int k = 3; k < pitch; k++)
            out[k] = 0;
    }
}

void its_weave_4_plain(void *dst, const void *const src[3], int n, int pitch)
{
    if (pitch == 3)
        weave_4(dst, src[0], src[1], src[2], n, 3);
    else if (pitch == 4)
        weave_4(dst, src[0], src[1], src[2], n, 4);
    else
        weave_4(dst, src[0], src[1], src[2], n, pitch);
}

const struct its_pixel_kernels its_pixel_kernels_plain = {
    .blend = its_blend_plain,
    .blend_pairs = its_blend_pairs_plain,
    .colour = colour_plain,
    .narrow =
        {
            [ITS_ELEMENT_BF16] = its_narrow_bf16_plain,
            [ITS_ELEMENT_F16] = its_narrow_f16_plain,
            [ITS_ELEMENT_U8] = its_narrow_u8_plain,
            [ITS_ELEMENT_S8] = its_narrow_s8_plain,
        },
    .weave = {its_weave_1_plain, its_weave_2_plain, its_weave_4_plain},
};
