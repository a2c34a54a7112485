/* The choice of level, and sizes, which are the same for all. */
#include "nn/lanes/lanes.h"

#include "build_config.h"

extern const struct its_lanes its_lane_table_plain;
#if ITS_X86_LEVELS
extern const struct its_lanes its_lane_table_avx2, its_lane_table_avx512;
#endif

enum { LANES = 16, QUERIES = 32 };

const struct its_lanes *its_lanes_of(enum its_cpu cpu)
{
#if ITS_X86_LEVELS
    if (cpu == ITS_CPU_AVX512)
        return &its_lane_table_avx512;
    if (cpu == ITS_CPU_AVX2)
        return &its_lane_table_avx2;
#endif
    return &its_lane_table_plain;
}

size_t its_lanes_pool_scratch(const struct its_lanes_pool *p)
{
    return (size_t)p->h * (size_t)p->ow * LANES * sizeof(float);
}

int its_lanes_attention_parts(const struct its_lanes_attention *a)
{
    return a->heads * ((a->tokens + QUERIES - 1) / QUERIES);
}

/* Weights of all keys for some queries, and those queries. */
size_t its_lanes_attention_scratch(const struct its_lanes_attention *a)
{
    return (size_t)(a->tokens + a->key) * QUERIES * sizeof(float);
}
