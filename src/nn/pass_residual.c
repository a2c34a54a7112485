/* Moves the addition of a residual into the convolution that computes one side of it. The
 * convolution moves behind whatever computes the other side: pruning restores the order. */
#include "nn/pass.h"

static int place_of(const struct its_graph *g, const struct its_node *n)
{
    for (int i = 0; i < g->node_count; i++)
        if (g->node[i] == n)
            return i;
    return -1;
}

/* The convolution that computes v for this Add alone and has no residual yet. */
static struct its_node *candidate(const struct its_graph *g, const struct its_value *v)
{
    struct its_node *conv = its_value_from(v, "Conv");
    return conv && !conv->add && its_graph_uses(g, v) == 1 ? conv : NULL;
}

int its_pass_residual(struct its_graph *g)
{
    for (int i = 0; i < g->node_count; i++) {
        struct its_node *sum = g->node[i];
        if (!its_node_is(sum, "Add") || sum->in[0] == sum->in[1])
            continue;
        struct its_value *a = sum->in[0], *b = sum->in[1];
        if (!its_shape_equal(&a->shape, &b->shape) || a->type != b->type || a->data || b->data)
            continue;
        struct its_node *ca = candidate(g, a), *cb = candidate(g, b);
        if (!ca && !cb)
            continue;
        /* Of two, the one that runs later: the other side is there already. */
        bool second = !ca || (cb && place_of(g, cb) > place_of(g, ca));
        struct its_node *conv = second ? cb : ca;
        conv->add = second ? a : b;
        its_node_take_output(g, conv, sum);
        sum->in[0] = sum->in[1] = NULL;
    }
    its_graph_prune(g);
    return 0;
}
