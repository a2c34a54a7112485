/* Moves the activation behind a convolution into it, so that the result is stored once. SiLU comes
 * in files as two nodes, x * sigmoid(x): both go. */
#include "nn/pass.h"

/* The Mul of `x` and sigmoid(x), when nobody else reads either. */
static struct its_node *find_silu(const struct its_graph *g, const struct its_value *x)
{
    if (its_graph_uses(g, x) != 2)
        return NULL;
    struct its_node *sigmoid = NULL, *mul = NULL;
    for (int i = 0; i < g->node_count; i++) {
        struct its_node *n = g->node[i];
        if (its_node_is(n, "Sigmoid") && n->in[0] == x)
            sigmoid = n;
        else if (its_node_is(n, "Mul") && (n->in[0] == x || n->in[1] == x))
            mul = n;
    }
    if (!sigmoid || !mul || its_graph_uses(g, sigmoid->out[0]) != 1)
        return NULL;
    const struct its_value *other = mul->in[0] == x ? mul->in[1] : mul->in[0];
    return other == sigmoid->out[0] ? mul : NULL;
}

/* The single node that is an activation of `x`, and which. */
static struct its_node *find_plain(const struct its_graph *g, const struct its_value *x,
                                   enum its_act *act)
{
    static const struct {
        const char *op;
        enum its_act act;
    } row[] = {{"Relu", ITS_ACT_RELU},
               {"Sigmoid", ITS_ACT_SIGMOID},
               {"LeakyRelu", ITS_ACT_LEAKY},
               {"HardSwish", ITS_ACT_HARD_SWISH}};
    for (int i = 0; i < (int)ITS_ARRAY_LEN(row); i++) {
        struct its_node *n = its_value_reader(g, x, row[i].op);
        *act = row[i].act;
        if (n)
            return n;
    }
    return NULL;
}

int its_pass_activation(struct its_graph *g)
{
    for (int i = 0; i < g->node_count; i++) {
        struct its_node *conv = g->node[i];
        if (!its_node_is(conv, "Conv") || conv->act != ITS_ACT_NONE || conv->add)
            continue;
        enum its_act act = ITS_ACT_SILU;
        struct its_node *n = find_silu(g, conv->out[0]);
        if (!n)
            n = find_plain(g, conv->out[0], &act);
        if (!n)
            continue;
        conv->act = act;
        conv->act_alpha = act == ITS_ACT_LEAKY ? its_node_float(n, "alpha", 0.01f) : 0;
        its_node_take_output(g, conv, n);
    }
    its_graph_prune(g);
    return 0;
}
