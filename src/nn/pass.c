/* The order of the passes, and what they share. */
#include "nn/pass.h"

#include "nn/param.h"

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

bool its_node_along_channels(const struct its_node *n, const struct its_value *v)
{
    int axis;
    return v->shape.rank >= 2 && v->shape.dim[0] == 1 &&
           its_axis_of(n, 0, v->shape.rank, &axis, NULL) == 0 && axis == 1;
}

void its_node_take_output(struct its_graph *g, struct its_node *n, struct its_node *old)
{
    struct its_value *v = old->out[0];
    old->out[0] = its_graph_add_value(g, NULL, v->type, &v->shape);
    old->out[0]->from = old;
    n->out[0] = v;
    v->from = n;
}

int its_pass_all(struct its_graph *g, bool integers, struct its_error *err)
{
    static int (*const pass[])(struct its_graph *) = {its_pass_batchnorm, its_pass_activation,
                                                      its_pass_residual, its_pass_attention,
                                                      its_pass_head};
    int rc = its_pass_quant(g, integers);
    for (int i = 0; i < (int)ITS_ARRAY_LEN(pass) && rc == 0; i++)
        rc = pass[i](g);
    if (rc == 0 && integers)
        rc = its_pass_integer(g);
    return rc < 0 ? its_error_set(err, rc, "no memory for the network's graph") : 0;
}
