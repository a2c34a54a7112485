/* What the Attention operator computes, in plain C. */
#include "nn/fused.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

/* The result for query i of one head; weight: one float per key. */
static void attend(const float *q, const float *k, const float *v, float *out, int64_t keys,
                   int64_t values, int64_t tokens, int64_t i, float scale, float *weight)
{
    float most = -INFINITY;
    double total = 0;
    for (int64_t j = 0; j < tokens; j++) {
        float sum = 0;
        for (int64_t c = 0; c < keys; c++)
            sum += q[c * tokens + i] * k[c * tokens + j];
        weight[j] = sum * scale;
        most = fmaxf(most, weight[j]);
    }
    for (int64_t j = 0; j < tokens; j++)
        total += weight[j] = expf(weight[j] - most);
    for (int64_t d = 0; d < values; d++) {
        double sum = 0;
        for (int64_t j = 0; j < tokens; j++)
            sum += (double)v[d * tokens + j] * weight[j];
        out[d * tokens + i] = (float)(sum / total);
    }
}

static int run(const struct its_node *n, const void *const *in, void *const *out)
{
    const int64_t *k = n->in[1]->shape.dim, values = n->in[2]->shape.dim[2];
    float scale = its_node_float(n, "scale", 1);
    float *weight = its_try_calloc((size_t)k[3], sizeof(*weight));
    if (!weight)
        return -ENOMEM;
    for (int64_t h = 0; h < k[1]; h++)
        for (int64_t i = 0; i < k[3]; i++)
            attend((const float *)in[0] + h * k[2] * k[3], (const float *)in[1] + h * k[2] * k[3],
                   (const float *)in[2] + h * values * k[3], (float *)out[0] + h * values * k[3],
                   k[2], values, k[3], i, scale, weight);
    free(weight);
    return 0;
}

const struct its_op its_op_attention = {.name = "Attention",
                                        .domain = "its",
                                        .since = 1,
                                        .until = 1,
                                        .in_min = 3,
                                        .in_max = 3,
                                        .out_min = 1,
                                        .out_max = 1,
                                        .run = run};
