/* Bins: zeros, gaps, periods, revisions; the view and the reader say the same. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "store/reader.h"
#include "tests/store/temp.h"

#define MINUTE INT64_C(60000000)
#define HOUR   (60 * MINUTE)
#define T0     (INT64_C(1767225600) * 1000000) /* 2026-01-01T00:00:00Z */

static struct its_store *open_store(const struct temp *t)
{
    struct its_store_settings set = its_store_defaults();
    struct its_store *s;
    struct its_error err = {0};
    set.path = t->path;
    if (its_store_open(&set, &s, &err) < 0)
        fail_msg("%s", err.text);
    return s;
}

static void drain(struct its_store **s)
{
    its_store_stop(*s);
    its_store_run(*s);
    its_store_close(s);
}

static void cover(struct its_store *s, const char *camera, int64_t from_us, int64_t to_us)
{
    struct its_store_coverage c = {.frames_used = 10};
    snprintf(c.camera, sizeof(c.camera), "%s", camera);
    for (c.capture_us = from_us; c.capture_us < to_us;) {
        c.observed_us = to_us - c.capture_us < MINUTE ? to_us - c.capture_us : MINUTE;
        c.capture_us += c.observed_us;
        assert_int_equal(its_store_put_coverage(s, &c), 0);
    }
}

static void cross(struct its_store *s, const char *line, enum its_direction d, enum its_class cls,
                  int64_t at_us)
{
    struct its_store_event e = temp_event(1, at_us);
    e.crossing.direction = d;
    e.crossing.cls = cls;
    snprintf(e.crossing.line, sizeof(e.crossing.line), "%s", line);
    assert_int_equal(its_store_put_event(s, &e), 0);
}

