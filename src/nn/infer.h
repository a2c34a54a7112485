/* Shape and type inference: what the rows of the operators' table refer to, and what they share.
 * Each sets type and shape of the node's outputs, or refuses and says why; the caller adds node and
 * operator. Inputs below the row's in_min are there. */
#pragma once

#include "nn/graph.h"
#include "nn/op.h"

/* Sets of types. */
#define ITS_TYPES_F32     (1u << ITS_F32)
#define ITS_TYPES_INDEX   (1u << ITS_S32 | 1u << ITS_S64)
#define ITS_TYPES_BYTE    (1u << ITS_U8 | 1u << ITS_S8)
#define ITS_TYPES_BOOL    (1u << ITS_BOOL)
#define ITS_TYPES_INTEGER (ITS_TYPES_INDEX | ITS_TYPES_BYTE)
#define ITS_TYPES_NUMBER  (ITS_TYPES_F32 | ITS_TYPES_INTEGER)
#define ITS_TYPES_ANY     ((1u << ITS_DTYPE_COUNT) - 1)

/* An input left out passes. */
int its_infer_type(const struct its_node *n, int index, unsigned types, struct its_error *err);
/* Inputs `index` and 0 are of one type. An input left out passes. */
int its_infer_type_like_first(const struct its_node *n, int index, struct its_error *err);
/* Sets an output; one left out passes. Refuses shapes too large to be meant. */
int its_infer_out(struct its_node *n, int index, enum its_dtype type, const struct its_shape *s,
                  struct its_error *err);
/* *to becomes the shape that it and s broadcast to. */
int its_infer_broadcast(struct its_shape *to, const struct its_shape *s, struct its_error *err);

typedef int its_infer_fn(struct its_node *n, struct its_error *err);

/* --- element by element (infer_element.c) */
its_infer_fn its_infer_same, its_infer_float, its_infer_number, its_infer_bool,
    its_infer_arithmetic, its_infer_pow, its_infer_many, its_infer_many_float, its_infer_compare,
    its_infer_equal, its_infer_logic, its_infer_where, its_infer_clip, its_infer_cast,
    its_infer_prelu, its_infer_norm, its_infer_dropout, its_infer_softmax, its_infer_mod;

/* --- sums over axes (infer_sum.c) */
its_infer_fn its_infer_conv, its_infer_conv_transposed, its_infer_conv_integer, its_infer_pool,
    its_infer_global_pool, its_infer_matmul, its_infer_matmul_integer, its_infer_gemm,
    its_infer_reduce, its_infer_reduce_number, its_infer_arg, its_infer_top_k;

/* --- what moves elements (infer_move.c) and makes them (infer_make.c) */
its_infer_fn its_infer_concat, its_infer_split, its_infer_slice, its_infer_reshape,
    its_infer_transpose, its_infer_squeeze, its_infer_unsqueeze, its_infer_flatten,
    its_infer_gather, its_infer_gather_elements, its_infer_gather_nd, its_infer_scatter_nd,
    its_infer_expand, its_infer_tile, its_infer_pad, its_infer_resize, its_infer_depth_to_space,
    its_infer_space_to_depth;
its_infer_fn its_infer_shape, its_infer_size, its_infer_constant, its_infer_constant_of_shape,
    its_infer_range;

/* --- quantised (infer_quant.c) */
its_infer_fn its_infer_quantize, its_infer_dequantize, its_infer_dynamic_quantize;

/* The type of that number in ONNX's list. 0, or ITS_EUNSUPPORTED. */
int its_dtype_of_onnx(int64_t number, enum its_dtype *type);
