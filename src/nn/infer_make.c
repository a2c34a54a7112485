/* Inference of what makes tensors out of attributes, shapes and scalars. */
#include <math.h>
#include <string.h>

#include "nn/infer.h"
#include "nn/param.h"

/* start and end count as in a slice. */
int its_infer_shape(struct its_node *n, struct its_error *err)
{
    int rank = n->in[0]->shape.rank;
    int64_t from = its_node_int(n, "start", 0), to = its_node_int(n, "end", rank);
    from = from < -rank ? 0 : from < 0 ? from + rank : from > rank ? rank : from;
    to = to < -rank ? 0 : to < 0 ? to + rank : to > rank ? rank : to;
    struct its_shape s = {.rank = 1, .dim = {to > from ? to - from : 0}};
    return its_infer_out(n, 0, ITS_S64, &s, err);
}

int its_infer_size(struct its_node *n, struct its_error *err)
{
    return its_infer_out(n, 0, ITS_S64, &(struct its_shape){0}, err);
}

int its_infer_constant(struct its_node *n, struct its_error *err)
{
    if (n->attr_count != 1)
        return its_error_set(err, -EINVAL, "%d values", n->attr_count);
    const struct its_attr *a = &n->attrs[0];
    struct its_shape scalar = {0}, list = {.rank = 1, .dim = {a->count}};
    switch (a->kind) {
    case ITS_ATTR_TENSOR:
        return its_infer_out(n, 0, a->tensor->type, &a->tensor->shape, err);
    case ITS_ATTR_FLOAT:
        return its_infer_out(n, 0, ITS_F32, &scalar, err);
    case ITS_ATTR_INT:
        return its_infer_out(n, 0, ITS_S64, &scalar, err);
    case ITS_ATTR_FLOATS:
        return its_infer_out(n, 0, ITS_F32, &list, err);
    case ITS_ATTR_INTS:
        return its_infer_out(n, 0, ITS_S64, &list, err);
    case ITS_ATTR_STRING:
        break;
    }
    return its_error_set(err, ITS_EUNSUPPORTED, "a constant of text");
}

int its_infer_constant_of_shape(struct its_node *n, struct its_error *err)
{
    struct its_shape s = {0};
    const struct its_attr *value = its_node_attr(n, "value");
    if (value && (value->kind != ITS_ATTR_TENSOR || its_shape_count(&value->tensor->shape) != 1))
        return its_error_set(err, -EINVAL, "a value that is no scalar");
    int r = its_param_ints(n, 0, s.dim, ITS_RANK_MAX, &s.rank, err);
    return r ? r : its_infer_out(n, 0, value ? value->tensor->type : ITS_F32, &s, err);
}

static double number(const struct its_value *v)
{
    return v->type == ITS_F32   ? *(const float *)v->data
           : v->type == ITS_S64 ? *(const int64_t *)v->data
                                : *(const int32_t *)v->data;
}

int its_infer_range(struct its_node *n, struct its_error *err)
{
    for (int i = 0; i < 3; i++) {
        int r = its_infer_type(n, i, ITS_TYPES_F32 | ITS_TYPES_INDEX, err);
        r = r ? r : its_infer_type_like_first(n, i, err);
        if (r)
            return r;
        if (!n->in[i]->data || its_shape_count(&n->in[i]->shape) != 1)
            return its_error_set(err, ITS_EUNSUPPORTED, "input %d (%s) is no constant scalar", i,
                                 n->in[i]->name);
    }
    double count = ceil((number(n->in[1]) - number(n->in[0])) / number(n->in[2]));
    if (!(count < INT32_MAX))
        return its_error_set(err, ITS_ETOOBIG, "a range of %g", count);
    struct its_shape s = {.rank = 1, .dim = {count > 0 ? (int64_t)count : 0}};
    return its_infer_out(n, 0, n->in[0]->type, &s, err);
}
