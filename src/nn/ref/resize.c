/* Resize. Nearest picks; linear and cubic work axis by axis: every result element of an axis is a
 * weighted sum of a few neighbours, and the axes are independent. Positions and weights are
 * double; between the axes values are rounded to float. */
#include "nn/ref/ops.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/param.h"
#include "nn/ref/element.h"
#include "nn/ref/walk.h"

/* Where index i of the result lies in the input's indices. `length` is the result's before it is
 * rounded down to whole elements: the standard counts with that one. */
static double position(const struct its_resize *p, int axis, int64_t in, int64_t i)
{
    double scale = p->scale[axis], length = in * scale, last = length - 1;
    double centre = (i + 0.5) / scale - 0.5, from = p->roi[0][axis], to = p->roi[1][axis];
    switch (p->coordinates) {
    case ITS_RESIZE_HALF_PIXEL:
        break;
    case ITS_RESIZE_HALF_PIXEL_SYMMETRIC:
        return in / 2.0 * (1 - p->out[axis] / length) + centre;
    case ITS_RESIZE_PYTORCH_HALF_PIXEL:
        return length > 1 ? centre : 0;
    case ITS_RESIZE_ALIGN_CORNERS:
        return i ? i * (in - 1) / last : 0;
    case ITS_RESIZE_ASYMMETRIC:
        return i / scale;
    case ITS_RESIZE_TF_HALF_PIXEL:
        return (i + 0.5) / scale;
    case ITS_RESIZE_TF_CROP:
        return length > 1 ? (from + i * (to - from) / last) * (in - 1)
                          : 0.5 * (from + to) * (in - 1);
    }
    return centre;
}

static bool outside(const struct its_resize *p, int64_t in, double at)
{
    return p->coordinates == ITS_RESIZE_TF_CROP && (at < 0 || at > in - 1);
}

static int64_t clamp(double i, int64_t in)
{
    return i < 0 ? 0 : i > in - 1 ? in - 1 : i;
}

static int64_t nearest(const struct its_resize *p, int64_t in, double at)
{
    /* Scales are floats in the file: a whole number's worth of error is none. */
    double whole = round(at);
    if (fabs(at - whole) < 1e-6)
        return clamp(whole, in);
    switch (p->rounding) {
    case ITS_RESIZE_FLOOR:
        return clamp(floor(at), in);
    case ITS_RESIZE_CEIL:
        return clamp(ceil(at), in);
    case ITS_RESIZE_ROUND_PREFER_CEIL:
        return clamp(floor(at + 0.5), in);
    case ITS_RESIZE_ROUND_PREFER_FLOOR:
        break;
    }
    return clamp(ceil(at - 0.5), in);
}

/* --- nearest */

struct pick {
    const struct its_resize *p;
    const struct its_shape *in;
};

static int64_t pick(const void *ctx, int axis, int64_t i)
{
    const struct pick *k = ctx;
    int64_t in = k->in->dim[axis];
    double at = position(k->p, axis, in, i);
    return outside(k->p, in, at) ? -1 : nearest(k->p, in, at);
}

static int resize_nearest(const struct its_node *n, const struct its_resize *p, const void *from,
                          void *to)
{
    char fill[8];
    its_put_real(fill, n->in[0]->type, 0, p->extrapolation);
    its_copy_by_index(n->out[0], n->in[0], from, fill, pick, &(struct pick){p, &n->in[0]->shape},
                      to);
    return 0;
}

/* --- linear and cubic */

static double triangle(double x)
{
    x = fabs(x);
    return x < 1 ? 1 - x : 0;
}

