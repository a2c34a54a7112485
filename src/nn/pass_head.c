/* Recognises the decoding at the end of YOLOv8 and YOLO11 exports, from the raw maps of the levels
 * to (1, 4 + classes, anchors), and makes it one node.
 *
 * Read from the output backwards: Concat[boxes, Sigmoid(scores)]; boxes = Concat[(a + b) / 2, b -
 * a]
 * * strides, where a = anchors - d[0:2], b = anchors + d[2:4] and d is a convolution with weights
 * 0…15 over a softmax of 16 bins. Every constant on the way is compared with what it must be: a
 * head that differs in anything stays as it is. */
#include <math.h>

#include "base/arena.h"
#include "nn/fused.h"
#include "nn/param.h"
#include "nn/pass.h"

enum { BINS = 16, LEVELS_MAX = 8 };

struct head {
    struct its_node *last; /* computes the output */
    const struct its_value *anchors, *strides;
    struct its_value *boxes, *scores; /* of all levels: (1, 64, n), (1, classes, n) logits */
    int levels;
    struct its_value *box[LEVELS_MAX], *score[LEVELS_MAX]; /* (1, c, h, w) */
    int64_t stride[LEVELS_MAX];
};

static int64_t axis_of(const struct its_node *n)
{
    int64_t axis = its_node_int(n, "axis", -1);
    return axis < 0 ? axis + n->out[0]->shape.rank : axis;
}

static struct its_node *concat_of_two(const struct its_value *v, int64_t axis)
{
    struct its_node *n = its_value_from(v, "Concat");
    return n && n->in_count == 2 && axis_of(n) == axis ? n : NULL;
}

static bool is_float(const struct its_value *v, float want)
{
    return v->data && v->type == ITS_F32 && its_shape_count(&v->shape) == 1 &&
           *(const float *)v->data == want;
}

/* v = Slice(x) that takes channels [from, from + 2) and everything else: x. */
static struct its_value *before_slice(const struct its_value *v, int64_t from)
{
    const struct its_node *n = its_value_from(v, "Slice");
    struct its_slice s;
    if (!n || n->in[0]->shape.rank != 3 || its_slice_of(n, &s, NULL) < 0)
        return NULL;
    for (int i = 0; i < 3; i++)
        if (s.step[i] != 1 || s.start[i] != (i == 1 ? from : 0) ||
            s.count[i] != (i == 1 ? 2 : n->in[0]->shape.dim[i]))
            return NULL;
    return n->in[0];
}

/* a = anchors - d[0:2], b = anchors + d[2:4]: d. */
static struct its_value *match_corners(struct head *h, const struct its_value *a,
                                       const struct its_value *b)
{
    const struct its_node *sub = its_value_from(a, "Sub"), *add = its_value_from(b, "Add");
    if (!sub || !add || !sub->in[0]->data)
        return NULL;
    bool first = add->in[0]->data != NULL;
    const struct its_value *other = add->in[first ? 0 : 1];
    struct its_value *low = before_slice(sub->in[1], 0);
    struct its_value *high = before_slice(add->in[first ? 1 : 0], 2);
    h->anchors = sub->in[0];
    if (!low || low != high || !other->data || h->anchors->type != ITS_F32 ||
        !its_shape_equal(&other->shape, &h->anchors->shape) ||
        memcmp(other->data, h->anchors->data,
               (size_t)its_shape_count(&other->shape) * sizeof(float)) != 0)
        return NULL;
    return low;
}

/* Concat[(a + b) / 2, b - a] * strides: d. */
static struct its_value *match_boxes(struct head *h, const struct its_value *v)
{
    const struct its_node *mul = its_value_from(v, "Mul");
    const struct its_node *cat = mul ? concat_of_two(mul->in[0], 1) : NULL;
    const struct its_node *half = cat ? its_value_from(cat->in[0], "Div") : NULL;
    const struct its_node *size = cat ? its_value_from(cat->in[1], "Sub") : NULL;
    const struct its_node *sum = half ? its_value_from(half->in[0], "Add") : NULL;
    if (!size || !sum || !is_float(half->in[1], 2) || !mul->in[1]->data)
        return NULL;
    h->strides = mul->in[1];
    const struct its_value *a = size->in[1], *b = size->in[0];
    if (!(sum->in[0] == a && sum->in[1] == b) && !(sum->in[0] == b && sum->in[1] == a))
        return NULL;
    return match_corners(h, a, b);
}

static bool has_perm(const struct its_node *n, const int64_t want[4])
{
    int count;
    const int64_t *perm = its_node_ints(n, "perm", &count);
    return perm && count == 4 && memcmp(perm, want, 4 * sizeof(*want)) == 0;
}

/* Weights 0…15. A quantised file has them rounded to its steps, and we go back to what they were.
 */
static bool counts_bins(const struct its_value *w)
{
    if (!w->data || its_shape_count(&w->shape) != BINS)
        return false;
    for (int i = 0; i < BINS; i++) {
        bool s8 = w->type == ITS_S8 && w->quant.count == 1;
        float x = s8                   ? (float)((const int8_t *)w->data)[i] * w->quant.scale[0]
                  : w->type == ITS_F32 ? ((const float *)w->data)[i]
                                       : -1;
        if (fabsf(x - (float)i) > (BINS - 1) / 127.f / 2 * 1.01f)
            return false;
    }
    return true;
}

