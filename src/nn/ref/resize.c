/* Resize. Nearest picks; linear and cubic work axis by axis: every result element of an axis is a
 * weighted sum of a few neighbours, and the axes are independent. Positions and weights are
 * double; between the axes values are rounded to float. */
#include "nn/ref/ops.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/param.h"
#include "nn/ref/walk.h"

/* Where index i of the result lies in the input's indices. */
static double position(const struct its_resize *p, int axis, int64_t in, int64_t i)
{
    double scale = p->scale[axis], out = in * scale;
    switch (p->coordinates) {
    case ITS_RESIZE_HALF_PIXEL:
        return (i + 0.5) / scale - 0.5;
    case ITS_RESIZE_HALF_PIXEL_SYMMETRIC: {
        double adjust = p->out[axis] / out;
        return in / 2.0 * (1 - adjust) + (i + 0.5) / scale - 0.5;
    }
    case ITS_RESIZE_PYTORCH_HALF_PIXEL:
        return p->out[axis] > 1 ? (i + 0.5) / scale - 0.5 : 0;
    case ITS_RESIZE_ALIGN_CORNERS:
        return p->out[axis] > 1 ? i * (in - 1.0) / (p->out[axis] - 1.0) : 0;
    case ITS_RESIZE_ASYMMETRIC:
        return i / scale;
    case ITS_RESIZE_TF_HALF_PIXEL:
        return (i + 0.5) / scale;
    case ITS_RESIZE_TF_CROP:
        break;
    }
    double from = p->roi[0][axis], to = p->roi[1][axis];
    return p->out[axis] > 1 ? from * (in - 1) + i * (to - from) * (in - 1) / (p->out[axis] - 1.0)
                            : 0.5 * (from + to) * (in - 1);
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

/* Per axis the input's offset of each index; -1: outside the picture. */
static void nearest_table(const struct its_resize *p, int axis, int64_t in, int64_t *to)
{
    for (int64_t i = 0; i < p->out[axis]; i++) {
        double at = position(p, axis, in, i);
        to[i] = outside(p, in, at) ? -1 : nearest(p, in, at);
    }
}

static void store_number(enum its_dtype type, void *to, double v)
{
    switch (type) {
    case ITS_F32:
        *(float *)to = v;
        break;
    case ITS_S64:
        *(int64_t *)to = v;
        break;
    case ITS_S32:
        *(int32_t *)to = v;
        break;
    case ITS_U8:
        *(uint8_t *)to = v;
        break;
    default:
        *(int8_t *)to = v;
        break;
    }
}

static int resize_nearest(const struct its_node *n, const struct its_resize *p, const char *from,
                          char *to)
{
    const struct its_shape *x = &n->in[0]->shape, *y = &n->out[0]->shape;
    int64_t *index[ITS_RANK_MAX], steps[ITS_RANK_MAX], total = 1;
    size_t bytes = its_dtype_bytes(n->in[0]->type);
    char fill[8] = {0};
    for (int a = 0; a < y->rank; a++)
        total += y->dim[a];
    int64_t *block = its_try_calloc(total, sizeof *block), *next = block;
    if (!block)
        return -ENOMEM;
    for (int a = 0; a < y->rank; next += y->dim[a++]) {
        index[a] = next;
        nearest_table(p, a, x->dim[a], next);
    }
    its_dense_steps(x, steps);
    store_number(n->in[0]->type, fill, p->extrapolation);
    struct its_walk w;
    its_walk_init(&w, y);
    for (bool more = its_walk_begin(&w); more; more = its_walk_next(&w)) {
        int64_t row = 0;
        bool none = false;
        for (int a = 0; a + 1 < y->rank; a++) {
            none |= index[a][w.at[a]] < 0;
            row += index[a][w.at[a]] * steps[a];
        }
        for (int64_t i = 0; i < w.row; i++, to += bytes) {
            int64_t at = y->rank ? index[y->rank - 1][i] : 0;
            memcpy(to, none || at < 0 ? fill : from + (row + at) * (int64_t)bytes, bytes);
        }
    }
    free(block);
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
    int64_t outer = 1, inner = 1, in = s->dim[axis], out = p->out[axis];
    for (int a = 0; a < s->rank; a++)
        *(a < axis ? &outer : &inner) *= a == axis ? 1 : s->dim[a];
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
