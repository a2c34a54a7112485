/* What graph.c, its siblings and the binder know of a graph beyond graph.h. */
#pragma once

#include "nn/graph.h"

/* Data for a value, zeroed and 64-byte aligned, owned by the graph. NULL: no memory. */
void *its_graph_alloc_data(struct its_graph *g, size_t bytes);
/* Bytes of a shape's elements; -1 when that is beyond any tensor we hold (16 GiB) or a dim is not
 * known. */
int64_t its_shape_bytes(const struct its_shape *s, enum its_dtype type);

/* Adds to the bytes of constants that inference computed; the sum. */
int64_t its_graph_folded(struct its_graph *g, int64_t bytes);

/* One step of its_graph_infer: the node's outputs are shaped, and constants where they can be. */
int its_graph_infer_node(struct its_graph *g, struct its_node *n, struct its_error *err);
/* Takes out of the order the nodes whose every output is a constant. */
void its_graph_drop_folded(struct its_graph *g);

/* A mark of the node, free for the use of whoever changes the graph; 0 between uses. */
int *its_node_mark(struct its_node *n);
