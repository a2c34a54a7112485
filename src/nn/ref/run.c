/* Runs a graph node by node. See ref.h. */
#include "nn/ref/ref.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/op.h"
#include "nn/ref/unary.h"

float its_ref_act(enum its_act act, float alpha, float x)
{
    switch (act) {
    case ITS_ACT_NONE:
        break;
    case ITS_ACT_SILU:
        return x * its_sigmoid(x);
    case ITS_ACT_RELU:
        return x < 0 ? 0 : x;
    case ITS_ACT_SIGMOID:
        return its_sigmoid(x);
    case ITS_ACT_LEAKY:
        return x < 0 ? alpha * x : x;
    case ITS_ACT_HARD_SWISH:
        return its_hard_swish(x);
    }
    return x;
}

void its_ref_epilogue(const struct its_node *n, const float *add, float *y)
{
    int64_t count = its_shape_count(&n->out[0]->shape);
    if (n->act == ITS_ACT_NONE && !add)
        return;
    for (int64_t i = 0; i < count; i++)
        y[i] = its_ref_act(n->act, n->act_alpha, y[i]) + (add ? add[i] : 0);
}

struct run {
    const struct its_graph *g;
    const void **data; /* by value id: an input's, a constant's, or in `made` */
    void **made;       /* by value id: owned */
    int *left;         /* by value id: readers to come */
};

static void *result_memory(struct run *r, const struct its_value *v)
{
    size_t count = its_shape_count(&v->shape);
    r->made[v->id] = its_try_aligned(count * its_dtype_bytes(v->type) + 1);
    r->data[v->id] = r->made[v->id];
    return r->made[v->id];
}

static int compute(struct run *r, const struct its_node *n, const void **in, void **out)
{
    for (int i = 0; i < n->in_count; i++)
        in[i] = n->in[i] ? r->data[n->in[i]->id] : NULL;
    for (int i = 0; i < n->out_count; i++) {
        out[i] = n->out[i] ? result_memory(r, n->out[i]) : NULL;
        if (n->out[i] && !out[i])
            return -ENOMEM;
    }
    int rc = n->op->run(n, in, out);
    if (!rc && n->out_count && out[0])
        its_ref_epilogue(n, n->add ? r->data[n->add->id] : NULL, out[0]);
    return rc;
}

/* Gives back what nobody will read any more. */
static void release(struct run *r, const struct its_value *v)
{
    if (!v || --r->left[v->id] > 0)
        return;
    free(r->made[v->id]);
    r->made[v->id] = NULL;
}

static int run_node(struct run *r, const struct its_node *n, its_ref_seen_fn *seen, void *ctx)
{
    const void **in = its_calloc(n->in_count + 1, sizeof *in);
    void **out = its_calloc(n->out_count + 1, sizeof *out);
    int rc = compute(r, n, in, out);
    for (int i = 0; i < n->out_count && !rc; i++)
        if (seen && n->out[i])
            seen(ctx, n, n->out[i], out[i]);
    free(in);
    free(out);
    for (int i = 0; i < n->in_count; i++)
        release(r, n->in[i]);
    release(r, n->add);
    return rc;
}

/* Who reads what; outputs of the graph are read by the caller. */
static void prepare(struct run *r, const void *const *inputs)
{
    const struct its_graph *g = r->g;
    for (int i = 0; i < g->input_count; i++)
        r->data[g->input[i]->id] = inputs[i];
    for (int i = 0; i < g->value_count; i++)
        if (g->value[i]->data)
            r->data[g->value[i]->id] = g->value[i]->data;
    for (int k = 0; k < g->node_count; k++) {
        const struct its_node *n = g->node[k];
        for (int i = 0; i < n->in_count; i++)
            if (n->in[i])
                r->left[n->in[i]->id]++;
        if (n->add)
            r->left[n->add->id]++;
    }
    for (int i = 0; i < g->output_count; i++)
        r->left[g->output[i]->id]++;
}

static void hand_out(const struct run *r, void *const *outputs)
{
    for (int i = 0; i < r->g->output_count; i++) {
        const struct its_value *v = r->g->output[i];
        size_t bytes = its_shape_count(&v->shape) * its_dtype_bytes(v->type);
        if (outputs[i] && bytes)
            memcpy(outputs[i], r->data[v->id], bytes);
    }
}

int its_ref_run(const struct its_graph *g, const void *const *inputs, void *const *outputs,
                its_ref_seen_fn *seen, void *ctx, struct its_error *err)
{
    struct run r = {
        .g = g,
        .data = its_try_calloc(g->value_count + 1, sizeof *r.data),
        .made = its_try_calloc(g->value_count + 1, sizeof *r.made),
        .left = its_try_calloc(g->value_count + 1, sizeof *r.left),
    };
    int rc = 0;
    if (!r.data || !r.made || !r.left)
        rc = its_error_set(err, -ENOMEM, "%d values", g->value_count);
    if (!rc)
        prepare(&r, inputs);
    for (int k = 0; k < g->node_count && !rc; k++) {
        const struct its_node *n = g->node[k];
        if ((rc = run_node(&r, n, seen, ctx)))
            its_error_set(err, rc, "node '%s' (%s): %s", n->name, n->op->name, its_strerror(rc));
    }
    if (!rc)
        hand_out(&r, outputs);
    for (int i = 0; r.made && i < g->value_count; i++)
        free(r.made[i]);
    free(r.data);
    free(r.made);
    free(r.left);
    return rc;
}
