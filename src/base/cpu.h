/* What this processor can do, as few levels: kernels come in one variant per level. */
#pragma once

enum its_cpu {
    ITS_CPU_PLAIN,  /* plain C, whatever the compiler targets */
    ITS_CPU_AVX2,   /* x86-64-v3 as far as we use it: AVX2 */
    ITS_CPU_AVX512, /* x86-64-v4: AVX-512 F, BW, DQ, VL */
    ITS_CPU_COUNT
};

/* The highest level that processor and operating system support. Cheap; any thread. */
enum its_cpu its_cpu_best(void);

/* "plain", "avx2", "avx512". Static storage. */
const char *its_cpu_name(enum its_cpu cpu);

/* How many processors this process may use: those it may be scheduled on, and no more than its
 * control groups (version 2) grant time for, rounded up; at least 1. What the machine has is more in
 * a container. Reads files; any thread. */
int its_cpu_count(void);

/* What the text of a cpu.max ("150000 100000", "max 100000") leaves of `cores`: here 2, and all of
 * them. A text that is not understood leaves all. */
int its_cpu_granted(const char *cpu_max, int cores);
