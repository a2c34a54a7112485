/* Inference of what sums over axes: convolutions, pools, products of matrices, reductions. */
#include "nn/infer.h"
#include "nn/param.h"

/* --- windows */

static struct its_shape window_out(const struct its_node *n, const struct its_window *w,
                                   int64_t channels)
{
    struct its_shape s = n->in[0]->shape;
    s.dim[1] = channels;
    for (int i = 0; i < w->axes; i++)
        s.dim[2 + i] = w->out[2 - w->axes + i];
    return s;
}

/* `per_group`: channels of the input in one group as the weights have it; `out`: all outputs. */
static int check_channels(const struct its_node *n, const struct its_window *w, int64_t per_group,
                          int64_t out, struct its_error *err)
{
    int64_t in = n->in[0]->shape.dim[1];
    if (w->group < 1 || in % w->group || in / w->group != per_group || out % w->group)
        return its_error_set(err, -EINVAL, "%lld channels in %lld groups, weights for %lld to %lld",
                             (long long)in, (long long)w->group, (long long)per_group,
                             (long long)out);
    return 0;
}

static int check_bias(const struct its_node *n, int64_t out, struct its_error *err)
{
    const struct its_value *b = its_node_in(n, 2);
    if (b && (b->shape.rank != 1 || b->shape.dim[0] != out))
        return its_error_set(err, -EINVAL, "the bias has not one number per channel");
    return its_infer_type(n, 2, ITS_TYPES_F32, err);
}

int its_infer_conv(struct its_node *n, struct its_error *err)
{
    struct its_window w;
    int r = its_infer_type(n, 0, ITS_TYPES_F32, err);
    r = r ? r : its_infer_type(n, 1, ITS_TYPES_F32, err);
    r = r ? r : its_window_of(n, &w, err);
    if (r)
        return r;
    const struct its_shape *weights = &n->in[1]->shape;
    r = check_channels(n, &w, weights->dim[1], weights->dim[0], err);
    r = r ? r : check_bias(n, weights->dim[0], err);
    struct its_shape s = window_out(n, &w, weights->dim[0]);
    return r ? r : its_infer_out(n, 0, ITS_F32, &s, err);
}

int its_infer_conv_transposed(struct its_node *n, struct its_error *err)
{
    struct its_window w;
    int r = its_infer_type(n, 0, ITS_TYPES_F32, err);
    r = r ? r : its_infer_type(n, 1, ITS_TYPES_F32, err);
    r = r ? r : its_window_of_transposed(n, &w, err);
    if (r)
        return r;
    const struct its_shape *weights = &n->in[1]->shape;
    if (w.group < 1 || weights->dim[0] != n->in[0]->shape.dim[1] || weights->dim[0] % w.group)
        return its_error_set(err, -EINVAL, "weights for %lld channels in %lld groups",
                             (long long)weights->dim[0], (long long)w.group);
    int64_t out;
    if (__builtin_mul_overflow(weights->dim[1], w.group, &out))
        return its_error_set(err, ITS_ETOOBIG, "%lld groups", (long long)w.group);
    r = check_bias(n, out, err);
    struct its_shape s = window_out(n, &w, out);
    return r ? r : its_infer_out(n, 0, ITS_F32, &s, err);
}

/* A zero point left out is 0; one per tensor, or `many` of them. */
static int check_zero(const struct its_node *n, int index, int of, int64_t many,
                      struct its_error *err)
{
    const struct its_value *z = its_node_in(n, index);
    if (!z)
        return 0;
    int64_t count = its_shape_count(&z->shape);
    if (z->type != n->in[of]->type || (count != 1 && count != many))
        return its_error_set(err, ITS_EUNSUPPORTED, "zero point %s of %lld numbers",
                             its_dtype_name(z->type), (long long)count);
    return 0;
}

int its_infer_conv_integer(struct its_node *n, struct its_error *err)
{
    struct its_window w;
    int r = its_infer_type(n, 0, ITS_TYPES_BYTE, err);
    r = r ? r : its_infer_type(n, 1, ITS_TYPES_BYTE, err);
    r = r ? r : its_window_of(n, &w, err);
    if (r)
        return r;
    const struct its_shape *weights = &n->in[1]->shape;
    r = check_channels(n, &w, weights->dim[1], weights->dim[0], err);
    r = r ? r : check_zero(n, 2, 0, 1, err);
    r = r ? r : check_zero(n, 3, 1, weights->dim[0], err);
    struct its_shape s = window_out(n, &w, weights->dim[0]);
    return r ? r : its_infer_out(n, 0, ITS_S32, &s, err);
}

int its_infer_pool(struct its_node *n, struct its_error *err)
{
    struct its_window w;
    bool average = n->op->name[0] == 'A';
    int r = its_infer_type(n, 0, ITS_TYPES_F32 | (average ? 0 : ITS_TYPES_BYTE), err);
    r = r ? r : its_window_of(n, &w, err);
    if (r)
        return r;
    struct its_shape s = window_out(n, &w, n->in[0]->shape.dim[1]);
    r = its_infer_out(n, 0, n->in[0]->type, &s, err);
    return r ? r : its_infer_out(n, 1, ITS_S64, &s, err);
}

int its_infer_global_pool(struct its_node *n, struct its_error *err)
{
    struct its_shape s = n->in[0]->shape;
    if (s.rank < 3)
        return its_error_set(err, -EINVAL, "input of rank %d", s.rank);
    for (int i = 2; i < s.rank; i++)
        s.dim[i] = 1;
    int r = its_infer_type(n, 0, ITS_TYPES_F32, err);
    return r ? r : its_infer_out(n, 0, ITS_F32, &s, err);
}

/* --- products of matrices */

/* As numpy: the last two axes are matrices, those before broadcast; a vector on the left is a row,
 * one on the right a column, and that axis is not in the result. */
