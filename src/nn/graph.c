/* The graph's memory: values and nodes come from one arena, data of constants from blocks of their
 * own, because they are large and aligned. Both go with the graph. */
#include "nn/graph.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "nn/graph_priv.h"

#define TENSOR_BYTES_MAX (INT64_C(1) << 34)

/* What the public graph does not show. */
struct graph {
    struct its_graph open;
    int node_room, value_room, data_count, data_room;
    void **data;
    int64_t folded; /* bytes of `data` that inference computed */
};

struct node {
    struct its_node open;
    int mark;
};

static struct graph *private_of(struct its_graph *g)
{
    return ITS_CONTAINER_OF(g, struct graph, open);
}

int64_t its_graph_folded(struct its_graph *g, int64_t bytes)
{
    return private_of(g)->folded += bytes;
}

int *its_node_mark(struct its_node *n)
{
    return &ITS_CONTAINER_OF(n, struct node, open)->mark;
}

/* --- shapes */

int64_t its_shape_count(const struct its_shape *s)
{
    int64_t n = 1;
    for (int i = 0; i < s->rank; i++)
        n *= s->dim[i];
    return n;
}

bool its_shape_equal(const struct its_shape *a, const struct its_shape *b)
{
    if (a->rank != b->rank)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dim[i] != b->dim[i])
            return false;
    return true;
}

const char *its_shape_text(const struct its_shape *s, char *text, size_t bytes)
{
    size_t len = 0;
    if (s->rank == 0)
        snprintf(text, bytes, "scalar");
    for (int i = 0; i < s->rank && len < bytes; i++) {
        const char *x = i ? "x" : "";
        int n = s->dim[i] < 0 ? snprintf(text + len, bytes - len, "%s?", x)
                              : snprintf(text + len, bytes - len, "%s%" PRId64, x, s->dim[i]);
        len += (size_t)n;
    }
    return text;
}

int64_t its_shape_bytes(const struct its_shape *s, enum its_dtype type)
{
    int64_t bytes = (int64_t)its_dtype_bytes(type);
    bool empty = false;
    for (int i = 0; i < s->rank; i++) {
        if (s->dim[i] < 0)
            return -1;
        empty |= s->dim[i] == 0;
    }
    for (int i = 0; i < s->rank && !empty; i++)
        if (__builtin_mul_overflow(bytes, s->dim[i], &bytes) || bytes > TENSOR_BYTES_MAX)
            return -1;
    return empty ? 0 : bytes;
}

/* --- life */

struct its_graph *its_graph_create(void)
{
    struct graph *g = its_malloc(sizeof(*g));
    g->open.arena = its_arena_create(1 << 15);
    return &g->open;
}

void its_graph_destroy(struct its_graph **pg)
{
    if (!*pg)
        return;
    struct graph *g = private_of(*pg);
    *pg = NULL;
    for (int i = 0; i < g->data_count; i++)
        free(g->data[i]);
    free(g->data);
    free(g->open.node);
    free(g->open.value);
    its_arena_destroy(&g->open.arena);
    free(g);
}

/* Room for one more of `count` pointers. */
static void *grown(void *list, int count, int *room)
{
    if (count < *room)
        return list;
    *room = *room ? *room * 2 : 64;
    return its_realloc(list, (size_t)*room * sizeof(void *));
}

void *its_graph_alloc_data(struct its_graph *g, size_t bytes)
{
    void *data = its_try_aligned(ITS_MAX(bytes, 1));
    if (!data)
        return NULL;
    struct graph *p = private_of(g);
    p->data = grown(p->data, p->data_count, &p->data_room);
    p->data[p->data_count++] = data;
    return data;
}

struct its_value *its_graph_add_value(struct its_graph *g, const char *name, enum its_dtype type,
                                      const struct its_shape *shape)
{
    struct its_value *v = its_arena_alloc(g->arena, sizeof(*v));
    v->id = g->value_count;
    v->name =
        name ? its_arena_strdup(g->arena, name) : its_arena_printf(g->arena, "value %d", v->id);
    v->type = type;
    if (shape) {
        v->shape = *shape;
        v->shaped = true;
    }
    g->value = grown(g->value, g->value_count, &private_of(g)->value_room);
    g->value[g->value_count++] = v;
    return v;
}

