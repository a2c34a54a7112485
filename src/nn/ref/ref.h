/* The reference back end: runs a whole graph in plain C, the oracle that faster ones are judged by.
 *
 * One allocation per value, no plan, no threads: memory and time are no concern here. It needs an
 * inferred graph whose unconstant shapes are known (its_graph_infer); it does not change it, so any
 * number of runs of one graph may go on at once. */
#pragma once

#include "nn/graph.h"

/* A value that was just computed; data are dense and good during the call only. */
typedef void its_ref_seen_fn(void *ctx, const struct its_node *n, const struct its_value *v,
                             const void *data);

/* inputs[i]: dense data of g->input[i] (ignored where that is a constant). outputs[i]: memory for
 * g->output[i], filled; NULL: not wanted. `seen`, if given, is told of every value in the order of
 * computation, after what passes folded into its node. 0, or -ENOMEM, or what a node says; err
 * names it. */
int its_ref_run(const struct its_graph *g, const void *const *inputs, void *const *outputs,
                its_ref_seen_fn *seen, void *ctx, struct its_error *err);

/* What the passes folded into a node, done to its first result (f32): y = act(y) + add. `add` is
 * dense data of n->add, NULL when there is none. */
void its_ref_epilogue(const struct its_node *n, const float *add, float *y);

/* The activation of one number. */
float its_ref_act(enum its_act act, float alpha, float x);
