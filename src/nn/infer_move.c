/* Inference of what moves elements about and leaves them as they are: any type. */
#include <string.h>

#include "nn/infer.h"
#include "nn/param.h"

static int out_like(struct its_node *n, int index, const struct its_shape *s, struct its_error *err)
{
    return its_infer_out(n, index, n->in[0]->type, s, err);
}

int its_infer_concat(struct its_node *n, struct its_error *err)
{
    struct its_shape s = n->in[0]->shape;
    int axis;
    int r = its_axis_of(n, 1, s.rank, &axis, err);
    if (r)
        return r;
    s.dim[axis] = 0;
    for (int i = 0; i < n->in_count; i++) {
        if (!n->in[i])
            return its_error_set(err, -EINVAL, "input %d is missing", i);
        if ((r = its_infer_type_like_first(n, i, err)))
            return r;
        struct its_shape part = n->in[i]->shape, like = s;
        if (part.rank == s.rank)
            like.dim[axis] = part.dim[axis];
        if (!its_shape_equal(&part, &like)) {
            char a[96], b[96];
            return its_error_set(err, -EINVAL, "input %d is %s, the first %s", i,
                                 its_shape_text(&part, a, sizeof a),
                                 its_shape_text(&n->in[0]->shape, b, sizeof b));
        }
        if (__builtin_add_overflow(s.dim[axis], part.dim[axis], &s.dim[axis]))
            return its_error_set(err, ITS_ETOOBIG, "too long an axis");
    }
    return out_like(n, 0, &s, err);
}

/* Sizes as an attribute (before opset 13) or as the second input; without them equal parts, the
 * last one shorter where they do not come out even. */
static int split_size(const struct its_node *n, int index, int64_t dim, int64_t *size,
                      struct its_error *err)
{
    int count;
    const struct its_value *v = n->op->in_max > 1 ? its_node_in(n, 1) : NULL;
    const int64_t *sizes = its_node_ints(n, "split", &count);
    if (v) {
        count = its_shape_count(&v->shape);
        if (v->type != ITS_S64 || !v->data)
            return its_error_set(err, ITS_EUNSUPPORTED, "sizes (%s) that are no constant", v->name);
        sizes = v->data;
    }
    if (!sizes) {
        int64_t parts = its_node_int(n, "num_outputs", n->out_count);
        if (parts != n->out_count || (dim % parts && n->op->since < 18))
            return its_error_set(err, -EINVAL, "%lld in %lld equal parts, %d results",
                                 (long long)dim, (long long)parts, n->out_count);
        int64_t each = (dim + parts - 1) / parts, left = dim - index * each;
        *size = left < each ? left : each;
        return *size < 0 ? its_error_set(err, -EINVAL, "too many parts") : 0;
    }
    if (count != n->out_count)
        return its_error_set(err, -EINVAL, "%d sizes, %d results", count, n->out_count);
    *size = sizes[index];
    return 0;
}

int its_infer_split(struct its_node *n, struct its_error *err)
{
    struct its_shape s = n->in[0]->shape;
    int axis;
    int r = its_axis_of(n, 0, s.rank, &axis, err);
    if (r)
        return r;
    int64_t dim = s.dim[axis], used = 0;
    for (int i = 0; i < n->out_count; i++) {
        r = split_size(n, i, dim, &s.dim[axis], err);
        if (!r && (s.dim[axis] < 0 || s.dim[axis] > dim - used))
            r = its_error_set(err, -EINVAL, "sizes do not add up to %lld", (long long)dim);
        r = r ? r : out_like(n, i, &s, err);
        if (!r && !n->out[i])
            r = its_error_set(err, -EINVAL, "output %d is missing", i);
        if (r)
            return r;
        used += s.dim[axis];
    }
    if (used != dim)
        return its_error_set(err, -EINVAL, "sizes do not add up to %lld", (long long)dim);
    return 0;
}

