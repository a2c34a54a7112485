/* The file is unpacked into one arena, edited there (new nodes and tensors live in the same arena)
 * and packed again: nothing is freed alone. */
#include "nn/onnx/qdq.h"

#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/mem.h"
#include <onnx.pb-c.h>

#define FILE_BYTES_MAX (1ll << 30)

struct edit {
    const struct its_qdq_edit *what;
    struct its_arena *arena;
    Onnx__ModelProto *model;
    Onnx__GraphProto *graph;
    /* --- the lists as they will be */
    Onnx__NodeProto **nodes;
    size_t node_count, node_room;
    Onnx__TensorProto **tensors;
    size_t tensor_count, tensor_room;
};

/* --- memory */

static void *arena_alloc(void *arena, size_t bytes)
{
    return its_arena_alloc(arena, bytes);
}

static void arena_free(void *arena, void *p)
{
}

static void *grow(struct edit *e, void *old, size_t count, size_t *room)
{
    if (count < *room)
        return old;
    *room = ITS_MAX(*room * 2, 64);
    void *list = its_arena_alloc(e->arena, *room * sizeof(void *));
    if (count)
        memcpy(list, old, count * sizeof(void *));
    return list;
}

static void push_node(struct edit *e, Onnx__NodeProto *n)
{
    e->nodes = grow(e, e->nodes, e->node_count, &e->node_room);
    e->nodes[e->node_count++] = n;
}

static void push_tensor(struct edit *e, Onnx__TensorProto *t)
{
    e->tensors = grow(e, e->tensors, e->tensor_count, &e->tensor_room);
    e->tensors[e->tensor_count++] = t;
}

/* --- pieces */

static char *join(struct edit *e, const char *name, const char *suffix)
{
    return its_arena_printf(e->arena, "%s%s", name, suffix);
}

/* A constant of the file; dims 0: a scalar. Returns its name. */
static char *add_constant(struct edit *e, char *name, int32_t type, size_t count, size_t dims,
                          const void *data, size_t bytes)
{
    Onnx__TensorProto *t = its_arena_alloc(e->arena, sizeof(*t));
    onnx__tensor_proto__init(t);
    t->name = name;
    t->has_data_type = 1;
    t->data_type = type;
    t->n_dims = dims;
    t->dims = its_arena_alloc(e->arena, sizeof(int64_t));
    t->dims[0] = (int64_t)count;
    t->has_raw_data = 1;
    t->raw_data.len = bytes;
    t->raw_data.data = its_arena_alloc(e->arena, bytes);
    memcpy(t->raw_data.data, data, bytes);
    push_tensor(e, t);
    return name;
}

static Onnx__NodeProto *add_node(struct edit *e, const char *op, char *name, char *in, char *scale,
                                 char *zero, char *out)
{
    Onnx__NodeProto *n = its_arena_alloc(e->arena, sizeof(*n));
    onnx__node_proto__init(n);
    n->name = name;
    n->op_type = its_arena_strdup(e->arena, op);
    n->n_input = 3;
    n->input = its_arena_alloc(e->arena, 3 * sizeof(char *));
    n->input[0] = in;
    n->input[1] = scale;
    n->input[2] = zero;
    n->n_output = 1;
    n->output = its_arena_alloc(e->arena, sizeof(char *));
    n->output[0] = out;
    push_node(e, n);
    return n;
}

static void set_axis(struct edit *e, Onnx__NodeProto *n, int64_t axis)
{
    Onnx__AttributeProto *a = its_arena_alloc(e->arena, sizeof(*a));
    onnx__attribute_proto__init(a);
    a->name = its_arena_strdup(e->arena, "axis");
    a->has_type = 1;
    a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
    a->has_i = 1;
    a->i = axis;
    n->n_attribute = 1;
    n->attribute = its_arena_alloc(e->arena, sizeof(*n->attribute));
    n->attribute[0] = a;
}

/* --- activations */

static const struct its_qdq_tensor *find_tensor(const struct edit *e, const char *name)
{
    for (int i = 0; i < e->what->tensor_count; i++)
        if (strcmp(e->what->tensors[i].name, name) == 0)
            return &e->what->tensors[i];
    return NULL;
}

