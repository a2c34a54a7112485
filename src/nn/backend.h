/* The back ends, and the kernels that are not tied to a vendor's library. */
#pragma once

#include "nn/kernel.h"

/* Plain C for everything: the oracle, and any processor. */
extern const struct its_backend its_backend_ref;
/* The CPU's best, by precision of the convolutions. */
extern const struct its_backend its_backend_cpu_f32, its_backend_cpu_bf16;

extern const struct its_kernel its_kernel_ref;
/* A value from one form to another: the plan puts it in, it takes no nodes. */
extern const struct its_kernel its_kernel_convert;
/* Parts of tensors and other names for their dimensions: nothing to do where the plan could put
 * the parts where they belong. */
extern const struct its_kernel its_kernel_concat, its_kernel_split, its_kernel_reshape;

/* By lanes/: pictures in blocks of 16 channels. */
extern const struct its_kernel its_kernel_pool, its_kernel_enlarge, its_kernel_attention,
    its_kernel_head;
