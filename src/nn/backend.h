/* The back ends, and the kernels that are not tied to a vendor's library. */
#pragma once

#include "nn/kernel.h"
#include "nn/model.h"

/* Plain C for everything: the oracle, and any processor. */
extern const struct its_backend its_backend_ref;
/* The CPU's best for that precision. What this processor has no instructions for becomes f32: then
 * *precision is changed. */
const struct its_backend *its_backend_cpu(enum its_precision *precision);

extern const struct its_kernel its_kernel_ref;
/* A value from one form to another: the plan puts it in, it takes no nodes. */
extern const struct its_kernel its_kernel_convert;
/* Parts of tensors and other names for their dimensions: nothing to do where the plan could put
 * the parts where they belong. */
extern const struct its_kernel its_kernel_concat, its_kernel_split, its_kernel_reshape;

/* By lanes/: pictures in blocks of 16 channels. */
extern const struct its_kernel its_kernel_pool, its_kernel_enlarge, its_kernel_attention,
    its_kernel_head;

/* Convolutions by cpu/: integers; f32 where that is faster than oneDNN. */
extern const struct its_kernel its_kernel_conv_int8, its_kernel_conv_f32;
/* Whether its_kernel_conv_int8 takes the convolution: integer weights, an input with steps, and a
 * window our vector kernels have. Whoever else runs it must be given real weights. */
bool its_conv_is_integer(const struct its_node *n);

/* Whether values may be copied from one to the other as they are stored in that type: integers only
 * where both have the same steps. */
bool its_value_moves_as(enum its_dtype type, const struct its_value *from,
                        const struct its_value *to);
