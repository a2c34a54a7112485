/* Decides which values of a quantised graph are stored as integers (u8), with which steps.
 *
 * Whatever only moves numbers (concat, split, max pooling, enlarging) can do so with integers when
 * all its values have the same steps: the values it connects form a group, which gets the range
 * that holds all of theirs. Convolutions turn any steps into any others. A value is stored as
 * integers when a convolution or a mover computes it and another one reads it. */
#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"
#include "nn/param.h"
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
    return v && v->shape.rank == 4 && v->shape.dim[0] == 1 && v->type == ITS_F32 && !v->data;
}

static bool along_channels(const struct its_node *n)
{
    int64_t axis = its_node_int(n, "axis", 0);
    return axis == 1 || axis == 1 - n->in[0]->shape.rank;
}

static bool moves(const struct its_node *n)
{
    if (!n || !is_picture(n->in[0]) || !is_picture(n->out[0]))
        return false;
    if (its_node_is(n, "Concat") || its_node_is(n, "Split"))
        return along_channels(n);
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
        int ins = its_node_is(n, "Concat") ? n->in_count : 1;
        for (int k = 0; k < ins; k++)
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

/* The group's steps. */
static void mark(struct groups *s, struct its_value *v)
{
    int r = root_of(s, v->id);
    float *scale = its_arena_alloc(s->g->arena, sizeof(*scale));
    int32_t *zero = its_arena_alloc(s->g->arena, sizeof(*zero));
    float range = s->high[r] - s->low[r];
    *scale = range > 0 ? range / 255 : 1;
    *zero = (int32_t)fminf(fmaxf(rintf(-s->low[r] / *scale), 0), 255);
    v->quant = (struct its_quant){.count = 1, .scale = scale, .zero = zero};
}

static bool is_read_by_conv(const struct its_graph *g, const struct its_value *v)
{
    for (int i = 0; i < g->node_count; i++)
        if (its_node_is(g->node[i], "Conv") && g->node[i]->in[0] == v)
            return computes(g->node[i]);
    return false;
}

/* Reals that a mover puts among integers: the part of a concat that a wide convolution made. */
static bool is_moved_as_integers(const struct its_graph *g, const bool *chosen,
                                 const struct its_value *v)
{
    for (int i = 0; i < g->node_count; i++) {
        const struct its_node *n = g->node[i];
        for (int k = 0; moves(n) && chosen[n->out[0]->id] && k < n->in_count; k++)
            if (n->in[k] == v)
                return true;
    }
    return false;
}

/* What convolutions read keeps its marks even when it is stored as reals: the plan converts it, or
 * the convolution quantises as it reads. What movers read gets those of its group, which is what
 * the plan converts it to. */
static void decide(struct groups *s)
{
    struct its_graph *g = s->g;
    bool *chosen = its_calloc((size_t)g->value_count, sizeof(*chosen));
    bool *moved = its_calloc((size_t)g->value_count, sizeof(*moved));
    for (int i = 0; i < g->value_count; i++) {
        struct its_value *v = g->value[i];
        chosen[i] = is_picture(v) && s->known[root_of(s, v->id)] && computes(v->from) &&
                    is_read_as_integers(g, v) && !is_output(g, v);
    }
    for (int i = 0; i < g->value_count; i++) /* before types change: moves() asks for reals */
        moved[i] = is_moved_as_integers(g, chosen, g->value[i]);
    for (int i = 0; i < g->value_count; i++) {
        struct its_value *v = g->value[i];
        if (chosen[i]) {
            mark(s, v);
            v->type = ITS_U8;
        } else if (!v->data && moved[i])
            mark(s, v);
        else if (!v->data && !is_read_by_conv(g, v))
            v->quant = (struct its_quant){0};
    }
    free(chosen);
    free(moved);
}

/* Integer weights need integers to work on, and a kernel that takes them: where the input has no
 * steps, or the convolution is not one of those (channels in a few groups, dilation), they become
 * reals. */
static int free_weights(struct its_graph *g)
{
    for (int i = 0; i < g->node_count; i++) {
        struct its_node *n = g->node[i];
        if (!its_node_is(n, "Conv") || n->in[1]->type != ITS_S8 ||
            (n->in[0]->quant.count == 1 && its_conv_is_plain(n)))
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
