#include "base/hist.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

static void test_every_value_within_one_percent(void **state)
{
    for (int64_t v = 0; v < 200000000; v = v < 4096 ? v + 1 : v + v / 777) {
        struct its_hist *h = calloc(1, sizeof(*h));
        its_hist_record(h, v);
        int64_t got = its_hist_quantile(h, 0.5);
        if (llabs(got - v) > (double)v * 0.01)
            fail_msg("recorded %lld, read %lld", (long long)v, (long long)got);
        free(h);
    }
}

static void test_quantiles_of_a_ramp(void **state)
{
    static struct its_hist h;
    for (int v = 1; v <= 10000; v++)
        its_hist_record(&h, v);
    const double q[] = {0.5, 0.9, 0.95, 0.99, 0.999, 1.0};
    for (size_t i = 0; i < sizeof(q) / sizeof(*q); i++) {
        double want = q[i] * 10000, got = (double)its_hist_quantile(&h, q[i]);
        if (fabs(got - want) > want * 0.01 + 1)
            fail_msg("p%g: %g, expected %g", q[i] * 100, got, want);
    }
    assert_int_equal(h.count, 10000);
    assert_int_equal(h.sum_us, 50005000);
    assert_int_equal(h.max_us, 10000);
}

static void test_edges(void **state)
{
    static struct its_hist h;
    assert_int_equal(its_hist_quantile(&h, 0.99), 0);
    its_hist_record(&h, -5);
    assert_int_equal(its_hist_quantile(&h, 1), 0);
    its_hist_record(&h, INT64_MAX / 2);
    assert_int_equal(h.bucket[ITS_HIST_BUCKETS - 1], 1);
}

static void test_add_is_the_sum(void **state)
{
    static struct its_hist a, b, both;
    unsigned seed = 11;
    for (int i = 0; i < 5000; i++) {
        int64_t v = rand_r(&seed) % 1000000;
        its_hist_record(i % 3 ? &a : &b, v);
        its_hist_record(&both, v);
    }
    its_hist_add(&a, &b);
    for (int i = 0; i < ITS_HIST_BUCKETS; i++)
        assert_int_equal(a.bucket[i], both.bucket[i]);
    assert_int_equal(a.count, both.count);
    assert_int_equal(a.max_us, both.max_us);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_value_within_one_percent),
        cmocka_unit_test(test_quantiles_of_a_ramp),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_add_is_the_sum),
    };
    return cmocka_run_group_tests_name("base/hist", tests, NULL, NULL);
}