/* gate in its `revision`th place, and from count 2 on exit, which never moves. */
static void add_lines(struct its_store *s, int count, int revision, int64_t since_us)
{
    struct its_line lines[2] = {
        {.name = "gate", .b = {1, 1.0f / (float)revision}, .fractions = true},
        {.name = "exit", .b = {5, 5}}};
    struct its_error err;
    if (its_store_register_lines(s, "cam-1", lines, count, since_us, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(lines[0].revision, revision);
    assert_int_equal(lines[1].revision, count == 2);
}

/* One line of text per bin, so that a test shows what it expects. */
static int write_bin(void *ctx, const struct its_store_bin *b)
{
    char observed[32] = "?";
    if (b->covered)
        snprintf(observed, sizeof(observed), "%.0f", (double)b->observed_us / 1e6);
    its_str_printf(ctx, "%" PRId64 " %s/%d %s total %" PRIu64 " car %" PRIu64 " observed %s\n",
                   (b->start_us - T0) / MINUTE, b->line, b->line_revision,
                   b->direction == ITS_FORWARD ? "forward" : "backward", b->total,
                   b->count[ITS_CLASS_CAR], observed);
    return 0;
}

static void expect_bins(const struct temp *t, const char *camera, int period_s, int64_t from_us,
                        int64_t to_us, const char *want)
{
    struct its_store_reader *r;
    struct its_error err = {0};
    struct its_str got = {0};
    struct its_store_query q = {camera, period_s, from_us, to_us};
    if (its_store_reader_open(t->path, &r, &err) < 0 ||
        its_store_read_bins(r, &q, write_bin, &got, &err) < 0)
        fail_msg("%s", err.text);
    assert_string_equal(its_str_get(&got), want);
    its_str_fini(&got);
    its_store_reader_close(&r);
}

static void zeros_are_not_gaps(void **state)
{
    struct temp t = temp_make();
    struct its_store *s = open_store(&t);
    add_lines(s, 1, 1, 0);
    cover(s, "cam-1", T0, T0 + 2 * MINUTE);
    cover(s, "cam-1", T0 + 3 * MINUTE, T0 + 3 * MINUTE + 30000000);
    cross(s, "gate", ITS_FORWARD, ITS_CLASS_CAR, T0 + 1);
    cross(s, "gate", ITS_FORWARD, ITS_CLASS_BUS, T0 + MINUTE - 1);
    cross(s, "gate", ITS_BACKWARD, ITS_CLASS_CAR, T0 + MINUTE);
    cross(s, "gate", ITS_FORWARD, ITS_CLASS_CAR,
          T0 + 2 * MINUTE); /* nobody was looking, they say */
    drain(&s);
    expect_bins(&t, "cam-1", 60, T0, T0 + HOUR,
                "0 gate/1 forward total 2 car 1 observed 60\n"
                "0 gate/1 backward total 0 car 0 observed 60\n"
                "1 gate/1 forward total 0 car 0 observed 60\n"
                "1 gate/1 backward total 1 car 1 observed 60\n"
                "2 gate/1 forward total 1 car 1 observed ?\n"
                "3 gate/1 forward total 0 car 0 observed 30\n"
                "3 gate/1 backward total 0 car 0 observed 30\n");
    expect_bins(&t, NULL, 300, T0 + MINUTE, T0 + 2 * MINUTE, /* widened to whole bins */
                "0 gate/1 forward total 3 car 2 observed 150\n"
                "0 gate/1 backward total 1 car 1 observed 150\n");
    expect_bins(&t, "cam-2", 60, T0, T0 + HOUR, "");
    expect_bins(&t, NULL, 60, T0 + 4 * MINUTE, T0 + HOUR, "");
    temp_remove(&t);
}

static void lines_count_while_they_are_there(void **state)
{
    struct temp t = temp_make();
    struct its_store *s = open_store(&t);
    add_lines(s, 2, 1, 0);
    add_lines(s, 2, 1, T0 + MINUTE);     /* a restart: nothing changes */
    add_lines(s, 1, 2, T0 + 2 * MINUTE); /* gate was edited, exit removed */
    add_lines(s, 2, 2, T0 + 3 * MINUTE); /* exit is back */
    cover(s, "cam-1", T0, T0 + 4 * MINUTE);
    drain(&s);
    expect_bins(&t, "cam-1", 60, T0 + MINUTE, T0 + 4 * MINUTE,
                "1 exit/1 forward total 0 car 0 observed 60\n"
                "1 exit/1 backward total 0 car 0 observed 60\n"
                "1 gate/1 forward total 0 car 0 observed 60\n"
                "1 gate/1 backward total 0 car 0 observed 60\n"
                "2 gate/2 forward total 0 car 0 observed 60\n"
                "2 gate/2 backward total 0 car 0 observed 60\n"
                "3 exit/1 forward total 0 car 0 observed 60\n"
                "3 exit/1 backward total 0 car 0 observed 60\n"
                "3 gate/2 forward total 0 car 0 observed 60\n"
                "3 gate/2 backward total 0 car 0 observed 60\n");
    temp_remove(&t);
}

static int revision_of(struct its_store *s, const char *camera, struct its_line line)
{
    struct its_error err;
    if (its_store_register_lines(s, camera, &line, 1, T0, &err) < 0)
        fail_msg("%s", err.text);
    return line.revision;
}

/* An edit is a new revision, also one back to an earlier place; a restart or a pause is none. */
static void every_edit_is_a_revision(void **state)
{
    struct temp t = temp_make();
    struct its_store *s = open_store(&t);
    struct its_error err;
    struct its_line here = {.name = "gate", .a = {0.1f, 0.6f}, .b = {0.9f, 0.7f}, .revision = 7};
    struct its_line there = here;
    there.a.y = 0.60001f;
    assert_int_equal(revision_of(s, "a", here), 1);
    assert_int_equal(revision_of(s, "a", here), 1);
    assert_int_equal(revision_of(s, "a", there), 2);
    assert_int_equal(its_store_register_lines(s, "a", NULL, 0, T0, &err), 0);
    assert_int_equal(revision_of(s, "a", there), 2);
    assert_int_equal(revision_of(s, "a", here), 3);
    drain(&s);
    s = open_store(&t);
    assert_int_equal(revision_of(s, "a", here), 3);
    here.fractions = true;
    assert_int_equal(revision_of(s, "a", here), 4);
    assert_int_equal(revision_of(s, "b", here), 1);
    drain(&s);
    temp_remove(&t);
}

/* Clocks change by law, minutes do not: around 2026-03-29T01:00Z Europe jumps an hour. */
static void daylight_saving_leaves_no_hole(void **state)
{
    struct temp t = temp_make();
    struct its_store *s = open_store(&t);
    int64_t jump = INT64_C(1774746000) * 1000000;
    setenv("TZ", "Europe/Berlin", 1);
    for (int m = -60; m < 60; m++)
        cross(s, "gate", ITS_FORWARD, ITS_CLASS_CAR, jump + m * MINUTE + 5);
    drain(&s);
    expect_bins(&t, "cam-1", 3600, jump - HOUR, jump + HOUR,
                "125280 gate/1 forward total 60 car 60 observed ?\n"
                "125340 gate/1 forward total 60 car 60 observed ?\n");
    unsetenv("TZ");
    temp_remove(&t);
}

struct sums {
    sqlite3_stmt *view; /* the same rows, in the same order */
    int rows;
};

static int compare_with_view(void *ctx, const struct its_store_bin *b)
{
    struct sums *c = ctx;
    assert_int_equal(sqlite3_step(c->view), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int64(c->view, 0), b->start_us);
    assert_string_equal((const char *)sqlite3_column_text(c->view, 1), b->line);
    assert_int_equal(sqlite3_column_int64(c->view, 2), b->total);
    assert_int_equal(sqlite3_column_int64(c->view, 3), b->count[ITS_CLASS_TRUCK]);
    assert_int_equal(sqlite3_column_int64(c->view, 4), b->frames_used);
    assert_int_equal(sqlite3_column_type(c->view, 5) != SQLITE_NULL, b->covered);
    c->rows++;
    return 0;
}

static void view_and_reader_agree(void **state)
{
    struct temp t = temp_make();
    struct its_store *s = open_store(&t);
    struct its_store_reader *r;
    struct its_error err;
    add_lines(s, 2, 1, 0);
    for (int i = 0; i < 3000; i++)
        cross(s, i % 7 ? "gate" : "exit", i % 3 ? ITS_FORWARD : ITS_BACKWARD,
              (enum its_class)(i % ITS_CLASS_COUNT), T0 + i * INT64_C(3777777));
    cover(s, "cam-1", T0 + 10 * MINUTE, T0 + 100 * MINUTE);
    drain(&s);
    assert_int_equal(its_store_reader_open(t.path, &r, &err), 0);
    static const int period[] = {60, 300, 900, 3600};
    for (int i = 0; i < 4; i++) {
        struct sums c = {0};
        sqlite3 *db;
        char sql[400];
        snprintf(
            sql, sizeof(sql),
            "SELECT start_us, line, total, truck, frames_used, observed_s FROM bins"
            " WHERE period_s = %d ORDER BY start_us, camera, line, line_revision, direction DESC",
            period[i]);
        sqlite3_open(t.path, &db);
        assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &c.view, NULL), SQLITE_OK);
        struct its_store_query q = {NULL, period[i], T0, T0 + 5 * HOUR};
        assert_int_equal(its_store_read_bins(r, &q, compare_with_view, &c, &err), 0);
        assert_int_equal(sqlite3_step(c.view), SQLITE_DONE);
        assert_true(c.rows > 4);
        sqlite3_finalize(c.view);
        sqlite3_close(db);
    }
    its_store_reader_close(&r);
    temp_remove(&t);
}

