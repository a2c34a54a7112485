/* ModelProto → graph: checks first, then initialisers, inputs, nodes, outputs, in that order, so
 * that every name is known before it is used. A file that uses one earlier is out of order or has
 * a cycle: ONNX allows neither. */
#include "nn/onnx/import.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "nn/onnx/attributes.h"
#include "nn/onnx/message.h"
#include "nn/onnx/names.h"
#include "nn/onnx/tensor.h"
#include "nn/op.h"

struct import {
    struct its_graph *g;
    Onnx__GraphProto *file;
    struct its_onnx_names names;
    struct its_error *err;
};

/* --- names */

/* Names go into messages and logs: no control characters, no novels. */
static bool readable(const char *name)
{
    size_t n = 0;
    for (; name[n]; n++)
        if ((unsigned char)name[n] < 0x20 || name[n] == 0x7f)
            return false;
    return n <= 1024;
}

/* A name that something is about to get: there, readable, and not taken. */
static int check_new(struct import *im, const char *name, const char *what)
{
    if (!name || !*name)
        return its_error_set(im->err, ITS_EDAMAGED, "%s without a name", what);
    if (!readable(name))
        return its_error_set(im->err, ITS_EDAMAGED, "%s with an unreadable name", what);
    if (its_onnx_names_find(&im->names, name))
        return its_error_set(im->err, ITS_EDAMAGED, "'%.80s' is defined twice", name);
    return 0;
}

/* --- the model around the graph */

static bool is_default_domain(const char *domain)
{
    return !domain || !*domain || strcmp(domain, "ai.onnx") == 0;
}

static int read_opset(const Onnx__ModelProto *m, struct its_graph *g, struct its_error *err)
{
    int64_t version = 0;
    for (size_t i = 0; i < m->n_opset_import; i++)
        if (is_default_domain(m->opset_import[i]->domain))
            version = m->opset_import[i]->version;
    if (version < ITS_ONNX_OPSET_MIN || version > ITS_ONNX_OPSET_MAX)
        return its_error_set(err, ITS_EUNSUPPORTED,
                             "operator set %" PRId64 ": versions %d to %d are supported", version,
                             ITS_ONNX_OPSET_MIN, ITS_ONNX_OPSET_MAX);
    g->opset = (int)version;
    return 0;
}

static int check_model(const Onnx__ModelProto *m, struct its_error *err)
{
    if (!m->graph)
        return its_error_set(err, ITS_EDAMAGED, "damaged, or not an ONNX file: no graph in it");
    if (m->n_functions)
        return its_error_set(err, ITS_EUNSUPPORTED,
                             "defines functions of its own (%s): export it with them inlined",
                             m->functions[0]->name ? m->functions[0]->name : "?");
    if (m->graph->n_sparse_initializer)
        return its_error_set(err, ITS_EUNSUPPORTED, "has sparse initialisers");
    return 0;
}

static void read_meta(const Onnx__ModelProto *m, struct its_graph *g)
{
    g->meta = its_arena_alloc(g->arena, m->n_metadata_props * sizeof(*g->meta));
    for (size_t i = 0; i < m->n_metadata_props; i++) {
        const Onnx__StringStringEntryProto *e = m->metadata_props[i];
        g->meta[i][0] = its_arena_strdup(g->arena, e->key ? e->key : "");
        g->meta[i][1] = its_arena_strdup(g->arena, e->value ? e->value : "");
    }
    g->meta_count = (int)m->n_metadata_props;
}

/* --- constants, inputs, outputs */

static int add_constant(struct import *im, const char *name, Onnx__TensorProto *t, const char *what)
{
    struct its_value *v;
    int rc = check_new(im, name, what);
    if (rc)
        return rc;
    if ((rc = its_onnx_tensor_add(im->g, name, t, &v, im->err))) {
        its_error_prefix(im->err, "%s '%s'", what, name);
        return rc;
    }
    its_onnx_names_add(&im->names, v);
    return 0;
}

static int add_initialisers(struct import *im)
{
    int rc = 0;
    for (size_t i = 0; i < im->file->n_initializer && rc == 0; i++) {
        Onnx__TensorProto *t = im->file->initializer[i];
        rc = add_constant(im, t->name, t, "initialiser");
    }
    return rc;
}

static int read_dims(const Onnx__TensorShapeProto *file, struct its_shape *s, struct its_error *err)
{
    if (file->n_dim > ITS_RANK_MAX)
        return its_error_set(err, ITS_EUNSUPPORTED, "has %zu dimensions, at most %d are supported",
                             file->n_dim, ITS_RANK_MAX);
    s->rank = (int)file->n_dim;
    for (int i = 0; i < s->rank; i++) {
        const Onnx__TensorShapeProto__Dimension *d = file->dim[i];
        bool known = d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        /* Some exporters write -1 or 0 for "any". */
        s->dim[i] = known && d->dim_value > 0 ? d->dim_value : ITS_DIM_UNKNOWN;
    }
    return 0;
}

