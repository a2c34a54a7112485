/* The most multiplications and additions a second that one core does: 24 independent sums in
 * registers, nothing else. */
#include <immintrin.h>
#include <time.h>

#include "nn/cpu/conv.h"

double its_bench_peak(enum its_conv_math math);

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The compiler must neither drop nor merge them. */
#define EACH(instruction)                                                                          \
    _Pragma("GCC unroll 24") for (int i = 0; i < 24; i++) __asm__ volatile(                        \
        instruction " %1, %2, %0" : "+v"(sum[i]) : "v"(x), "v"(x));

static double loop(enum its_conv_math math, int count)
{
    __m512i sum[24], x = _mm512_setzero_si512();
    _Pragma("GCC unroll 24") for (int i = 0; i < 24; i++) sum[i] = x;
    double start = now();
    for (int k = 0; k < count; k++) {
        if (math == ITS_CONV_INT8) {
            EACH("vpdpbusd")
        } else if (math == ITS_CONV_F32) {
            EACH("vfmadd231ps")
        } else {
            EACH("vdpbf16ps")
        }
    }
    return now() - start;
}

double its_bench_peak(enum its_conv_math math)
{
    const double per[] = {128, 32, 64};
    double best = 1e9;
    for (int i = 0; i < 10; i++) {
        double t = loop(math, 1000000);
        best = t < best ? t : best;
    }
    return 24 * 1e6 * per[math] / best;
}
