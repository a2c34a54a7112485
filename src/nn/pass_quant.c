/* Takes QuantizeLinear and DequantizeLinear out of a graph and keeps what they say: constants
 * become plain constants again, or integer weights with their scales; an activation that goes
 * through a pair of them is only marked with the scale and zero point (value->quant). Which of the
 * marked ones are stored as integers is decided later (pass_integer.c), so a pair in the midst of
 * what becomes one node costs nothing and loses nothing. */
#include "base/arena.h"
#include "nn/pass.h"

/* Integer i of the constant. */
static int32_t integer_at(const struct its_value *v, int64_t i)
{
    switch (v->type) {
    case ITS_U8:
        return ((const uint8_t *)v->data)[i];
    case ITS_S8:
        return ((const int8_t *)v->data)[i];
    default:
        return ((const int32_t *)v->data)[i];
    }
}

static bool is_integers(const struct its_value *v)
{
    return v->data && (v->type == ITS_U8 || v->type == ITS_S8 || v->type == ITS_S32);
}

/* Scale and zero point of a QuantizeLinear or DequantizeLinear: constants, one or per axis. */
struct steps {
    int64_t count, inner; /* elements of one index of the axis */
    const float *scale;
    const struct its_value *zero; /* NULL: 0 */
};

static bool read_steps(const struct its_node *n, struct steps *s)
{
    const struct its_value *scale = its_node_in(n, 1), *zero = its_node_in(n, 2);
    const struct its_shape *shape = &n->in[0]->shape;
    int64_t axis = its_node_int(n, "axis", 1);
    if (!scale || !scale->data || scale->type != ITS_F32 || (zero && !is_integers(zero)))
        return false;
    *s = (struct steps){its_shape_count(&scale->shape), 1, scale->data, zero};
    axis = axis < 0 ? axis + shape->rank : axis;
    if (s->count == 1)
        return true;
    if (scale->shape.rank != 1 || axis >= shape->rank || shape->dim[axis] != s->count)
        return false;
    for (int64_t i = axis + 1; i < shape->rank; i++)
        s->inner *= shape->dim[i];
    return true;
}

static int32_t zero_of(const struct steps *s, int64_t i)
{
    return s->zero ? integer_at(s->zero, s->count == 1 ? 0 : i) : 0;
}

/* --- constants */

/* The weights of a convolution stay integers: s8, one scale per output channel. NULL: they cannot.
 */
static struct its_value *keep_weights(struct its_graph *g, const struct its_value *q,
                                      const struct steps *s)
{
    int64_t m = q->shape.rank == 4 ? q->shape.dim[0] : 0, count = its_shape_count(&q->shape);
    if (m == 0 || q->type == ITS_S32 || (s->count != 1 && (s->count != m || s->inner * m != count)))
        return NULL;
    struct its_value *v = its_graph_add_constant(g, NULL, ITS_S8, &q->shape, NULL);
    float *scale = its_arena_alloc(g->arena, (size_t)m * sizeof(*scale));
    for (int64_t i = 0; v && i < count; i++) {
        int64_t c = i / (count / m);
        int32_t x = integer_at(q, i) - zero_of(s, c);
        if (x < -128 || x > 127)
            return NULL;
        ((int8_t *)v->data)[i] = (int8_t)x;
        scale[c] = s->scale[s->count == 1 ? 0 : c];
    }
    if (v)
        v->quant = (struct its_quant){.count = (int)m, .axis = 0, .scale = scale};
    return v;
}

static struct its_value *dequantise(struct its_graph *g, const struct its_value *q,
                                    const struct steps *s)
{
    struct its_value *v = its_graph_add_constant(g, NULL, ITS_F32, &q->shape, NULL);
    int64_t count = its_shape_count(&q->shape);
    for (int64_t i = 0; v && i < count; i++) {
        int64_t c = s->count == 1 ? 0 : i / s->inner % s->count;
        ((float *)v->data)[i] = (float)(integer_at(q, i) - zero_of(s, c)) * s->scale[c];
    }
    return v;
}

static int fold_constant(struct its_graph *g, struct its_node *dq, bool integers)
{
    struct steps s;
    if (!is_integers(dq->in[0]) || !read_steps(dq, &s))
        return 0;
    const struct its_node *conv = its_value_reader(g, dq->out[0], "Conv");
    struct its_value *v = NULL;
    if (integers && conv && conv->in[1] == dq->out[0])
        v = keep_weights(g, dq->in[0], &s);
    if (!v)
        v = dequantise(g, dq->in[0], &s);
    if (!v)
        return -ENOMEM;
    its_graph_replace(g, dq->out[0], v);
    return 0;
}

/* --- activations */

static bool same_steps(const struct steps *a, const struct steps *b)
{
    return a->count == 1 && b->count == 1 && a->scale[0] == b->scale[0] &&
           zero_of(a, 0) == zero_of(b, 0);
}

/* All readers of the integers turn them back with the same steps. */
static bool is_pair(const struct its_graph *g, const struct its_value *q, const struct steps *s)
{
    for (int i = 0; i < g->output_count; i++)
        if (g->output[i] == q)
            return false;
    for (int i = 0; i < g->node_count; i++)
        for (int k = 0; k < g->node[i]->in_count; k++) {
            struct steps t;
            if (g->node[i]->in[k] == q && (k != 0 || !its_node_is(g->node[i], "DequantizeLinear") ||
                                           !read_steps(g->node[i], &t) || !same_steps(s, &t)))
                return false;
        }
    return true;
}

/* Marks the value; signed integers are counted from -128, so that all activations are u8. */
static void mark(struct its_graph *g, struct its_value *v, const struct steps *s, bool is_signed)
{
    float *scale = its_arena_alloc(g->arena, sizeof(*scale));
    int32_t *zero = its_arena_alloc(g->arena, sizeof(*zero));
    *scale = s->scale[0];
    *zero = zero_of(s, 0) + (is_signed ? 128 : 0);
    v->quant = (struct its_quant){.count = 1, .scale = scale, .zero = zero};
}

static void take_out(struct its_graph *g, struct its_node *quantize)
{
    struct its_value *x = quantize->in[0], *q = quantize->out[0];
    struct steps s;
    if (x->type != ITS_F32 || (q->type != ITS_U8 && q->type != ITS_S8) ||
        !read_steps(quantize, &s) || s.count != 1 || !is_pair(g, q, &s))
        return;
    if (!x->data)
        mark(g, x, &s, q->type == ITS_S8);
    for (int i = 0; i < g->node_count; i++)
        if (its_node_is(g->node[i], "DequantizeLinear") && g->node[i]->in[0] == q)
            its_graph_replace(g, g->node[i]->out[0], x);
}

int its_pass_quant(struct its_graph *g, bool integers)
{
    int rc = 0;
    for (int i = 0; i < g->node_count && rc == 0; i++)
        if (its_node_is(g->node[i], "DequantizeLinear"))
            rc = fold_constant(g, g->node[i], integers);
    for (int i = 0; i < g->node_count && rc == 0; i++)
        if (its_node_is(g->node[i], "QuantizeLinear"))
            take_out(g, g->node[i]);
    if (rc == 0)
        its_graph_prune(g);
    return rc;
}
