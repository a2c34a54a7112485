/* Tables that exports freeze: for every cell of some levels, its centre or its level's stride.
 * Private to nn/. */
#pragma once

#include <stdbool.h>

#include "nn/graph.h"
#include "nn/sizes.h"

#define ITS_TABLE_PARTS 4

/* What one number of a cell is: (basis + offset) * (scaled ? stride : 1). */
struct its_table_part {
    enum { ITS_TABLE_STRIDE, ITS_TABLE_X, ITS_TABLE_Y } basis;
    float offset;
    bool scaled;
};

struct its_table {
    struct its_levels levels;
    int axis, axes;   /* the dim that counts cells; 2: one of rows and one of columns */
    int outer, inner; /* parts before and after it: outer * inner <= ITS_TABLE_PARTS */
    struct its_table_part part[ITS_TABLE_PARTS]; /* of outer * inner */
};

/* Whether every value of the constant (f32) is what such a table has, for s->from. */
bool its_table_recognise(const struct its_sizes *s, const struct its_value *v,
                         struct its_table *out);

/* The same table for s->to, as a new constant. NULL: no memory. */
struct its_value *its_table_make(struct its_graph *g, const struct its_table *t,
                                 const struct its_picture *to, const struct its_value *old);