int its_infer_slice(struct its_node *n, struct its_error *err)
{
    struct its_slice p;
    int r = its_slice_of(n, &p, err);
    if (r)
        return r;
    struct its_shape s = n->in[0]->shape;
    for (int a = 0; a < s.rank; a++)
        s.dim[a] = p.count[a];
    return out_like(n, 0, &s, err);
}

/* -1 is what is left; 0 is the input's own, unless allowzero says that it is meant. */
int its_infer_reshape(struct its_node *n, struct its_error *err)
{
    const struct its_shape *x = &n->in[0]->shape;
    struct its_shape s = {0};
    bool zero = its_node_int(n, "allowzero", 0) != 0;
    int rest = -1;
    int64_t known = 1, count = its_shape_count(x);
    int r = its_param_ints(n, 1, s.dim, ITS_RANK_MAX, &s.rank, err);
    if (r)
        return r;
    for (int i = 0; i < s.rank; i++) {
        if (s.dim[i] == 0 && !zero && i < x->rank)
            s.dim[i] = x->dim[i];
        if (s.dim[i] < -1 || (s.dim[i] == -1 && rest >= 0))
            return its_error_set(err, -EINVAL, "a shape with more than one -1");
        if (s.dim[i] == -1)
            rest = i;
        else if (__builtin_mul_overflow(known, s.dim[i], &known))
            return its_error_set(err, ITS_ETOOBIG, "a shape of too many elements");
    }
    if (rest >= 0)
        s.dim[rest] = known ? count / known : 0;
    if (its_shape_count(&s) != count) {
        char a[96], b[96];
        return its_error_set(err, -EINVAL, "%s cannot become %s", its_shape_text(x, a, sizeof a),
                             its_shape_text(&s, b, sizeof b));
    }
    return out_like(n, 0, &s, err);
}

int its_infer_transpose(struct its_node *n, struct its_error *err)
{
    int p[ITS_RANK_MAX];
    struct its_shape s = n->in[0]->shape;
    int r = its_permutation_of(n, p, err);
    if (r)
        return r;
    for (int i = 0; i < s.rank; i++)
        s.dim[i] = n->in[0]->shape.dim[p[i]];
    return out_like(n, 0, &s, err);
}

/* The attribute `axes` (before opset 13) or the second input, as flags over `rank` axes. */
static int listed_axes(const struct its_node *n, int rank, bool listed[ITS_RANK_MAX], int *count,
                       struct its_error *err)
{
    int64_t axes[ITS_RANK_MAX] = {0};
    int r = 0;
    if (n->op->since >= 13) {
        r = its_param_ints(n, 1, axes, ITS_RANK_MAX, count, err);
    } else {
        const int64_t *v = its_node_ints(n, "axes", count);
        if (*count > ITS_RANK_MAX)
            return its_error_set(err, -EINVAL, "%d axes", *count);
        for (int i = 0; i < *count; i++)
            axes[i] = v[i];
    }
    /* Unsqueeze counts in the axes of its result. */
    int of = rank + (n->op->name[0] == 'U' && *count > 0 ? *count : 0);
    for (int i = 0; i < *count && !r; i++) {
        int a = 0;
        r = its_axis_resolve(axes[i], of, &a, err);
        if (!r && (a >= ITS_RANK_MAX || listed[a]))
            r = its_error_set(err, ITS_EUNSUPPORTED, "axis %d", a);
        if (!r)
            listed[a] = true;
    }
    return r;
}

int its_infer_squeeze(struct its_node *n, struct its_error *err)
{
    const struct its_shape *x = &n->in[0]->shape;
    struct its_shape s = {0};
    bool listed[ITS_RANK_MAX] = {false};
    int count = 0;
    int r = listed_axes(n, x->rank, listed, &count, err);
    if (r)
        return r;
    for (int a = 0; a < x->rank; a++) {
        if (listed[a] && x->dim[a] != 1)
            return its_error_set(err, -EINVAL, "axis %d is %lld long", a, (long long)x->dim[a]);
        bool gone = count > 0 ? listed[a] : x->dim[a] == 1;
        if (!gone)
            s.dim[s.rank++] = x->dim[a];
    }
    return out_like(n, 0, &s, err);
}

