/* Passes: rewrites of a bound graph that make it cheaper to run and leave its results as they are.
 *
 * Each works on one thread, in place, and only where the pattern is certain; what it does not
 * recognise it leaves alone. New constants belong to the graph. 0, or -ENOMEM. */
#pragma once

#include <stdbool.h>
#include <string.h>

#include "nn/graph.h"
#include "nn/op.h"

/* QuantizeLinear and DequantizeLinear go: activations are marked with their steps (value->quant),
 * weights of convolutions become s8 constants with theirs when `integers`, else reals. */
int its_pass_quant(struct its_graph *g, bool integers);

/* Marked values between convolutions become u8; the last of the passes, after its_pass_quant. */
int its_pass_integer(struct its_graph *g);

/* Conv → BatchNormalization becomes Conv with other weights. */
int its_pass_batchnorm(struct its_graph *g);

/* Conv → activation becomes Conv with `act`; x * sigmoid(x) is recognised as SiLU. */
int its_pass_activation(struct its_graph *g);

/* Conv → Add of something of the same shape becomes Conv with `add`. */
int its_pass_residual(struct its_graph *g);

/* softmax(transpose(q) k * scale) → v * transpose(…) becomes one Attention node (fused.h). */
int its_pass_attention(struct its_graph *g);

/* The decoding of a YOLO head becomes one Head node (fused.h). */
int its_pass_head(struct its_graph *g);

/* All of them, in an order that works. integers: for a plan of integer convolutions. */
int its_pass_all(struct its_graph *g, bool integers, struct its_error *err);

static inline bool its_node_is(const struct its_node *n, const char *op)
{
    return n && n->op->domain[0] == 0 && strcmp(n->op->name, op) == 0;
}

/* One picture: what most kernels are for. */
static inline bool its_value_is_picture(const struct its_value *v)
{
    return v->shape.rank == 4 && v->shape.dim[0] == 1;
}

/* A Concat or Split (v: the whole) works on the axis behind the first, and that is 1. */
bool its_node_along_channels(const struct its_node *n, const struct its_value *v);

/* Who computes the value, when that is an `op`; else NULL. */
static inline struct its_node *its_value_from(const struct its_value *v, const char *op)
{
    return v && v->from && its_node_is(v->from, op) ? v->from : NULL;
}

/* The only reader of the value, when it is an `op` and the value is no output; else NULL. */
struct its_node *its_value_reader(const struct its_graph *g, const struct its_value *v,
                                  const char *op);

/* `n` computes from now on what `old` computed as its only output; the value keeps its name. */
void its_node_take_output(struct its_graph *g, struct its_node *n, struct its_node *old);
