#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "store/backlog.h"
#include "tests/store/temp.h"

#define BATCH 8

static int callocs;

void *__real_calloc(size_t count, size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);

void *__wrap_calloc(size_t count, size_t bytes)
{
    callocs++;
    return __real_calloc(count, bytes);
}

static struct its_backlog *create(unsigned batch_ms)
{
    return its_backlog_create(&(struct its_backlog_settings){.batch_ms = batch_ms,
                                                             .coverage_ms = batch_ms,
                                                             .max_batch = BATCH,
                                                             .max_waiting = 100,
                                                             .max_minutes = 5});
}

static void put(struct its_backlog *b, uint64_t from, uint64_t upto)
{
    for (uint64_t n = from; n < upto; n++) {
        struct its_store_event e = temp_event(n, 0);
        assert_int_equal(its_backlog_put_event(b, &e), 0);
    }
}

static int put_minute(struct its_backlog *b, const char *camera, int64_t minute)
{
    struct its_minute m = {.start_us = minute * ITS_MINUTE_US, .observed_us = 1, .frames_used = 2};
    snprintf(m.camera, sizeof(m.camera), "%s", camera);
    return its_backlog_put_minute(b, &m);
}

static void comes_in_order_and_in_batches(void **state)
{
    struct its_backlog *b = create(1000000);
    struct its_batch batch;
    struct its_ulid last = {0};
    put(b, 0, 20);
    for (uint64_t n = 0; n < 16;) { /* two full ones are due at once */
        assert_int_equal(its_backlog_take(b, 0, &batch), 1);
        assert_int_equal(batch.event_count, BATCH);
        for (unsigned i = 0; i < batch.event_count; i++, n++) {
            assert_int_equal(batch.event[i].event.crossing.track, n);
            assert_true(its_ulid_compare(&batch.event[i].id, &last) > 0);
            last = batch.event[i].id;
        }
        its_backlog_give(b, &batch);
    }
    assert_int_equal(its_backlog_take(b, its_mono_us() + 1000, &batch),
                     0); /* four are not due yet */
    its_backlog_close(b);
    assert_int_equal(its_backlog_take(b, 0, &batch), 1);
    assert_int_equal(batch.event_count, 4);
    its_backlog_give(b, &batch);
    assert_int_equal(its_backlog_take(b, INT64_MAX, &batch), -EPIPE);
    its_backlog_destroy(&b);
    assert_null(b);
}

static void an_old_record_is_due(void **state)
{
    struct its_backlog *b = create(2);
    struct its_batch batch;
    put(b, 0, 1);
    assert_int_equal(its_backlog_take(b, INT64_MAX, &batch), 1);
    assert_int_equal(batch.event_count, 1);
    its_backlog_give(b, &batch);
    assert_int_equal(put_minute(b, "a", 1), 0);
    assert_int_equal(its_backlog_take(b, INT64_MAX, &batch), 1);
    assert_int_equal(batch.minute_count, 1);
    its_backlog_give(b, &batch);
    its_backlog_destroy(&b);
}

static void minutes_add_up_and_are_bounded(void **state)
{
    struct its_backlog *b = create(0);
    struct its_batch batch;
    struct its_backlog_stats stats;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 100; i++)
            assert_int_equal(put_minute(b, i % 2 ? "a" : "b", i / 50), 0);
        assert_int_equal(put_minute(b, "c", 0), 0);
        assert_int_equal(put_minute(b, "d", 0), -ENOSPC);
        assert_int_equal(its_backlog_take(b, 0, &batch), 1);
        assert_int_equal(put_minute(b, "d", 0), 0); /* goes to the other table */
        assert_int_equal(batch.minute_count, 5);
        for (unsigned i = 0; i < 4; i++) {
            assert_int_equal(batch.minute[i].minute.observed_us, 25);
            assert_int_equal(batch.minute[i].minute.frames_used, 50);
        }
        its_backlog_give(b, &batch);
        assert_int_equal(its_backlog_take(b, 0, &batch), 1);
        assert_string_equal(batch.minute[0].minute.camera, "d");
        its_backlog_give(b, &batch);
    }
    its_backlog_read_stats(b, &stats);
    assert_int_equal(stats.refused, 3);
    assert_int_equal(stats.minutes, 0);
    its_backlog_destroy(&b);
}

static void full_is_full_until_given_back(void **state)
{
    struct its_backlog *b = create(0);
    struct its_batch batch;
    struct its_store_event e = temp_event(100, 0);
    put(b, 0, 100);
    assert_int_equal(its_backlog_put_event(b, &e), -ENOSPC);
    assert_int_equal(its_backlog_take(b, 0, &batch), 1);
    assert_int_equal(its_backlog_put_event(b, &e), -ENOSPC); /* the writer still holds them */
    its_backlog_give(b, &batch);
    assert_int_equal(its_backlog_put_event(b, &e), 0);
    its_backlog_close(b);
    assert_int_equal(its_backlog_put_event(b, &e), -EPIPE);
    assert_int_equal(put_minute(b, "a", 0), -EPIPE);
    its_backlog_destroy(&b);
}

static void the_steady_state_allocates_nothing(void **state)
{
    struct its_backlog *b = create(0);
    struct its_batch batch;
    int before = 0;
    for (uint64_t n = 0; n < 1000; n++) {
        if (n == 10)
            before = callocs;
        put(b, 0, 20);
        assert_int_equal(put_minute(b, "a", (int64_t)n), 0);
        while (its_backlog_take(b, 0, &batch) > 0)
            its_backlog_give(b, &batch);
    }
    assert_true(before > 0);
    assert_int_equal(callocs, before);
    its_backlog_destroy(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_in_order_and_in_batches),
        cmocka_unit_test(an_old_record_is_due),
        cmocka_unit_test(minutes_add_up_and_are_bounded),
        cmocka_unit_test(full_is_full_until_given_back),
        cmocka_unit_test(the_steady_state_allocates_nothing),
    };
    printf("a record takes %zu bytes\n", sizeof(struct its_record));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
