/* Inference of what works element by element: one input, or several that broadcast. */
#include "nn/infer.h"
#include "nn/param.h"

static int same(struct its_node *n, unsigned types, struct its_error *err)
{
    int r = its_infer_type(n, 0, types, err);
    return r ? r : its_infer_out(n, 0, n->in[0]->type, &n->in[0]->shape, err);
}

int its_infer_same(struct its_node *n, struct its_error *err)
{
    return same(n, ITS_TYPES_ANY, err);
}

int its_infer_float(struct its_node *n, struct its_error *err)
{
    return same(n, ITS_TYPES_F32, err);
}

int its_infer_number(struct its_node *n, struct its_error *err)
{
    return same(n, ITS_TYPES_NUMBER, err);
}

int its_infer_bool(struct its_node *n, struct its_error *err)
{
    return same(n, ITS_TYPES_BOOL, err);
}

/* All inputs are of one of the types and broadcast to the result, which is of `result`, or of
 * theirs when that is -1. */
static int broadcast(struct its_node *n, unsigned types, int result, struct its_error *err)
{
    struct its_shape s = n->in[0]->shape;
    for (int i = 0; i < n->in_count; i++) {
        int r = its_infer_type(n, i, types, err);
        r = r ? r : its_infer_type_like_first(n, i, err);
        r = r || !n->in[i] ? r : its_infer_broadcast(&s, &n->in[i]->shape, err);
        if (r)
            return r;
        if (!n->in[i])
            return its_error_set(err, -EINVAL, "input %d is missing", i);
    }
    return its_infer_out(n, 0, result < 0 ? (int)n->in[0]->type : result, &s, err);
}

int its_infer_arithmetic(struct its_node *n, struct its_error *err)
{
    return broadcast(n, ITS_TYPES_NUMBER, -1, err);
}

int its_infer_many(struct its_node *n, struct its_error *err)
{
    return broadcast(n, ITS_TYPES_NUMBER, -1, err);
}

int its_infer_many_float(struct its_node *n, struct its_error *err)
{
    return broadcast(n, ITS_TYPES_F32, -1, err);
}

int its_infer_compare(struct its_node *n, struct its_error *err)
{
    return broadcast(n, ITS_TYPES_NUMBER, ITS_BOOL, err);
}

int its_infer_equal(struct its_node *n, struct its_error *err)
{
    return broadcast(n, ITS_TYPES_NUMBER | ITS_TYPES_BOOL, ITS_BOOL, err);
}

int its_infer_logic(struct its_node *n, struct its_error *err)
{
    return broadcast(n, ITS_TYPES_BOOL, ITS_BOOL, err);
}

int its_infer_mod(struct its_node *n, struct its_error *err)
{
    if (n->in[0]->type == ITS_F32 && !its_node_int(n, "fmod", 0))
        return its_error_set(err, -EINVAL, "floats without fmod");
    return broadcast(n, ITS_TYPES_NUMBER, -1, err);
}

/* The exponent may be of another type. */
int its_infer_pow(struct its_node *n, struct its_error *err)
{
    struct its_shape s = n->in[0]->shape;
    int r = its_infer_type(n, 0, ITS_TYPES_F32 | ITS_TYPES_INDEX, err);
    r = r ? r : its_infer_type(n, 1, ITS_TYPES_F32 | ITS_TYPES_INDEX, err);
    r = r ? r : its_infer_broadcast(&s, &n->in[1]->shape, err);
    return r ? r : its_infer_out(n, 0, n->in[0]->type, &s, err);
}

/* The slope broadcasts to the input, not the other way round. */
int its_infer_prelu(struct its_node *n, struct its_error *err)
{
    int r = broadcast(n, ITS_TYPES_F32, -1, err);
    if (!r && !its_shape_equal(&n->out[0]->shape, &n->in[0]->shape))
        return its_error_set(err, -EINVAL, "the slope is larger than the input");
    return r;
}

