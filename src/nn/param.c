/* See param.h: windows, slices, reductions, paddings, permutations; resizing is in
 * param_resize.c. Numbers come from files: each is bounded before it is multiplied. */
#include "nn/param.h"

#include <string.h>

#include "nn/op.h"

/* Larger windows, strides and paddings are not meant. */
#define WINDOW_MAX (1 << 20)

int its_axis_resolve(int64_t axis, int rank, int *out, struct its_error *err)
{
    if (axis < -rank || axis >= rank)
        return its_error_set(err, -EINVAL, "axis %lld of a tensor of rank %d", (long long)axis,
                             rank);
    *out = axis < 0 ? axis + rank : axis;
    return 0;
}

int its_axis_of(const struct its_node *n, int64_t otherwise, int rank, int *axis,
                struct its_error *err)
{
    return its_axis_resolve(its_node_int(n, "axis", otherwise), rank, axis, err);
}

int its_param_ints(const struct its_node *n, int index, int64_t *to, int max, int *count,
                   struct its_error *err)
{
    const struct its_value *v = its_node_in(n, index);
    *count = -1;
    if (!v)
        return 0;
    if (v->type != ITS_S64 && v->type != ITS_S32)
        return its_error_set(err, -EINVAL, "input %d is %s, not integers", index,
                             its_dtype_name(v->type));
    int64_t n_values = its_shape_count(&v->shape);
    if (n_values > max)
        return its_error_set(err, -EINVAL, "input %d has %lld values, at most %d are meant", index,
                             (long long)n_values, max);
    if (!v->data && n_values)
        return its_error_set(err, ITS_EUNSUPPORTED,
                             "input %d (%s) decides a shape but is no constant", index, v->name);
    for (int i = 0; i < n_values; i++)
        to[i] = v->type == ITS_S64 ? ((const int64_t *)v->data)[i] : ((const int32_t *)v->data)[i];
    *count = n_values;
    return 0;
}

/* --- windows */

/* An attribute of one number per axis; left as it is where the node has none. */
static int read_window(const struct its_node *n, const char *name, int axes, int64_t least,
                       int64_t *to, struct its_error *err)
{
    int count;
    const int64_t *v = its_node_ints(n, name, &count);
    if (!v)
        return 0;
    if (count != axes)
        return its_error_set(err, -EINVAL, "%s has %d numbers for %d axes", name, count, axes);
    for (int i = 0; i < count; i++) {
        if (v[i] < least || v[i] > WINDOW_MAX)
            return its_error_set(err, -EINVAL, "%s %lld", name, (long long)v[i]);
        to[2 - axes + i] = v[i];
    }
    return 0;
}

static int read_pads(const struct its_node *n, struct its_window *p, struct its_error *err)
{
    int count;
    const int64_t *v = its_node_ints(n, "pads", &count);
    if (!v)
        return 0;
    if (count != 2 * p->axes)
        return its_error_set(err, -EINVAL, "pads has %d numbers for %d axes", count, p->axes);
    for (int i = 0; i < count; i++) {
        if (v[i] < 0 || v[i] > WINDOW_MAX)
            return its_error_set(err, -EINVAL, "pads %lld", (long long)v[i]);
        (i < p->axes ? p->pad : p->pad_after)[2 - p->axes + i % p->axes] = v[i];
    }
    return 0;
}

static int64_t reach(const struct its_window *p, int i)
{
    return (p->kernel[i] - 1) * p->dilation[i] + 1;
}

/* SAME: as many windows as strides fit, the padding shared out; the odd one goes after (UPPER) or
 * before (LOWER). */
static void pad_same(struct its_window *p, int i, bool lower)
{
    p->out[i] = (p->in[i] + p->stride[i] - 1) / p->stride[i];
    int64_t pad = (p->out[i] - 1) * p->stride[i] + reach(p, i) - p->in[i];
    pad = pad > 0 ? pad : 0;
    p->pad[i] = (pad + lower) / 2;
    p->pad_after[i] = pad - p->pad[i];
}

