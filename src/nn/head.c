/* Shapes alone do not tell: poses and masks have outputs like a detector's with more classes, and a
 * YOLOX that decodes its boxes has the shape of one that does not. So the nodes before the output
 * are looked at as well. Quantise and dequantise nodes in between do not count. */
#include "nn/head.h"

#include <string.h>

#include "nn/op.h"
#include "nn/sizes.h"

static const struct its_node *maker(const struct its_value *v)
{
    while (v && v->from &&
           (strcmp(v->from->op->name, "QuantizeLinear") == 0 ||
            strcmp(v->from->op->name, "DequantizeLinear") == 0))
        v = v->from->in[0];
    return v ? v->from : NULL;
}

static bool is_made_by(const struct its_value *v, const char *op)
{
    const struct its_node *n = maker(v);
    return n && strcmp(n->op->name, op) == 0;
}

/* Joins `count` things along `axis` of a tensor of that rank. */
static bool joins(const struct its_node *n, int count, int axis, int rank)
{
    if (!n || strcmp(n->op->name, "Concat") != 0 || n->in_count != count)
        return false;
    int64_t a = its_node_int(n, "axis", 0);
    return (a < 0 ? a + rank : a) == axis;
}

/* Anchors: cells of three levels or so, the finest of stride 8 or 4. */
static bool are_anchors(const struct its_native *native, int64_t count)
{
    struct its_picture p = {native->batch, native->h, native->w};
    struct its_sizes s = {p, p};
    struct its_levels l;
    return its_levels_find(&s, count, &l) && l.last > l.first && l.first >= 2;
}

/* (N, 4 + classes, anchors): boxes joined with scores that went through a Sigmoid. */
static int yolo_classes(const struct its_value *out, const struct its_native *native)
{
    const struct its_node *join = maker(out);
    if (out->shape.rank != 3 || !are_anchors(native, out->shape.dim[2]) || !joins(join, 2, 1, 3))
        return 0;
    const struct its_value *box = join->in[0], *score = join->in[1];
    if (box->shape.dim[1] != 4 || !is_made_by(score, "Sigmoid"))
        return 0;
    return (int)score->shape.dim[1];
}

/* A level of a YOLOX head: boxes, objectness and scores, the last two through a Sigmoid. */
static bool is_yolox_level(const struct its_value *v)
{
    const struct its_node *n = maker(v);
    if (n && strcmp(n->op->name, "Reshape") == 0)
        n = maker(n->in[0]);
    return joins(n, 3, 1, 4) && n->in[0]->shape.dim[1] == 4 && n->in[1]->shape.dim[1] == 1 &&
           is_made_by(n->in[1], "Sigmoid") && is_made_by(n->in[2], "Sigmoid");
}

/* (N, anchors, 5 + classes), undecoded: levels joined and transposed, nothing after. */
static int yolox_classes(const struct its_value *out, const struct its_native *native)
{
    const struct its_node *turn = maker(out);
    if (out->shape.rank != 3 || !are_anchors(native, out->shape.dim[1]) || !turn ||
        strcmp(turn->op->name, "Transpose") != 0)
        return 0;
    const struct its_node *join = maker(turn->in[0]);
    if (!join || !joins(join, join->in_count, 2, 3))
        return 0;
    for (int i = 0; i < join->in_count; i++)
        if (!is_yolox_level(join->in[i]))
            return 0;
    return out->shape.dim[2] > 5 ? (int)out->shape.dim[2] - 5 : 0;
}

/* (N, boxes, 6) from the best of all scores. Classes: what the first search runs over. */
static bool is_top(const struct its_graph *g, const struct its_value *out, int *classes)
{
    if (out->shape.rank != 3 || out->shape.dim[2] != 6 || out->shape.dim[1] > 10000)
        return false;
    bool top = false;
    *classes = 0;
    for (int i = 0; i < g->node_count; i++) {
        const struct its_node *n = g->node[i];
        top |= strcmp(n->op->name, "TopK") == 0;
        const struct its_shape *s = n->in_count && n->in[0] ? &n->in[0]->shape : NULL;
        if (strcmp(n->op->name, "ReduceMax") == 0 && s->rank == 3)
            *classes = (int)s->dim[2];
    }
    return top;
}

enum its_head its_head_recognise(const struct its_graph *g, const struct its_native *native,
                                 int *classes)
{
    *classes = 0;
    if (g->output_count < 1)
        return ITS_HEAD_NONE;
    const struct its_value *out = g->output[0];
    if ((*classes = yolo_classes(out, native)))
        return ITS_HEAD_YOLO;
    if ((*classes = yolox_classes(out, native)))
        return ITS_HEAD_YOLOX;
    if (is_top(g, out, classes))
        return ITS_HEAD_TOP;
    *classes = 0;
    return ITS_HEAD_NONE;
}
