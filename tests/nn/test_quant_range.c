/* Ranges for eight bits: what they may cut, and that 0 stays 0. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "nn/quant/range.h"

#define COUNT 200000

static float noise(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (float)(*seed >> 8) / (1 << 24);
}

static struct its_range *seen(const float *v, int64_t count)
{
    struct its_range *r = its_calloc(1, sizeof(*r));
    its_range_init(r);
    its_range_widen(r, v, count);
    its_range_count(r, v, count);
    return r;
}

static float *uniform(int64_t count, float low, float high)
{
    float *v = its_calloc((size_t)count, sizeof(*v));
    uint32_t seed = 7;
    for (int64_t i = 0; i < count; i++)
        v[i] = low + (high - low) * noise(&seed);
    return v;
}

static void check_ends(float low, float high, float scale, int zero)
{
    float v[] = {low, high};
    struct its_range *r = seen(v, 2);
    struct its_range_u8 as = its_range_choose(r, ITS_RANGE_MIN_MAX);
    print_message("%g..%g: scale %g, zero %d\n", (double)low, (double)high, (double)as.scale,
                  as.zero);
    assert_true(fabsf(as.scale - scale) < 1e-6f * scale);
    assert_int_equal(as.zero, zero);
    free(r);
}

static void ends_with_zero_among_them(void **state)
{
    check_ends(0, 255, 1, 0);
    check_ends(-51, 204, 1, 51);
    check_ends(10, 510, 2, 0); /* 0 belongs to the range: borders are padded with it */
    check_ends(-510, -10, 2, 255);
    check_ends(0, 0, 1, 0);
    check_ends(-0.28f, 25.22f, 0.1f, 3);
}

static void nothing_seen(void **state)
{
    struct its_range *r = seen(NULL, 0);
    for (int m = 0; m < ITS_RANGE_METHOD_COUNT; m++) {
        struct its_range_u8 as = its_range_choose(r, (enum its_range_method)m);
        assert_true(as.scale == 1 && as.zero == 0);
    }
    free(r);
}

static void what_is_no_number_is_passed_over(void **state)
{
    float v[] = {NAN, -1, INFINITY, 3, -INFINITY};
    struct its_range *r = seen(v, 5);
    assert_true(r->low == -1 && r->high == 3);
    assert_int_equal(r->count, 2);
    free(r);
}

static void percentile_cuts_the_rare(void **state)
{
    float *v = uniform(COUNT, 0, 1);
    v[COUNT / 2] = 20;
    struct its_range *r = seen(v, COUNT);
    float most = 255 * its_range_choose(r, ITS_RANGE_MIN_MAX).scale;
    float cut = 255 * its_range_choose(r, ITS_RANGE_PERCENTILE).scale;
    print_message("to %g, cut to %g\n", (double)most, (double)cut);
    assert_true(fabsf(most - 20) < 1e-3f);
    assert_true(cut > 0.99f && cut < 1.05f);
    free(r);
    free(v);
}

/* What the histogram says an answer costs is what it costs. */
static void the_error_is_the_true_one(void **state)
{
    float *v = uniform(COUNT, -1, 4);
    struct its_range *r = seen(v, COUNT);
    const struct its_range_u8 as[] = {{5.0f / 255, 51}, {0.01f, 60}, {0.1f, 20}};
    for (int k = 0; k < 3; k++) {
        double sum = 0;
        for (int i = 0; i < COUNT; i++) {
            float q = nearbyintf(v[i] / as[k].scale) + (float)as[k].zero;
            q = fminf(fmaxf(q, 0), 255);
            double d = (double)v[i] - (double)((q - (float)as[k].zero) * as[k].scale);
            sum += d * d / COUNT;
        }
        double told = its_range_error(r, as[k]);
        print_message("scale %g: error %g, told %g\n", (double)as[k].scale, sum, told);
        assert_true(fabs(told - sum) < 0.05 * sum);
    }
    free(r);
    free(v);
}

static void mse_is_the_least_of_them(void **state)
{
    float *v = uniform(COUNT, -0.28f, 2);
    for (int i = 0; i < COUNT; i += 50000)
        v[i] = 10 + (float)i / COUNT;
    struct its_range *r = seen(v, COUNT);
    double error[ITS_RANGE_METHOD_COUNT];
    for (int m = 0; m < ITS_RANGE_METHOD_COUNT; m++) {
        error[m] = its_range_error(r, its_range_choose(r, (enum its_range_method)m));
        print_message("%s: %g\n", its_range_method_name((enum its_range_method)m), error[m]);
    }
    assert_true(error[ITS_RANGE_MSE] <= error[ITS_RANGE_MIN_MAX]);
    assert_true(error[ITS_RANGE_MSE] <= 1.001 * error[ITS_RANGE_PERCENTILE]);
    free(r);
    free(v);
}

static void merged_is_seen_together(void **state)
{
    float *v = uniform(COUNT, -2, 3);
    struct its_range *whole = seen(v, COUNT), *a = its_calloc(1, sizeof(*a)),
                     *b = its_calloc(1, sizeof(*b));
    its_range_init(a);
    its_range_init(b);
    its_range_widen(a, v, 1000);
    its_range_widen(b, v + 1000, COUNT - 1000);
    its_range_merge(a, b);
    assert_true(a->low == whole->low && a->high == whole->high);
    *b = *a;
    its_range_count(a, v, 1000);
    its_range_count(b, v + 1000, COUNT - 1000);
    its_range_merge(a, b);
    assert_memory_equal(a, whole, sizeof(*a));
    free(a);
    free(b);
    free(whole);
    free(v);
}

static void names(void **state)
{
    for (int m = 0; m < ITS_RANGE_METHOD_COUNT; m++) {
        const char *name = its_range_method_name((enum its_range_method)m);
        assert_int_equal(its_range_method_from_name(name), m);
    }
    assert_int_equal(its_range_method_from_name("median"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_with_zero_among_them),
        cmocka_unit_test(nothing_seen),
        cmocka_unit_test(what_is_no_number_is_passed_over),
        cmocka_unit_test(percentile_cuts_the_rare),
        cmocka_unit_test(the_error_is_the_true_one),
        cmocka_unit_test(mse_is_the_least_of_them),
        cmocka_unit_test(merged_is_seen_together),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