static int matmul_shape(const struct its_node *n, struct its_shape *s, struct its_error *err)
{
    struct its_shape a = n->in[0]->shape, b = n->in[1]->shape;
    bool row = a.rank == 1, column = b.rank == 1;
    if (!a.rank || !b.rank)
        return its_error_set(err, -EINVAL, "a scalar");
    if (row)
        a = (struct its_shape){.rank = 2, .dim = {1, a.dim[0]}};
    if (column)
        b = (struct its_shape){.rank = 2, .dim = {b.dim[0], 1}};
    int64_t rows = a.dim[a.rank - 2], inner = a.dim[a.rank - 1], columns = b.dim[b.rank - 1];
    if (b.dim[b.rank - 2] != inner)
        return its_error_set(err, -EINVAL, "%lld columns times %lld rows", (long long)inner,
                             (long long)b.dim[b.rank - 2]);
    a.rank -= 2;
    b.rank -= 2;
    *s = a;
    int r = its_infer_broadcast(s, &b, err);
    if (!row)
        s->dim[s->rank++] = rows;
    if (!column)
        s->dim[s->rank++] = columns;
    return r;
}

int its_infer_matmul(struct its_node *n, struct its_error *err)
{
    struct its_shape s;
    const unsigned types = ITS_TYPES_F32 | ITS_TYPES_INDEX;
    int r = its_infer_type(n, 0, types, err);
    r = r ? r : its_infer_type_like_first(n, 1, err);
    r = r ? r : matmul_shape(n, &s, err);
    return r ? r : its_infer_out(n, 0, n->in[0]->type, &s, err);
}

int its_infer_matmul_integer(struct its_node *n, struct its_error *err)
{
    struct its_shape s;
    int r = its_infer_type(n, 0, ITS_TYPES_BYTE, err);
    r = r ? r : its_infer_type(n, 1, ITS_TYPES_BYTE, err);
    r = r ? r : matmul_shape(n, &s, err);
    r = r ? r : check_zero(n, 2, 0, 1, err);
    r = r ? r : check_zero(n, 3, 1, 1, err);
    return r ? r : its_infer_out(n, 0, ITS_S32, &s, err);
}

int its_infer_gemm(struct its_node *n, struct its_error *err)
{
    const struct its_shape *a = &n->in[0]->shape, *b = &n->in[1]->shape;
    bool ta = its_node_int(n, "transA", 0) != 0, tb = its_node_int(n, "transB", 0) != 0;
    for (int i = 0; i < n->in_count; i++) {
        int r = its_infer_type(n, i, ITS_TYPES_F32, err);
        if (r)
            return r;
    }
    if (a->rank != 2 || b->rank != 2 || a->dim[!ta] != b->dim[tb])
        return its_error_set(err, -EINVAL, "matrices that do not fit together");
    struct its_shape s = {.rank = 2, .dim = {a->dim[ta], b->dim[!tb]}}, all = s;
    const struct its_value *c = its_node_in(n, 2);
    int r = c ? its_infer_broadcast(&all, &c->shape, err) : 0;
    if (!r && !its_shape_equal(&all, &s))
        return its_error_set(err, -EINVAL, "the addend is larger than the product");
    return r ? r : its_infer_out(n, 0, ITS_F32, &s, err);
}

/* --- reductions */

static int reduce(struct its_node *n, unsigned types, struct its_error *err)
{
    struct its_reduction p;
    struct its_shape x = n->in[0]->shape, s = {0};
    int r = its_infer_type(n, 0, types, err);
    r = r ? r : its_reduction_of(n, &p, err);
    if (r)
        return r;
    for (int a = 0; a < x.rank; a++)
        if (!p.axis[a] || p.keep)
            s.dim[s.rank++] = p.axis[a] ? 1 : x.dim[a];
    return its_infer_out(n, 0, n->in[0]->type, &s, err);
}

int its_infer_reduce(struct its_node *n, struct its_error *err)
{
    return reduce(n, ITS_TYPES_F32 | ITS_TYPES_INDEX, err);
}

int its_infer_reduce_number(struct its_node *n, struct its_error *err)
{
    return reduce(n, ITS_TYPES_NUMBER, err);
}

int its_infer_arg(struct its_node *n, struct its_error *err)
{
    struct its_shape x = n->in[0]->shape, s = {0};
    int axis;
    int r = its_infer_type(n, 0, ITS_TYPES_NUMBER, err);
    r = r ? r : its_axis_of(n, 0, x.rank, &axis, err);
    if (r)
        return r;
    if (x.dim[axis] == 0)
        return its_error_set(err, -EINVAL, "the largest of none");
    for (int a = 0; a < x.rank; a++)
        if (a != axis || its_node_int(n, "keepdims", 1))
            s.dim[s.rank++] = a == axis ? 1 : x.dim[a];
    return its_infer_out(n, 0, ITS_S64, &s, err);
}

int its_infer_top_k(struct its_node *n, struct its_error *err)
{
    struct its_shape s = n->in[0]->shape;
    int axis, count;
    int64_t k = 0;
    int r = its_infer_type(n, 0, ITS_TYPES_NUMBER, err);
    r = r ? r : its_axis_of(n, -1, s.rank, &axis, err);
    r = r ? r : its_param_ints(n, 1, &k, 1, &count, err);
    if (r)
        return r;
    if (count != 1 || k < 0 || k > s.dim[axis])
        return its_error_set(err, -EINVAL, "the largest %lld of %lld", (long long)k,
                             (long long)s.dim[axis]);
    s.dim[axis] = k;
    r = its_infer_out(n, 0, n->in[0]->type, &s, err);
    return r ? r : its_infer_out(n, 1, ITS_S64, &s, err);
}
