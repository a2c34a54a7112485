/* Recognises attention as exports write it, channels before tokens:
 *
 *   MatMul(v, Transpose(Softmax(MatMul(Transpose(q), k) * scale)))
 *
 * with q, k, v of (1, heads, channels, tokens), and makes it one node: the (tokens x tokens) matrix
 * and its transpose are never stored. */
#include "base/arena.h"
#include "nn/fused.h"
#include "nn/pass.h"

/* The input of a Transpose that swaps the last two of four axes, else NULL. */
static struct its_value *before_swap(const struct its_value *v)
{
    const struct its_node *n = its_value_from(v, "Transpose");
    int count;
    const int64_t *perm = n ? its_node_ints(n, "perm", &count) : NULL;
    bool swap = perm && count == 4 && perm[0] == 0 && perm[1] == 1 && perm[2] == 3 && perm[3] == 2;
    return swap ? n->in[0] : NULL;
}

/* v = x * constant, v = x / constant or just x: x, and the factor. */
static const struct its_value *before_scale(const struct its_value *v, float *factor)
{
    const struct its_node *mul = its_value_from(v, "Mul"), *div = its_value_from(v, "Div");
    const struct its_node *n = mul ? mul : div;
    *factor = 1;
    if (!n)
        return v;
    const struct its_value *c = n->in[1]->data ? n->in[1] : n->in[0];
    if (!c->data || c->type != ITS_F32 || its_shape_count(&c->shape) != 1 || (div && c != n->in[1]))
        return NULL;
    *factor = div ? 1 / *(const float *)c->data : *(const float *)c->data;
    return c == n->in[1] ? n->in[0] : n->in[1];
}

static bool is_heads(const struct its_value *v, const struct its_value *like)
{
    const struct its_shape *s = &v->shape, *t = &like->shape;
    return v->type == ITS_F32 && s->rank == 4 && s->dim[0] == 1 && s->dim[1] == t->dim[1] &&
           s->dim[3] == t->dim[3];
}

static const struct its_attr *scale_attr(struct its_graph *g, float scale)
{
    struct its_attr *a = its_arena_alloc(g->arena, sizeof(*a));
    *a = (struct its_attr){.name = "scale", .kind = ITS_ATTR_FLOAT, .count = 1, .f = scale};
    return a;
}

static void fuse(struct its_graph *g, struct its_node *softmax)
{
    struct its_node *transpose = its_value_reader(g, softmax->out[0], "Transpose");
    if (!transpose || before_swap(transpose->out[0]) != softmax->out[0])
        return;
    struct its_node *mix = its_value_reader(g, transpose->out[0], "MatMul");
    float scale;
    const struct its_value *s = before_scale(softmax->in[0], &scale);
    const struct its_node *match = s ? its_value_from(s, "MatMul") : NULL;
    struct its_value *q = match ? before_swap(match->in[0]) : NULL;
    int64_t axis = its_node_int(softmax, "axis", -1);
    if (!mix || mix->in[1] != transpose->out[0] || !q || (axis != -1 && axis != 3))
        return;
    struct its_value *k = match->in[1], *v = mix->in[0];
    if (!is_heads(q, q) || !is_heads(k, q) || !is_heads(v, q) || k->shape.dim[2] != q->shape.dim[2])
        return;
    struct its_node *n = its_graph_add_node(g, &its_op_attention, mix->name, 3, 1);
    n->in[0] = q;
    n->in[1] = k;
    n->in[2] = v;
    n->attrs = scale_attr(g, scale);
    n->attr_count = 1;
    its_node_take_output(g, n, mix);
}

int its_pass_attention(struct its_graph *g)
{
    int count = g->node_count;
    for (int i = 0; i < count; i++)
        if (its_node_is(g->node[i], "Softmax"))
            fuse(g, g->node[i]);
    its_graph_prune(g);
    return 0;
}
