/* How: `was` is the graph inferred for the size the file was made for; `g` is a second copy that
 * gets the size wanted and is inferred node by node, each node mended just before. Values keep
 * their ids in copies, so a value's old shape is was->value[id]. */
#include "nn/bind.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "nn/graph_priv.h"
#include "nn/grid_table.h"
#include "nn/op.h"
#include "nn/sizes.h"

struct binder {
    const struct its_graph *was;
    struct its_graph *g;
    struct its_sizes sizes;
    struct its_error *err;
};

static const struct its_value *was(const struct binder *b, const struct its_value *v)
{
    return b->was->value[v->id];
}

/* A constant that did not come from shape arithmetic: it says the same at either size. */
static bool frozen(const struct binder *b, const struct its_value *v)
{
    if (!v || !v->data)
        return false;
    if (v->id >= b->was->value_count) /* a repaired one */
        return false;
    const struct its_value *w = was(b, v);
    int64_t bytes = its_shape_bytes(&v->shape, v->type);
    return w->data && its_shape_equal(&w->shape, &v->shape) &&
           (w->data == v->data || memcmp(w->data, v->data, (size_t)bytes) == 0);
}

static int no_memory(struct its_error *err)
{
    return its_error_set(err, -ENOMEM, "%s", its_strerror(-ENOMEM));
}

static int give_ints(struct binder *b, struct its_node *n, int in, const int64_t *list, int count)
{
    struct its_shape shape = {.rank = 1, .dim = {count}};
    n->in[in] = its_graph_add_constant(b->g, NULL, ITS_S64, &shape, list);
    return n->in[in] ? 0 : no_memory(b->err);
}

/* At most ITS_RANK_MAX int64 of a frozen input; the count, 0 when it is not one. */
static int frozen_ints(const struct binder *b, const struct its_node *n, int in,
                       int64_t list[ITS_RANK_MAX])
{
    const struct its_value *v = its_node_in(n, in);
    if (!frozen(b, v) || v->shape.rank > 1 || its_shape_count(&v->shape) > ITS_RANK_MAX)
        return 0;
    int count = (int)its_shape_count(&v->shape);
    for (int i = 0; i < count; i++) {
        if (v->type == ITS_S64)
            list[i] = ((const int64_t *)v->data)[i];
        else if (v->type == ITS_S32)
            list[i] = ((const int32_t *)v->data)[i];
        else
            return 0;
    }
    return count;
}

/* --- one operator each */

static int mend_reshape(struct binder *b, struct its_node *n)
{
    const struct its_value *in = n->in[0];
    struct its_shape to;
    if (its_sizes_reshape(&b->sizes, &was(b, in)->shape, &in->shape, &was(b, n->out[0])->shape,
                          &to))
        return give_ints(b, n, 1, to.dim, to.rank);
    if (!frozen(b, n->in[1]))
        return 0; /* shape arithmetic knows better */
    char from[96], made[96], now[96];
    return its_error_set(b->err, ITS_EUNSUPPORTED,
                         "made %s of %s; what it should make of %s is not clear",
                         its_shape_text(&was(b, n->out[0])->shape, made, sizeof(made)),
                         its_shape_text(&was(b, in)->shape, from, sizeof(from)),
                         its_shape_text(&in->shape, now, sizeof(now)));
}

/* Expand to a frozen shape: what the input had follows the input, the rest as in a Reshape. */
static int mend_expand(struct binder *b, struct its_node *n)
{
    int64_t list[ITS_RANK_MAX];
    int count = frozen_ints(b, n, 1, list);
    const struct its_shape *now = &n->in[0]->shape, *old = &was(b, n->in[0])->shape;
    for (int i = 0; i < count; i++) {
        int k = i - (count - now->rank);
        struct its_levels l;
        if (k >= 0 && old->dim[k] == list[i])
            list[i] = now->dim[k];
        else if (list[i] > 1 && its_levels_find(&b->sizes, list[i], &l))
            list[i] = its_levels_cells(&b->sizes.to, l);
    }
    return count ? give_ints(b, n, 1, list, count) : 0;
}

/* Resize to frozen sizes: the factors are what was meant. */
static int mend_resize(struct binder *b, struct its_node *n)
{
    int64_t list[ITS_RANK_MAX];
    int count = frozen_ints(b, n, 3, list);
    const struct its_shape *now = &n->in[0]->shape, *old = &was(b, n->in[0])->shape;
    if (count != now->rank)
        return 0;
    for (int i = 0; i < count; i++) {
        if (old->dim[i] <= 0 || list[i] * now->dim[i] % old->dim[i])
            return its_error_set(b->err, ITS_EUNSUPPORTED,
                                 "resizes %" PRId64 " to %" PRId64 ": no factor for %" PRId64,
                                 old->dim[i], list[i], now->dim[i]);
        list[i] = list[i] * now->dim[i] / old->dim[i];
    }
    return give_ints(b, n, 3, list, count);
}

