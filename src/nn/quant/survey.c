#include "nn/quant/survey.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/op.h"

static bool is(const struct its_node *n, const char *op)
{
    return n && strcmp(n->op->name, op) == 0;
}

/* These only move values about: what they give and what they take are integers of one scale. */
static bool only_moves(const struct its_node *n)
{
    return is(n, "Concat") || is(n, "Split") || is(n, "MaxPool") || is(n, "Resize");
}

static bool is_worth_it(const struct its_node *n)
{
    if (!is(n, "Conv") || n->in_count < 2)
        return false;
    const struct its_value *x = n->in[0], *w = n->in[1], *bias = its_node_in(n, 2);
    if (bias && (!bias->data || bias->type != ITS_F32)) /* it is corrected, so it must be at hand */
        return false;
    /* One output channel is the expectation over a distribution's bins: nothing to win, much to
     * lose. */
    return w->data && w->type == ITS_F32 && w->shape.rank == 4 && x->shape.rank == 4 &&
           w->shape.dim[0] > 1;
}

static void add_conv(struct its_survey *s, const struct its_node *n)
{
    const struct its_value *w = n->in[1];
    struct its_survey_conv *c = &s->conv[s->conv_count++];
    *c = (struct its_survey_conv){
        .node = n,
        .input = n->in[0],
        .weights = w,
        .channels = (int)w->shape.dim[0],
        .ins = (int)w->shape.dim[1],
        .taps = (int)(w->shape.dim[2] * w->shape.dim[3]),
        .groups = (int)its_node_int(n, "group", 1),
    };
    c->each = c->ins * c->taps;
}

/* --- the tensors: what convolutions read, and what is moved to it */

static bool mark(bool *wanted, const struct its_value *v)
{
    bool is_new = v && !v->data && v->type == ITS_F32 && !wanted[v->id];
    if (is_new)
        wanted[v->id] = true;
    return is_new;
}

static bool mark_moved(bool *wanted, const struct its_node *n)
{
    bool any = false, more = false;
    for (int i = 0; i < n->out_count; i++)
        any |= n->out[i] && wanted[n->out[i]->id];
    if (!any)
        return false;
    int ins = is(n, "Concat") ? n->in_count : 1;
    for (int i = 0; i < ins; i++)
        more |= mark(wanted, n->in[i]);
    for (int i = 0; i < n->out_count; i++)
        more |= mark(wanted, n->out[i]);
    return more;
}

static void close_over_moves(const struct its_graph *g, bool *wanted)
{
    for (bool more = true; more;) {
        more = false;
        for (int i = g->node_count - 1; i >= 0; i--)
            if (only_moves(g->node[i]))
                more |= mark_moved(wanted, g->node[i]);
    }
}

/* --- groups: a forest of indices, the first of a group its root */

static int root(const int *group, int i)
{
    while (group[i] != i)
        i = group[i];
    return i;
}

static void join(struct its_survey *s, const struct its_value *a, const struct its_value *b)
{
    int i = a ? its_survey_find(s, a) : -1, k = b ? its_survey_find(s, b) : -1;
    if (i < 0 || k < 0)
        return;
    i = root(s->group, i);
    k = root(s->group, k);
    s->group[i > k ? i : k] = i > k ? k : i;
}

static void join_moved(struct its_survey *s, const struct its_node *n)
{
    int ins = is(n, "Concat") ? n->in_count : 1;
    for (int i = 0; i < ins; i++)
        join(s, n->in[i], n->out[0]);
    for (int i = 1; i < n->out_count; i++)
        join(s, n->out[i], n->out[0]);
}

int its_survey_find(const struct its_survey *s, const struct its_value *v)
{
    for (int i = 0; i < s->tensor_count; i++)
        if (s->tensor[i] == v)
            return i;
    return -1;
}

void its_survey_make(const struct its_graph *g, const bool *wide, struct its_survey *s)
{
    size_t nodes = (size_t)g->node_count + 1, values = (size_t)g->value_count + 1;
    *s = (struct its_survey){
        .conv = its_calloc(nodes, sizeof(*s->conv)),
        .tensor = its_calloc(values, sizeof(*s->tensor)),
        .group = its_calloc(values, sizeof(*s->group)),
    };
    bool *wanted = its_calloc(values, sizeof(*wanted));
    for (int i = 0; i < g->node_count; i++) {
        const struct its_node *n = g->node[i];
        if (!is_worth_it(n) || (wide && wide[n->out[0]->id]))
            continue;
        add_conv(s, n);
        mark(wanted, n->in[0]);
    }
    close_over_moves(g, wanted);
    for (int i = 0; i < g->value_count; i++)
        if (wanted[i]) {
            s->group[s->tensor_count] = s->tensor_count;
            s->tensor[s->tensor_count++] = g->value[i];
        }
    for (int i = 0; i < g->node_count; i++)
        if (only_moves(g->node[i]))
            join_moved(s, g->node[i]);
    for (int i = 0; i < s->tensor_count; i++)
        s->group[i] = root(s->group, i);
    free(wanted);
}

void its_survey_fini(struct its_survey *s)
{
    free(s->conv);
    free(s->tensor);
    free(s->group);
    *s = (struct its_survey){0};
}
