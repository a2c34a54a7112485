/* Operators of our own, which passes put in place of several of the file's. Like the file's they
 * have plain C that defines them. */
#pragma once

#include "nn/op.h"

/* (q, k, v) → out, all (1, heads, channels, tokens) f32; attribute scale (float):
 *   out[d][i] = sum_j v[d][j] * softmax_j(sum_c q[c][i] * k[c][j] * scale), per head. */
extern const struct its_op its_op_attention;

/* A YOLO head: (box, score) of every level, then nothing else → (1, 4 + classes, anchors) f32.
 * box (1, 64, h, w): 4 sides x 16 logits; score (1, classes, h, w): logits. Attribute strides
 * (ints), one per level. Levels one after the other, cells row by row. */
extern const struct its_op its_op_head;

static inline bool its_node_is_fused(const struct its_node *n, const struct its_op *op)
{
    return n->op == op;
}
