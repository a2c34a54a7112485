/* The clock of a stream over jumps, loops and reconnects. */
#include "camera/timeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <libavcodec/avcodec.h>

static const struct its_stream_info info = {.time_base_num = 1, .time_base_den = 1000, .fps = 10};
static AVPacket *av;

static struct its_packet stamp(struct its_timeline *t, int64_t pts, int64_t dts)
{
    struct its_packet p = {.av = av};
    av->pts = pts;
    av->dts = dts;
    its_timeline_stamp(t, &p);
    return p;
}

static void start(struct its_timeline *t)
{
    its_timeline_init(t, &(struct its_source_resume){0, 3, 7000000});
    its_timeline_begin(t, &info, AV_NOPTS_VALUE);
}

static void test_goes_on_where_it_stood(void **state)
{
    struct its_timeline t;
    start(&t);
    assert_int_equal(stamp(&t, 5000, 5000).time_us, 7000000);
    struct its_packet p = stamp(&t, 5100, 5100);
    assert_int_equal(p.time_us, 7100000);
    assert_int_equal(p.epoch, 3);
    assert_true(p.has_time);
    assert_int_equal(t.end_us, 7200000); /* by the nominal duration */
}

static void test_a_step_back_is_a_new_epoch(void **state)
{
    struct its_timeline t;
    start(&t);
    stamp(&t, 5000, 5000);
    struct its_packet p = stamp(&t, 0, 0);
    assert_int_equal(p.epoch, 4);
    assert_int_equal(p.time_us, 7100000);
    assert_int_equal(stamp(&t, 100, 100).time_us, 7200000);
}

static void test_a_jump_ahead_only_where_it_may_be(void **state)
{
    struct its_timeline t;
    start(&t);
    stamp(&t, 5000, 5000);
    assert_int_equal(stamp(&t, 65000, 65000).time_us, 67000000); /* a true gap */
    t.may_jump = true;
    assert_int_equal(stamp(&t, 125000, 125000).epoch, 4);
}

static void test_reordered_pictures_do_not_step_back(void **state)
{
    struct its_timeline t;
    start(&t);
    stamp(&t, 5000, 5000);
    stamp(&t, 5900, 5100);
    assert_int_equal(stamp(&t, 5300, 5200).epoch, 3);
}

static void test_counts_where_there_is_no_time(void **state)
{
    struct its_timeline t;
    start(&t);
    struct its_packet p = stamp(&t, AV_NOPTS_VALUE, AV_NOPTS_VALUE);
    assert_false(p.has_time);
    assert_int_equal(p.time_us, 7000000);
    assert_int_equal(stamp(&t, AV_NOPTS_VALUE, AV_NOPTS_VALUE).time_us, 7100000);
}

static int setup(void **state)
{
    av = av_packet_alloc();
    return !av;
}

static int teardown(void **state)
{
    av_packet_free(&av);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goes_on_where_it_stood),
        cmocka_unit_test(test_a_step_back_is_a_new_epoch),
        cmocka_unit_test(test_a_jump_ahead_only_where_it_may_be),
        cmocka_unit_test(test_reordered_pictures_do_not_step_back),
        cmocka_unit_test(test_counts_where_there_is_no_time),
    };
    return cmocka_run_group_tests_name("camera/timeline", tests, setup, teardown);
}
