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