static const struct its_qdq_conv *find_conv(const struct edit *e, const char *name)
{
    for (int i = 0; name && i < e->what->conv_count; i++)
        if (strcmp(e->what->convs[i].name, name) == 0)
            return &e->what->convs[i];
    return NULL;
}

static void quantise_value(struct edit *e, const struct its_qdq_tensor *t)
{
    uint8_t zero = (uint8_t)t->zero;
    char *scale_name = add_constant(e, join(e, t->name, "_scale"),
                                    ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, 1, 0, &t->scale, 4);
    char *zero_name = add_constant(e, join(e, t->name, "_zero_point"),
                                   ONNX__TENSOR_PROTO__DATA_TYPE__UINT8, 1, 0, &zero, 1);
    char *q = join(e, t->name, "_QuantizeLinear_Output");
    add_node(e, "QuantizeLinear", join(e, t->name, "_QuantizeLinear"),
             its_arena_strdup(e->arena, t->name), scale_name, zero_name, q);
    add_node(e, "DequantizeLinear", join(e, t->name, "_DequantizeLinear"), q, scale_name, zero_name,
             join(e, t->name, "_DequantizeLinear_Output"));
}

/* Readers take the tensor from behind its pair of nodes. */
static void redirect_inputs(struct edit *e, Onnx__NodeProto *n)
{
    for (size_t i = 0; i < n->n_input; i++)
        if (find_tensor(e, n->input[i]))
            n->input[i] = join(e, n->input[i], "_DequantizeLinear_Output");
}

/* --- convolutions */

static Onnx__TensorProto *find_initialiser(const struct edit *e, const char *name)
{
    for (size_t i = 0; i < e->graph->n_initializer; i++)
        if (strcmp(e->graph->initializer[i]->name, name) == 0)
            return e->graph->initializer[i];
    return NULL;
}

static char *add_weights(struct edit *e, const Onnx__NodeProto *n, const struct its_qdq_conv *c,
                         const Onnx__TensorProto *w, size_t channels)
{
    size_t count = 1;
    for (size_t i = 0; i < w->n_dims; i++)
        count *= (size_t)w->dims[i];
    const char *name = n->input[1];
    char *q = add_constant(e, join(e, name, "_quantized"), ONNX__TENSOR_PROTO__DATA_TYPE__INT8,
                           count, 1, c->weights, count);
    Onnx__TensorProto *t = e->tensors[e->tensor_count - 1];
    t->n_dims = w->n_dims;
    t->dims = w->dims;
    int8_t *zeros = its_arena_alloc(e->arena, channels);
    char *scale = add_constant(e, join(e, name, "_scale"), ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT,
                               channels, 1, c->scale, channels * sizeof(float));
    char *zero = add_constant(e, join(e, name, "_zero_point"), ONNX__TENSOR_PROTO__DATA_TYPE__INT8,
                              channels, 1, zeros, channels);
    char *out = join(e, name, "_DequantizeLinear_Output");
    set_axis(
        e, add_node(e, "DequantizeLinear", join(e, name, "_DequantizeLinear"), q, scale, zero, out),
        0);
    return out;
}

/* The bias in steps of input scale x weight scale, as 32-bit integers: what the sums are counted
 * in, so that runtimes may add it to them. */
static char *add_bias(struct edit *e, const Onnx__NodeProto *n, const struct its_qdq_conv *c,
                      size_t channels)
{
    int32_t *q = its_arena_alloc(e->arena, channels * sizeof(*q));
    int32_t *zeros = its_arena_alloc(e->arena, channels * sizeof(*zeros));
    float *step = its_arena_alloc(e->arena, channels * sizeof(*step));
    for (size_t i = 0; i < channels; i++) {
        step[i] = c->input_scale * c->scale[i];
        double v = nearbyint((double)c->bias[i] / step[i]);
        q[i] = (int32_t)ITS_MAX(-2147483647.0, ITS_MIN(2147483647.0, v));
    }
    char *name = join(e, n->input[1], "_bias");
    char *quantised =
        add_constant(e, join(e, name, "_quantized"), ONNX__TENSOR_PROTO__DATA_TYPE__INT32, channels,
                     1, q, channels * 4);
    char *scale = add_constant(e, join(e, name, "_scale"), ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT,
                               channels, 1, step, channels * 4);
    char *zero = add_constant(e, join(e, name, "_zero_point"), ONNX__TENSOR_PROTO__DATA_TYPE__INT32,
                              channels, 1, zeros, channels * 4);
    char *out = join(e, name, "_DequantizeLinear_Output");
    set_axis(e,
             add_node(e, "DequantizeLinear", join(e, name, "_DequantizeLinear"), quantised, scale,
                      zero, out),
             0);
    return out;
}

