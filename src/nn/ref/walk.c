/* See walk.h. An odometer: the innermost axis is the caller's loop, the others turn here. */
#include "nn/ref/walk.h"

#include <string.h>

#include "base/attr.h"

void its_dense_steps(const struct its_shape *s, int64_t steps[ITS_RANK_MAX])
{
    int64_t step = 1;
    for (int i = s->rank - 1; i >= 0; i--) {
        steps[i] = step;
        step *= s->dim[i];
    }
}

void its_around(const struct its_shape *s, int axis, int64_t *outer, int64_t *inner)
{
    *outer = *inner = 1;
    for (int a = 0; a < s->rank; a++)
        if (a != axis)
            *(a < axis ? outer : inner) *= s->dim[a];
}

void its_walk_init(struct its_walk *w, const struct its_shape *over)
{
    *w = (struct its_walk){.over = *over};
    w->row = over->rank ? over->dim[over->rank - 1] : 1;
}

void its_walk_broadcast(struct its_walk *w, int operand, const struct its_shape *s)
{
    int64_t dense[ITS_RANK_MAX];
    its_dense_steps(s, dense);
    int lead = w->over.rank - s->rank;
    for (int i = 0; i < s->rank; i++)
        w->step[operand][lead + i] = s->dim[i] == 1 ? 0 : dense[i];
}

bool its_walk_begin(struct its_walk *w)
{
    if (w->over.rank)
        for (int o = 0; o < ITS_WALK_OPERANDS; o++)
            w->row_step[o] = w->step[o][w->over.rank - 1];
    for (int i = 0; i < w->over.rank; i++)
        if (w->over.dim[i] == 0)
            return false;
    return true;
}

bool its_walk_next(struct its_walk *w)
{
    for (int i = w->over.rank - 2; i >= 0; i--) {
        for (int o = 0; o < ITS_WALK_OPERANDS; o++)
            w->offset[o] += w->step[o][i];
        if (++w->at[i] < w->over.dim[i])
            return true;
        for (int o = 0; o < ITS_WALK_OPERANDS; o++)
            w->offset[o] -= w->step[o][i] * w->over.dim[i];
        w->at[i] = 0;
    }
    return false;
}

#define COPY(T)                                                                                    \
    do {                                                                                           \
        const T *f = from;                                                                         \
        T *t = to;                                                                                 \
        for (int64_t i = 0; i < count; i++)                                                        \
            t[i] = f[i * step];                                                                    \
    } while (0)

void its_copy_row(void *to, const void *from, int64_t count, int64_t step, size_t bytes)
{
    if (step == 1)
        memcpy(to, from, count * bytes);
    else if (bytes == 1)
        COPY(uint8_t);
    else if (bytes == 2)
        COPY(uint16_t);
    else if (bytes == 4)
        COPY(uint32_t);
    else
        COPY(uint64_t);
}

/* --- by index */

enum { COLUMNS = 256 };

/* Columns [first, first + count) of every row, whose indices are in `column`. */
static void copy_columns(const struct its_value *out, const struct its_value *in, const char *from,
                         const void *fill, its_index_fn *index, const void *ctx, char *to,
                         const int64_t *column, int64_t first, int64_t count)
{
    int last = out->shape.rank - 1;
    int64_t bytes = its_dtype_bytes(out->type), steps[ITS_RANK_MAX];
    struct its_walk w;
    its_dense_steps(&in->shape, steps);
    its_walk_init(&w, &out->shape);
    for (bool more = its_walk_begin(&w); more; more = its_walk_next(&w), to += w.row * bytes) {
        int64_t row = 0;
        bool outside = false;
        for (int a = 0; a < last; a++) {
            int64_t i = index(ctx, a, w.at[a]);
            outside |= i < 0;
            row += i * steps[a];
        }
        for (int64_t x = 0; x < count; x++)
            memcpy(to + (first + x) * bytes,
                   outside || column[x] < 0 ? fill : from + (row + column[x]) * bytes, bytes);
    }
}

/* Some columns of all rows at a time: the last axis' indices are worked out once. */
void its_copy_by_index(const struct its_value *out, const struct its_value *in, const void *from,
                       const void *fill, its_index_fn *index, const void *ctx, void *to)
{
    int last = out->shape.rank - 1;
    int64_t column[COLUMNS] = {0}, width = last < 0 ? 1 : out->shape.dim[last];
    for (int64_t first = 0; first < width; first += COLUMNS) {
        int64_t count = ITS_MIN(COLUMNS, width - first);
        for (int64_t x = 0; x < count && last >= 0; x++)
            column[x] = index(ctx, last, first + x);
        copy_columns(out, in, from, fill, index, ctx, to, column, first, count);
    }
}
