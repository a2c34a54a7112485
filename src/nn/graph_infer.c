/* Types, shapes and constants, front to back: each node asks its operator what its outputs are;
 * a node that depends on constants alone is computed at once and leaves the graph. So do Shape and
 * Size, whose results depend on a shape that is known by then: that is how the shape arithmetic of
 * exports with symbolic sizes melts away. */
#include "nn/graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "nn/graph_priv.h"
#include "nn/op.h"

#define FOLD_BYTES_MAX  (INT64_C(64) << 20)  /* a tensor */
#define FOLD_BYTES_ALL  (INT64_C(256) << 20) /* of a graph */
#define FOLD_EFFORT_MAX (INT64_C(1) << 31)

static bool reads_only_shapes(const struct its_node *n)
{
    return strcmp(n->op->name, "Shape") == 0 || strcmp(n->op->name, "Size") == 0;
}

static bool carries_integers(const struct its_node *n)
{
    return strcmp(n->op->name, "QuantizeLinear") == 0 ||
           strcmp(n->op->name, "DequantizeLinear") == 0;
}

/* Operators whose every result may take every input: a small file could ask for hours. */
static bool takes_too_long(const struct its_node *n)
{
    static const char *const heavy[] = {"Conv",   "ConvInteger",   "ConvTranspose", "Gemm",
                                        "MatMul", "MatMulInteger", "MaxPool",       "AveragePool"};
    bool is_heavy = false;
    for (size_t i = 0; i < ITS_ARRAY_LEN(heavy); i++)
        is_heavy |= strcmp(n->op->name, heavy[i]) == 0;
    if (!is_heavy || !n->out[0])
        return false;
    int64_t in = 0, effort;
    for (int i = 0; i < n->in_count; i++)
        in += n->in[i] ? its_shape_count(&n->in[i]->shape) : 0;
    return __builtin_mul_overflow(in, its_shape_count(&n->out[0]->shape), &effort) ||
           effort > FOLD_EFFORT_MAX;
}

static bool can_fold(struct its_graph *g, const struct its_node *n)
{
    int64_t bytes = its_graph_folded(g, 0);
    if (n->act != ITS_ACT_NONE || n->add || carries_integers(n))
        return false;
    for (int i = 0; i < n->in_count && !reads_only_shapes(n); i++)
        if (n->in[i] && !n->in[i]->data)
            return false;
    for (int i = 0; i < n->out_count; i++) {
        const struct its_value *v = n->out[i];
        int64_t size = v ? its_shape_bytes(&v->shape, v->type) : 0;
        bytes += size;
        if (size > FOLD_BYTES_MAX || bytes > FOLD_BYTES_ALL)
            return false;
    }
    return !takes_too_long(n);
}

static int fold(struct its_graph *g, struct its_node *n)
{
    const void **in = its_calloc((size_t)n->in_count + 1, sizeof(*in));
    void **out = its_calloc((size_t)n->out_count + 1, sizeof(*out));
    int rc = 0;
    for (int i = 0; i < n->in_count; i++)
        in[i] = n->in[i] ? n->in[i]->data : NULL;
    for (int i = 0; i < n->out_count && rc == 0; i++) {
        const struct its_value *v = n->out[i];
        if (!v)
            continue;
        int64_t bytes = its_shape_bytes(&v->shape, v->type);
        if (!(out[i] = its_graph_alloc_data(g, (size_t)bytes)))
            rc = -ENOMEM;
        its_graph_folded(g, bytes);
    }
    if (rc == 0)
        rc = n->op->run(n, in, out);
    for (int i = 0; i < n->out_count && rc == 0; i++) {
        if (!n->out[i])
            continue;
        n->out[i]->data = out[i];
        n->out[i]->from = NULL;
    }
    free(in);
    free(out);
    return rc;
}

static int infer(struct its_graph *g, struct its_node *n, struct its_error *err)
{
    for (int i = 0; i < n->in_count; i++)
        if (n->in[i] && !n->in[i]->shaped)
            return its_error_set(err, -EINVAL, "the shape of its input '%s' is not known",
                                 n->in[i]->name);
    int rc = n->op->infer(n, err);
    if (rc)
        return rc;
    for (int i = 0; i < n->out_count; i++) {
        struct its_value *v = n->out[i];
        if (!v)
            continue;
        char text[96];
        if (its_shape_bytes(&v->shape, v->type) < 0)
            return its_error_set(err, ITS_ETOOBIG, "its result %s is larger than 16 GiB",
                                 its_shape_text(&v->shape, text, sizeof(text)));
        v->shaped = true;
    }
    if (can_fold(g, n) && (rc = fold(g, n)))
        return its_error_set(err, rc, "%s", its_strerror(rc));
    return 0;
}

int its_graph_infer_node(struct its_graph *g, struct its_node *n, struct its_error *err)
{
    int rc = infer(g, n, err);
    if (rc)
        its_error_prefix(err, "node '%s' (%s)", n->name, n->op->name);
    return rc;
}

static bool folded(const struct its_node *n)
{
    bool any = false;
    for (int i = 0; i < n->out_count; i++) {
        if (n->out[i] && n->out[i]->from == n)
            return false;
        any |= n->out[i] != NULL;
    }
    return any;
}

void its_graph_drop_folded(struct its_graph *g)
{
    int kept = 0;
    for (int i = 0; i < g->node_count; i++)
        if (!folded(g->node[i]))
            g->node[kept++] = g->node[i];
    g->node_count = kept;
}

static int check_inputs(const struct its_graph *g, struct its_error *err)
{
    for (int i = 0; i < g->input_count; i++) {
        const struct its_value *v = g->input[i];
        if (!v->shaped || its_shape_bytes(&v->shape, v->type) < 0)
            return its_error_set(err, -EINVAL, "the size of input '%s' is not known", v->name);
    }
    return 0;
}

int its_graph_infer(struct its_graph *g, struct its_error *err)
{
    int rc = check_inputs(g, err);
    for (int i = 0; i < g->node_count && rc == 0; i++)
        rc = its_graph_infer_node(g, g->node[i], err);
    its_graph_drop_folded(g);
    return rc;
}