static int quantise_conv(struct edit *e, Onnx__NodeProto *n, const struct its_qdq_conv *c,
                         struct its_error *err)
{
    const Onnx__TensorProto *w = n->n_input > 1 ? find_initialiser(e, n->input[1]) : NULL;
    if (!w || w->n_dims == 0)
        return its_error_set(err, ITS_EUNSUPPORTED, "node %s: its weights are not a constant",
                             c->name);
    size_t channels = (size_t)w->dims[0];
    char *weights = add_weights(e, n, c, w, channels);
    char *bias = c->bias ? add_bias(e, n, c, channels) : n->n_input > 2 ? n->input[2] : NULL;
    char **in = its_arena_alloc(e->arena, 3 * sizeof(char *));
    in[0] = n->input[0];
    in[1] = weights;
    in[2] = bias;
    n->input = in;
    n->n_input = bias ? 3 : 2;
    return 0;
}

/* --- the whole file */

static int rewrite(struct edit *e, struct its_error *err)
{
    Onnx__GraphProto *g = e->graph;
    int convs = 0, tensors = 0;
    for (size_t i = 0; i < g->n_input; i++) {
        const struct its_qdq_tensor *t = find_tensor(e, g->input[i]->name);
        if (t)
            quantise_value(e, t), tensors++;
    }
    for (size_t i = 0; i < g->n_node; i++) {
        Onnx__NodeProto *n = g->node[i];
        redirect_inputs(e, n);
        const struct its_qdq_conv *c = find_conv(e, n->name);
        int rc = c ? quantise_conv(e, n, c, err) : 0;
        if (rc < 0)
            return rc;
        convs += c != NULL;
        push_node(e, n);
        for (size_t k = 0; k < n->n_output; k++) {
            const struct its_qdq_tensor *t = find_tensor(e, n->output[k]);
            if (t)
                quantise_value(e, t), tensors++;
        }
    }
    if (convs != e->what->conv_count || tensors != e->what->tensor_count)
        return its_error_set(err, -EINVAL, "%d of %d convolutions and %d of %d tensors are in it",
                             convs, e->what->conv_count, tensors, e->what->tensor_count);
    g->node = e->nodes;
    g->n_node = e->node_count;
    return 0;
}

static bool is_read(const struct edit *e, const char *name)
{
    for (size_t i = 0; i < e->graph->n_node; i++)
        for (size_t k = 0; k < e->graph->node[i]->n_input; k++)
            if (strcmp(e->graph->node[i]->input[k], name) == 0)
                return true;
    for (size_t i = 0; i < e->graph->n_output; i++)
        if (strcmp(e->graph->output[i]->name, name) == 0)
            return true;
    return false;
}

/* The new constants join the old ones that are still read; the wide weights stay behind. */
static void keep_constants(struct edit *e)
{
    Onnx__GraphProto *g = e->graph;
    for (size_t i = 0; i < g->n_initializer; i++)
        if (is_read(e, g->initializer[i]->name))
            push_tensor(e, g->initializer[i]);
    g->initializer = e->tensors;
    g->n_initializer = e->tensor_count;
}

static void add_note(struct edit *e)
{
    if (!e->what->note)
        return;
    Onnx__StringStringEntryProto *s = its_arena_alloc(e->arena, sizeof(*s));
    onnx__string_string_entry_proto__init(s);
    s->key = its_arena_strdup(e->arena, "its.quantised");
    s->value = its_arena_strdup(e->arena, e->what->note);
    Onnx__ModelProto *m = e->model;
    Onnx__StringStringEntryProto **list =
        its_arena_alloc(e->arena, (m->n_metadata_props + 1) * sizeof(*list));
    for (size_t i = 0; i < m->n_metadata_props; i++)
        list[i] = m->metadata_props[i];
    list[m->n_metadata_props++] = s;
    m->metadata_props = list;
}

