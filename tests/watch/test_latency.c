#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "watch/latency.h"

/* Arrived at 1000, decoded after 300, published after 5000; the stages between were not passed. */
static const struct its_stamps decoded = {
    .arrived_us = 1000,
    .end_us =
        {[ITS_STAGE_DECODE_WAIT] = 1100, [ITS_STAGE_DECODE] = 1300, [ITS_STAGE_PUBLISH] = 6000},
};

static void stages_that_were_passed(void **state)
{
    static struct its_latency l;
    its_latency_record(&l, &decoded);
    for (int s = 0; s < ITS_STAGE_COUNT; s++)
        assert_int_equal(l.stage[s].count, decoded.end_us[s] != 0);
    assert_int_equal(l.stage[ITS_STAGE_DECODE_WAIT].sum_us, 100);
    assert_int_equal(l.stage[ITS_STAGE_DECODE].sum_us, 200);
    assert_int_equal(l.stage[ITS_STAGE_PUBLISH].sum_us, 4700);
    assert_int_equal(l.total.sum_us, 5000);
}

static void unpublished_has_no_total(void **state)
{
    static struct its_latency l;
    struct its_stamps s = decoded;
    s.end_us[ITS_STAGE_PUBLISH] = 0;
    its_latency_record(&l, &s);
    assert_int_equal(l.stage[ITS_STAGE_DECODE].count, 1);
    assert_int_equal(l.total.count, 0);
}

static void cameras_add_up(void **state)
{
    static struct its_latency north, south, all;
    struct its_stamps slow = decoded;
    slow.end_us[ITS_STAGE_PUBLISH] = 91000;
    its_latency_record(&north, &decoded);
    its_latency_record(&south, &slow);
    its_latency_add(&all, &north);
    its_latency_add(&all, &south);
    assert_int_equal(all.total.count, 2);
    assert_int_equal(all.total.sum_us, 95000);
    assert_int_equal(all.total.max_us, 90000);
    assert_int_equal(all.stage[ITS_STAGE_DECODE].sum_us, 400);
    assert_int_equal(all.stage[ITS_STAGE_INFER].count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stages_that_were_passed),
        cmocka_unit_test(unpublished_has_no_total),
        cmocka_unit_test(cameras_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
