/* Convolutions by oneDNN (libdnnl), as kernels of a back end. */
#pragma once

#include "nn/kernel.h"

/* Conv with one group, one channel per group, or groups of whole blocks of 16; constant weights. */
extern const struct its_kernel its_kernel_onednn_conv_f32;
/* The same in bf16, where the processor has AVX512_BF16; sums in f32. */
extern const struct its_kernel its_kernel_onednn_conv_bf16;

/* Whether this processor multiplies bf16. */
bool its_onednn_has_bf16(void);

/* MAJOR * 10000 + MINOR * 100 + PATCH of the library we run with. */
int its_onednn_version(void);
