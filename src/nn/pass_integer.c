/* Decides which values of a quantised graph are stored as integers (u8), with which steps.
 *
 * Whatever only moves numbers (concat, split, max pooling, enlarging) can do so with integers when
 * all its values have the same steps: the values it connects form a group, which gets the range
 * that holds all of theirs. Convolutions turn any steps into any others. A value is stored as
 * integers when a convolution or a mover computes it and another one reads it. */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"
#include "nn/backend.h"
#include "nn/pass.h"

struct groups {
    struct its_graph *g;
    int *parent; /* by value id */
    float *low, *high;
    bool *known;
};

static int root_of(struct groups *s, int id)
{
    while (s->parent[id] != id)
        id = s->parent[id] = s->parent[s->parent[id]];
    return id;
}

static bool is_picture(const struct its_value *v)
{
    return v && its_value_is_picture(v) && v->type == ITS_F32 && !v->data;
}

/* How many of its inputs are what it moves: the others are sizes and factors. */
static int moved_count(const struct its_node *n)
{
    return its_node_is(n, "Concat") ? n->in_count : 1;
}

static bool moves(const struct its_node *n)
{
    if (!n || !is_picture(n->out[0]))
        return false;
    for (int i = 0; i < moved_count(n); i++)
        if (!is_picture(n->in[i]))
            return false;
    if (its_node_is(n, "Concat") || its_node_is(n, "Split"))
        return its_node_along_channels(n, n->out[0]);
    return its_node_is(n, "MaxPool") ||
           (its_node_is(n, "Resize") &&
            strcmp(its_node_string(n, "mode", "nearest"), "nearest") == 0);
}

static bool computes(const struct its_node *n)
{
    return n && (moves(n) || (its_node_is(n, "Conv") && n->in[1]->type == ITS_S8));
}

static void join(struct groups *s, const struct its_value *a, const struct its_value *b)
{
    s->parent[root_of(s, a->id)] = root_of(s, b->id);
}

static void join_moved(struct groups *s)
{
    for (int i = 0; i < s->g->node_count; i++) {
        const struct its_node *n = s->g->node[i];
        if (!moves(n))
            continue;
        for (int k = 0; k < moved_count(n); k++)
            join(s, n->in[k], n->out[0]);
        for (int k = 1; k < n->out_count; k++)
            join(s, n->out[k], n->out[0]);
    }
}

/* The range of a group: what its marked members can hold between them. */
static void widen(struct groups *s)
{
    for (int i = 0; i < s->g->value_count; i++) {
        const struct its_value *v = s->g->value[i];
        int r = root_of(s, v->id);
        if (v->quant.count != 1 || v->data)
            continue;
        float low = -(float)v->quant.zero[0] * v->quant.scale[0];
        float high = (float)(255 - v->quant.zero[0]) * v->quant.scale[0];
        s->low[r] = s->known[r] ? fminf(s->low[r], low) : low;
        s->high[r] = s->known[r] ? fmaxf(s->high[r], high) : high;
        s->known[r] = true;
    }
}

static bool is_read_as_integers(const struct its_graph *g, const struct its_value *v)
{
    for (int i = 0; i < g->node_count; i++) {
        const struct its_node *n = g->node[i];
        for (int k = 0; k < n->in_count; k++)
            if (n->in[k] == v && computes(n))
                return true;
        if (n->add == v && computes(n))
            return true;
    }
    return false;
}

static bool is_output(const struct its_graph *g, const struct its_value *v)
{
    for (int i = 0; i < g->output_count; i++)
        if (g->output[i] == v)
            return true;
    return false;
}