struct its_value *its_graph_add_constant(struct its_graph *g, const char *name, enum its_dtype type,
                                         const struct its_shape *shape, const void *data)
{
    int64_t bytes = its_shape_bytes(shape, type);
    void *copy = bytes < 0 ? NULL : its_graph_alloc_data(g, (size_t)bytes);
    if (!copy)
        return NULL;
    if (data && bytes)
        memcpy(copy, data, (size_t)bytes);
    struct its_value *v = its_graph_add_value(g, name, type, shape);
    v->data = copy;
    return v;
}

struct its_node *its_graph_add_node(struct its_graph *g, const struct its_op *op, const char *name,
                                    int in_count, int out_count)
{
    struct node *p = its_arena_alloc(g->arena, sizeof(*p));
    struct its_node *n = &p->open;
    n->name = name && *name ? its_arena_strdup(g->arena, name)
                            : its_arena_printf(g->arena, "node %d", g->node_count);
    n->op = op;
    n->in_count = in_count;
    n->out_count = out_count;
    n->in = its_arena_alloc(g->arena, (size_t)in_count * sizeof(*n->in));
    n->out = its_arena_alloc(g->arena, (size_t)out_count * sizeof(*n->out));
    g->node = grown(g->node, g->node_count, &private_of(g)->node_room);
    g->node[g->node_count++] = n;
    return n;
}

/* --- copies */

static void *copied(struct its_graph *g, const void *from, size_t bytes)
{
    return from ? memcpy(its_arena_alloc(g->arena, bytes), from, bytes) : NULL;
}

static const char *text_copied(struct its_graph *g, const char *s)
{
    return s ? its_arena_strdup(g->arena, s) : NULL;
}

static struct its_value *twin(const struct its_graph *g, const struct its_value *v)
{
    return v ? g->value[v->id] : NULL;
}

static struct its_value **twins(struct its_graph *g, struct its_value *const *list, int count)
{
    struct its_value **out = its_arena_alloc(g->arena, (size_t)count * sizeof(struct its_value *));
    for (int i = 0; i < count; i++)
        out[i] = twin(g, list[i]);
    return out;
}

static const struct its_attr *clone_attrs(struct its_graph *g, const struct its_node *n)
{
    struct its_attr *attrs = copied(g, n->attrs, (size_t)n->attr_count * sizeof(*attrs));
    for (int i = 0; i < n->attr_count; i++) {
        struct its_attr *a = &attrs[i];
        a->name = text_copied(g, a->name);
        a->s = text_copied(g, a->s);
        a->ints = copied(g, a->ints, (size_t)a->count * sizeof(*a->ints));
        a->floats = copied(g, a->floats, (size_t)a->count * sizeof(*a->floats));
        a->tensor = twin(g, a->tensor);
    }
    return attrs;
}

static void clone_value(struct its_graph *g, const struct its_value *from)
{
    struct its_value *v = its_graph_add_value(g, from->name, from->type, NULL);
    v->shape = from->shape;
    v->shaped = from->shaped;
    v->data = from->data;
    v->quant = from->quant;
    v->quant.scale = copied(g, from->quant.scale, (size_t)v->quant.count * sizeof(float));
    v->quant.zero = copied(g, from->quant.zero, (size_t)v->quant.count * sizeof(int32_t));
}

static void clone_node(struct its_graph *g, const struct its_node *from)
{
    struct its_node *n =
        its_graph_add_node(g, from->op, from->name, from->in_count, from->out_count);
    n->in = twins(g, from->in, n->in_count);
    n->out = twins(g, from->out, n->out_count);
    for (int i = 0; i < n->out_count; i++)
        if (n->out[i])
            n->out[i]->from = n;
    n->attr_count = from->attr_count;
    n->attrs = clone_attrs(g, from);
    n->act = from->act;
    n->act_alpha = from->act_alpha;
    n->add = twin(g, from->add);
}

struct its_graph *its_graph_clone(const struct its_graph *from)
{
    struct its_graph *g = its_graph_create();
    g->opset = from->opset;
    for (int i = 0; i < from->value_count; i++)
        clone_value(g, from->value[i]);
    for (int i = 0; i < from->node_count; i++)
        clone_node(g, from->node[i]);
    g->input_count = from->input_count;
    g->output_count = from->output_count;
    g->input = twins(g, from->input, g->input_count);
    g->output = twins(g, from->output, g->output_count);
    g->meta_count = from->meta_count;
    g->meta = copied(g, from->meta, (size_t)from->meta_count * sizeof(*g->meta));
    for (int i = 0; i < g->meta_count; i++)
        for (int j = 0; j < 2; j++)
            g->meta[i][j] = text_copied(g, g->meta[i][j]);
    return g;
}
