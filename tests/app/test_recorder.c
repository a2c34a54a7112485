/* What results leave behind in the store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>

#include "app/recorder.h"
#include "tests/store/temp.h"

/* A minute's beginning; results come ten times a second. */
#define T0     (INT64_C(1800000000) * 1000000)
#define STEP   INT64_C(100000)
#define MINUTE INT64_C(60000000)

static void record(struct its_recorder *r, int64_t from_us, int64_t to_us, enum its_sight sight)
{
    for (int64_t t = from_us; t < to_us; t += STEP) {
        struct its_result result = {
            .capture_us = t, .analysed = sight == ITS_SIGHT_CLEAR, .sight = sight};
        its_recorder_result(r, &result);
    }
}

/* "minute:valid:observed seconds" of each minute, in order. */
static void read_minutes(const struct temp *t, char *out, size_t size)
{
    sqlite3 *db;
    sqlite3_stmt *s;
    size_t at = 0;
    assert_int_equal(sqlite3_open_v2(t->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    const char *sql = "SELECT (start_us - ?1) / 60000000, view_valid, observed_us / 1e6 "
                      "FROM coverage_minute ORDER BY start_us";
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    sqlite3_bind_int64(s, 1, T0);
    while (sqlite3_step(s) == SQLITE_ROW)
        at += (size_t)snprintf(out + at, size - at, "%d:%d:%.1f ", sqlite3_column_int(s, 0),
                               sqlite3_column_int(s, 1), sqlite3_column_double(s, 2));
    sqlite3_finalize(s);
    sqlite3_close(db);
}

/* Blind from the middle of the second minute to the first seconds of the third. */
static void minutes_without_sight_are_marked(void **state)
{
    struct temp t = temp_make();
    struct its_store_settings set = its_store_defaults();
    struct its_store *store;
    struct its_recorder r;
    struct its_error err;
    char minutes[100] = "";
    set.path = t.path;
    assert_int_equal(its_store_open(&set, &store, &err), 0);
    its_recorder_init(&r, "cam-1", store);

    record(&r, T0, T0 + MINUTE * 3 / 2, ITS_SIGHT_CLEAR);
    record(&r, T0 + MINUTE * 3 / 2, T0 + 2 * MINUTE + 5 * STEP, ITS_SIGHT_COVERED);
    record(&r, T0 + 2 * MINUTE + 5 * STEP, T0 + 4 * MINUTE, ITS_SIGHT_CLEAR);
    its_recorder_flush(&r);

    its_store_stop(store);
    its_store_run(store);
    its_store_close(&store);
    read_minutes(&t, minutes, sizeof(minutes));
    assert_string_equal(minutes, "0:1:60.0 1:0:60.0 2:0:60.0 3:1:59.9 ");
    temp_remove(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(minutes_without_sight_are_marked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