/* The steps of the value's group, whose range they divide in 255. */
static void set_steps(struct groups *s, struct its_value *v)
{
    int r = root_of(s, v->id);
    float *scale = its_arena_alloc(s->g->arena, sizeof(*scale));
    int32_t *zero = its_arena_alloc(s->g->arena, sizeof(*zero));
    float range = s->high[r] - s->low[r];
    *scale = range / 255 >= FLT_MIN ? range / 255 : 1;
    *zero = (int32_t)fminf(fmaxf(rintf(-s->low[r] / *scale), 0), 255);
    v->quant = (struct its_quant){.count = 1, .scale = scale, .zero = zero};
}

static bool is_read_by_conv(const struct its_graph *g, const struct its_value *v)
{
    for (int i = 0; i < g->node_count; i++)
        if (its_node_is(g->node[i], "Conv") && g->node[i]->in[0] == v && computes(g->node[i]))
            return true;
    return false;
}

static bool chosen_any(const struct its_node *n, const bool *chosen)
{
    for (int i = 0; i < n->out_count; i++)
        if (n->out[i] && chosen[n->out[i]->id])
            return true;
    return false;
}

/* A mover whose result is stored as integers reads the value. chosen: by value id. */
static bool is_moved(const struct its_graph *g, const struct its_value *v, const bool *chosen)
{
    for (int i = 0; i < g->node_count; i++)
        for (int k = 0; k < moved_count(g->node[i]); k++)
            if (g->node[i]->in[k] == v && moves(g->node[i]) && chosen_any(g->node[i], chosen))
                return true;
    return false;
}

/* What is stored as reals but read as integers has steps too: the plan converts it, or the
 * convolution quantises as it reads. Nothing else keeps its marks. */
static void decide(struct groups *s)
{
    struct its_graph *g = s->g;
    bool *chosen = its_calloc((size_t)g->value_count, sizeof(*chosen));
    for (int i = 0; i < g->value_count; i++) {
        struct its_value *v = g->value[i];
        chosen[v->id] = is_picture(v) && s->known[root_of(s, v->id)] && computes(v->from) &&
                        is_read_as_integers(g, v) && !is_output(g, v);
    }
    for (int i = 0; i < g->value_count; i++) {
        struct its_value *v = g->value[i];
        if (chosen[v->id] || is_moved(g, v, chosen))
            set_steps(s, v);
        else if (!v->data && !is_read_by_conv(g, v))
            v->quant = (struct its_quant){0};
    }
    for (int i = 0; i < g->value_count; i++)
        if (chosen[g->value[i]->id])
            g->value[i]->type = ITS_U8;
    free(chosen);
}

/* Integer weights that our integer kernel does not take become reals. */
static int free_weights(struct its_graph *g)
{
    for (int i = 0; i < g->node_count; i++) {
        struct its_node *n = g->node[i];
        if (!its_node_is(n, "Conv") || n->in[1]->type != ITS_S8 || its_conv_is_integer(n))
            continue;
        const struct its_value *q = n->in[1];
        struct its_value *v = its_graph_add_constant(g, NULL, ITS_F32, &q->shape, NULL);
        int64_t count = its_shape_count(&q->shape);
        if (!v)
            return -ENOMEM;
        for (int64_t k = 0; k < count; k++)
            ((float *)v->data)[k] =
                (float)((const int8_t *)q->data)[k] * q->quant.scale[k / (count / q->quant.count)];
        n->in[1] = v;
    }
    return 0;
}

int its_pass_integer(struct its_graph *g)
{
    int rc = free_weights(g);
    if (rc < 0)
        return rc;
    size_t n = (size_t)g->value_count;
    struct groups s = {.g = g,
                       .parent = its_calloc(n, sizeof(int)),
                       .low = its_calloc(n, sizeof(float)),
                       .high = its_calloc(n, sizeof(float)),
                       .known = its_calloc(n, sizeof(bool))};
    for (int i = 0; i < g->value_count; i++)
        s.parent[g->value[i]->id] = g->value[i]->id;
    join_moved(&s);
    widen(&s);
    decide(&s);
    free(s.parent);
    free(s.low);
    free(s.high);
    free(s.known);
    return 0;
}
