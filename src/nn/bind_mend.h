/* One node of a graph that gets a new size: its frozen numbers replaced. Private to nn/. */
#pragma once

#include "base/err.h"
#include "nn/graph.h"
#include "nn/sizes.h"

/* Values keep their ids in copies of a graph, so a value's old shape is was->value[id]. */
struct its_binder {
    const struct its_graph *was;
    struct its_graph *g;
    struct its_sizes sizes;
    struct its_error *err;
};

static inline const struct its_value *its_binder_was(const struct its_binder *b,
                                                     const struct its_value *v)
{
    return b->was->value[v->id];
}

/* Replaces what is frozen in a node whose inputs have been inferred for the new size: frozen inputs
 * and attributes get new constants, of this node alone. 0, or an error that names the node. */
int its_bind_mend(struct its_binder *b, struct its_node *n);