static void count_windows(struct its_window *p, int i, bool ceil)
{
    int64_t room = p->in[i] + p->pad[i] + p->pad_after[i] - reach(p, i);
    if (room < 0) {
        p->out[i] = 0;
        return;
    }
    p->out[i] = (room + (ceil ? p->stride[i] - 1 : 0)) / p->stride[i] + 1;
    /* A window that begins in the padding behind the picture is none. */
    if (ceil && (p->out[i] - 1) * p->stride[i] >= p->in[i] + p->pad[i])
        p->out[i]--;
}

/* All but the kernel and the counts: for every kind of window. */
static int read_common(const struct its_node *n, struct its_window *p, struct its_error *err)
{
    const struct its_shape *x = &n->in[0]->shape;
    *p = (struct its_window){.axes = x->rank - 2,
                             .group = its_node_int(n, "group", 1),
                             .in = {1, 1},
                             .kernel = {1, 1},
                             .stride = {1, 1},
                             .dilation = {1, 1}};
    if (p->axes < 1 || p->axes > 2)
        return its_error_set(err, ITS_EUNSUPPORTED, "input of rank %d; 3 and 4 are supported",
                             x->rank);
    for (int i = 0; i < p->axes; i++) {
        p->in[2 - p->axes + i] = x->dim[2 + i];
        if (x->dim[2 + i] > INT32_MAX)
            return its_error_set(err, ITS_ETOOBIG, "an axis of %lld", (long long)x->dim[2 + i]);
    }
    int r = read_window(n, "kernel_shape", p->axes, 1, p->kernel, err);
    r = r ? r : read_window(n, "strides", p->axes, 1, p->stride, err);
    r = r ? r : read_window(n, "dilations", p->axes, 1, p->dilation, err);
    return r ? r : read_pads(n, p, err);
}

/* A convolution's kernel is that of its weights, whatever else is said. */
static int read_weights(const struct its_node *n, struct its_window *p, struct its_error *err)
{
    const struct its_shape *x = &n->in[0]->shape, *w = &n->in[1]->shape;
    if (w->rank != x->rank)
        return its_error_set(err, -EINVAL, "input of rank %d, weights of rank %d", x->rank,
                             w->rank);
    bool said = its_node_attr(n, "kernel_shape") != NULL;
    for (int i = 0; i < p->axes; i++) {
        int64_t k = w->dim[2 + i], *to = &p->kernel[2 - p->axes + i];
        if (k < 1 || k > WINDOW_MAX || (said && *to != k))
            return its_error_set(err, -EINVAL, "weights of %lld where kernel_shape says %lld",
                                 (long long)k, (long long)*to);
        *to = k;
    }
    return 0;
}

int its_window_of(const struct its_node *n, struct its_window *p, struct its_error *err)
{
    int r = read_common(n, p, err);
    if (r)
        return r;
    bool pools = strstr(n->op->name, "Pool");
    if (!pools && (r = read_weights(n, p, err)))
        return r;
    if (pools && !its_node_attr(n, "kernel_shape"))
        return its_error_set(err, -EINVAL, "no kernel_shape");
    const char *mode = its_node_string(n, "auto_pad", "NOTSET");
    bool upper = !strcmp(mode, "SAME_UPPER"), lower = !strcmp(mode, "SAME_LOWER");
    bool valid = !strcmp(mode, "VALID");
    if (!upper && !lower && !valid && strcmp(mode, "NOTSET"))
        return its_error_set(err, -EINVAL, "auto_pad %s", mode);
    bool ceil = its_node_int(n, "ceil_mode", 0) != 0;
    for (int i = 0; i < 2; i++) {
        if (valid)
            p->pad[i] = p->pad_after[i] = 0;
        if (upper || lower)
            pad_same(p, i, lower);
        else
            count_windows(p, i, ceil);
        if (p->out[i] < 1 && p->in[i])
            return its_error_set(err, -EINVAL, "a window of %lld on an axis of %lld",
                                 (long long)reach(p, i), (long long)p->in[i]);
        if (pools && ITS_MAX(p->pad[i], p->pad_after[i]) >= reach(p, i)) /* nothing to pool */
            return its_error_set(err, -EINVAL, "pads %lld and %lld round a window of %lld",
                                 (long long)p->pad[i], (long long)p->pad_after[i],
                                 (long long)reach(p, i));
    }
    return 0;
}