/* Where a cut at `at` on an axis of `old` cells lies now that there are `now`: at its end, or
 * between two levels. -1: not clear. */
static int64_t moved_cut(const struct its_sizes *s, int64_t old, int64_t now, int64_t at)
{
    if (at >= old)
        return at > INT32_MAX ? at : now;
    struct its_levels all, part;
    if (its_levels_find(s, old, &all) && its_levels_cells(&s->to, all) == now)
        for (part = all; part.last >= part.first; part.last--)
            if (its_levels_cells(&s->from, part) == at)
                return its_levels_cells(&s->to, part);
    return old == now ? at : -1;
}

/* One list of a Slice (its starts or its ends), in place. */
static int move_cuts(struct binder *b, struct its_node *n, int in, const int64_t *axes)
{
    int64_t list[ITS_RANK_MAX];
    const struct its_shape *now = &n->in[0]->shape, *old = &was(b, n->in[0])->shape;
    int count = frozen_ints(b, n, in, list);
    for (int i = 0; i < count; i++) {
        int64_t axis = axes[i] < 0 ? axes[i] + now->rank : axes[i];
        bool near_edge = in == 1 && list[i] < 4; /* starts: 0, or the odd pixels of every other */
        if (list[i] <= 0 || near_edge || axis < 0 || axis >= now->rank)
            continue;
        int64_t at = moved_cut(&b->sizes, old->dim[axis], now->dim[axis], list[i]);
        if (at < 0)
            return its_error_set(b->err, ITS_EUNSUPPORTED,
                                 "cuts %" PRId64 " at %" PRId64 ": where that is in %" PRId64
                                 " is not clear",
                                 old->dim[axis], list[i], now->dim[axis]);
        list[i] = at;
    }
    return count ? give_ints(b, n, in, list, count) : 0;
}

static int mend_slice(struct binder *b, struct its_node *n)
{
    int64_t axes[ITS_RANK_MAX] = {0, 1, 2, 3, 4, 5};
    if (its_node_in(n, 3) && frozen_ints(b, n, 3, axes) == 0)
        return 0;
    int rc = move_cuts(b, n, 1, axes);
    return rc ? rc : move_cuts(b, n, 2, axes);
}

/* The parts of a Split along an axis of cells: levels, or equal parts. */
static int move_parts(struct binder *b, int64_t *list, int count, int64_t old, int64_t now)
{
    struct its_levels all;
    bool levels = its_levels_find(&b->sizes, old, &all) && all.last - all.first + 1 == count;
    for (int i = 0; i < count && levels; i++)
        levels = its_levels_cells(&b->sizes.from,
                                  (struct its_levels){all.first + i, all.first + i}) == list[i];
    for (int i = 0; i < count; i++) {
        struct its_levels l = {all.first + i, all.first + i};
        if (levels)
            list[i] = its_levels_cells(&b->sizes.to, l);
        else if (old != now && (list[i] * count != old || now % count))
            return its_error_set(b->err, ITS_EUNSUPPORTED,
                                 "its parts of %" PRId64 " are not clear for %" PRId64, old, now);
        else if (old != now)
            list[i] = now / count;
    }
    return 0;
}

/* Operator sets before 13 have the parts in an attribute: a copy of it gets the new ones. */
static void give_split_attribute(struct binder *b, struct its_node *n, const int64_t *list,
                                 int count)
{
    size_t bytes = (size_t)n->attr_count * sizeof(*n->attrs);
    struct its_attr *attrs = memcpy(its_arena_alloc(b->g->arena, bytes), n->attrs, bytes);
    int64_t *ints = its_arena_alloc(b->g->arena, (size_t)count * sizeof(*ints));
    memcpy(ints, list, (size_t)count * sizeof(*ints));
    for (int i = 0; i < n->attr_count; i++)
        if (strcmp(attrs[i].name, "split") == 0)
            attrs[i].ints = ints;
    n->attrs = attrs;
}

