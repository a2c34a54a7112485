/* Convolution as the textbook has it: one output after the other, sums in 64 bits. The oracle of
 * the fast kernels, and what runs where there is none for the machine. */
#include <math.h>
#include <string.h>

#include "nn/cpu/conv_priv.h"

static double real_at(const struct its_place *p, const void *from, int64_t i)
{
    switch (p->type) {
    case ITS_F32:
        return ((const float *)from)[i];
    case ITS_BF16:
        return its_bf16_value(((const uint16_t *)from)[i]);
    case ITS_U8:
        return (double)(((const uint8_t *)from)[i] - p->zero) * p->scale;
    default:
        return (double)(((const int8_t *)from)[i] - p->zero) * p->scale;
    }
}

static long quantised(const struct its_place *p, double x, long least, long most)
{
    double q = nearbyint(x / p->scale) + p->zero;
    return q < (double)least ? least : q > (double)most ? most : (long)q;
}

static void put(const struct its_place *p, void *to, int64_t i, double x)
{
    switch (p->type) {
    case ITS_F32:
        ((float *)to)[i] = (float)x;
        break;
    case ITS_BF16:
        ((uint16_t *)to)[i] = its_bf16_of((float)x);
        break;
    case ITS_U8:
        ((uint8_t *)to)[i] = (uint8_t)quantised(p, x, 0, 255);
        break;
    default:
        ((int8_t *)to)[i] = (int8_t)quantised(p, x, -128, 127);
    }
}

static double activated(const struct its_conv_desc *d, double x)
{
    switch (d->act) {
    case ITS_ACT_SILU:
        return x / (1 + exp(-x));
    case ITS_ACT_SIGMOID:
        return 1 / (1 + exp(-x));
    case ITS_ACT_RELU:
        return fmax(x, 0);
    case ITS_ACT_LEAKY:
        return x < 0 ? x * d->act_alpha : x;
    case ITS_ACT_HARD_SWISH:
        return x * fmin(fmax(x / 6 + 0.5, 0), 1);
    default:
        return x;
    }
}

/* Products of integers are exact in a double as well; the input's zero point is taken off first. */
static double product(const struct its_conv_desc *d, const struct its_conv_weights *w, float scale,
                      const void *in, int64_t at, int64_t weight)
{
    if (d->math != ITS_CONV_INT8) {
        bool narrow = d->math == ITS_CONV_BF16 && d->in.type == ITS_BF16;
        float v = narrow ? its_bf16_value(its_bf16_of(w->f32[weight])) : w->f32[weight];
        return real_at(&d->in, in, at) * v;
    }
    double v = w->s8 ? w->s8[weight] : nearbyintf(w->f32[weight] / scale);
    if (d->in.type == ITS_U8)
        return (((const uint8_t *)in)[at] - d->in.zero) * v;
    return (double)(quantised(&d->in, ((const float *)in)[at], 0, 255) - d->in.zero) * v;
}

static double sum_of(const struct its_conv_desc *d, const struct its_conv_weights *w, float scale,
                     const void *in, int n, int c, int y, int x)
{
    int in_c = d->in.c / d->groups, from_c = d->groups > 1 ? c : 0;
    double sum = 0;
    for (int i = 0; i < in_c; i++)
        for (int ky = 0; ky < d->kernel_h; ky++)
            for (int kx = 0; kx < d->kernel_w; kx++) {
                int iy = y * d->stride + ky - d->pad_top, ix = x * d->stride + kx - d->pad_left;
                if (iy < 0 || iy >= d->in.h || ix < 0 || ix >= d->in.w)
                    continue;
                int64_t weight = (((int64_t)c * in_c + i) * d->kernel_h + ky) * d->kernel_w + kx;
                sum += product(d, w, scale, in, its_place_index(&d->in, n, from_c + i, iy, ix),
                               weight);
            }
    return sum;
}

/* One row of one channel; channels beyond the last are zero. */
static void put_row(const struct its_conv_desc *d, const struct its_conv_weights *w, const void *in,
                    void *out, const void *add, int n, int c, int y)
{
    bool real = c < d->out.c, ints = d->math == ITS_CONV_INT8;
    float scale = ints && real ? its_conv_channel_scale(d, w, c) : 1;
    for (int x = 0; x < d->out.w; x++) {
        double v = 0;
        if (real) {
            v = sum_of(d, w, scale, in, n, c, y, x) * (ints ? (double)scale * d->in.scale : 1);
            v = activated(d, v + (w->bias ? w->bias[c] : 0));
            if (add)
                v += real_at(&d->add, add, its_place_index(&d->add, n, c, y, x));
        }
        put(&d->out, out, its_place_index(&d->out, n, c, y, x), v);
    }
}

void its_conv_reference(const struct its_conv_desc *d, const struct its_conv_weights *w,
                        const void *in, void *out, const void *add, int from, int to)
{
    int channels = d->out.layout == ITS_LAYOUT_PLANES ? d->out.c : (d->out.c + 15) / 16 * 16;
    for (int row = from; row < to; row++)
        for (int c = 0; c < channels; c++)
            put_row(d, w, in, out, add, row / d->out.h, c, row % d->out.h);
}
