/* The order of the passes, and what they share. */
#include "nn/pass.h"

struct its_node *its_value_reader(const struct its_graph *g, const struct its_value *v,
                                  const char *op)
{
    if (its_graph_uses(g, v) != 1)
        return NULL;
    for (int i = 0; i < g->node_count; i++)
        for (int k = 0; k < g->node[i]->in_count; k++)
            if (g->node[i]->in[k] == v)
                return its_node_is(g->node[i], op) ? g->node[i] : NULL;
    return NULL;
}

void its_node_take_output(struct its_graph *g, struct its_node *n, struct its_node *old)
{
    struct its_value *v = old->out[0];
    old->out[0] = its_graph_add_value(g, NULL, v->type, &v->shape);
    old->out[0]->from = old;
    n->out[0] = v;
    v->from = n;
}

int its_pass_all(struct its_graph *g, struct its_error *err)
{
    static int (*const pass[])(struct its_graph *) = {its_pass_batchnorm, its_pass_activation,
                                                      its_pass_residual, its_pass_attention,
                                                      its_pass_head};
    for (int i = 0; i < (int)ITS_ARRAY_LEN(pass); i++) {
        int rc = pass[i](g);
        if (rc < 0)
            return its_error_set(err, rc, "no memory for the network's graph");
    }
    return 0;
}
