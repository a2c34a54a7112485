#include "nn/onnx/attributes.h"

#include <limits.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "nn/onnx/tensor.h"
#include "nn/op.h"

bool its_onnx_attributes_have_graph(const Onnx__NodeProto *file)
{
    for (size_t i = 0; i < file->n_attribute; i++)
        if (file->attribute[i]->g || file->attribute[i]->n_graphs)
            return true;
    return false;
}

static void *kept(struct its_graph *g, const void *data, size_t bytes)
{
    void *p = its_arena_alloc(g->arena, bytes);
    return bytes ? memcpy(p, data, bytes) : p;
}

static int read_tensor(struct its_graph *g, Onnx__TensorProto *t, struct its_attr *a,
                       struct its_error *err)
{
    if (!t)
        return its_error_set(err, ITS_EDAMAGED, "has no value");
    a->kind = ITS_ATTR_TENSOR;
    return its_onnx_tensor_add(g, NULL, t, &a->tensor, err);
}

static const char *text_of(struct its_graph *g, ProtobufCBinaryData s)
{
    char *text = its_arena_alloc(g->arena, s.len + 1); /* zeroed: ends itself */
    if (s.len)
        memcpy(text, s.data, s.len);
    return text;
}

static int read_attribute(struct its_graph *g, const Onnx__AttributeProto *file, struct its_attr *a,
                          struct its_error *err)
{
    if (file->n_ints > INT_MAX || file->n_floats > INT_MAX)
        return its_error_set(err, ITS_ETOOBIG, "is too long");
    a->count = 1;
    switch (file->type) {
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT:
        a->kind = ITS_ATTR_INT;
        a->i = file->i;
        return 0;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT:
        a->kind = ITS_ATTR_FLOAT;
        a->f = file->f;
        return 0;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING:
        a->kind = ITS_ATTR_STRING;
        a->s = text_of(g, file->s);
        return 0;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS:
        a->kind = ITS_ATTR_INTS;
        a->count = (int)file->n_ints;
        a->ints = kept(g, file->ints, file->n_ints * sizeof(*file->ints));
        return 0;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS:
        a->kind = ITS_ATTR_FLOATS;
        a->count = (int)file->n_floats;
        a->floats = kept(g, file->floats, file->n_floats * sizeof(*file->floats));
        return 0;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR:
        return read_tensor(g, file->t, a, err);
    default:
        return its_error_set(err, ITS_EUNSUPPORTED, "is of a kind that is not supported");
    }
}

static bool understood(const struct its_op *op, const char *name)
{
    for (const char *const *known = op->attrs; known && *known; known++)
        if (strcmp(*known, name) == 0)
            return true;
    return false;
}

int its_onnx_attributes_add(struct its_graph *g, struct its_node *n, const Onnx__NodeProto *file,
                            struct its_error *err)
{
    struct its_attr *attrs = its_arena_alloc(g->arena, file->n_attribute * sizeof(*attrs));
    n->attrs = attrs;
    for (size_t i = 0; i < file->n_attribute; i++) {
        const char *name = file->attribute[i]->name ? file->attribute[i]->name : "";
        if (!understood(n->op, name))
            return its_error_set(err, ITS_EUNSUPPORTED,
                                 "its attribute '%.40s' is not supported in version %d", name,
                                 g->opset);
        attrs[i].name = its_arena_strdup(g->arena, name);
        int rc = read_attribute(g, file->attribute[i], &attrs[i], err);
        if (rc) {
            its_error_prefix(err, "its attribute '%s'", name);
            return rc;
        }
        n->attr_count++;
    }
    return 0;
}

int its_onnx_attribute_constant(struct its_graph *g, const char *name,
                                const Onnx__AttributeProto *file, struct its_value **out,
                                struct its_error *err)
{
    struct its_attr a = {0};
    int rc = read_attribute(g, file, &a, err);
    if (rc)
        return rc;
    bool list = a.kind == ITS_ATTR_INTS || a.kind == ITS_ATTR_FLOATS;
    struct its_shape shape = {.rank = list, .dim = {list ? a.count : 0}};
    bool ints = a.kind == ITS_ATTR_INTS || a.kind == ITS_ATTR_INT;
    const void *data = a.kind == ITS_ATTR_INT     ? (const void *)&a.i
                       : a.kind == ITS_ATTR_FLOAT ? (const void *)&a.f
                       : ints                     ? (const void *)a.ints
                                                  : (const void *)a.floats;
    if (!data)
        return its_error_set(err, ITS_EUNSUPPORTED, "its value is of a kind that is not supported");
    *out = its_graph_add_constant(g, name, ints ? ITS_S64 : ITS_F32, &shape, data);
    return *out ? 0 : its_error_set(err, -ENOMEM, "%s", its_strerror(-ENOMEM));
}
