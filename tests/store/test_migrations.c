#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "store/db.h"
#include "store/migrations.h"
#include "store/rows.h"
#include "tests/store/temp.h"

static struct sqlite3 *open_db(const struct temp *t)
{
    struct sqlite3 *db;
    struct its_error err;
    if (its_db_open(t->path, ITS_DB_WRITE, 1, &db, &err) < 0)
        fail_msg("%s", err.text);
    return db;
}

static void migrate(struct sqlite3 *db, int target)
{
    struct its_error err;
    int64_t version;
    if (its_migrations_run(db, target, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(its_db_read_int(db, "PRAGMA user_version", &version, NULL), 0);
    assert_int_equal(version, target);
}

static void read_schema(struct sqlite3 *db, struct its_str *out)
{
    sqlite3_stmt *s;
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT sql FROM sqlite_schema ORDER BY type, name", -1, &s, NULL),
        SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW)
        if (sqlite3_column_text(s, 0))
            its_str_printf(out, "%s;\n", sqlite3_column_text(s, 0));
    sqlite3_finalize(s);
}

static void every_version_comes_to_the_same(void **state)
{
    struct its_str fresh = {0};
    for (int from = 0; from <= its_migrations_latest(); from++) {
        struct temp t = temp_make();
        struct its_str schema = {0};
        struct sqlite3 *db = open_db(&t);
        migrate(db, from);
        if (from > 0) /* data of then is data of now */
            assert_int_equal(
                its_db_exec(db,
                            "INSERT INTO event (id, kind, camera, capture_us, arrived_us)"
                            " VALUES ('01ARZ3NDEKTSV4RRFFQ69G5FAV', 'crossing', 'c', 1, 2);"
                            "INSERT INTO crossing VALUES (1, 'l', 1, 'forward', 'car', 1, 2,"
                            " 3, 0.5, 1, 2)",
                            NULL),
                0);
        its_db_close(&db);
        db = open_db(&t);
        migrate(db, its_migrations_latest());
        migrate(db, its_migrations_latest());
        int64_t events;
        assert_int_equal(its_db_read_int(db, "SELECT count(*) FROM crossings", &events, NULL), 0);
        assert_int_equal(events, from > 0);
        read_schema(db, from ? &schema : &fresh);
        if (from)
            assert_string_equal(its_str_get(&schema), its_str_get(&fresh));
        its_db_close(&db);
        its_str_fini(&schema);
        temp_remove(&t);
    }
    its_str_fini(&fresh);
}

static void a_failed_step_leaves_the_version_before(void **state)
{
    struct temp t = temp_make();
    struct its_error err;
    int64_t value;
    struct sqlite3 *db = open_db(&t);
    migrate(db, 1);
    assert_int_equal(its_db_exec(db, "CREATE TABLE coverage_written (x)", NULL), 0);
    assert_true(its_migrations_run(db, its_migrations_latest(), &err) < 0);
    print_message("%s\n", err.text);
    assert_non_null(strstr(err.text, "schema step 2"));
    its_db_read_int(db, "PRAGMA user_version", &value, NULL);
    assert_int_equal(value, 1);
    its_db_read_int(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'bin_minute'", &value,
                    NULL);
    assert_int_equal(value, 0);
    its_db_close(&db);
    temp_remove(&t);
}

static void every_table_is_strict(void **state)
{
    struct temp t = temp_make();
    int64_t loose;
    struct sqlite3 *db = open_db(&t);
    migrate(db, its_migrations_latest());
    its_db_read_int(
        db,
        "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
        " AND NOT strict AND name NOT LIKE 'sqlite%'",
        &loose, NULL);
    assert_int_equal(loose, 0);
    its_db_close(&db);
    temp_remove(&t);
}

/* SQLite's own "full": a limit on pages, reached in the middle of a transaction and then lifted. */
static void full_rolls_back_and_goes_on(void **state)
{
    struct temp t = temp_make();
    struct its_error err;
    struct its_rows *rows;
    int64_t n;
    struct sqlite3 *db = open_db(&t);
    migrate(db, its_migrations_latest());
    assert_int_equal(its_rows_create(db, &rows, &err), 0);
    its_db_read_int(db, "PRAGMA max_page_count = 1", &n, NULL); /* as small as it is now */
    for (int round = 0; round < 2; round++) {
        assert_int_equal(its_rows_begin(rows, &err), 0);
        int rc = 1;
        for (int i = 1; i <= 500 && rc > 0; i++) {
            struct its_record r = {.kind = ITS_RECORD_CROSSING,
                                   .event = temp_event((uint64_t)i, i)};
            r.id.bytes[14] = (uint8_t)(i >> 8);
            r.id.bytes[15] = (uint8_t)i;
            rc = its_rows_put(rows, &r, &err);
        }
        assert_int_equal(rc, round ? 1 : -ENOSPC);
        if (round)
            assert_int_equal(its_rows_commit(rows, &err), 0);
        its_rows_rollback(rows);
        its_db_read_int(db,
                        "SELECT (SELECT count(*) FROM event) + (SELECT count(*) FROM crossing) +"
                        " (SELECT ifnull(sum(count), 0) FROM bin_minute)",
                        &n, NULL);
        assert_int_equal(n, round ? 1500 : 0);
        if (!round) {
            print_message("%s\n", err.text);
            its_db_read_int(db, "PRAGMA max_page_count = 100000", &n, NULL);
        }
    }
    its_rows_destroy(&rows);
    its_db_close(&db);
    temp_remove(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_version_comes_to_the_same),
        cmocka_unit_test(a_failed_step_leaves_the_version_before),
        cmocka_unit_test(every_table_is_strict),
        cmocka_unit_test(full_rolls_back_and_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
