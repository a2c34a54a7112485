/* Walks the rows (innermost axis) of a shape together with up to three strided operands: what
 * broadcasting, transposing, slicing and tiling have in common. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "nn/graph.h"

#define ITS_WALK_OPERANDS 3

struct its_walk {
    struct its_shape over;
    int64_t at[ITS_RANK_MAX];
    int64_t row;                                   /* elements of a row */
    int64_t offset[ITS_WALK_OPERANDS];             /* elements: where the operand's row begins */
    int64_t step[ITS_WALK_OPERANDS][ITS_RANK_MAX]; /* elements per index of the axis; 0: repeats */
    int64_t row_step[ITS_WALK_OPERANDS];           /* = step of the innermost axis */
};

/* At the first row, steps and offsets 0; a scalar has one row of one element. */
void its_walk_init(struct its_walk *w, const struct its_shape *over);
/* The operand is dense, of shape s, broadcast to the walk's. */
void its_walk_broadcast(struct its_walk *w, int operand, const struct its_shape *s);
/* False where there is nothing to walk. After it, offsets and row_step are good. */
bool its_walk_begin(struct its_walk *w);
/* To the next row; false after the last. */
bool its_walk_next(struct its_walk *w);

/* steps[i]: elements between neighbours along axis i of a dense tensor. */
void its_dense_steps(const struct its_shape *s, int64_t steps[ITS_RANK_MAX]);

/* Elements before and after an axis: the others' product. */
void its_around(const struct its_shape *s, int axis, int64_t *outer, int64_t *inner);

/* Copies `count` elements of `bytes` bytes, `step` elements apart, to a dense row. */
void its_copy_row(void *to, const void *from, int64_t count, int64_t step, size_t bytes);

/* Where index i of the result's axis lies in the input's; negative: nowhere. */
typedef int64_t its_index_fn(const void *ctx, int axis, int64_t i);

/* to[i, j, …] = from[index(0, i), index(1, j), …], or *fill where one of these is negative. */
void its_copy_by_index(const struct its_value *out, const struct its_value *in, const void *from,
                       const void *fill, its_index_fn *index, const void *ctx, void *to);
