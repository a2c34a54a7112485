/* Recognising is trying: a few kinds of number, each compared with every value of the table. The
 * first value that differs ends the try, so that weights cost nothing. */
#include "nn/grid_table.h"

#include <math.h>
#include <string.h>

#include "base/attr.h"

#define CELLS_MIN 5 /* of the smallest picture, 32x32, there are 16 + 4 + 1 */

/* --- what is in a table */

static float part_value(const struct its_table_part *p, int stride, int64_t x, int64_t y)
{
    float basis = p->basis == ITS_TABLE_X ? (float)x : p->basis == ITS_TABLE_Y ? (float)y : 1.0f;
    return (basis + p->offset) * (p->scaled ? (float)stride : 1.0f);
}

/* Visits the cells of one part in their order: level by level, row by row. */
struct cursor {
    const struct its_picture *picture;
    struct its_levels levels;
    int level;
    int64_t x, y;
};

static struct cursor first_cell(const struct its_picture *p, struct its_levels l)
{
    return (struct cursor){.picture = p, .levels = l, .level = l.first};
}

static void next_cell(struct cursor *c)
{
    if (++c->x < c->picture->w >> c->level)
        return;
    c->x = 0;
    if (++c->y < c->picture->h >> c->level)
        return;
    c->y = 0;
    c->level++;
}

static int64_t index_of(const struct its_table *t, int part, int64_t cell, int64_t cells)
{
    int outer = part / t->inner, inner = part % t->inner;
    return ((int64_t)outer * cells + cell) * t->inner + inner;
}

static bool part_fits(const struct its_sizes *s, const struct its_table *t, int part,
                      const struct its_table_part *kind, const float *data)
{
    int64_t cells = its_levels_cells(&s->from, t->levels);
    struct cursor c = first_cell(&s->from, t->levels);
    for (int64_t i = 0; i < cells; i++, next_cell(&c)) {
        float want = part_value(kind, 1 << c.level, c.x, c.y);
        if (!(fabsf(data[index_of(t, part, i, cells)] - want) <= 1e-4f + 1e-5f * want))
            return false;
    }
    return true;
}

static bool recognise_part(const struct its_sizes *s, struct its_table *t, int part,
                           const float *data)
{
    static const struct its_table_part kinds[] = {
        {ITS_TABLE_STRIDE, 0, true}, {ITS_TABLE_X, 0.5f, false}, {ITS_TABLE_Y, 0.5f, false},
        {ITS_TABLE_X, 0, false},     {ITS_TABLE_Y, 0, false},    {ITS_TABLE_X, 0.5f, true},
        {ITS_TABLE_Y, 0.5f, true},   {ITS_TABLE_X, 0, true},     {ITS_TABLE_Y, 0, true},
    };
    for (size_t i = 0; i < ITS_ARRAY_LEN(kinds); i++)
        if (part_fits(s, t, part, &kinds[i], data)) {
            t->part[part] = kinds[i];
            return true;
        }
    return false;
}

/* --- where its cells are counted */

/* One dim that counts the cells of some levels, or two neighbours that are a level's sides. */
static bool counts_cells(const struct its_sizes *s, const struct its_shape *shape, int axis,
                         int axes, struct its_levels *l)
{
    if (axis + axes > shape->rank || shape->dim[axis] <= 0)
        return false;
    if (axes == 1)
        return shape->dim[axis] >= CELLS_MIN && its_levels_find(s, shape->dim[axis], l);
    int64_t cells = shape->dim[axis] * shape->dim[axis + 1];
    if (cells < CELLS_MIN || !its_levels_find(s, cells, l) || l->first != l->last)
        return false;
    return shape->dim[axis] == s->from.h >> l->first &&
           shape->dim[axis + 1] == s->from.w >> l->first;
}

static bool parts_around(const struct its_shape *shape, struct its_table *t)
{
    int64_t outer = 1, inner = 1;
    for (int i = 0; i < t->axis && outer <= ITS_TABLE_PARTS; i++)
        outer *= shape->dim[i];
    for (int i = t->axis + t->axes; i < shape->rank && inner <= ITS_TABLE_PARTS; i++)
        inner *= shape->dim[i];
    if (outer < 1 || inner < 1 || outer * inner > ITS_TABLE_PARTS)
        return false;
    t->outer = (int)outer;
    t->inner = (int)inner;
    return true;
}

bool its_table_recognise(const struct its_sizes *s, const struct its_value *v,
                         struct its_table *out)
{
    if (v->type != ITS_F32 || !v->data)
        return false;
    for (int axis = 0; axis < v->shape.rank; axis++)
        for (int axes = 1; axes <= 2; axes++) {
            struct its_table t = {.axis = axis, .axes = axes};
            if (!counts_cells(s, &v->shape, axis, axes, &t.levels) || !parts_around(&v->shape, &t))
                continue;
            bool all = true;
            for (int p = 0; p < t.outer * t.inner && all; p++)
                all = recognise_part(s, &t, p, v->data);
            if (all) {
                *out = t;
                return true;
            }
        }
    return false;
}

struct its_value *its_table_make(struct its_graph *g, const struct its_table *t,
                                 const struct its_picture *to, const struct its_value *old)
{
    int64_t cells = its_levels_cells(to, t->levels);
    struct its_shape shape = old->shape;
    shape.dim[t->axis] = t->axes == 1 ? cells : to->h >> t->levels.first;
    if (t->axes == 2)
        shape.dim[t->axis + 1] = to->w >> t->levels.first;
    struct its_value *v = its_graph_add_constant(g, NULL, ITS_F32, &shape, NULL);
    if (!v)
        return NULL;
    float *data = v->data;
    for (int p = 0; p < t->outer * t->inner; p++) {
        struct cursor c = first_cell(to, t->levels);
        for (int64_t i = 0; i < cells; i++, next_cell(&c))
            data[index_of(t, p, i, cells)] = part_value(&t->part[p], 1 << c.level, c.x, c.y);
    }
    return v;
}