int its_infer_where(struct its_node *n, struct its_error *err)
{
    struct its_shape s = n->in[0]->shape;
    int r = its_infer_type(n, 0, ITS_TYPES_BOOL, err);
    r = r ? r : its_infer_broadcast(&s, &n->in[1]->shape, err);
    r = r ? r : its_infer_broadcast(&s, &n->in[2]->shape, err);
    if (!r && n->in[1]->type != n->in[2]->type)
        return its_error_set(err, -EINVAL, "%s or %s", its_dtype_name(n->in[1]->type),
                             its_dtype_name(n->in[2]->type));
    return r ? r : its_infer_out(n, 0, n->in[1]->type, &s, err);
}

int its_infer_clip(struct its_node *n, struct its_error *err)
{
    for (int i = 1; i < n->in_count; i++) {
        int r = its_infer_type_like_first(n, i, err);
        if (r)
            return r;
        if (n->in[i] && its_shape_count(&n->in[i]->shape) != 1)
            return its_error_set(err, -EINVAL, "bound %d is no scalar", i);
    }
    return same(n, ITS_TYPES_NUMBER, err);
}

/* ONNX's numbers of the types we have. */
int its_dtype_of_onnx(int64_t number, enum its_dtype *type)
{
    static const struct {
        int64_t number;
        enum its_dtype type;
    } types[] = {{1, ITS_F32}, {2, ITS_U8},   {3, ITS_S8},   {6, ITS_S32},
                 {7, ITS_S64}, {9, ITS_BOOL}, {10, ITS_F16}, {11, ITS_F64}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (types[i].number == number) {
            *type = types[i].type;
            return 0;
        }
    return ITS_EUNSUPPORTED;
}

int its_infer_cast(struct its_node *n, struct its_error *err)
{
    const unsigned types = ITS_TYPES_NUMBER | ITS_TYPES_BOOL | 1u << ITS_F64;
    int64_t to = its_node_int(n, "to", 0);
    enum its_dtype type;
    if (its_dtype_of_onnx(to, &type) || !(types & 1u << type))
        return its_error_set(err, ITS_EUNSUPPORTED, "cast to ONNX type %lld", (long long)to);
    int r = its_infer_type(n, 0, types, err);
    return r ? r : its_infer_out(n, 0, type, &n->in[0]->shape, err);
}

/* BatchNormalization with given statistics: four numbers per channel. */
int its_infer_norm(struct its_node *n, struct its_error *err)
{
    const struct its_shape *x = &n->in[0]->shape;
    if (its_node_int(n, "training_mode", 0))
        return its_error_set(err, ITS_EUNSUPPORTED, "training mode");
    if (x->rank < 2)
        return its_error_set(err, -EINVAL, "input of rank %d", x->rank);
    for (int i = 1; i < n->in_count; i++) {
        int r = its_infer_type(n, i, ITS_TYPES_F32, err);
        if (r)
            return r;
        if (n->in[i]->shape.rank != 1 || n->in[i]->shape.dim[0] != x->dim[1])
            return its_error_set(err, -EINVAL, "input %d has not one number per channel", i);
    }
    return same(n, ITS_TYPES_F32, err);
}

/* Inference passes everything; the mask says so. */
int its_infer_dropout(struct its_node *n, struct its_error *err)
{
    const struct its_value *training = its_node_in(n, 2);
    if (training && (!training->data || training->type != ITS_BOOL ||
                     its_shape_count(&training->shape) != 1 || *(const uint8_t *)training->data))
        return its_error_set(err, ITS_EUNSUPPORTED, "training mode");
    int r = same(n, ITS_TYPES_ANY, err);
    return r ? r : its_infer_out(n, 1, ITS_BOOL, &n->in[0]->shape, err);
}

int its_infer_softmax(struct its_node *n, struct its_error *err)
{
    int axis, rank = n->in[0]->shape.rank;
    int r = its_axis_of(n, n->op->since < 13 ? 1 : -1, rank, &axis, err);
    /* Before opset 13 the axis may be one past the last: rows of one element. */
    if (r && n->op->since < 13 && its_node_int(n, "axis", 1) == rank)
        r = 0;
    return r ? r : same(n, ITS_TYPES_F32, err);
}