int its_infer_unsqueeze(struct its_node *n, struct its_error *err)
{
    const struct its_shape *x = &n->in[0]->shape;
    struct its_shape s = {0};
    bool listed[ITS_RANK_MAX] = {false};
    int count = 0;
    int r = listed_axes(n, x->rank, listed, &count, err);
    if (r)
        return r;
    if (count < 0 || x->rank + count > ITS_RANK_MAX)
        return its_error_set(err, ITS_EUNSUPPORTED, "a result of rank %d", x->rank + count);
    s.rank = x->rank + count;
    for (int a = 0, from = 0; a < s.rank; a++)
        s.dim[a] = listed[a] ? 1 : x->dim[from++];
    return out_like(n, 0, &s, err);
}

int its_infer_flatten(struct its_node *n, struct its_error *err)
{
    const struct its_shape *x = &n->in[0]->shape;
    int64_t axis = its_node_int(n, "axis", 1);
    struct its_shape s = {.rank = 2, .dim = {1, 1}};
    if (axis < -x->rank || axis > x->rank)
        return its_error_set(err, -EINVAL, "axis %lld", (long long)axis);
    axis = axis < 0 ? axis + x->rank : axis;
    for (int a = 0; a < x->rank; a++)
        s.dim[a >= axis] *= x->dim[a];
    return out_like(n, 0, &s, err);
}

int its_infer_gather(struct its_node *n, struct its_error *err)
{
    const struct its_shape *x = &n->in[0]->shape, *index = &n->in[1]->shape;
    struct its_shape s = {0};
    int axis;
    int r = its_infer_type(n, 1, ITS_TYPES_INDEX, err);
    r = r ? r : its_axis_of(n, 0, x->rank, &axis, err);
    if (r)
        return r;
    if (x->rank - 1 + index->rank > ITS_RANK_MAX)
        return its_error_set(err, ITS_EUNSUPPORTED, "a result of rank %d",
                             x->rank - 1 + index->rank);
    if (!x->dim[axis] && its_shape_count(index))
        return its_error_set(err, -EINVAL, "elements of an empty axis");
    for (int a = 0; a < x->rank; a++) {
        if (a != axis)
            s.dim[s.rank++] = x->dim[a];
        for (int i = 0; i < index->rank && a == axis; i++)
            s.dim[s.rank++] = index->dim[i];
    }
    return out_like(n, 0, &s, err);
}

int its_infer_gather_elements(struct its_node *n, struct its_error *err)
{
    const struct its_shape *x = &n->in[0]->shape, *index = &n->in[1]->shape;
    int axis;
    int r = its_infer_type(n, 1, ITS_TYPES_INDEX, err);
    r = r ? r : its_axis_of(n, 0, x->rank, &axis, err);
    if (r)
        return r;
    if (index->rank != x->rank)
        return its_error_set(err, -EINVAL, "indices of rank %d for data of rank %d", index->rank,
                             x->rank);
    for (int a = 0; a < x->rank; a++)
        if (a == axis ? !x->dim[a] && its_shape_count(index) : index->dim[a] > x->dim[a])
            return its_error_set(err, -EINVAL, "more indices than data on axis %d", a);
    return out_like(n, 0, index, err);
}

/* How long the tuples in the last axis of the indices are; they index the data from axis `batch`
 * on. */