static int mend_split(struct binder *b, struct its_node *n)
{
    const struct its_shape *now = &n->in[0]->shape, *old = &was(b, n->in[0])->shape;
    int64_t axis = its_node_int(n, "axis", 0), list[ITS_RANK_MAX];
    axis += axis < 0 ? now->rank : 0;
    int count = frozen_ints(b, n, 1, list), attr_count;
    const int64_t *attr = its_node_ints(n, "split", &attr_count);
    bool in_attr = count == 0 && attr && attr_count <= ITS_RANK_MAX;
    if (in_attr)
        memcpy(list, attr, (size_t)(count = attr_count) * sizeof(*list));
    if (count == 0 || axis < 0 || axis >= now->rank)
        return 0;
    int rc = move_parts(b, list, count, old->dim[axis], now->dim[axis]);
    if (rc || !in_attr)
        return rc ? rc : give_ints(b, n, 1, list, count);
    give_split_attribute(b, n, list, count);
    return 0;
}

/* Index lists that an export made for its batch of one: rows of zeros, joined with what has a row
 * per picture now. Picture i's row says i. */
static int mend_concat(struct binder *b, struct its_node *n)
{
    const struct its_sizes *s = &b->sizes;
    if (s->from.batch != 1 || s->to.batch == 1)
        return 0;
    bool rows = false;
    for (int i = 0; i < n->in_count; i++)
        rows |=
            !n->in[i]->data && n->in[i]->shape.rank > 0 && n->in[i]->shape.dim[0] == s->to.batch;
    for (int i = 0; i < n->in_count && rows; i++) {
        const struct its_value *v = n->in[i];
        if (!frozen(b, v) || v->type != ITS_S64 || v->shape.rank < 2 || v->shape.dim[0] != 1)
            continue;
        int64_t count = its_shape_count(&v->shape);
        for (int64_t k = 0; k < count; k++)
            if (((const int64_t *)v->data)[k])
                return 0;
        struct its_shape shape = v->shape;
        shape.dim[0] = s->to.batch;
        struct its_value *fresh = its_graph_add_constant(b->g, NULL, ITS_S64, &shape, NULL);
        if (!fresh)
            return no_memory(b->err);
        for (int64_t k = 0; k < count * s->to.batch; k++)
            ((int64_t *)fresh->data)[k] = k / count;
        n->in[i] = fresh;
    }
    return 0;
}

static int mend_tables(struct binder *b, struct its_node *n)
{
    for (int i = 0; i < n->in_count; i++) {
        struct its_table t;
        if (!frozen(b, n->in[i]) || !its_table_recognise(&b->sizes, n->in[i], &t))
            continue;
        n->in[i] = its_table_make(b->g, &t, &b->sizes.to, n->in[i]);
        if (!n->in[i])
            return no_memory(b->err);
    }
    return 0;
}

/* --- the whole */

static bool depends_on_input(const struct its_node *n)
{
    for (int i = 0; i < n->in_count; i++)
        if (n->in[i] && !n->in[i]->data)
            return true;
    return false;
}

static int mend(struct binder *b, struct its_node *n)
{
    static const struct {
        const char *op;
        int (*mend)(struct binder *b, struct its_node *n);
    } rows[] = {
        {"Reshape", mend_reshape}, {"Expand", mend_expand}, {"Resize", mend_resize},
        {"Slice", mend_slice},     {"Split", mend_split},   {"Concat", mend_concat},
    };
    if (!depends_on_input(n))
        return 0; /* folds as it did; its result is mended where it meets the picture */
    int rc = 0;
    for (size_t i = 0; i < ITS_ARRAY_LEN(rows) && rc == 0; i++)
        if (strcmp(n->op->name, rows[i].op) == 0)
            rc = rows[i].mend(b, n);
    if (rc == 0)
        rc = mend_tables(b, n);
    if (rc)
        its_error_prefix(b->err, "node '%s' (%s)", n->name, n->op->name);
    return rc;
}

static bool same_picture(const struct its_sizes *s)
{
    return s->from.batch == s->to.batch && s->from.h == s->to.h && s->from.w == s->to.w;
}

static int bind_nodes(struct binder *b)
{
    int rc = 0;
    bool same = same_picture(&b->sizes);
    for (int i = 0; i < b->g->node_count && rc == 0; i++) {
        if (!same)
            rc = mend(b, b->g->node[i]);
        if (rc == 0)
            rc = its_graph_infer_node(b->g, b->g->node[i], b->err);
    }
    return rc;
}

