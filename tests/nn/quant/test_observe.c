/* What the quantiser surveys and watches, on small graphs that detectors seldom are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/arena.h"
#include "nn/quant/observe.h"
#include "tests/nn/small_graph.h"

typedef struct its_value *values[];

static int fill(void *ctx, int index, float *planes, int width, int height)
{
    uint32_t seed = 11 + (uint32_t)index;
    fill_values(planes, (int64_t)3 * width * height, &seed);
    return 0;
}

/* An output of integers takes eight bytes each: with a buffer of four the heap would be written
 * over, which free notices, as does a sanitiser. */
static void test_outputs_of_integers(void **state)
{
    uint32_t seed = 1;
    struct its_graph *g = its_graph_create();
    struct its_value *x = add_input(g, "x", 3, 24, 24);
    struct its_value *y = add_conv(g, &seed, x, 16, 3, 1, 1);
    struct its_value *best = add_op(g, "ArgMax", (values){y, NULL}, 1);
    set_int(g, best, "axis", 1);
    best->type = ITS_S64;
    set_output(g, best);
    infer(g);
    struct its_survey s;
    struct its_observed o;
    struct its_error err;
    struct its_quantise_settings set;
    its_quantise_defaults(&set);
    struct its_quant_feed feed = {.count = 2, .fill = fill};
    its_survey_make(g, NULL, &s);
    assert_int_equal(s.conv_count, 1);
    if (its_observe(g, &s, &set, &feed, &o, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(o.count, 1);
    assert_true(o.range[0].low >= -1 && o.range[0].high <= 1 && o.range[0].high > 0.9f);
    its_observed_fini(&o);
    its_survey_fini(&s);
    its_graph_destroy(&g);
}

/* A bias that is computed, or is not of reals, cannot be corrected: such a convolution stays. */
static void test_biases_that_are_not_constants(void **state)
{
    for (int kind = 0; kind < 3; kind++) {
        uint32_t seed = 2;
        struct its_graph *g = its_graph_create();
        struct its_value *x = add_input(g, "x", 3, 8, 8);
        struct its_value *y = add_conv(g, &seed, x, 4, 1, 1, 1);
        struct its_value *bias = y->from->in[2];
        if (kind == 1) {
            struct its_shape shape = {1, {4}};
            y->from->in[2] = its_graph_add_value(g, "computed", ITS_F32, &shape);
        } else if (kind == 2) {
            bias->type = ITS_S32;
        }
        struct its_survey s;
        its_survey_make(g, NULL, &s);
        assert_int_equal(s.conv_count, kind == 0);
        its_survey_fini(&s);
        its_graph_destroy(&g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_outputs_of_integers),
                                       cmocka_unit_test(test_biases_that_are_not_constants)};
    return cmocka_run_group_tests_name("nn/quant/observe", tests, NULL, NULL);
}
