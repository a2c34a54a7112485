/* Errors, log, stamps, cancel tree, geometry. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/folder.h"
#include "base/geom.h"
#include "base/log.h"
#include "base/stamps.h"
#include "base/thread.h"

static void test_error_texts(void **state)
{
    assert_string_equal(its_strerror(0), "no error");
    assert_string_equal(its_strerror(-ENOENT), "No such file or directory");
    assert_string_equal(its_strerror(ITS_ENOVIDEO), "no video stream in it");
    assert_string_equal(its_strerror(-99999), "unknown error");
    assert_string_equal(its_strerror(INT32_MIN), "unknown error");

    struct its_error e;
    assert_int_equal(its_error_set(&e, ITS_EEOF, "at %d", 7), ITS_EEOF);
    its_error_prefix(&e, "clip");
    assert_string_equal(e.text, "clip: at 7");
    assert_int_equal(its_error_set(NULL, -EIO, "nobody"), -EIO);
    assert_string_equal(its_err_word(ITS_EUNAUTHORISED), "unauthorised");
    assert_string_equal(its_err_word(-ETIMEDOUT), "timed_out");
    assert_string_equal(its_err_word(-ENOTTY), "failed");
}

static char last_line[2000];
static int lines;

static void sink(void *ctx, enum its_log_level level, const char *line)
{
    snprintf(last_line, sizeof(last_line), "%s", line);
    lines++;
}

static void test_log_levels_lines_and_limits(void **state)
{
    its_log_set_sink(sink, NULL);
    lines = 0;
    its_log(ITS_LOG_DEBUG, "x", "hidden");
    assert_int_equal(lines, 0);
    its_log(ITS_LOG_WARN, "cam", "two\nlines \x1b[31m");
    assert_int_equal(lines, 1);
    assert_non_null(strstr(last_line, " warn  cam: two lines  [31m"));

    struct its_log_limit limit = {0};
    for (int i = 0; i < 10; i++)
        its_log_limited(&limit, 3600000000, ITS_LOG_INFO, "x", "n=%d", i);
    assert_int_equal(lines, 2);
    assert_non_null(strstr(last_line, "n=0"));
    limit.next_us = 0; /* as if the hour were over */
    its_log_limited(&limit, 3600000000, ITS_LOG_INFO, "x", "again");
    assert_non_null(strstr(last_line, "again (and 9 more like it)"));
    its_log_set_sink(NULL, NULL);
}

static void test_stamps(void **state)
{
    struct its_stamps s = {.arrived_us = 1000};
    s.end_us[ITS_STAGE_DECODE_WAIT] = 1100;
    s.end_us[ITS_STAGE_DECODE] = 1400;
    s.end_us[ITS_STAGE_TRACK] = 1500; /* prepare … post were not passed */
    assert_int_equal(its_stamps_spent_us(&s, ITS_STAGE_DECODE_WAIT), 100);
    assert_int_equal(its_stamps_spent_us(&s, ITS_STAGE_DECODE), 300);
    assert_int_equal(its_stamps_spent_us(&s, ITS_STAGE_INFER), -1);
    assert_int_equal(its_stamps_spent_us(&s, ITS_STAGE_TRACK), 100);
    assert_int_equal(its_stamps_total_us(&s), -1);
    s.end_us[ITS_STAGE_PUBLISH] = 1600;
    assert_int_equal(its_stamps_total_us(&s), 600);
    assert_string_equal(its_stage_name(ITS_STAGE_BATCH_WAIT), "batch_wait");
}

static void sleep_long(void *arg)
{
    its_cancel_sleep_until(arg, its_mono_us() + 60000000);
}

static void test_cancel_tree(void **state)
{
    struct its_cancel *root = its_cancel_create(NULL), *a = its_cancel_create(root);
    struct its_cancel *b = its_cancel_create(root), *leaf = its_cancel_create(a);
    struct its_thread sleeper = {0};
    assert_int_equal(its_thread_start(&sleeper, "sleeper", 0, sleep_long, leaf), 0);

    int64_t start = its_mono_us();
    its_cancel_trigger(a);
    its_thread_join(&sleeper);
    assert_true(its_mono_us() - start < 30000000);
    assert_true(its_cancel_is_set(leaf));
    assert_false(its_cancel_is_set(b));
    assert_false(its_cancel_is_set(root));

    its_cancel_trigger(root);
    assert_true(its_cancel_is_set(b));
    struct its_cancel *late = its_cancel_create(b);
    assert_true(its_cancel_is_set(late));
    assert_true(its_cancel_sleep_until(late, INT64_MAX));
    its_cancel_destroy(&late);
    its_cancel_destroy(&leaf);
    its_cancel_destroy(&b);
    its_cancel_destroy(&a);
    its_cancel_destroy(&root);
}

static void test_sleep_ends_in_time(void **state)
{
    struct its_cancel *c = its_cancel_create(NULL);
    int64_t until = its_mono_us() + 2000;
    assert_false(its_cancel_sleep_until(c, until));
    assert_true(its_mono_us() >= until);
    its_cancel_destroy(&c);
}

static void test_boxes(void **state)
{
    struct its_box a = {0, 0, 10, 10}, b = {5, 0, 10, 10}, none = {3, 3, 0, 5};
    assert_float_equal(its_box_iou(a, b), 50.0 / 150.0, 1e-6);
    assert_float_equal(its_box_iou(a, a), 1, 1e-6);
    assert_float_equal(its_box_iou(a, none), 0, 1e-6);
    assert_float_equal(its_box_iou(none, none), 0, 1e-6);
    struct its_box u = its_box_union(a, b);
    assert_float_equal(u.w, 15, 1e-6);
    assert_float_equal(its_box_bottom_centre(b).x, 10, 1e-6);
    assert_float_equal(its_box_bottom_centre(b).y, 10, 1e-6);
}

static void test_wall_format(void **state)
{
    char buf[25];
    assert_string_equal(its_wall_format(1778157296789000, buf), "2026-05-07T12:34:56.789Z");
}

static void test_folders(void **state)
{
    char root[] = "/tmp/its-folder-XXXXXX", path[64], failed[64] = "";
    assert_non_null(mkdtemp(root));
    snprintf(path, sizeof(path), "%s/a/b//c/", root);
    assert_int_equal(its_folder_make(path, failed, sizeof(failed)), 0);
    assert_int_equal(its_folder_make(path, failed, sizeof(failed)), 0);
    assert_int_equal(access(path, X_OK), 0);
    assert_int_equal(its_folder_make("/proc/nowhere/else", failed, sizeof(failed)), -ENOENT);
    assert_string_equal(failed, "/proc/nowhere");
    assert_int_equal(its_folder_make("/proc/nowhere/else", NULL, 0), -ENOENT);
    for (const char *below[] = {"/a/b/c", "/a/b", "/a", ""}, **p = below; p < below + 4; p++) {
        snprintf(path, sizeof(path), "%s%s", root, *p);
        assert_int_equal(rmdir(path), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_texts),
        cmocka_unit_test(test_log_levels_lines_and_limits),
        cmocka_unit_test(test_stamps),
        cmocka_unit_test(test_cancel_tree),
        cmocka_unit_test(test_sleep_ends_in_time),
        cmocka_unit_test(test_boxes),
        cmocka_unit_test(test_wall_format),
        cmocka_unit_test(test_folders),
    };
    return cmocka_run_group_tests_name("base/core", tests, NULL, NULL);
}
