/* The operators in plain C: the definition of what is right, of the type of its_op.run.
 *
 * Sums of floats are kept in double and rounded once, so a faster kernel is judged against better
 * than its own precision; functions of one float (exp, tanh) are libm's single-precision ones.
 * Integers wrap. in and out are dense; shapes and types are those of the node's values. */
#pragma once

#include "nn/graph.h"

typedef int its_ref_fn(const struct its_node *n, const void *const *in, void *const *out);

/* --- one input, element by element (unary.c) */
its_ref_fn its_ref_abs, its_ref_neg, its_ref_sign, its_ref_relu, its_ref_leaky_relu, its_ref_elu,
    its_ref_sigmoid, its_ref_hard_sigmoid, its_ref_hard_swish, its_ref_tanh, its_ref_softplus,
    its_ref_softsign, its_ref_mish, its_ref_gelu, its_ref_erf, its_ref_exp, its_ref_log,
    its_ref_sqrt, its_ref_reciprocal, its_ref_floor, its_ref_ceil, its_ref_round, its_ref_sin,
    its_ref_cos, its_ref_not, its_ref_cast, its_ref_identity;

/* --- several, broadcast (binary.c, select.c) */
its_ref_fn its_ref_add, its_ref_sub, its_ref_mul, its_ref_div, its_ref_mod, its_ref_pow,
    its_ref_prelu, its_ref_equal, its_ref_greater, its_ref_greater_equal, its_ref_less,
    its_ref_less_equal, its_ref_and, its_ref_or, its_ref_xor;
its_ref_fn its_ref_min, its_ref_max, its_ref_sum, its_ref_mean, its_ref_where, its_ref_clip;

/* --- sums (conv.c, pool.c, matmul.c, reduce.c, norm.c, top.c) */
its_ref_fn its_ref_conv, its_ref_conv_transposed, its_ref_conv_integer;
its_ref_fn its_ref_max_pool, its_ref_average_pool, its_ref_global_average_pool,
    its_ref_global_max_pool;
its_ref_fn its_ref_matmul, its_ref_matmul_integer, its_ref_gemm;
its_ref_fn its_ref_reduce_max, its_ref_reduce_min, its_ref_reduce_mean, its_ref_reduce_sum,
    its_ref_reduce_prod, its_ref_reduce_l2;
its_ref_fn its_ref_batch_norm, its_ref_softmax, its_ref_log_softmax, its_ref_softmax_flat,
    its_ref_log_softmax_flat;
its_ref_fn its_ref_arg_max, its_ref_arg_min, its_ref_top_k;

/* --- moved and made (move.c, gather.c, gather_nd.c, resize.c, make.c) */
its_ref_fn its_ref_concat, its_ref_split, its_ref_slice, its_ref_transpose, its_ref_expand,
    its_ref_tile, its_ref_pad, its_ref_gather, its_ref_gather_elements, its_ref_gather_nd,
    its_ref_scatter_nd, its_ref_resize, its_ref_depth_to_space, its_ref_space_to_depth;
its_ref_fn its_ref_shape, its_ref_size, its_ref_constant, its_ref_constant_of_shape, its_ref_range,
    its_ref_dropout;

/* --- quantised (quant.c) */
its_ref_fn its_ref_quantize, its_ref_dequantize, its_ref_dynamic_quantize;