static int tuple_length(const struct its_node *n, int64_t batch, int *length, struct its_error *err)
{
    const struct its_shape *x = &n->in[0]->shape, *index = &n->in[1]->shape;
    int r = its_infer_type(n, 1, ITS_TYPES_INDEX, err);
    if (r)
        return r;
    int64_t last = index->rank ? index->dim[index->rank - 1] : 0;
    if (batch < 0 || batch >= index->rank || last < 1 || last > x->rank - batch)
        return its_error_set(err, -EINVAL, "%lld indices each for data of rank %d", (long long)last,
                             x->rank);
    *length = last;
    for (int a = 0; a < batch + *length; a++)
        if (a < batch ? x->dim[a] != index->dim[a] : !x->dim[a] && its_shape_count(index))
            return its_error_set(err, -EINVAL, "axis %d: indices do not fit the data", a);
    return 0;
}

/* Batch axes, the tuples' axes, what is left of the data's. */
int its_infer_gather_nd(struct its_node *n, struct its_error *err)
{
    const struct its_shape *x = &n->in[0]->shape, *index = &n->in[1]->shape;
    struct its_shape s = {0};
    int64_t batch = its_node_int(n, "batch_dims", 0);
    int length, r = tuple_length(n, batch, &length, err);
    if (r)
        return r;
    int rest = x->rank - batch - length;
    if (index->rank - 1 + rest > ITS_RANK_MAX)
        return its_error_set(err, ITS_EUNSUPPORTED, "a result of rank %d", index->rank - 1 + rest);
    for (int a = 0; a + 1 < index->rank; a++)
        s.dim[s.rank++] = index->dim[a];
    for (int a = x->rank - rest; a < x->rank; a++)
        s.dim[s.rank++] = x->dim[a];
    return out_like(n, 0, &s, err);
}

int its_infer_scatter_nd(struct its_node *n, struct its_error *err)
{
    const struct its_shape *x = &n->in[0]->shape, *index = &n->in[1]->shape;
    struct its_shape s = {0};
    const char *reduction = its_node_string(n, "reduction", "none");
    int length, r = tuple_length(n, 0, &length, err);
    r = r ? r : its_infer_type_like_first(n, 2, err);
    if (!r && strcmp(reduction, "none"))
        r = its_error_set(err, ITS_EUNSUPPORTED, "reduction %s", reduction);
    if (r)
        return r;
    for (int a = 0; a + 1 < index->rank; a++)
        s.dim[s.rank++] = index->dim[a];
    for (int a = length; a < x->rank && s.rank < ITS_RANK_MAX; a++)
        s.dim[s.rank++] = x->dim[a];
    if (!its_shape_equal(&s, &n->in[2]->shape))
        return its_error_set(err, -EINVAL, "updates that do not fit the indices");
    return out_like(n, 0, x, err);
}

int its_infer_expand(struct its_node *n, struct its_error *err)
{
    struct its_shape s = n->in[0]->shape, to = {0};
    int r = its_param_ints(n, 1, to.dim, ITS_RANK_MAX, &to.rank, err);
    r = r ? r : its_infer_broadcast(&s, &to, err);
    return r ? r : out_like(n, 0, &s, err);
}

int its_infer_tile(struct its_node *n, struct its_error *err)
{
    struct its_shape s = n->in[0]->shape;
    int64_t times[ITS_RANK_MAX];
    int count;
    int r = its_param_ints(n, 1, times, ITS_RANK_MAX, &count, err);
    if (r)
        return r;
    if (count != s.rank)
        return its_error_set(err, -EINVAL, "%d repeats for rank %d", count, s.rank);
    for (int a = 0; a < s.rank; a++)
        if (times[a] < 0 || __builtin_mul_overflow(s.dim[a], times[a], &s.dim[a]))
            return its_error_set(err, -EINVAL, "repeated %lld times", (long long)times[a]);
    return out_like(n, 0, &s, err);
}

