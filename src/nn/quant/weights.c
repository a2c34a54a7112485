#include "nn/quant/weights.h"

#include <math.h>

#include "base/attr.h"

/* Clippings tried, from the largest weight down to 70 % of it: with as few taps as 9 a single
 * outlier else decides the step of a whole channel. */
#define STEPS 30
#define LEAST 0.7f

static float largest(const float *w, int n)
{
    float m = 0;
    for (int i = 0; i < n; i++)
        m = ITS_MAX(m, fabsf(w[i]));
    return m;
}

static int8_t round_to(float w, float scale)
{
    float q = nearbyintf(w / scale);
    return (int8_t)ITS_MAX(-127.0f, ITS_MIN(127.0f, q));
}

static double error_of(const float *w, int n, float scale)
{
    double sum = 0;
    for (int i = 0; i < n; i++) {
        double d = (double)w[i] - (double)round_to(w[i], scale) * scale;
        sum += d * d;
    }
    return sum;
}

static float best_scale(const float *w, int n)
{
    float most = largest(w, n);
    if (most < 1e-20f)
        return 1;
    float best = most / 127;
    double least = error_of(w, n, best);
    for (int i = 1; i <= STEPS; i++) {
        float scale = most / 127 * (1 - (1 - LEAST) * (float)i / STEPS);
        double error = error_of(w, n, scale);
        if (error < least) {
            least = error;
            best = scale;
        }
    }
    return best;
}

void its_quant_weights(const float *weights, int channels, int each, int8_t *q, float *scale)
{
    for (int c = 0; c < channels; c++) {
        const float *w = weights + (int64_t)c * each;
        scale[c] = best_scale(w, each);
        for (int i = 0; i < each; i++)
            q[(int64_t)c * each + i] = round_to(w[i], scale[c]);
    }
}

void its_quant_bias_shift(const float *weights, const int8_t *q, const float *scale, int channels,
                          int ins, int taps, int groups, const float *mean, float *shift)
{
    int per_group = channels / groups;
    for (int o = 0; o < channels; o++) {
        const float *m = mean + (int64_t)(o / per_group) * ins;
        double sum = 0;
        for (int i = 0; i < ins; i++) {
            int64_t at = ((int64_t)o * ins + i) * taps;
            double lost = 0;
            for (int k = 0; k < taps; k++)
                lost += (double)weights[at + k] - (double)q[at + k] * scale[o];
            sum += lost * m[i];
        }
        shift[o] = (float)sum;
    }
}
