#include "base/cpu.h"

#include "base/attr.h"

/* The compiler's run time asks the processor once, at start, and knows about the operating system's
 * part (saved registers) too. */
enum its_cpu its_cpu_best(void)
{
#if defined __x86_64__
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return ITS_CPU_AVX512;
    if (__builtin_cpu_supports("avx2"))
        return ITS_CPU_AVX2;
#endif
    return ITS_CPU_PLAIN;
}

const char *its_cpu_name(enum its_cpu cpu)
{
    static const char *const names[ITS_CPU_COUNT] = {"plain", "avx2", "avx512"};
    its_assert(cpu < ITS_CPU_COUNT);
    return names[cpu];
}
