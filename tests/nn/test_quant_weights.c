/* Weights as eight bits: how far they may be off, and what biases take back. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "nn/quant/weights.h"

enum { CHANNELS = 6, EACH = 90 };

static void fill(float *w, int count, uint32_t seed)
{
    for (int i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        w[i] = ((float)(seed >> 8) / (1 << 23) - 1) * (1 + (float)(i / EACH));
    }
}

static double squared_error(const float *w, float scale)
{
    double sum = 0;
    for (int i = 0; i < EACH; i++) {
        float q = fminf(fmaxf(nearbyintf(w[i] / scale), -127), 127);
        double d = (double)w[i] - (double)(q * scale);
        sum += d * d;
    }
    return sum;
}

static void no_worse_than_the_largest_decides(void **state)
{
    float w[CHANNELS * EACH], scale[CHANNELS];
    int8_t q[CHANNELS * EACH];
    fill(w, CHANNELS * EACH, 3);
    w[EACH + 5] = 9; /* a lone outlier */
    its_quant_weights(w, CHANNELS, EACH, q, scale);
    for (int c = 0; c < CHANNELS; c++) {
        const float *of = w + (ptrdiff_t)c * EACH;
        float most = 0;
        for (int i = 0; i < EACH; i++)
            most = fmaxf(most, fabsf(of[i]));
        double plain = squared_error(of, most / 127), got = squared_error(of, scale[c]);
        print_message("channel %d: %g, by the largest %g\n", c, got, plain);
        assert_true(got <= plain);
        for (int i = 0; i < EACH; i++) {
            float off = fabsf(of[i] - (float)q[c * EACH + i] * scale[c]);
            assert_true(off <= 0.5001f * scale[c] || abs(q[c * EACH + i]) == 127);
        }
    }
}

static void channels_of_nothing(void **state)
{
    float w[3 * EACH] = {0}, scale[3];
    int8_t q[3 * EACH];
    w[EACH] = 1e-30f;
    w[2 * EACH] = -1;
    its_quant_weights(w, 3, EACH, q, scale);
    assert_true(scale[0] == 1 && scale[1] == 1);
    for (int i = 0; i < 2 * EACH; i++)
        assert_int_equal(q[i], 0);
    assert_true(q[2 * EACH] == -127 && isfinite(scale[2]) && scale[2] > 0);
}

/* On pictures that are one colour each channel, the shift is the whole difference of the sums. */
static void check_shift(int channels, int ins, int taps, int groups)
{
    float w[CHANNELS * EACH], scale[CHANNELS], mean[CHANNELS * 10], shift[CHANNELS];
    int8_t q[CHANNELS * EACH];
    fill(w, channels * ins * taps, 11);
    fill(mean, ins * groups, 5);
    its_quant_weights(w, channels, ins * taps, q, scale);
    its_quant_bias_shift(w, q, scale, channels, ins, taps, groups, mean, shift);
    double most = 0;
    for (int o = 0; o < channels; o++) {
        double real = 0, rounded = 0;
        int first = o / (channels / groups) * ins;
        for (int k = 0; k < ins * taps; k++) {
            real += (double)(w[o * ins * taps + k] * mean[first + k / taps]);
            rounded += (double)((float)q[o * ins * taps + k] * scale[o] * mean[first + k / taps]);
        }
        most = fmax(most, fabs(real - rounded - (double)shift[o]));
        assert_true(shift[o] != 0);
    }
    print_message("%d x %d x %d, %d groups: off by %g\n", channels, ins, taps, groups, most);
    assert_true(most < 1e-5);
}

static void biases_take_the_shift_back(void **state)
{
    check_shift(CHANNELS, 10, 9, 1);
    check_shift(CHANNELS, 5, 9, 2);
    check_shift(CHANNELS, 1, 9, CHANNELS);
    check_shift(CHANNELS, 10, 1, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_worse_than_the_largest_decides),
        cmocka_unit_test(channels_of_nothing),
        cmocka_unit_test(biases_take_the_shift_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