static int check(struct edit *e, struct its_error *err)
{
    if (!e->model || !e->model->graph)
        return its_error_set(err, ITS_EDAMAGED, "not an ONNX file, or a damaged one");
    for (size_t i = 0; i < e->model->n_opset_import; i++) {
        const Onnx__OperatorSetIdProto *o = e->model->opset_import[i];
        if ((!o->domain || !*o->domain) && o->version < ITS_QDQ_OPSET_MIN)
            return its_error_set(err, ITS_EUNSUPPORTED,
                                 "it is of opset %lld; per-channel weights need %d: export the "
                                 "model again with a newer opset",
                                 (long long)o->version, ITS_QDQ_OPSET_MIN);
    }
    e->graph = e->model->graph;
    return 0;
}

static int write_all(int fd, const uint8_t *data, size_t bytes)
{
    while (bytes > 0) {
        ssize_t n = write(fd, data, bytes);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0) {
            data += n;
            bytes -= (size_t)n;
        }
    }
    return fsync(fd) < 0 ? -errno : 0;
}

static int write_file(const char *to, const uint8_t *data, size_t bytes, struct its_error *err)
{
    char beside[4096];
    if (snprintf(beside, sizeof(beside), "%s.%d.part", to, (int)getpid()) >= (int)sizeof(beside))
        return its_error_set(err, -ENAMETOOLONG, "%s: %s", to, its_strerror(-ENAMETOOLONG));
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return its_error_set(err, -errno, "cannot write %s: %s", beside, its_strerror(-errno));
    int rc = write_all(fd, data, bytes);
    close(fd);
    if (rc == 0 && rename(beside, to) < 0)
        rc = -errno;
    if (rc < 0) {
        unlink(beside);
        return its_error_set(err, rc, "cannot write %s: %s", to, its_strerror(rc));
    }
    return 0;
}

static int read_file(const char *path, uint8_t **data, size_t *bytes, struct its_error *err)
{
    FILE *f = fopen(path, "rbe");
    if (!f)
        return its_error_set(err, -errno, "cannot open %s: %s", path, its_strerror(-errno));
    fseeko(f, 0, SEEK_END);
    off_t size = ftello(f);
    rewind(f);
    int rc = size < 0 ? -EIO : size > FILE_BYTES_MAX ? ITS_ETOOBIG : 0;
    *data = rc == 0 ? its_try_calloc((size_t)size + 1, 1) : NULL;
    if (rc == 0 && !*data)
        rc = -ENOMEM;
    *bytes = rc == 0 ? fread(*data, 1, (size_t)size, f) : 0;
    if (rc == 0 && *bytes != (size_t)size)
        rc = -EIO;
    fclose(f);
    return rc < 0 ? its_error_set(err, rc, "cannot read %s: %s", path, its_strerror(rc)) : 0;
}

static int pack(struct edit *e, const char *to, struct its_error *err)
{
    size_t bytes = onnx__model_proto__get_packed_size(e->model);
    uint8_t *out = its_try_calloc(bytes, 1);
    if (!out)
        return its_error_set(err, -ENOMEM, "%s", its_strerror(-ENOMEM));
    onnx__model_proto__pack(e->model, out);
    int rc = write_file(to, out, bytes, err);
    free(out);
    return rc;
}

int its_qdq_write(const char *from, const char *to, const struct its_qdq_edit *what,
                  struct its_error *err)
{
    uint8_t *data = NULL;
    size_t bytes = 0;
    int rc = read_file(from, &data, &bytes, err);
    if (rc < 0) {
        free(data);
        return rc;
    }
    struct edit e = {.what = what, .arena = its_arena_create(1 << 20)};
    ProtobufCAllocator allocator = {arena_alloc, arena_free, e.arena};
    e.model = onnx__model_proto__unpack(&allocator, bytes, data);
    free(data);
    rc = check(&e, err);
    if (rc == 0)
        rc = rewrite(&e, err);
    if (rc < 0) {
        its_error_prefix(err, "%s", from);
    } else {
        keep_constants(&e);
        add_note(&e);
        rc = pack(&e, to, err);
    }
    its_arena_destroy(&e.arena);
    return rc;
}
