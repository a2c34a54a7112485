/* Pools: the largest or the mean of what a window sees. */
#include "nn/ref/ops.h"

#include <math.h>

#include "nn/param.h"
#include "nn/ref/element.h"

/* The taps [from, to) of a window that lie within [low, high) of its axis. */
static void taps(const struct its_window *w, int axis, int64_t at, int64_t low, int64_t high,
                 int64_t *from, int64_t *to)
{
    int64_t first = at * w->stride[axis] - w->pad[axis], step = w->dilation[axis];
    *from = first < low ? (low - first + step - 1) / step : 0;
    *to = first < high ? (high - first + step - 1) / step : 0;
    *to = *to < w->kernel[axis] ? *to : w->kernel[axis];
}

struct view {
    int64_t y0, y1, x0, x1; /* taps */
    int64_t row, col;       /* of tap 0: may be negative */
};

static struct view look(const struct its_window *w, int64_t y, int64_t x)
{
    struct view v = {.row = y * w->stride[0] - w->pad[0], .col = x * w->stride[1] - w->pad[1]};
    taps(w, 0, y, 0, w->in[0], &v.y0, &v.y1);
    taps(w, 1, x, 0, w->in[1], &v.x0, &v.x1);
    return v;
}

/* Where the largest lies, -1 when the window sees nothing; a NaN wins. */
static int64_t largest(const struct its_window *w, const struct view *v, const void *x,
                       enum its_dtype type, int64_t plane)
{
    int64_t best = -1;
    double most = 0;
    for (int64_t ky = v->y0; ky < v->y1; ky++)
        for (int64_t kx = v->x0; kx < v->x1; kx++) {
            int64_t i =
                plane + (v->row + ky * w->dilation[0]) * w->in[1] + v->col + kx * w->dilation[1];
            double e = its_real_at(x, type, i);
            if (best < 0 || e > most || (isnan(e) && !isnan(most))) {
                best = i;
                most = e;
            }
        }
    return best;
}

/* storage_order 1 counts the picture's columns first. */
static int64_t indexed(const struct its_window *w, int64_t i, bool columns)
{
    int64_t size = w->in[0] * w->in[1], at = i % size;
    return columns ? i - at + at % w->in[1] * w->in[0] + at / w->in[1] : i;
}

int its_ref_max_pool(const struct its_node *n, const void *const *in, void *const *out)
{
    struct its_window w;
    its_window_of(n, &w, NULL);
    const struct its_shape *s = &n->in[0]->shape;
    enum its_dtype type = n->in[0]->type;
    bool columns = its_node_int(n, "storage_order", 0) != 0;
    int64_t *indices = n->out_count > 1 ? out[1] : NULL, o = 0;
    for (int64_t c = 0; c < s->dim[0] * s->dim[1]; c++)
        for (int64_t y = 0; y < w.out[0]; y++)
            for (int64_t x = 0; x < w.out[1]; x++, o++) {
                struct view v = look(&w, y, x);
                int64_t i = largest(&w, &v, in[0], type, c * w.in[0] * w.in[1]);
                its_put_real(out[0], type, o, i >= 0 ? its_real_at(in[0], type, i) : 0);
                if (indices)
                    indices[o] = i >= 0 ? indexed(&w, i, columns) : -1;
            }
    return 0;
}

/* What the mean is taken over: what the window sees, or with count_include_pad the padding too. */
static int64_t divisor(const struct its_window *w, const struct view *v, int64_t y, int64_t x,
                       bool padding)
{
    if (!padding)
        return (v->y1 - v->y0) * (v->x1 - v->x0);
    int64_t y0, y1, x0, x1;
    taps(w, 0, y, -w->pad[0], w->in[0] + w->pad_after[0], &y0, &y1);
    taps(w, 1, x, -w->pad[1], w->in[1] + w->pad_after[1], &x0, &x1);
    return (y1 - y0) * (x1 - x0);
}

int its_ref_average_pool(const struct its_node *n, const void *const *in, void *const *out)
{
    struct its_window w;
    its_window_of(n, &w, NULL);
    const struct its_shape *s = &n->in[0]->shape;
    bool padding = its_node_int(n, "count_include_pad", 0) != 0;
    const float *plane = in[0];
    float *to = out[0];
    for (int64_t c = 0; c < s->dim[0] * s->dim[1]; c++, plane += w.in[0] * w.in[1])
        for (int64_t y = 0; y < w.out[0]; y++)
            for (int64_t x = 0; x < w.out[1]; x++) {
                struct view v = look(&w, y, x);
                double sum = 0;
                for (int64_t ky = v.y0; ky < v.y1; ky++)
                    for (int64_t kx = v.x0; kx < v.x1; kx++)
                        sum += plane[(v.row + ky * w.dilation[0]) * w.in[1] + v.col +
                                     kx * w.dilation[1]];
                int64_t of = divisor(&w, &v, y, x, padding);
                *to++ = of > 0 ? sum / of : 0;
            }
    return 0;
}

/* --- over the whole picture */

static int64_t plane_size(const struct its_shape *s)
{
    int64_t size = 1;
    for (int a = 2; a < s->rank; a++)
        size *= s->dim[a];
    return size;
}

int its_ref_global_average_pool(const struct its_node *n, const void *const *in, void *const *out)
{
    int64_t size = plane_size(&n->in[0]->shape), count = its_shape_count(&n->out[0]->shape);
    const float *x = in[0];
    for (int64_t c = 0; c < count; c++) {
        double sum = 0;
        for (int64_t i = 0; i < size; i++)
            sum += *x++;
        ((float *)out[0])[c] = size ? sum / size : 0;
    }
    return 0;
}

int its_ref_global_max_pool(const struct its_node *n, const void *const *in, void *const *out)
{
    int64_t size = plane_size(&n->in[0]->shape), count = its_shape_count(&n->out[0]->shape);
    const float *x = in[0];
    for (int64_t c = 0; c < count; c++) {
        float most = -INFINITY;
        for (int64_t i = 0; i < size; i++, x++)
            most = *x > most || isnan(*x) ? *x : most;
        ((float *)out[0])[c] = most;
    }
    return 0;
}