/* What every input element writes to, less the padding. output_shape decides the padding: unlike a
 * convolution's, the odd one is taken off the front unless SAME_UPPER says otherwise. */
static int transposed_axis(struct its_window *p, int i, int64_t extra, const int64_t *shape,
                           const char *mode, struct its_error *err)
{
    int64_t full = (p->in[i] - 1) * p->stride[i] + reach(p, i) + extra;
    bool upper = !strcmp(mode, "SAME_UPPER"), same = upper || !strcmp(mode, "SAME_LOWER");
    if (shape || same) {
        p->out[i] = shape ? *shape : p->in[i] * p->stride[i];
        int64_t pad = full > p->out[i] ? full - p->out[i] : 0;
        p->pad[i] = (pad + !upper) / 2;
        p->pad_after[i] = pad - p->pad[i];
    } else {
        p->out[i] = full - p->pad[i] - p->pad_after[i];
    }
    if (p->out[i] < 1)
        return its_error_set(err, -EINVAL, "an axis of %lld", (long long)p->out[i]);
    return 0;
}

bool its_conv_is_plain(const struct its_node *n)
{
    const struct its_value *bias = its_node_in(n, 2);
    if (n->in[0]->shape.rank != 4 || n->in[0]->shape.dim[0] != 1 || !n->in[1]->data ||
        (bias && (!bias->data || bias->type != ITS_F32)))
        return false;
    struct its_window w;
    int64_t in = n->in[0]->shape.dim[1], out = n->out[0]->shape.dim[1];
    return its_window_of(n, &w, NULL) == 0 && w.dilation[0] == 1 && w.dilation[1] == 1 &&
           w.stride[0] == w.stride[1] && (w.group == 1 || (w.group == in && in == out));
}

int its_window_of_transposed(const struct its_node *n, struct its_window *p, struct its_error *err)
{
    int64_t extra[2] = {0, 0}, shape[2] = {1, 1};
    int r = read_common(n, p, err);
    r = r ? r : read_weights(n, p, err);
    r = r ? r : read_window(n, "output_padding", p->axes, 0, extra, err);
    r = r ? r : read_window(n, "output_shape", p->axes, 1, shape, err);
    bool shaped = its_node_attr(n, "output_shape") != NULL;
    for (int i = 0; i < 2 && !r; i++)
        r = transposed_axis(p, i, extra[i], shaped ? &shape[i] : NULL,
                            its_node_string(n, "auto_pad", "NOTSET"), err);
    return r;
}

/* --- slices */

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

static void slice_axis(struct its_slice *p, int a, int64_t dim, int64_t start, int64_t end,
                       int64_t step)
{
    step = clamp(step, -INT32_MAX, INT32_MAX);
    start = start < 0 ? start + dim : start;
    end = end < 0 ? end + dim : end;
    start = step > 0 ? clamp(start, 0, dim) : clamp(start, 0, dim - 1);
    end = step > 0 ? clamp(end, 0, dim) : clamp(end, -1, dim - 1);
    int64_t way = step > 0 ? end - start : start - end, stride = step > 0 ? step : -step;
    p->start[a] = start;
    p->step[a] = step;
    p->count[a] = dim && way > 0 ? (way + stride - 1) / stride : 0;
}

