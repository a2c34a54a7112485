/* Reading nodes, and changing the graph: uses, replacements, pruning. Everything walks the whole
 * graph: a few hundred nodes, and only while a plan is being made. */
#include "nn/graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/graph_priv.h"

/* --- attributes */

const struct its_attr *its_node_attr(const struct its_node *n, const char *name)
{
    for (int i = 0; i < n->attr_count; i++)
        if (strcmp(n->attrs[i].name, name) == 0)
            return &n->attrs[i];
    return NULL;
}

static const struct its_attr *attr_of(const struct its_node *n, const char *name,
                                      enum its_attr_kind kind)
{
    const struct its_attr *a = its_node_attr(n, name);
    return a && a->kind == kind ? a : NULL;
}

int64_t its_node_int(const struct its_node *n, const char *name, int64_t otherwise)
{
    const struct its_attr *a = attr_of(n, name, ITS_ATTR_INT);
    return a ? a->i : otherwise;
}

float its_node_float(const struct its_node *n, const char *name, float otherwise)
{
    const struct its_attr *a = attr_of(n, name, ITS_ATTR_FLOAT);
    return a ? a->f : otherwise;
}

const char *its_node_string(const struct its_node *n, const char *name, const char *otherwise)
{
    const struct its_attr *a = attr_of(n, name, ITS_ATTR_STRING);
    return a ? a->s : otherwise;
}

const int64_t *its_node_ints(const struct its_node *n, const char *name, int *count)
{
    const struct its_attr *a = attr_of(n, name, ITS_ATTR_INTS);
    *count = a ? a->count : 0;
    return a ? a->ints : NULL;
}

struct its_value *its_node_in(const struct its_node *n, int index)
{
    return index < n->in_count ? n->in[index] : NULL;
}

/* --- readers */

int its_graph_uses(const struct its_graph *g, const struct its_value *v)
{
    int uses = 0;
    for (int i = 0; i < g->node_count; i++) {
        const struct its_node *n = g->node[i];
        bool reads = n->add == v;
        for (int k = 0; k < n->in_count; k++)
            reads |= n->in[k] == v;
        uses += reads;
    }
    for (int i = 0; i < g->output_count; i++)
        uses += g->output[i] == v;
    return uses;
}

void its_graph_replace(struct its_graph *g, struct its_value *old, struct its_value *new)
{
    for (int i = 0; i < g->node_count; i++) {
        struct its_node *n = g->node[i];
        if (n->add == old)
            n->add = new;
        for (int k = 0; k < n->in_count; k++)
            if (n->in[k] == old)
                n->in[k] = new;
    }
    for (int i = 0; i < g->output_count; i++)
        if (g->output[i] == old)
            g->output[i] = new;
}

int its_graph_fix_input(struct its_graph *g, struct its_value *input, enum its_dtype type,
                        const struct its_shape *shape, const void *data)
{
    int at = 0;
    while (at < g->input_count && g->input[at] != input)
        at++;
    int64_t bytes = its_shape_bytes(shape, type);
    if (at == g->input_count || bytes < 0)
        return -EINVAL;
    void *copy = its_graph_alloc_data(g, (size_t)bytes);
    if (!copy)
        return -ENOMEM;
    if (bytes)
        memcpy(copy, data, (size_t)bytes);
    input->type = type;
    input->shape = *shape;
    input->shaped = true;
    input->data = copy;
    g->input_count--;
    memmove(g->input + at, g->input + at + 1,
            (size_t)(g->input_count - at) * sizeof(struct its_value *));
    return 0;
}

/* --- pruning */

enum { UNSEEN, OPEN, DONE };

struct walk {
    struct its_node **stack, **order;
    int depth, count;
};

static void visit(struct walk *w, struct its_value *v)
{
    if (!v || !v->from || *its_node_mark(v->from) != UNSEEN)
        return;
    *its_node_mark(v->from) = OPEN;
    w->stack[w->depth++] = v->from;
}

/* The first input of the node whose own node has not been put in order; NULL: it can run. */
static struct its_value *missing(const struct its_node *n)
{
    for (int i = 0; i <= n->in_count; i++) {
        struct its_value *v = i < n->in_count ? n->in[i] : n->add;
        if (v && v->from && *its_node_mark(v->from) == UNSEEN)
            return v;
    }
    return NULL;
}

/* Depth first, without recursion: files decide the depth. */
static void put_in_order(struct walk *w, struct its_value *v)
{
    visit(w, v);
    while (w->depth) {
        struct its_node *top = w->stack[w->depth - 1];
        struct its_value *next = missing(top);
        if (next) {
            visit(w, next);
            continue;
        }
        *its_node_mark(top) = DONE;
        w->order[w->count++] = top;
        w->depth--;
    }
}

/* Marks what the outputs need, through any order. */
static int mark_needed(struct its_graph *g, struct walk *w)
{
    for (int i = 0; i < g->output_count; i++)
        put_in_order(w, g->output[i]);
    return w->count;
}

void its_graph_prune(struct its_graph *g)
{
    struct walk w = {
        .stack = its_calloc((size_t)g->node_count + 1, sizeof(struct its_node *)),
        .order = its_calloc((size_t)g->node_count + 1, sizeof(struct its_node *)),
    };
    int needed = mark_needed(g, &w);
    /* Once more among the needed, from the front: an order that was good stays as it was. */
    struct its_node **old = its_calloc((size_t)needed + 1, sizeof(*old));
    int kept = 0;
    for (int i = 0; i < g->node_count; i++)
        if (*its_node_mark(g->node[i]) == DONE)
            old[kept++] = g->node[i];
    its_assert(kept == needed);
    for (int i = 0; i < kept; i++)
        *its_node_mark(old[i]) = UNSEEN;
    w.count = 0;
    for (int i = 0; i < kept; i++)
        for (int k = 0; k < old[i]->out_count; k++)
            put_in_order(&w, old[i]->out[k]);
    its_assert(w.count == kept);
    for (int i = 0; i < kept; i++)
        g->node[i] = w.order[i];
    g->node_count = kept;
    for (int i = 0; i < kept; i++)
        *its_node_mark(g->node[i]) = 0;
    free(old);
    free(w.stack);
    free(w.order);
}
