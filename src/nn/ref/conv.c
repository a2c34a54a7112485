/* Convolutions: one output row at a time, summed in double (integers in 32 bits), so that the inner
 * loop runs along the picture for one weight. */
#include "nn/ref/ops.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/param.h"
#include "nn/ref/element.h"

/* The outputs [*from, *to) of an axis that see the picture, not the padding, through tap k. */
static void seen(const struct its_window *w, int axis, int64_t k, int64_t *from, int64_t *to)
{
    int64_t shift = w->pad[axis] - k * w->dilation[axis], stride = w->stride[axis];
    *from = shift > 0 ? (shift + stride - 1) / stride : 0;
    *to = (w->in[axis] + shift + stride - 1) / stride;
    if (w->in[axis] + shift <= 0)
        *to = 0;
    *to = *to < w->out[axis] ? *to : w->out[axis];
}

/* Input row seen by output row y through tap k; -1: padding. */
static int64_t row_of(const struct its_window *w, int64_t y, int64_t k)
{
    int64_t row = y * w->stride[0] + k * w->dilation[0] - w->pad[0];
    return row >= 0 && row < w->in[0] ? row : -1;
}

/* Adds one channel, (in h, in w), under one channel's kernel to an output row. */
static void add_channel(const struct its_window *w, int64_t y, const float *x, const float *kernel,
                        double *sum)
{
    for (int64_t ky = 0; ky < w->kernel[0]; ky++) {
        int64_t row = row_of(w, y, ky);
        for (int64_t kx = 0; kx < w->kernel[1] && row >= 0; kx++) {
            int64_t from, to, stride = w->stride[1];
            seen(w, 1, kx, &from, &to);
            const float *px = x + row * w->in[1] + kx * w->dilation[1] - w->pad[1];
            double weight = kernel[ky * w->kernel[1] + kx];
            for (int64_t i = from; i < to; i++)
                sum[i] += weight * px[i * stride];
        }
    }
}

int its_ref_conv(const struct its_node *n, const void *const *in, void *const *out)
{
    struct its_window w;
    its_window_of(n, &w, NULL);
    const struct its_shape *x = &n->in[0]->shape, *y = &n->out[0]->shape;
    int64_t group_in = x->dim[1] / w.group, group_out = y->dim[1] / w.group;
    int64_t in_size = w.in[0] * w.in[1], kernel_size = w.kernel[0] * w.kernel[1];
    const float *bias = n->in_count > 2 ? in[2] : NULL;
    float *to = out[0];
    double *sum = its_try_calloc(w.out[1] + 1, sizeof *sum);
    if (!sum)
        return -ENOMEM;
    for (int64_t image = 0; image < y->dim[0]; image++)
        for (int64_t m = 0; m < y->dim[1]; m++)
            for (int64_t row = 0; row < w.out[0]; row++) {
                const float *kernel = (const float *)in[1] + m * group_in * kernel_size;
                const float *from =
                    (const float *)in[0] + (image * x->dim[1] + m / group_out * group_in) * in_size;
                for (int64_t i = 0; i < w.out[1]; i++)
                    sum[i] = bias ? bias[m] : 0;
                for (int64_t c = 0; c < group_in; c++)
                    add_channel(&w, row, from + c * in_size, kernel + c * kernel_size, sum);
                for (int64_t i = 0; i < w.out[1]; i++)
                    *to++ = sum[i];
            }
    free(sum);
    return 0;
}

/* --- transposed: every input element adds its kernel to the output */

static void spread_channel(const struct its_window *w, const float *x, const float *kernel,
                           double *sum)
{
    for (int64_t iy = 0; iy < w->in[0]; iy++)
        for (int64_t ky = 0; ky < w->kernel[0]; ky++) {
            int64_t y = iy * w->stride[0] + ky * w->dilation[0] - w->pad[0];
            for (int64_t ix = 0; ix < w->in[1] && y >= 0 && y < w->out[0]; ix++)
                for (int64_t kx = 0; kx < w->kernel[1]; kx++) {
                    int64_t at = ix * w->stride[1] + kx * w->dilation[1] - w->pad[1];
                    if (at >= 0 && at < w->out[1])
                        sum[y * w->out[1] + at] +=
                            (double)x[iy * w->in[1] + ix] * kernel[ky * w->kernel[1] + kx];
                }
        }
}

