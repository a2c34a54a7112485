/* What exports freeze, operator by operator. A number is replaced only where its meaning follows
 * from the shapes before and after; the rest is refused, or left for inference to refuse. */
#include "nn/bind_mend.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "nn/graph_priv.h"
#include "nn/grid_table.h"
#include "nn/op.h"

/* A constant that did not come from shape arithmetic: it says the same at either size. */
static bool frozen(const struct its_binder *b, const struct its_value *v)
{
    if (!v || !v->data)
        return false;
    if (v->id >= b->was->value_count) /* a repaired one */
        return false;
    const struct its_value *w = its_binder_was(b, v);
    int64_t bytes = its_shape_bytes(&v->shape, v->type);
    return w->data && its_shape_equal(&w->shape, &v->shape) &&
           (w->data == v->data || memcmp(w->data, v->data, (size_t)bytes) == 0);
}

static int no_memory(struct its_error *err)
{
    return its_error_set(err, -ENOMEM, "%s", its_strerror(-ENOMEM));
}

static int give_ints(struct its_binder *b, struct its_node *n, int in, const int64_t *list,
                     int count)
{
    struct its_shape shape = {.rank = 1, .dim = {count}};
    n->in[in] = its_graph_add_constant(b->g, NULL, ITS_S64, &shape, list);
    return n->in[in] ? 0 : no_memory(b->err);
}

/* At most ITS_RANK_MAX int64 of a frozen input; the count, 0 when it is not one. */
static int frozen_ints(const struct its_binder *b, const struct its_node *n, int in,
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

static int mend_reshape(struct its_binder *b, struct its_node *n)
{
    const struct its_value *in = n->in[0];
    struct its_shape to;
    if (its_sizes_reshape(&b->sizes, &its_binder_was(b, in)->shape, &in->shape,
                          &its_binder_was(b, n->out[0])->shape, &to))
        return give_ints(b, n, 1, to.dim, to.rank);
    if (!frozen(b, n->in[1]))
        return 0; /* shape arithmetic knows better */
    char from[96], made[96], now[96];
    return its_error_set(b->err, ITS_EUNSUPPORTED,
                         "made %s of %s; what it should make of %s is not clear",
                         its_shape_text(&its_binder_was(b, n->out[0])->shape, made, sizeof(made)),
                         its_shape_text(&its_binder_was(b, in)->shape, from, sizeof(from)),
                         its_shape_text(&in->shape, now, sizeof(now)));
}

/* Expand to a frozen shape: what the input had follows the input, the rest as in a Reshape. */
static int mend_expand(struct its_binder *b, struct its_node *n)
{
    int64_t list[ITS_RANK_MAX];
    int count = frozen_ints(b, n, 1, list);
    const struct its_shape *now = &n->in[0]->shape, *old = &its_binder_was(b, n->in[0])->shape;
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
static int mend_resize(struct its_binder *b, struct its_node *n)
{
    int64_t list[ITS_RANK_MAX];
    int count = frozen_ints(b, n, 3, list);
    const struct its_shape *now = &n->in[0]->shape, *old = &its_binder_was(b, n->in[0])->shape;
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
static int move_cuts(struct its_binder *b, struct its_node *n, int in, const int64_t *axes)
{
    int64_t list[ITS_RANK_MAX];
    const struct its_shape *now = &n->in[0]->shape, *old = &its_binder_was(b, n->in[0])->shape;
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

static int mend_slice(struct its_binder *b, struct its_node *n)
{
    int64_t axes[ITS_RANK_MAX] = {0, 1, 2, 3, 4, 5};
    if (its_node_in(n, 3) && frozen_ints(b, n, 3, axes) == 0)
        return 0;
    int rc = move_cuts(b, n, 1, axes);
    return rc ? rc : move_cuts(b, n, 2, axes);
}

/* The parts of a Split along an axis of cells: levels, or equal parts. */
static int move_parts(struct its_binder *b, int64_t *list, int count, int64_t old, int64_t now)
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
static void give_split_attribute(struct its_binder *b, struct its_node *n, const int64_t *list,
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

static int mend_split(struct its_binder *b, struct its_node *n)
{
    const struct its_shape *now = &n->in[0]->shape, *old = &its_binder_was(b, n->in[0])->shape;
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
static int mend_concat(struct its_binder *b, struct its_node *n)
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

static int mend_tables(struct its_binder *b, struct its_node *n)
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

/* --- any of them */

static bool depends_on_input(const struct its_node *n)
{
    for (int i = 0; i < n->in_count; i++)
        if (n->in[i] && !n->in[i]->data)
            return true;
    return false;
}

int its_bind_mend(struct its_binder *b, struct its_node *n)
{
    static const struct {
        const char *op;
        int (*mend)(struct its_binder *b, struct its_node *n);
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