static int read_type(const Onnx__TypeProto *file, struct its_value *v, struct its_error *err)
{
    if (!file || file->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE)
        return its_error_set(err, ITS_EUNSUPPORTED, "is not a tensor");
    const Onnx__TypeProto__Tensor *t = file->tensor_type;
    int rc = its_onnx_type(t->elem_type, &v->type, err);
    if (rc || !t->shape)
        return rc;
    v->shaped = true;
    return read_dims(t->shape, &v->shape, err);
}

static int add_inputs(struct import *im)
{
    struct its_graph *g = im->g;
    g->input = its_arena_alloc(g->arena, im->file->n_input * sizeof(struct its_value *));
    for (size_t i = 0; i < im->file->n_input; i++) {
        const Onnx__ValueInfoProto *info = im->file->input[i];
        /* An input with an initialiser has that for a default: to us it is a constant. */
        if (info->name && its_onnx_names_find(&im->names, info->name))
            continue;
        int rc = check_new(im, info->name, "input");
        if (rc)
            return rc;
        struct its_value *v = its_graph_add_value(g, info->name, ITS_F32, NULL);
        if ((rc = read_type(info->type, v, im->err))) {
            its_error_prefix(im->err, "input '%s'", v->name);
            return rc;
        }
        its_onnx_names_add(&im->names, v);
        g->input[g->input_count++] = v;
    }
    return 0;
}

static int add_outputs(struct import *im)
{
    struct its_graph *g = im->g;
    g->output = its_arena_alloc(g->arena, im->file->n_output * sizeof(struct its_value *));
    for (size_t i = 0; i < im->file->n_output; i++) {
        const char *name = im->file->output[i]->name ? im->file->output[i]->name : "";
        struct its_value *v = its_onnx_names_find(&im->names, name);
        if (!v)
            return its_error_set(im->err, ITS_EDAMAGED, "output '%.80s' is computed by no node",
                                 name);
        g->output[g->output_count++] = v;
    }
    if (g->output_count == 0)
        return its_error_set(im->err, ITS_EDAMAGED, "has no outputs");
    return 0;
}

/* --- nodes */

/* Why a name is not there: the file is out of order (or cyclic), or nobody makes it. */
static int missing_input(struct import *im, const char *name)
{
    for (size_t i = 0; i < im->file->n_node; i++) {
        const Onnx__NodeProto *n = im->file->node[i];
        for (size_t k = 0; k < n->n_output; k++)
            if (strcmp(n->output[k], name) == 0)
                return its_error_set(im->err, ITS_EDAMAGED,
                                     "its input '%.80s' is computed by node '%.80s', which does "
                                     "not come before it: the graph has a cycle or is out of order",
                                     name, n->name ? n->name : "?");
    }
    return its_error_set(im->err, ITS_EDAMAGED, "its input '%.80s' is not defined anywhere", name);
}

static int connect_inputs(struct import *im, const Onnx__NodeProto *file, struct its_node *n)
{
    for (int i = 0; i < n->in_count; i++) {
        const char *name = file->input[i];
        if (*name && !(n->in[i] = its_onnx_names_find(&im->names, name)))
            return missing_input(im, name);
        if (!n->in[i] && i < n->op->in_min)
            return its_error_set(im->err, ITS_EDAMAGED, "its input %d is left out", i);
    }
    return 0;
}

static int connect_outputs(struct import *im, const Onnx__NodeProto *file, struct its_node *n)
{
    for (int i = 0; i < n->out_count; i++) {
        const char *name = file->output[i];
        if (!*name && i >= n->op->out_min)
            continue;
        int rc = check_new(im, name, "an output");
        if (rc)
            return rc;
        n->out[i] = its_graph_add_value(im->g, name, ITS_F32, NULL);
        n->out[i]->from = n;
        its_onnx_names_add(&im->names, n->out[i]);
    }
    return 0;
}

static int check_count(size_t count, int min, int max, const char *what, struct its_error *err)
{
    if (count >= (size_t)min && (max < 0 || count <= (size_t)max))
        return 0;
    if (max < 0)
        return its_error_set(err, ITS_EDAMAGED, "has %zu %s, not %d or more", count, what, min);
    if (min == max)
        return its_error_set(err, ITS_EDAMAGED, "has %zu %s, not %d", count, what, min);
    return its_error_set(err, ITS_EDAMAGED, "has %zu %s, not %d to %d", count, what, min, max);
}

