/* The CPU's kernels by precision, the preferred first. */
#include "nn/backend.h"

#include "base/cpu.h"
#include "nn/onednn/conv.h"

static bool has_vnni(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512vnni");
#else
    return false;
#endif
}

#define BETWEEN                                                                                    \
    &its_kernel_concat, &its_kernel_split, &its_kernel_reshape, &its_kernel_pool,                  \
        &its_kernel_enlarge, &its_kernel_attention, &its_kernel_head, &its_kernel_ref

static const struct its_kernel *const f32[] = {&its_kernel_conv_f32, &its_kernel_onednn_conv_f32,
                                               BETWEEN, NULL};
static const struct its_kernel *const bf16[] = {&its_kernel_onednn_conv_bf16, BETWEEN, NULL};
static const struct its_kernel *const int8[] = {&its_kernel_conv_int8, &its_kernel_conv_f32,
                                                &its_kernel_onednn_conv_f32, BETWEEN, NULL};

const struct its_backend *its_backend_cpu(enum its_precision *precision)
{
    static const struct its_backend reals = {"cpu", f32}, halves = {"cpu", bf16},
                                    integers = {"cpu", int8};
    if (*precision == ITS_PRECISION_BF16 && its_onednn_has_bf16())
        return &halves;
    if (*precision == ITS_PRECISION_INT8 && its_cpu_best() == ITS_CPU_AVX512 && has_vnni())
        return &integers;
    *precision = ITS_PRECISION_F32;
    return &reals;
}
