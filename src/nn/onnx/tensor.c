/* Tensors of a file: their values lie in raw_data, little endian, or in one of four typed fields
 * that serve several types each. The count of elements must be what the dims say, to the byte. */
#include "nn/onnx/tensor.h"

#include <inttypes.h>
#include <string.h>

#include "base/attr.h"
#include "nn/graph_priv.h"
#include "nn/onnx/message.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "raw_data is little endian"
#endif

struct type_row {
    const char *name;
    int type; /* -1: we do not read it */
};

/* By ONNX's number. */
static const struct type_row types[] = {
    {"undefined", -1},      {"float", ITS_F32}, {"uint8", ITS_U8},    {"int8", ITS_S8},
    {"uint16", -1},         {"int16", -1},      {"int32", ITS_S32},   {"int64", ITS_S64},
    {"string", -1},         {"bool", ITS_BOOL}, {"float16", ITS_F16}, {"double", ITS_F64},
    {"uint32", -1},         {"uint64", -1},     {"complex64", -1},    {"complex128", -1},
    {"bfloat16", ITS_BF16},
};

int its_onnx_type(int32_t onnx_type, enum its_dtype *type, struct its_error *err)
{
    if (onnx_type < 0 || onnx_type >= (int)ITS_ARRAY_LEN(types))
        return its_error_set(err, ITS_EUNSUPPORTED, "element type %" PRId32 " is not supported",
                             onnx_type);
    if (types[onnx_type].type < 0)
        return its_error_set(err, ITS_EUNSUPPORTED, "element type %s is not supported",
                             types[onnx_type].name);
    *type = (enum its_dtype)types[onnx_type].type;
    return 0;
}

static int read_shape(const Onnx__TensorProto *t, struct its_shape *s, struct its_error *err)
{
    if (t->n_dims > ITS_RANK_MAX)
        return its_error_set(err, ITS_EUNSUPPORTED, "has %zu dimensions, at most %d are supported",
                             t->n_dims, ITS_RANK_MAX);
    s->rank = (int)t->n_dims;
    for (int i = 0; i < s->rank; i++) {
        if (t->dims[i] < 0)
            return its_error_set(err, ITS_EDAMAGED, "has a negative dimension");
        s->dim[i] = t->dims[i];
    }
    return 0;
}

static int check_kind(const Onnx__TensorProto *t, struct its_error *err)
{
    if (t->has_data_location && t->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL)
        return its_error_set(err, ITS_EUNSUPPORTED,
                             "lies in a file of its own (external data): export the model with "
                             "its weights inside");
    if (t->segment)
        return its_error_set(err, ITS_EUNSUPPORTED, "is stored in segments");
    return 0;
}

/* The typed field that holds elements of that type: their number, and copying them. */
static size_t typed_count(const Onnx__TensorProto *t, enum its_dtype type)
{
    switch (type) {
    case ITS_F32:
        return t->n_float_data;
    case ITS_F64:
        return t->n_double_data;
    case ITS_S64:
        return t->n_int64_data;
    default:
        return t->n_int32_data;
    }
}

/* Small types travel in int32_data, one per entry, f16 and bf16 as their bits. */
static void copy_narrow(const Onnx__TensorProto *t, size_t bytes, void *to)
{
    for (size_t i = 0; i < t->n_int32_data; i++) {
        if (bytes == 1)
            ((uint8_t *)to)[i] = (uint8_t)t->int32_data[i];
        else
            ((uint16_t *)to)[i] = (uint16_t)t->int32_data[i];
    }
}

static void copy_typed(const Onnx__TensorProto *t, enum its_dtype type, void *to)
{
    size_t bytes = typed_count(t, type) * its_dtype_bytes(type);
    if (type == ITS_F32)
        memcpy(to, t->float_data, bytes);
    else if (type == ITS_F64)
        memcpy(to, t->double_data, bytes);
    else if (type == ITS_S64)
        memcpy(to, t->int64_data, bytes);
    else if (type == ITS_S32)
        memcpy(to, t->int32_data, bytes);
    else
        copy_narrow(t, its_dtype_bytes(type), to);
}

/* Any byte but 0 is true in a file, but only 1 in our hands. */
static void settle_bools(uint8_t *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        b[i] = b[i] != 0;
}

/* Bytes of the values that are there, whichever way. */
static size_t bytes_present(const Onnx__TensorProto *t, enum its_dtype type)
{
    return t->has_raw_data ? t->raw_data.len : typed_count(t, type) * its_dtype_bytes(type);
}

int its_onnx_tensor_add(struct its_graph *g, const char *name, Onnx__TensorProto *t,
                        struct its_value **out, struct its_error *err)
{
    enum its_dtype type;
    struct its_shape shape = {0};
    int rc = its_onnx_type(t->data_type, &type, err);
    if (rc || (rc = check_kind(t, err)) || (rc = read_shape(t, &shape, err)))
        return rc;
    char text[96];
    int64_t bytes = its_shape_bytes(&shape, type);
    /* Compared before anything is allocated: the file pays for every byte it asks for. */
    if (bytes < 0 || (size_t)bytes != bytes_present(t, type))
        return its_error_set(err, ITS_EDAMAGED, "(%s, %s) holds %zu bytes of values",
                             its_dtype_name(type), its_shape_text(&shape, text, sizeof(text)),
                             bytes_present(t, type));
    struct its_value *v = its_graph_add_constant(g, name, type, &shape, NULL);
    if (!v)
        return its_error_set(err, -ENOMEM, "%s", its_strerror(-ENOMEM));
    if (bytes && t->has_raw_data)
        memcpy(v->data, t->raw_data.data, (size_t)bytes);
    else if (bytes)
        copy_typed(t, type, v->data);
    if (type == ITS_BOOL)
        settle_bools(v->data, (size_t)bytes);
    if (t->has_raw_data)
        its_onnx_message_drop_bytes(&t->raw_data);
    *out = v;
    return 0;
}