static int check_pad_mode(const struct its_node *n, const struct its_padding *p, int axis,
                          struct its_error *err)
{
    const char *mode = its_node_string(n, "mode", "constant");
    int64_t dim = n->in[0]->shape.dim[axis];
    int64_t most = p->before[axis] > p->after[axis] ? p->before[axis] : p->after[axis];
    bool reflect = !strcmp(mode, "reflect");
    if (!strcmp(mode, "constant"))
        return 0;
    if (!reflect && strcmp(mode, "edge") && (strcmp(mode, "wrap") || n->op->since < 19))
        return its_error_set(err, ITS_EUNSUPPORTED, "mode %s", mode);
    if (most > 0 && (!dim || (reflect && most >= dim)))
        return its_error_set(err, -EINVAL, "%lld more by %s on an axis of %lld", (long long)most,
                             mode, (long long)dim);
    return 0;
}

int its_infer_pad(struct its_node *n, struct its_error *err)
{
    struct its_padding p;
    struct its_shape s = n->in[0]->shape;
    int r = its_padding_of(n, &p, err);
    r = r ? r : its_infer_type_like_first(n, 2, err);
    if (!r && its_node_in(n, 2) && its_shape_count(&n->in[2]->shape) != 1)
        r = its_error_set(err, -EINVAL, "the constant is no scalar");
    for (int a = 0; a < s.rank && !r; a++) {
        r = check_pad_mode(n, &p, a, err);
        s.dim[a] += p.before[a] + p.after[a];
    }
    return r ? r : out_like(n, 0, &s, err);
}

int its_infer_resize(struct its_node *n, struct its_error *err)
{
    struct its_resize p;
    struct its_shape s = n->in[0]->shape;
    int r = its_resize_of(n, &p, err);
    if (r)
        return r;
    r = its_infer_type(n, 0, p.mode == ITS_RESIZE_NEAREST ? ITS_TYPES_NUMBER : ITS_TYPES_F32, err);
    if (!r && p.mode == ITS_RESIZE_NEAREST && p.antialias)
        r = its_error_set(err, -EINVAL, "antialias with mode nearest");
    for (int a = 0; a < s.rank; a++) {
        if (!s.dim[a] && p.out[a])
            return its_error_set(err, -EINVAL, "an empty axis made longer");
        s.dim[a] = p.out[a];
    }
    return r ? r : out_like(n, 0, &s, err);
}

static int block_of(const struct its_node *n, int64_t *block, struct its_error *err)
{
    *block = its_node_int(n, "blocksize", 0);
    if (n->in[0]->shape.rank != 4 || *block < 1 || *block > 1024)
        return its_error_set(err, -EINVAL, "blocks of %lld in rank %d", (long long)*block,
                             n->in[0]->shape.rank);
    return 0;
}

int its_infer_depth_to_space(struct its_node *n, struct its_error *err)
{
    struct its_shape s = n->in[0]->shape;
    int64_t b;
    const char *mode = its_node_string(n, "mode", "DCR");
    int r = block_of(n, &b, err);
    if (!r && s.dim[1] % (b * b))
        r = its_error_set(err, -EINVAL, "%lld channels", (long long)s.dim[1]);
    if (!r && strcmp(mode, "DCR") && strcmp(mode, "CRD"))
        r = its_error_set(err, -EINVAL, "mode %s", mode);
    if (r)
        return r;
    s.dim[1] /= b * b;
    s.dim[2] *= b;
    s.dim[3] *= b;
    return out_like(n, 0, &s, err);
}

int its_infer_space_to_depth(struct its_node *n, struct its_error *err)
{
    struct its_shape s = n->in[0]->shape;
    int64_t b;
    int r = block_of(n, &b, err);
    if (!r && (s.dim[2] % b || s.dim[3] % b))
        r = its_error_set(err, -EINVAL, "blocks of %lld do not fit", (long long)b);
    if (r)
        return r;
    s.dim[1] *= b * b;
    s.dim[2] /= b;
    s.dim[3] /= b;
    return out_like(n, 0, &s, err);
}