/* The mean over 16 bins, in the two ways exports write it: the logits (1, 64, n). */
static struct its_value *before_bins(const struct its_value *d)
{
    static const int64_t swap[4] = {0, 2, 1, 3}, inner[4] = {0, 3, 1, 2}, outer[4] = {0, 3, 2, 1};
    const struct its_node *shape = its_value_from(d, "Reshape");
    const struct its_node *conv = shape ? its_value_from(shape->in[0], "Conv") : NULL;
    if (!conv || conv->act != ITS_ACT_NONE || conv->add || its_node_in(conv, 2) ||
        !counts_bins(conv->in[1]))
        return NULL;
    const struct its_node *back = its_value_from(conv->in[0], "Transpose");
    const struct its_node *soft = its_value_from(back ? back->in[0] : conv->in[0], "Softmax");
    const struct its_node *turn = soft ? its_value_from(soft->in[0], "Transpose") : NULL;
    bool ok = turn && (back ? has_perm(back, outer) && has_perm(turn, inner) && axis_of(soft) == 3
                            : has_perm(turn, swap) && axis_of(soft) == 1);
    const struct its_node *split = ok ? its_value_from(turn->in[0], "Reshape") : NULL;
    const struct its_shape *s = split ? &split->out[0]->shape : NULL;
    if (!s || s->rank != 4 || s->dim[0] != 1 || s->dim[1] != 4 || s->dim[2] != BINS ||
        split->in[0]->shape.rank != 3)
        return NULL;
    return split->in[0];
}

/* Concat over the last axis of Reshapes of maps (1, c, h, w): the maps. 0: it is something else. */
static int match_maps(const struct its_value *v, struct its_value **map)
{
    const struct its_node *cat = its_value_from(v, "Concat");
    if (!cat || axis_of(cat) != 2 || cat->in_count > LEVELS_MAX)
        return 0;
    for (int i = 0; i < cat->in_count; i++) {
        const struct its_node *r = its_value_from(cat->in[i], "Reshape");
        if (!r || r->in[0]->shape.rank != 4 || r->in[0]->shape.dim[0] != 1 ||
            r->in[0]->shape.dim[1] != r->out[0]->shape.dim[1])
            return 0;
        map[i] = r->in[0];
    }
    return cat->in_count;
}

/* Boxes and scores come apart, or as one Concat of both per level that is split afterwards. */
static bool match_levels(struct head *h)
{
    const struct its_node *split = its_value_from(h->boxes, "Split");
    if (!split) {
        h->levels = match_maps(h->boxes, h->box);
        return h->levels > 0 && match_maps(h->scores, h->score) == h->levels;
    }
    struct its_value *both[LEVELS_MAX];
    if (split->out_count != 2 || split->out[0] != h->boxes || split->out[1] != h->scores ||
        axis_of(split) != 1)
        return false;
    h->levels = match_maps(split->in[0], both);
    for (int i = 0; i < h->levels; i++) {
        const struct its_node *cat = concat_of_two(both[i], 1);
        if (!cat)
            return false;
        h->box[i] = cat->in[0];
        h->score[i] = cat->in[1];
    }
    return h->levels > 0;
}

/* Anchors are the cells' centres, strides the same all over a level. */
static bool check_tables(struct head *h)
{
    int64_t count = its_shape_count(&h->strides->shape), at = 0;
    const float *x = h->anchors->data, *y = x + count, *stride = h->strides->data;
    if (h->strides->type != ITS_F32 || its_shape_count(&h->anchors->shape) != 2 * count)
        return false;
    for (int l = 0; l < h->levels; l++) {
        const int64_t *d = h->box[l]->shape.dim, *s = h->score[l]->shape.dim;
        if (d[1] != 4 * BINS || s[2] != d[2] || s[3] != d[3] || s[1] != h->score[0]->shape.dim[1] ||
            at + d[2] * d[3] > count)
            return false;
        h->stride[l] = (int64_t)stride[at];
        for (int64_t i = 0; i < d[2] * d[3]; i++, at++)
            if (stride[at] != (float)h->stride[l] || x[at] != (float)(i % d[3]) + 0.5f ||
                y[at] != (float)(i / d[3]) + 0.5f)
                return false;
    }
    return at == count;
}

static bool match(struct head *h, struct its_value *output)
{
    *h = (struct head){.last = concat_of_two(output, 1)};
    const struct its_node *scores = h->last ? its_value_from(h->last->in[1], "Sigmoid") : NULL;
    const struct its_value *d = scores ? match_boxes(h, h->last->in[0]) : NULL;
    h->boxes = d ? before_bins(d) : NULL;
    h->scores = scores ? scores->in[0] : NULL;
    return h->boxes && match_levels(h) && check_tables(h);
}

static void fuse(struct its_graph *g, const struct head *h)
{
    struct its_node *n = its_graph_add_node(g, &its_op_head, h->last->name, 2 * h->levels, 1);
    int64_t *strides = its_arena_alloc(g->arena, sizeof(h->stride));
    struct its_attr *a = its_arena_alloc(g->arena, sizeof(*a));
    memcpy(strides, h->stride, sizeof(h->stride));
    *a = (struct its_attr){
        .name = "strides", .kind = ITS_ATTR_INTS, .count = h->levels, .ints = strides};
    n->attrs = a;
    n->attr_count = 1;
    for (int i = 0; i < h->levels; i++) {
        n->in[2 * i] = h->box[i];
        n->in[2 * i + 1] = h->score[i];
    }
    its_node_take_output(g, n, h->last);
}

int its_pass_head(struct its_graph *g)
{
    for (int i = 0; i < g->output_count; i++) {
        struct head h;
        if (match(&h, g->output[i]))
            fuse(g, &h);
    }
    its_graph_prune(g);
    return 0;
}