int its_ref_conv_transposed(const struct its_node *n, const void *const *in, void *const *out)
{
    struct its_window w;
    its_window_of_transposed(n, &w, NULL);
    const struct its_shape *x = &n->in[0]->shape, *y = &n->out[0]->shape;
    int64_t group_in = x->dim[1] / w.group, group_out = y->dim[1] / w.group;
    int64_t in_size = w.in[0] * w.in[1], out_size = w.out[0] * w.out[1];
    int64_t kernel_size = w.kernel[0] * w.kernel[1];
    const float *bias = n->in_count > 2 ? in[2] : NULL;
    float *to = out[0];
    double *sum = its_try_calloc(out_size + 1, sizeof *sum);
    if (!sum)
        return -ENOMEM;
    for (int64_t image = 0; image < y->dim[0]; image++)
        for (int64_t m = 0; m < y->dim[1]; m++) {
            for (int64_t i = 0; i < out_size; i++)
                sum[i] = bias ? bias[m] : 0;
            for (int64_t g = 0; g < group_in; g++) {
                int64_t c = m / group_out * group_in + g;
                spread_channel(&w, (const float *)in[0] + (image * x->dim[1] + c) * in_size,
                               (const float *)in[1] + (c * group_out + m % group_out) * kernel_size,
                               sum);
            }
            for (int64_t i = 0; i < out_size; i++)
                *to++ = sum[i];
        }
    free(sum);
    return 0;
}

/* --- integers */

/* One left out is 0; one alone serves every index. */
static int32_t zero_point(const struct its_node *n, const void *const *in, int index, int64_t i)
{
    const struct its_value *v = its_node_in(n, index);
    return v ? its_integer_at(in[index], v->type, its_shape_count(&v->shape) == 1 ? 0 : i) : 0;
}

static uint32_t window_sum(const struct its_node *n, const struct its_window *w,
                           const void *const *in, int64_t x0, int64_t w0, int64_t channels,
                           const int64_t at[2], const int32_t zero[2])
{
    uint32_t sum = 0;
    for (int64_t c = 0; c < channels; c++)
        for (int64_t ky = 0; ky < w->kernel[0]; ky++) {
            int64_t row = row_of(w, at[0], ky);
            for (int64_t kx = 0; kx < w->kernel[1] && row >= 0; kx++) {
                int64_t col = at[1] * w->stride[1] + kx * w->dilation[1] - w->pad[1];
                if (col < 0 || col >= w->in[1])
                    continue;
                int64_t ix = x0 + (c * w->in[0] + row) * w->in[1] + col;
                int64_t iw = w0 + (c * w->kernel[0] + ky) * w->kernel[1] + kx;
                sum += (its_integer_at(in[0], n->in[0]->type, ix) - zero[0]) *
                       (its_integer_at(in[1], n->in[1]->type, iw) - zero[1]);
            }
        }
    return sum;
}

/* The padding is the zero point: it adds nothing. */
int its_ref_conv_integer(const struct its_node *n, const void *const *in, void *const *out)
{
    struct its_window w;
    its_window_of(n, &w, NULL);
    const struct its_shape *x = &n->in[0]->shape, *y = &n->out[0]->shape;
    int64_t group_in = x->dim[1] / w.group, group_out = y->dim[1] / w.group;
    int64_t kernel_size = w.kernel[0] * w.kernel[1];
    int32_t *to = out[0];
    for (int64_t image = 0; image < y->dim[0]; image++)
        for (int64_t m = 0; m < y->dim[1]; m++) {
            int64_t c0 = image * x->dim[1] + m / group_out * group_in;
            int32_t zero[2] = {zero_point(n, in, 2, 0), zero_point(n, in, 3, m)};
            int64_t at[2];
            for (at[0] = 0; at[0] < w.out[0]; at[0]++)
                for (at[1] = 0; at[1] < w.out[1]; at[1]++)
                    *to++ = window_sum(n, &w, in, c0 * w.in[0] * w.in[1],
                                       m * group_in * kernel_size, group_in, at, zero);
        }
    return 0;
}
