/* The kernels that touch pixels: a table of functions per CPU level, all the same to the bit.
 *
 * Names are its_<kernel>_<level>. Samples of a row between the two interpolations are int16 with
 * ITS_SAMPLE_BITS bits after the point. No kernel reads or writes beyond the counts it is given,
 * but for rows of samples: those are ours and have ITS_SAMPLES_SPARE readable samples behind
 * the last one, and may be written up to the next multiple of 64. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"
#include "tensor/taps.h"
#include "tensor/tensor.h"

#define ITS_SAMPLE_BITS   7
#define ITS_SAMPLES_SPARE 128

/* From interpolated samples to elements. */
struct its_colour {
    float matrix[3][3]; /* row = output colour; columns: what the three sums are worth */
    float bias[3];
    float scale, scale_rest, offset; /* value = c * scale + (c * scale_rest + offset) */
};

/* Splits scale so that c * scale is exact for whole c of 8 bits: the value is rounded once. */
void its_colour_scale(struct its_colour *c, double scale, double offset);

struct its_pixel_kernels {
    /* dst[i] = a[i] + (b[i] - a[i]) * share, n samples. */
    void (*blend)(int16_t *dst, const uint8_t *a, const uint8_t *b, int n, int share);
    /* The same for n pairs: NV12's chroma. */
    void (*blend_pairs)(int16_t *first, int16_t *second, const uint8_t *a, const uint8_t *b, int n,
                        int share);
    /* A row of colours, cut to 0..255 and scaled: row[0] by the columns `luma`, the others by
     * `chroma`; both have the same count. */
    void (*colour)(float *const dst[3], const int16_t *const row[3], const struct its_columns *luma,
                   const struct its_columns *chroma, const struct its_colour *c);
    /* n floats to elements; NULL for f32. */
    void (*narrow[ITS_ELEMENT_COUNT])(void *dst, const float *src, int n);
    /* Three planar rows of n elements of 1, 2 or 4 bytes to pixels of `pitch`, zeros after the
     * third. Index: bytes / 2. */
    void (*weave[3])(void *dst, const void *const src[3], int n, int pitch);
};

/* The best table up to that level that this processor and this build have. */
const struct its_pixel_kernels *its_pixel_kernels(enum its_cpu cpu);

/* For the table itself, and for the ends of rows in the other levels. */
extern const struct its_pixel_kernels its_pixel_kernels_plain;
#if defined __x86_64__
extern const struct its_pixel_kernels its_pixel_kernels_avx2, its_pixel_kernels_avx512;
#endif
void its_blend_plain(int16_t *dst, const uint8_t *a, const uint8_t *b, int n, int share);
void its_blend_pairs_plain(int16_t *first, int16_t *second, const uint8_t *a, const uint8_t *b,
                           int n, int share);
void its_narrow_bf16_plain(void *dst, const float *src, int n);
void its_narrow_f16_plain(void *dst, const float *src, int n);
void its_narrow_u8_plain(void *dst, const float *src, int n);
void its_narrow_s8_plain(void *dst, const float *src, int n);
void its_weave_1_plain(void *dst, const void *const src[3], int n, int pitch);
void its_weave_2_plain(void *dst, const void *const src[3], int n, int pitch);
void its_weave_4_plain(void *dst, const void *const src[3], int n, int pitch);

/* n samples, `step` bytes from one to the next: packed pixels, and columns read as rows. */
void its_blend_strided(int16_t *dst, const uint8_t *a, const uint8_t *b, ptrdiff_t step, int n,
                       int share);