static int write_total(void *ctx, const struct its_store_total *total)
{
    its_str_printf(ctx, "%s %s %d %s %" PRIu64 "\n", total->camera, total->line,
                   (int)total->direction, its_class_name(total->cls), total->count);
    return total->cls == ITS_CLASS_TRUCK ? 5 : 0;
}

static void totals_and_ends(void **state)
{
    struct temp t = temp_make();
    struct its_store *s = open_store(&t);
    struct its_store_reader *r;
    struct its_error err;
    struct its_str got = {0};
    cross(s, "gate", ITS_FORWARD, ITS_CLASS_CAR, T0 - 1);
    cross(s, "gate", ITS_FORWARD, ITS_CLASS_CAR, T0);
    cross(s, "gate", ITS_FORWARD, ITS_CLASS_CAR, T0 + MINUTE);
    cross(s, "gate", ITS_BACKWARD, ITS_CLASS_BUS, T0 + MINUTE);
    cross(s, "gate", ITS_BACKWARD, ITS_CLASS_TRUCK, T0 + MINUTE);
    cross(s, "gone", ITS_BACKWARD, ITS_CLASS_TRUCK, T0 + MINUTE);
    drain(&s);
    assert_int_equal(its_store_reader_open(t.path, &r, &err), 0);
    assert_int_equal(its_store_read_totals(r, "cam-1", T0 + 30000000, write_total, &got, &err), 5);
    assert_string_equal(its_str_get(&got), "cam-1 gate 0 car 2\n"
                                           "cam-1 gate 1 bus 1\n"
                                           "cam-1 gate 1 truck 1\n");
    struct its_store_query bad = {NULL, 61, T0, T0};
    assert_int_equal(its_store_read_bins(r, &bad, write_bin, &got, &err), -EINVAL);
    bad = (struct its_store_query){NULL, 60, T0, T0 - 1};
    assert_int_equal(its_store_read_bins(r, &bad, write_bin, &got, &err), -EINVAL);
    its_str_fini(&got);
    its_store_reader_close(&r);
    assert_int_equal(its_store_reader_open("/tmp/its-no-such.db", &r, &err), -ENOENT);
    print_message("%s\n", err.text);
    temp_remove(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeros_are_not_gaps),
        cmocka_unit_test(lines_count_while_they_are_there),
        cmocka_unit_test(every_edit_is_a_revision),
        cmocka_unit_test(daylight_saving_leaves_no_hole),
        cmocka_unit_test(view_and_reader_agree),
        cmocka_unit_test(totals_and_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