int its_slice_of(const struct its_node *n, struct its_slice *p, struct its_error *err)
{
    const struct its_shape *x = &n->in[0]->shape;
    int64_t start[ITS_RANK_MAX], end[ITS_RANK_MAX], axes[ITS_RANK_MAX], step[ITS_RANK_MAX];
    int starts, ends, axis_count, steps;
    int r = its_param_ints(n, 1, start, x->rank, &starts, err);
    r = r ? r : its_param_ints(n, 2, end, x->rank, &ends, err);
    r = r ? r : its_param_ints(n, 3, axes, x->rank, &axis_count, err);
    r = r ? r : its_param_ints(n, 4, step, x->rank, &steps, err);
    if (r)
        return r;
    if (ends != starts || (axis_count >= 0 && axis_count != starts) ||
        (steps >= 0 && steps != starts))
        return its_error_set(err, -EINVAL, "%d starts, %d ends, %d axes, %d steps", starts, ends,
                             axis_count, steps);
    for (int a = 0; a < x->rank; a++)
        slice_axis(p, a, x->dim[a], 0, x->dim[a], 1);
    for (int i = 0; i < starts; i++) {
        int a = i;
        if (axis_count >= 0 && (r = its_axis_resolve(axes[i], x->rank, &a, err)))
            return r;
        if (steps >= 0 && step[i] == 0)
            return its_error_set(err, -EINVAL, "a step of 0");
        slice_axis(p, a, x->dim[a], start[i], end[i], steps >= 0 ? step[i] : 1);
    }
    return 0;
}

/* --- reductions, paddings, permutations */

/* `axes` is an attribute in older versions, the second input in newer ones. */
static int read_axes(const struct its_node *n, int64_t axes[ITS_RANK_MAX], int *count,
                     struct its_error *err)
{
    if (n->op->in_max > 1)
        return its_param_ints(n, 1, axes, ITS_RANK_MAX, count, err);
    const int64_t *v = its_node_ints(n, "axes", count);
    if (*count > ITS_RANK_MAX)
        return its_error_set(err, -EINVAL, "%d axes", *count);
    if (v)
        memcpy(axes, v, *count * sizeof *v);
    return 0;
}

int its_reduction_of(const struct its_node *n, struct its_reduction *p, struct its_error *err)
{
    const struct its_shape *x = &n->in[0]->shape;
    int64_t axes[ITS_RANK_MAX];
    int count = 0;
    *p = (struct its_reduction){.keep = its_node_int(n, "keepdims", 1) != 0};
    int r = read_axes(n, axes, &count, err);
    if (r)
        return r;
    bool all = count <= 0 && !its_node_int(n, "noop_with_empty_axes", 0);
    for (int a = 0; a < x->rank; a++)
        p->axis[a] = all;
    for (int i = 0; i < count; i++) {
        int a = 0;
        if ((r = its_axis_resolve(axes[i], x->rank, &a, err)))
            return r;
        p->axis[a] = true;
    }
    return 0;
}

int its_padding_of(const struct its_node *n, struct its_padding *p, struct its_error *err)
{
    int rank = n->in[0]->shape.rank, count, axis_count;
    int64_t pads[2 * ITS_RANK_MAX], axes[ITS_RANK_MAX];
    *p = (struct its_padding){0};
    int r = its_param_ints(n, 1, pads, 2 * rank, &count, err);
    r = r ? r : its_param_ints(n, 3, axes, rank, &axis_count, err);
    if (r)
        return r;
    if (axis_count < 0)
        axis_count = rank;
    if (count != 2 * axis_count)
        return its_error_set(err, -EINVAL, "%d pads for %d axes", count, axis_count);
    for (int i = 0; i < axis_count; i++) {
        int a = i;
        if (its_node_in(n, 3) && (r = its_axis_resolve(axes[i], rank, &a, err)))
            return r;
        p->before[a] = clamp(pads[i], -INT32_MAX, INT32_MAX);
        p->after[a] = clamp(pads[axis_count + i], -INT32_MAX, INT32_MAX);
    }
    return 0;
}

int its_permutation_of(const struct its_node *n, int p[ITS_RANK_MAX], struct its_error *err)
{
    int rank = n->in[0]->shape.rank, count;
    const int64_t *v = its_node_ints(n, "perm", &count);
    if (v && count != rank)
        return its_error_set(err, -EINVAL, "perm has %d numbers for rank %d", count, rank);
    unsigned seen = 0;
    for (int i = 0; i < rank; i++) {
        int64_t a = v ? v[i] : rank - 1 - i;
        if (a < 0 || a >= rank || seen & 1u << a)
            return its_error_set(err, -EINVAL, "perm is no permutation");
        seen |= 1u << a;
        p[i] = a;
    }
    return 0;
}