/* A Constant node's value, whichever of its attributes it lies in. */
static int add_constant_node(struct import *im, Onnx__NodeProto *file)
{
    if (file->n_output != 1 || file->n_input != 0 || file->n_attribute != 1)
        return its_error_set(im->err, ITS_EDAMAGED, "is not one value for one output");
    Onnx__AttributeProto *a = file->attribute[0];
    if (a->type == ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR && a->t)
        return add_constant(im, file->output[0], a->t, "value");
    int rc = check_new(im, file->output[0], "an output");
    struct its_value *v;
    if (rc || (rc = its_onnx_attribute_constant(im->g, file->output[0], a, &v, im->err)))
        return rc;
    its_onnx_names_add(&im->names, v);
    return 0;
}

static int add_plain_node(struct import *im, Onnx__NodeProto *file)
{
    const char *domain = is_default_domain(file->domain) ? "" : file->domain;
    if (its_onnx_attributes_have_graph(file))
        return its_error_set(im->err, ITS_EUNSUPPORTED,
                             "graphs within graphs are not supported: export the model without "
                             "control flow");
    const struct its_op *op = its_op_find(domain, file->op_type, im->g->opset, im->err);
    if (!op)
        return ITS_EUNSUPPORTED;
    int rc = check_count(file->n_input, op->in_min, op->in_max, "inputs", im->err);
    if (rc || (rc = check_count(file->n_output, op->out_min, op->out_max, "outputs", im->err)))
        return rc;
    struct its_node *n =
        its_graph_add_node(im->g, op, file->name, (int)file->n_input, (int)file->n_output);
    if ((rc = its_onnx_attributes_add(im->g, n, file, im->err)) ||
        (rc = connect_inputs(im, file, n)))
        return rc;
    return connect_outputs(im, file, n);
}

static int add_nodes(struct import *im)
{
    for (size_t i = 0; i < im->file->n_node; i++) {
        Onnx__NodeProto *file = im->file->node[i];
        const char *type = file->op_type ? file->op_type : "";
        if (!readable(type) || (file->name && !readable(file->name)))
            return its_error_set(im->err, ITS_EDAMAGED, "node %zu has an unreadable name", i);
        bool constant = is_default_domain(file->domain) && strcmp(type, "Constant") == 0;
        int rc = *type ? 0 : its_error_set(im->err, ITS_EDAMAGED, "has no operator");
        if (rc == 0)
            rc = constant ? add_constant_node(im, file) : add_plain_node(im, file);
        if (rc == 0)
            continue;
        if (file->name && *file->name)
            its_error_prefix(im->err, "node '%.120s' (%.40s)", file->name, type);
        else
            its_error_prefix(im->err, "node %zu (%.40s)", i, type);
        return rc;
    }
    return 0;
}

/* --- the whole */

static int import_model(Onnx__ModelProto *m, struct its_graph *g, struct its_error *err)
{
    int rc = check_model(m, err);
    if (rc || (rc = read_opset(m, g, err)))
        return rc;
    struct import im = {.g = g, .file = m->graph, .err = err};
    read_meta(m, g);
    rc = add_initialisers(&im);
    if (rc == 0)
        rc = add_inputs(&im);
    if (rc == 0)
        rc = add_nodes(&im);
    if (rc == 0)
        rc = add_outputs(&im);
    its_onnx_names_fini(&im.names);
    return rc;
}

int its_onnx_import_bytes(const uint8_t *bytes, size_t size, void (*release)(void *bytes),
                          struct its_graph **out, struct its_error *err)
{
    ProtobufCMessage *m;
    *out = NULL;
    int rc = its_onnx_message_read(&onnx__model_proto__descriptor, bytes, size, &m, err);
    if (release)
        release((void *)bytes);
    if (rc)
        return rc;
    struct its_graph *g = its_graph_create();
    rc = import_model((Onnx__ModelProto *)m, g, err);
    its_onnx_message_free(m);
    if (rc)
        its_graph_destroy(&g);
    *out = g;
    return rc;
}

int its_onnx_import(const char *path, char sha256[ITS_SHA256_CHARS], struct its_graph **out,
                    struct its_error *err)
{
    uint8_t *bytes;
    size_t size;
    *out = NULL;
    int rc = its_onnx_file_read(path, &bytes, &size, err);
    if (rc == 0) {
        if (sha256)
            its_sha256_hex(bytes, size, sha256);
        rc = its_onnx_import_bytes(bytes, size, free, out, err);
    }
    if (rc)
        its_error_prefix(err, "%s", path);
    return rc;
}