/* Keys' cubic convolution with a free coefficient. */
static double cubic(double x, double a)
{
    x = fabs(x);
    if (x <= 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

/* The neighbours of one result element and what each counts. Neighbours beyond the edge are the
 * edge, or with exclude_outside nothing. */
struct blend {
    int64_t first;
    int count;
    double *weight;
};

/* How far the kernel reaches; antialias widens it by the shrinking. */
static double reach(const struct its_resize *p, int axis, double *squeeze)
{
    *squeeze = p->antialias && p->scale[axis] < 1 ? p->scale[axis] : 1;
    return (p->mode == ITS_RESIZE_CUBIC ? 2 : 1) / *squeeze;
}

static void blend_at(const struct its_resize *p, int axis, int64_t in, double at, struct blend *b)
{
    double squeeze, sum = 0, far = reach(p, axis, &squeeze);
    b->first = (int64_t)floor(at - far) + 1;
    b->count = (int64_t)ceil(at + far) - b->first;
    for (int i = 0; i < b->count; i++) {
        double x = (b->first + i - at) * squeeze;
        bool gone = p->exclude_outside && (b->first + i < 0 || b->first + i >= in);
        double v = p->mode == ITS_RESIZE_CUBIC ? cubic(x, p->cubic_a) : triangle(x);
        b->weight[i] = gone ? 0 : v;
        sum += b->weight[i];
    }
    for (int i = 0; i < b->count && sum != 0; i++)
        b->weight[i] /= sum;
}

/* (outer, in, inner) to (outer, out, inner). Rows outside the crop are NaN until all axes are
 * done. */
static int resize_axis(const struct its_resize *p, int axis, const struct its_shape *s,
                       const float *from, float *to)
{
    int64_t outer, inner, in = s->dim[axis], out = p->out[axis];
    its_around(s, axis, &outer, &inner);
    double squeeze;
    struct blend b = {.weight =
                          its_try_calloc(2 * ceil(reach(p, axis, &squeeze)) + 2, sizeof(double))};
    if (!b.weight)
        return -ENOMEM;
    for (int64_t i = 0; i < out; i++) {
        double at = position(p, axis, in, i);
        blend_at(p, axis, in, at, &b);
        bool none = outside(p, in, at);
        for (int64_t o = 0; o < outer; o++)
            for (int64_t k = 0; k < inner; k++) {
                double sum = none ? NAN : 0;
                for (int j = 0; j < b.count && !none; j++)
                    sum += b.weight[j] * from[(o * in + clamp(b.first + j, in)) * inner + k];
                to[(o * out + i) * inner + k] = sum;
            }
    }
    free(b.weight);
    return 0;
}

/* NaNs of the input stay what they are where nothing is cropped. */
static void fill_outside(const struct its_resize *p, float *to, int64_t count)
{
    for (int64_t i = 0; i < count && p->coordinates == ITS_RESIZE_TF_CROP; i++)
        if (isnan(to[i]))
            to[i] = p->extrapolation;
}

static bool unchanged(const struct its_resize *p, int axis, int64_t in)
{
    return p->out[axis] == in && p->scale[axis] == 1 &&
           (p->coordinates != ITS_RESIZE_TF_CROP || (p->roi[0][axis] == 0 && p->roi[1][axis] == 1));
}

static int resize_blend(const struct its_node *n, const struct its_resize *p, const float *from,
                        float *to)
{
    struct its_shape s = n->in[0]->shape;
    float *now = NULL;
    int r = 0;
    for (int a = s.rank - 1; a >= 0 && !r; a--) {
        if (unchanged(p, a, s.dim[a]))
            continue;
        int64_t count = its_shape_count(&s) / s.dim[a] * p->out[a];
        float *next = its_try_calloc(count + 1, sizeof *next);
        r = next ? resize_axis(p, a, &s, now ? now : from, next) : -ENOMEM;
        free(now);
        now = next;
        s.dim[a] = p->out[a];
    }
    int64_t count = its_shape_count(&s);
    if (!r) {
        memcpy(to, now ? now : from, count * sizeof *to);
        fill_outside(p, to, count);
    }
    free(now);
    return r;
}

int its_ref_resize(const struct its_node *n, const void *const *in, void *const *out)
{
    struct its_resize p;
    its_resize_of(n, &p, NULL);
    if (!its_shape_count(&n->out[0]->shape))
        return 0;
    return p.mode == ITS_RESIZE_NEAREST ? resize_nearest(n, &p, in[0], out[0])
                                        : resize_blend(n, &p, in[0], out[0]);
}
