/* Inference of what turns reals into integers and back. */
#include "nn/infer.h"
#include "nn/param.h"

/* One scale for all, or one per index of the axis; the zero point likewise. */
static int check_scales(const struct its_node *n, struct its_error *err)
{
    const struct its_shape *x = &n->in[0]->shape, *s = &n->in[1]->shape;
    const struct its_value *zero = its_node_in(n, 2);
    int axis, r = its_infer_type(n, 1, ITS_TYPES_F32, err);
    if (r)
        return r;
    if (zero && its_shape_count(&zero->shape) != its_shape_count(s))
        return its_error_set(err, -EINVAL, "as many zero points as scales are needed");
    if (its_node_int(n, "block_size", 0))
        return its_error_set(err, ITS_EUNSUPPORTED, "scales per block");
    if (its_shape_count(s) == 1)
        return 0;
    if (n->op->since < 13 || s->rank != 1)
        return its_error_set(err, -EINVAL, "scales that are neither one nor a list");
    r = its_axis_of(n, 1, x->rank, &axis, err);
    if (!r && x->dim[axis] != s->dim[0])
        r = its_error_set(err, -EINVAL, "%lld scales for an axis of %lld", (long long)s->dim[0],
                          (long long)x->dim[axis]);
    return r;
}

int its_infer_quantize(struct its_node *n, struct its_error *err)
{
    int r = its_infer_type(n, 0, ITS_TYPES_F32 | 1u << ITS_S32, err);
    r = r ? r : its_infer_type(n, 2, ITS_TYPES_BYTE, err);
    r = r ? r : check_scales(n, err);
    const struct its_value *zero = its_node_in(n, 2);
    return r ? r : its_infer_out(n, 0, zero ? zero->type : ITS_U8, &n->in[0]->shape, err);
}

int its_infer_dequantize(struct its_node *n, struct its_error *err)
{
    int r = its_infer_type(n, 0, ITS_TYPES_BYTE | 1u << ITS_S32, err);
    r = r ? r : its_infer_type_like_first(n, 2, err);
    r = r ? r : check_scales(n, err);
    return r ? r : its_infer_out(n, 0, ITS_F32, &n->in[0]->shape, err);
}

int its_infer_dynamic_quantize(struct its_node *n, struct its_error *err)
{
    struct its_shape scalar = {0};
    int r = its_infer_type(n, 0, ITS_TYPES_F32, err);
    r = r ? r : its_infer_out(n, 0, ITS_U8, &n->in[0]->shape, err);
    r = r ? r : its_infer_out(n, 1, ITS_F32, &scalar, err);
    return r ? r : its_infer_out(n, 2, ITS_U8, &scalar, err);
}
