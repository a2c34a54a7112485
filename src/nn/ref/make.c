/* What makes tensors out of attributes, shapes and scalars. */
#include <string.h>

#include "nn/ref/ops.h"

/* Reads no data: the result is known as soon as the shape is. */
int its_ref_shape(const struct its_node *n, const void *const *in, void *const *out)
{
    int rank = n->in[0]->shape.rank;
    int64_t from = its_node_int(n, "start", 0);
    from = from < -rank ? 0 : from < 0 ? from + rank : from;
    for (int64_t i = 0; i < n->out[0]->shape.dim[0]; i++)
        ((int64_t *)out[0])[i] = n->in[0]->shape.dim[from + i];
    return 0;
}

int its_ref_size(const struct its_node *n, const void *const *in, void *const *out)
{
    *(int64_t *)out[0] = its_shape_count(&n->in[0]->shape);
    return 0;
}

int its_ref_constant(const struct its_node *n, const void *const *in, void *const *out)
{
    const struct its_attr *a = &n->attrs[0];
    const void *data = a->kind == ITS_ATTR_TENSOR  ? a->tensor->data
                       : a->kind == ITS_ATTR_FLOAT ? &a->f
                       : a->kind == ITS_ATTR_INT   ? (const void *)&a->i
                       : a->kind == ITS_ATTR_INTS  ? (const void *)a->ints
                                                   : (const void *)a->floats;
    size_t bytes = its_shape_count(&n->out[0]->shape) * its_dtype_bytes(n->out[0]->type);
    if (bytes)
        memcpy(out[0], data, bytes);
    return 0;
}

int its_ref_constant_of_shape(const struct its_node *n, const void *const *in, void *const *out)
{
    static const char zero[8];
    const struct its_attr *value = its_node_attr(n, "value");
    const char *from = value ? value->tensor->data : zero;
    int64_t count = its_shape_count(&n->out[0]->shape), bytes = its_dtype_bytes(n->out[0]->type);
    for (int64_t i = 0; i < count; i++)
        memcpy((char *)out[0] + i * bytes, from, bytes);
    return 0;
}

#define FILL(T, U)                                                                                 \
    for (int64_t i = 0; i < count; i++)                                                            \
    ((T *)out[0])[i] = (T)((U) * (const T *)in[0] + (U)i * (U) * (const T *)in[2])

int its_ref_range(const struct its_node *n, const void *const *in, void *const *out)
{
    int64_t count = its_shape_count(&n->out[0]->shape);
    if (n->in[0]->type == ITS_F32)
        FILL(float, double);
    else if (n->in[0]->type == ITS_S64)
        FILL(int64_t, uint64_t);
    else
        FILL(int32_t, uint32_t);
    return 0;
}

/* Nothing is dropped when a network runs. */
int its_ref_dropout(const struct its_node *n, const void *const *in, void *const *out)
{
    size_t count = its_shape_count(&n->out[0]->shape);
    if (n->out_count > 1 && out[1])
        memset(out[1], 1, count);
    return its_ref_identity(n, in, out);
}
