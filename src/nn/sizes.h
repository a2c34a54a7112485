/* What numbers in a graph may mean when they depend on the picture: sides over a stride, cells of a
 * level, anchors of several levels. Private to nn/. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "nn/graph.h"

#define ITS_STRIDES 7 /* 1, 2, 4, … 64 */

struct its_picture {
    int64_t batch, h, w;
};

/* The size a graph was made for, and the one wanted. */
struct its_sizes {
    struct its_picture from, to;
};

/* Neighbouring strides 1 << first .. 1 << last: the levels of a detection head, finest first. */
struct its_levels {
    int first, last;
};

/* Cells of those levels in that picture; 0 when a stride does not divide its sides. */
int64_t its_levels_cells(const struct its_picture *p, struct its_levels l);
/* The levels that have that many cells in s->from, in s->to as well; false: none. Several levels
 * count before one, coarse before fine: {8, 16, 32} before a lone stride. */
bool its_levels_find(const struct its_sizes *s, int64_t cells, struct its_levels *out);

/* Shape of a result when that of its input changes: `in` became `now`; `out` was what a Reshape
 * made of `in`. False: not understood. */
bool its_sizes_reshape(const struct its_sizes *s, const struct its_shape *in,
                       const struct its_shape *now, const struct its_shape *out,
                       struct its_shape *result);
