/* The CPU's kernels by precision, the preferred first. */
#include "nn/backend.h"

#include "nn/onednn/conv.h"

#define BETWEEN                                                                                    \
    &its_kernel_concat, &its_kernel_split, &its_kernel_reshape, &its_kernel_pool,                  \
        &its_kernel_enlarge, &its_kernel_attention, &its_kernel_head, &its_kernel_ref

static const struct its_kernel *const f32[] = {&its_kernel_onednn_conv_f32, BETWEEN, NULL};
static const struct its_kernel *const bf16[] = {&its_kernel_onednn_conv_bf16, BETWEEN, NULL};

const struct its_backend its_backend_cpu_f32 = {"cpu", f32};
const struct its_backend its_backend_cpu_bf16 = {"cpu", bf16};
