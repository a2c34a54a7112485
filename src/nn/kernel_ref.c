/* Any node, by the plain C that defines its operator: dense f32 planes in and out (integers as
 * they are). What the passes folded into the node is done afterwards. The oracle's back end, and
 * the last resort of the others. */
#include "nn/backend.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "nn/op.h"
#include "nn/pass.h"

/* Reals are f32 here, however the plan stores them elsewhere. */
static struct its_form plain_form(const struct its_value *v)
{
    bool real = !v || v->type == ITS_BF16 || v->quant.count;
    return (struct its_form){real ? ITS_F32 : v->type, ITS_LAYOUT_PLANES};
}

/* Weights of integers with steps: the pass that leaves them so knows a kernel for them. */
static bool has_integer_weights(const struct its_node *n)
{
    return its_node_is(n, "Conv") && n->in[1]->type == ITS_S8;
}

static bool takes(const struct its_node *n, struct its_form *in, struct its_form *out)
{
    if (has_integer_weights(n))
        return false;
    for (int i = 0; i < n->in_count; i++)
        in[i] = plain_form(n->in[i]);
    if (n->add)
        in[n->in_count] = plain_form(n->add);
    for (int i = 0; i < n->out_count; i++)
        out[i] = plain_form(n->out[i]);
    return true;
}

static float activate(float x, enum its_act act, float alpha)
{
    switch (act) {
    case ITS_ACT_NONE:
        break;
    case ITS_ACT_SILU:
        return x / (1 + expf(-x));
    case ITS_ACT_RELU:
        return x > 0 ? x : 0;
    case ITS_ACT_SIGMOID:
        return 1 / (1 + expf(-x));
    case ITS_ACT_LEAKY:
        return x > 0 ? x : alpha * x;
    case ITS_ACT_HARD_SWISH:
        return x * fminf(fmaxf(x / 6 + 0.5f, 0), 1);
    }
    return x;
}

/* The node as its operator must see it where the graph says integers and we hold reals. */
struct shadow {
    struct its_node node;
    struct its_value *value; /* copies, inputs then outputs */
    struct its_value **in;   /* pointers for the node */
};

static bool is_shadowed(const struct its_value *v)
{
    return v && !v->data && plain_form(v).type != v->type;
}

static void release(struct its_step *s)
{
    struct shadow *w = s->state;
    if (w) {
        free(w->value);
        free(w->in);
    }
    free(w);
    s->state = NULL;
}

static int prepare(struct its_step *s, struct its_error *err)
{
    const struct its_node *n = s->node;
    int count = n->in_count + n->out_count;
    bool needed = false;
    for (int i = 0; i < count; i++)
        needed |= is_shadowed(i < n->in_count ? n->in[i] : n->out[i - n->in_count]);
    if (!needed)
        return 0;
    struct shadow *w = s->state = its_malloc(sizeof(*w));
    w->node = *n;
    w->value = its_calloc((size_t)count, sizeof(*w->value));
    w->in = its_calloc((size_t)count, sizeof(*w->in));
    for (int i = 0; i < count; i++) {
        const struct its_value *v = i < n->in_count ? n->in[i] : n->out[i - n->in_count];
        if (!v)
            continue;
        w->value[i] = *v;
        if (is_shadowed(v))
            w->value[i].type = plain_form(v).type;
        w->in[i] = &w->value[i];
    }
    w->node.in = w->in;
    w->node.out = w->in + n->in_count;
    return 0;
}

static int run(const struct its_bound *b)
{
    const struct shadow *w = b->step->state;
    const struct its_node *n = w ? &w->node : b->step->node;
    int rc = n->op->run(n, b->in, b->out);
    if (rc < 0 || (n->act == ITS_ACT_NONE && !n->add))
        return rc;
    int64_t count = its_shape_count(&n->out[0]->shape);
    float *x = b->out[0];
    const float *add = n->add ? b->in[n->in_count] : NULL;
    for (int64_t i = 0; i < count; i++)
        x[i] = activate(x[i], n->act, n->act_alpha) + (add ? add[i] : 0);
    return 0;
}

const struct its_kernel its_kernel_ref = {
    .name = "ref", .takes = takes, .prepare = prepare, .release = release, .run = run};

static const struct its_kernel *const kernels[] = {&its_kernel_ref, NULL};
const struct its_backend its_backend_ref = {"ref", kernels};
