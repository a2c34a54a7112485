/* Folds BatchNormalization into the convolution before it.
 *
 *   scale * (conv(x) - mean) / sqrt(var + eps) + shift
 *
 * is the convolution with weights * k and bias (bias - mean) * k + shift, where
 * k = scale / sqrt(var + eps), per output channel. Computed in double, stored in float. */
#include "nn/pass.h"

#include <math.h>

#include "base/arena.h"

static const float *floats(const struct its_value *v, int64_t count)
{
    bool ok = v && v->data && v->type == ITS_F32 && its_shape_count(&v->shape) == count;
    return ok ? v->data : NULL;
}

static void fold(const struct its_node *bn, const float *weight, const float *bias, int64_t m,
                 int64_t per, float *new_weight, float *new_bias)
{
    const float *scale = bn->in[1]->data, *shift = bn->in[2]->data;
    const float *mean = bn->in[3]->data, *var = bn->in[4]->data;
    double eps = its_node_float(bn, "epsilon", 1e-5f);
    for (int64_t c = 0; c < m; c++) {
        double k = scale[c] / sqrt(var[c] + eps);
        for (int64_t i = 0; i < per; i++)
            new_weight[c * per + i] = (float)(weight[c * per + i] * k);
        new_bias[c] = (float)(((bias ? bias[c] : 0) - (double)mean[c]) * k + shift[c]);
    }
}

static int fold_node(struct its_graph *g, struct its_node *conv, struct its_node *bn)
{
    struct its_value *w = conv->in[1];
    int64_t m = w->shape.dim[0], per = m ? its_shape_count(&w->shape) / m : 0;
    const float *weight = floats(w, m * per);
    const float *bias = floats(its_node_in(conv, 2), m);
    for (int i = 1; i < 5; i++)
        if (!floats(its_node_in(bn, i), m))
            return 0;
    if (!weight || (its_node_in(conv, 2) && !bias))
        return 0;

    struct its_shape vector = {.rank = 1, .dim = {m}};
    struct its_value *nw = its_graph_add_constant(g, NULL, ITS_F32, &w->shape, NULL);
    struct its_value *nb = its_graph_add_constant(g, NULL, ITS_F32, &vector, NULL);
    struct its_value **in = its_arena_alloc(g->arena, 3 * sizeof(*in));
    if (!nw || !nb)
        return -ENOMEM;
    fold(bn, weight, bias, m, per, nw->data, nb->data);
    in[0] = conv->in[0];
    in[1] = nw;
    in[2] = nb;
    conv->in = in;
    conv->in_count = 3;
    its_node_take_output(g, conv, bn);
    return 0;
}

int its_pass_batchnorm(struct its_graph *g)
{
    int rc = 0;
    for (int i = 0; i < g->node_count && rc == 0; i++) {
        struct its_node *conv = g->node[i];
        if (!its_node_is(conv, "Conv"))
            continue;
        struct its_node *bn = its_value_reader(g, conv->out[0], "BatchNormalization");
        if (bn && bn->in[0] == conv->out[0])
            rc = fold_node(g, conv, bn);
    }
    its_graph_prune(g);
    return rc;
}