/* Every output has the rank it had, and a row per picture. */
static int check_outputs(struct binder *b)
{
    for (int i = 0; i < b->g->output_count; i++) {
        const struct its_value *v = b->g->output[i];
        const struct its_shape *now = &v->shape, *old = &was(b, v)->shape;
        char text[96];
        if (now->rank != old->rank || now->rank == 0 || now->dim[0] != b->sizes.to.batch)
            return its_error_set(b->err, ITS_EUNSUPPORTED, "its output '%s' would be %s", v->name,
                                 its_shape_text(now, text, sizeof(text)));
    }
    return 0;
}

static void set_input(struct its_graph *g, const struct its_picture *p)
{
    struct its_shape *s = &g->input[0]->shape;
    s->dim[0] = p->batch;
    s->dim[2] = p->h;
    s->dim[3] = p->w;
}

/* The metadata's "imgsz", as Ultralytics writes it: [height, width]. */
static bool read_imgsz(const struct its_graph *g, int *h, int *w)
{
    for (int i = 0; i < g->meta_count; i++)
        if (strcmp(g->meta[i][0], "imgsz") == 0)
            return sscanf(g->meta[i][1], "[%d, %d]", h, w) == 2 && *h > 0 && *w > 0;
    return false;
}

int its_graph_native(const struct its_graph *file, struct its_native *out, struct its_error *err)
{
    const struct its_value *in = file->input_count == 1 ? file->input[0] : NULL;
    if (!in || !in->shaped || in->shape.rank != 4)
        return its_error_set(err, ITS_EUNSUPPORTED,
                             "it has %d inputs; one, of (batch, channels, height, width), is "
                             "supported",
                             file->input_count);
    *out = (struct its_native){1, 640, 640};
    read_imgsz(file, &out->h, &out->w);
    const int64_t *d = in->shape.dim;
    int *to[] = {&out->batch, NULL, &out->h, &out->w};
    for (int i = 0; i < 4; i++) {
        if (d[i] > 1 << 16 || (i == 1 && d[i] < 1))
            return its_error_set(err, ITS_EUNSUPPORTED, "its input has an odd size");
        if (to[i] && d[i] > 0)
            *to[i] = (int)d[i];
    }
    return 0;
}

static int check_wanted(const struct its_sizes *s, struct its_error *err)
{
    const struct its_picture *f = &s->from, *t = &s->to;
    if (t->batch < 1 || t->batch > 32)
        return its_error_set(err, -EINVAL, "batch %" PRId64 ": 1 to 32 are possible", t->batch);
    if ((t->h == f->h && t->w == f->w) ||
        (t->h > 0 && t->w > 0 && t->h % 32 == 0 && t->w % 32 == 0 && t->h <= 8192 && t->w <= 8192))
        return 0;
    return its_error_set(err, -EINVAL,
                         "%" PRId64 "x%" PRId64 ": width and height must be multiples of 32, up "
                         "to 8192",
                         t->w, t->h);
}

/* Copies of the file's graph: at its own size, and at the one wanted. */
static int bind_to(const struct its_graph *file, const struct its_sizes *s, struct its_graph **out,
                   struct its_error *err)
{
    struct its_graph *old = its_graph_clone(file), *g = its_graph_clone(file);
    struct binder b = {.was = old, .g = g, .sizes = *s, .err = err};
    set_input(old, &s->from);
    set_input(g, &s->to);
    int rc = its_graph_infer(old, err);
    if (rc == 0 && (rc = bind_nodes(&b)) == 0)
        rc = check_outputs(&b);
    if (rc && !same_picture(s))
        its_error_prefix(err, "cannot change the size of this model");
    its_graph_destroy(&old);
    if (rc) {
        its_graph_destroy(&g);
        return rc;
    }
    its_graph_drop_folded(g);
    its_graph_prune(g);
    *out = g;
    return 0;
}

int its_graph_bind(const struct its_graph *file, int batch, int h, int w, struct its_graph **out,
                   struct its_error *err)
{
    struct its_native native;
    *out = NULL;
    int rc = its_graph_native(file, &native, err);
    if (rc)
        return rc;
    struct its_sizes s = {.from = {native.batch, native.h, native.w}};
    s.to = (struct its_picture){batch ? batch : native.batch, h ? h : native.h, w ? w : native.w};
    if ((rc = check_wanted(&s, err)))
        return rc;
    /* 640x640 has as many cells as 800x512: a number that was not understood would fit by chance.
     * A size with other counts shows it. */
    if (s.from.h * s.from.w == s.to.h * s.to.w && s.from.h != s.to.h) {
        struct its_sizes other = s;
        other.to.h += 64;
        if ((rc = bind_to(file, &other, out, err)))
            return rc;
        its_graph_destroy(out);
    }
    return bind_to(file, &s, out, err);
}
