/* Direct convolution on the CPU: one step of a plan, from place to place.
 *
 *   out = act(conv(in, weights) + bias) + add
 *
 * its_conv_prepare packs descriptor and weights into one block of bytes that holds no pointers and
 * depends on nothing else: it may be kept in a file and used again on a machine of the same CPU.
 * its_conv_run computes some rows of the result; it allocates nothing, changes nothing but those
 * rows and the scratch memory it is given, so any number of threads may run parts of one step.
 *
 * Integers (ITS_CONV_INT8): u8 activations with a scale and zero point per tensor, s8 weights with
 * a scale per channel, sums in s32, borders padded with the input's zero point. Results are exact
 * before rounding to the output's steps, and at most one step off after it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "nn/graph.h"
#include "nn/place.h"

enum its_conv_math {
    ITS_CONV_INT8, /* in u8, or f32 that is quantised with in.scale and in.zero on the way */
    ITS_CONV_F32,  /* in f32 */
    ITS_CONV_BF16  /* in bf16: products of bf16, sums in f32; or f32 planes: all in f32 */
};

enum its_conv_isa {
    ITS_CONV_NONE,  /* not a step of ours */
    ITS_CONV_C,     /* plain C: right everywhere, fast nowhere */
    ITS_CONV_AVX512 /* F BW DQ VL; VNNI for integers; BF16 for bf16 */
};

/* What is computed. Kernel and pads may be any; `out` says how many rows and columns there are, and
 * whatever of the window lies outside `in` is padding.
 *
 * in:  c16, pixels, or planes; u8 pixels may also be 3 or 4 bytes apart (RGB, RGBx pictures, whose
 * block is their pixel_stride). out: c16 or pixels; INT8: u8, s8, f32; F32: f32;
 * BF16: bf16, f32. add: layout, shape and type of out (the scale may differ). */
struct its_conv_desc {
    enum its_conv_math math;
    struct its_place in, out;
    struct its_place add; /* c == 0: none */
    int kernel_h, kernel_w, stride, pad_top, pad_left;
    int groups; /* 1, or in.c: depthwise, in.c == out.c */
    enum its_act act;
    float act_alpha; /* of ITS_ACT_LEAKY */
};

/* Dense OIHW, either f32 or s8; borrowed during the call. With f32 and ITS_CONV_INT8 they are
 * quantised here: per output channel, symmetric, the largest is 127. */
struct its_conv_weights {
    const float *f32;
    const int8_t *s8;
    const float *scale; /* of s8: out.c */
    const float *bias;  /* out.c, or NULL */
};

struct its_conv; /* the packed bytes; aligned to 64 */

/* The fastest way this machine can run it. ITS_CONV_NONE: the descriptor is none of the above. */
enum its_conv_isa its_conv_can(const struct its_conv_desc *d);

/* Size of the packed step. The descriptor must be one that its_conv_can accepts. */
size_t its_conv_bytes(const struct its_conv_desc *d, enum its_conv_isa isa);
/* Packs into `conv`, its_conv_bytes large and aligned to 64. */
void its_conv_prepare(const struct its_conv_desc *d, enum its_conv_isa isa,
                      const struct its_conv_weights *w, struct its_conv *conv);
/* Whether bytes from a file are a packed step of this program that this machine can run. It guards
 * against other versions and cut files, not against forgery. */
bool its_conv_valid(const struct its_conv *conv, size_t bytes);

/* Memory that one running thread needs, aligned to 64; never 0. */
size_t its_conv_scratch_bytes(const struct its_conv *conv);

/* Computes rows [from, to) of the result, counted over all images: row y of image n is n * out.h +
 * y. The pointers are to element 0 of each place; add is NULL when the descriptor has none, and may
 * be `out` itself. Channels of padding in the output's last block are written too. */
void its_conv_run(const struct its_conv *conv, const void *in, void *out, const void *add,
                  int row_from, int row_to, void *scratch);

/* Multiplications and additions of the whole step, for tables. */
double its_conv_ops(const struct its_conv_desc *d);

/* The reference: the same as plain loops over f64 (integers: over s64), any layout and type; needs
 * no packing. Tests compare with it. */
void its_conv_reference(const struct its_conv_desc *d, const struct its_conv_weights *w,
                        const void *in, void *out, const void *add, int row_from, int row_to);
