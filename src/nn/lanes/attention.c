/* Attention over a few hundred tokens, 32 queries at a time: the weights of all keys for these
 * queries stay in the L1 cache between their sums, the softmax and the mix of values.
 *
 * Lanes are queries, so the softmax runs down columns and nothing is ever summed across lanes. */
#include "nn/lanes/lane.h"

enum { QUERIES = 32, TILE = 8 };

/* weight[j][i] = sum_c q[c][i] * k[c][j], for TILE keys from j on; q: [c][QUERIES]. */
static void sum_keys(const float *q, const float *k, int channels, int64_t tokens, int j,
                     float *weight)
{
    f32x16 sum[TILE][2] = {0};
    for (int c = 0; c < channels; c++) {
        f32x16 a = lane_load(q + c * QUERIES), b = lane_load(q + c * QUERIES + LANES);
        const float *key = k + c * tokens + j;
        for (int t = 0; t < TILE; t++) {
            sum[t][0] += a * key[t];
            sum[t][1] += b * key[t];
        }
    }
    for (int t = 0; t < TILE; t++) {
        lane_store(weight + (j + t) * QUERIES, sum[t][0]);
        lane_store(weight + (j + t) * QUERIES + LANES, sum[t][1]);
    }
}

static void sum_key(const float *q, const float *k, int channels, int64_t tokens, int j,
                    float *weight)
{
    f32x16 a = lane_all(0), b = a;
    for (int c = 0; c < channels; c++) {
        a += lane_load(q + c * QUERIES) * k[c * tokens + j];
        b += lane_load(q + c * QUERIES + LANES) * k[c * tokens + j];
    }
    lane_store(weight + j * QUERIES, a);
    lane_store(weight + j * QUERIES + LANES, b);
}

/* Columns become e^(w - max); *share: what to multiply with so that a column adds up to 1. */
static void soften(float *weight, int tokens, float scale, f32x16 share[2])
{
    for (int half = 0; half < 2; half++) {
        float *w = weight + half * LANES;
        f32x16 most = lane_load(w), sum = lane_all(0);
        for (int j = 1; j < tokens; j++)
            most = lane_max(most, lane_load(w + j * QUERIES));
        for (int j = 0; j < tokens; j++) {
            f32x16 e = lane_exp((lane_load(w + j * QUERIES) - most) * scale);
            sum += e;
            lane_store(w + j * QUERIES, e);
        }
        share[half] = 1.f / sum;
    }
}

/* out[d][i] for `rows` (at most TILE) channels of v. */
static inline void mix_values(const float *v, const float *weight, int64_t tokens, int rows,
                              const f32x16 share[2], float (*out)[QUERIES])
{
    f32x16 sum[TILE][2] = {0};
    for (int64_t j = 0; j < tokens; j++) {
        f32x16 a = lane_load(weight + j * QUERIES), b = lane_load(weight + j * QUERIES + LANES);
        for (int t = 0; t < rows; t++) {
            sum[t][0] += a * v[t * tokens + j];
            sum[t][1] += b * v[t * tokens + j];
        }
    }
    for (int t = 0; t < rows; t++) {
        lane_store(out[t], sum[t][0] * share[0]);
        lane_store(out[t] + LANES, sum[t][1] * share[1]);
    }
}

static void attend(const struct its_lanes_attention *a, const float *q, const float *k,
                   const float *v, float *out, int at, float *weight)
{
    int64_t tokens = a->tokens;
    int count = a->tokens - at < QUERIES ? a->tokens - at : QUERIES, j = 0;
    float *query = weight + tokens * QUERIES, mixed[TILE][QUERIES];
    f32x16 share[2];
    for (int c = 0; c < a->key; c++) {
        memset(query + c * QUERIES, 0, QUERIES * sizeof(float));
        memcpy(query + c * QUERIES, q + c * tokens + at, (size_t)count * sizeof(float));
    }
    for (; j + TILE <= a->tokens; j += TILE)
        sum_keys(query, k, a->key, tokens, j, weight);
    for (; j < a->tokens; j++)
        sum_key(query, k, a->key, tokens, j, weight);
    soften(weight, a->tokens, a->scale, share);
    for (int d = 0; d < a->value; d += TILE) {
        int rows = a->value - d < TILE ? a->value - d : TILE;
        if (rows == TILE)
            mix_values(v + d * tokens, weight, tokens, TILE, share, mixed);
        else
            mix_values(v + d * tokens, weight, tokens, rows, share, mixed);
        for (int t = 0; t < rows; t++)
            memcpy(out + (d + t) * tokens + at, mixed[t], (size_t)count * sizeof(float));
    }
}

void LANE(attention)(const struct its_lanes_attention *a, const float *q, const float *k,
                     const float *v, float *out, int from, int to, void *scratch)
{
    int per_head = (a->tokens + QUERIES - 1) / QUERIES;
    for (int i = from; i < to; i++) {
        int64_t head = i / per_head, tokens = a->tokens;
        attend(a, q + head * a->key * tokens, k + head * a->key * tokens,
               v + head * a->value * tokens, out + head * a->value * tokens, i % per_head * QUERIES,
               scratch);
    }
}
