/* The whole store on one thread: puts, then stop, then run, which drains. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "store/reader.h"
#include "tests/store/temp.h"

#define MINUTE INT64_C(60000000)
#define T0     (INT64_C(1767225600) * 1000000) /* 2026-01-01T00:00:00Z */

static struct its_store *open_store(const struct temp *t)
{
    struct its_store_settings set = its_store_defaults();
    struct its_store *s;
    struct its_error err = {0};
    set.path = t->path;
    set.busy_ms = 1;
    if (its_store_open(&set, &s, &err) < 0)
        fail_msg("%s", err.text);
    return s;
}

static struct its_store_stats drain(struct its_store **s)
{
    struct its_store_stats stats;
    its_store_stop(*s);
    its_store_run(*s);
    its_store_read_stats(*s, &stats);
    its_store_close(s);
    return stats;
}

static int64_t ask(const struct temp *t, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *st;
    assert_int_equal(sqlite3_open(t->path, &db), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    int64_t v = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    sqlite3_close(db);
    return v;
}

static sqlite3 *lock_database(const struct temp *t)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(t->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    return db;
}

static void put_many(struct its_store *s, int from, int upto)
{
    for (int i = from; i < upto; i++) {
        struct its_store_event e = temp_event((uint64_t)i, T0 + i * INT64_C(100000));
        assert_int_equal(its_store_put_event(s, &e), 0);
    }
}

static void events_and_bins_agree(void **state)
{
    struct temp t = temp_make();
    struct its_store *s = open_store(&t);
    put_many(s, 0, 3000);
    struct its_store_stats stats = drain(&s);
    assert_int_equal(stats.put, 3000);
    assert_int_equal(stats.safe, 3000);
    assert_int_equal(stats.committed, 3000);
    assert_int_equal(stats.journalled, 0);
    assert_int_equal(ask(&t, "SELECT count(*) FROM crossings"), 3000);
    assert_int_equal(ask(&t, "SELECT sum(count) FROM bin_minute"), 3000);
    assert_int_equal(ask(&t, "SELECT count(DISTINCT start_us) FROM bin_minute"), 5);
    assert_int_equal(
        ask(&t, "SELECT total FROM bins WHERE period_s = 300 AND direction = 'forward'"), 1500);
    assert_int_equal(ask(&t, "SELECT sum(car) FROM bins WHERE period_s = 60"), 2000);
    assert_int_equal(ask(&t, "SELECT start = '2026-01-01T00:00:00.000Z' FROM bins LIMIT 1"), 1);
    temp_remove(&t);
}

static void refuses_what_is_not_a_record(void **state)
{
    struct temp t = temp_make();
    struct its_store *s = open_store(&t);
    struct its_store_event e = temp_event(1, T0);
    memset(e.camera, 'x', sizeof(e.camera));
    assert_int_equal(its_store_put_event(s, &e), -EINVAL);
    e = temp_event(1, -1);
    assert_int_equal(its_store_put_event(s, &e), -EINVAL);
    e = temp_event(1, T0);
    e.crossing.line[0] = 0;
    assert_int_equal(its_store_put_event(s, &e), -EINVAL);
    struct its_store_coverage c = {.camera = "cam-1", .capture_us = T0, .observed_us = 61 * MINUTE};
    assert_int_equal(its_store_put_coverage(s, &c), -EINVAL);
    its_store_stop(s);
    e = temp_event(1, T0);
    assert_int_equal(its_store_put_event(s, &e), -EPIPE);
    drain(&s);
    temp_remove(&t);
}

static void locked_database_fills_the_journal(void **state)
{
    struct temp t = temp_make();
    struct its_store *s = open_store(&t);
    sqlite3 *other = lock_database(&t);
    put_many(s, 0, 1000);
    struct its_store_coverage c = {"cam-1", T0 + 5000000, 5000000, 50, 2, 1, 0, false};
    assert_int_equal(its_store_put_coverage(s, &c), 0);
    struct its_store_stats stats = drain(&s);
    assert_int_equal(stats.safe, 1000);
    assert_int_equal(stats.committed, 0);
    assert_int_equal(stats.journalled, 1001);
    assert_true(stats.journal_bytes > 0);
    assert_true(stats.errors > 0);
    assert_true(stats.failing);
    sqlite3_close(other);

    s = open_store(&t);
    put_many(s, 1000, 1100);
    stats = drain(&s);
    assert_int_equal(stats.replayed + stats.journal_bytes, 1001 + stats.journalled);
    assert_int_equal(stats.committed, 1100);
    assert_int_equal(ask(&t, "SELECT count(*) FROM event"), 1100);
    assert_int_equal(ask(&t, "SELECT sum(count) FROM bin_minute"), 1100);
    assert_int_equal(ask(&t, "SELECT observed_us FROM coverage_minute"), 5000000);
    assert_int_equal(ask(&t, "SELECT count(*) FROM (SELECT track - lag(track) OVER (ORDER BY seq)"
                             " AS d FROM crossing) WHERE d < 1"),
                     0);
    temp_remove(&t);
}

/* A crash between the commit of a replay and the emptying of the journal: the same file comes back.
 */
static void replaying_twice_stores_once(void **state)
{
    struct temp t = temp_make();
    struct its_store *s = open_store(&t);
    sqlite3 *other = lock_database(&t);
    char command[512];
    put_many(s, 0, 100);
    struct its_store_coverage c = {"cam-1", T0 + 5000000, 5000000, 50, 2, 1, 0, false};
    its_store_put_coverage(s, &c);
    drain(&s);
    sqlite3_close(other);
    for (int round = 0; round < 3; round++) {
        snprintf(command, sizeof(command), "cp %s%s %s%s", t.journal, round ? ".copy" : "",
                 t.journal, round ? "" : ".copy");
        assert_int_equal(system(command), 0);
        s = open_store(&t);
        drain(&s);
        assert_int_equal(ask(&t, "SELECT count(*) FROM event"), 100);
        assert_int_equal(ask(&t, "SELECT sum(count) FROM bin_minute"), 100);
        assert_int_equal(ask(&t, "SELECT frames_used FROM coverage_minute"), 50);
    }
    temp_remove(&t);
}

static void coverage_is_split_at_minutes(void **state)
{
    struct temp t = temp_make();
    struct its_store *s = open_store(&t);
    /* from 00:00:50 to 00:02:20: 10, 60 and 20 s; 91 frames do not divide evenly */
    struct its_store_coverage c = {"cam-1", T0 + 140000000, 90000000, 91, 9, 1, 2, true};
    assert_int_equal(its_store_put_coverage(s, &c), 0);
    c = (struct its_store_coverage){"cam-1", T0 + 160000000, 20000000, 20, 0, 0, 0, false};
    assert_int_equal(its_store_put_coverage(s, &c), 0);
    c = (struct its_store_coverage){"cam-1", T0 + 60000000, 0, 0, 0, 7, 0, false};
    assert_int_equal(its_store_put_coverage(s, &c), 0);
    drain(&s);
    assert_int_equal(ask(&t, "SELECT count(*) FROM coverage_minute"), 3);
    assert_int_equal(
        ask(&t, "SELECT observed_us FROM coverage_minute WHERE start_us % 3600000000 = 0"),
        10000000);
    assert_int_equal(
        ask(&t, "SELECT observed_us FROM coverage_minute WHERE start_us % 3600000000 = 60000000"),
        60000000);
    assert_int_equal(
        ask(&t, "SELECT observed_us FROM coverage_minute WHERE start_us % 3600000000 = 120000000"),
        40000000);
    assert_int_equal(ask(&t, "SELECT sum(frames_used) FROM coverage_minute"), 111);
    assert_int_equal(ask(&t, "SELECT sum(frames_predicted) FROM coverage_minute"), 9);
    assert_int_equal(ask(&t, "SELECT sum(frames_lost) FROM coverage_minute"), 8);
    assert_int_equal(ask(&t, "SELECT min(analysis_level) FROM coverage_minute"), 2);
    assert_int_equal(ask(&t, "SELECT max(view_valid) FROM coverage_minute"), 0);
    temp_remove(&t);
}

static void track_ids_never_come_twice(void **state)
{
    struct temp t = temp_make();
    struct its_error err;
    for (uint64_t i = 0; i < 6; i++) {
        struct its_store *s = open_store(&t);
        uint64_t base;
        assert_int_equal(its_store_reserve_tracks(s, i % 2 ? "b" : "a", &base, &err), 0);
        assert_int_equal(base, i / 2 << 32);
        drain(&s);
    }
    temp_remove(&t);
}

static void memory_is_bounded_and_events_come_first(void **state)
{
    struct temp t = temp_make();
    struct its_store_settings set = its_store_defaults();
    struct its_store *s;
    struct its_error err;
    set.path = t.path;
    set.max_waiting = 1000;
    set.max_minutes = 4;
    set.max_batch = 64;
    assert_int_equal(its_store_open(&set, &s, &err), 0);
    put_many(s, 0, 1000);
    struct its_store_event e = temp_event(1000, T0);
    assert_int_equal(its_store_put_event(s, &e), -ENOSPC);
    for (int i = 0; i < 100; i++) { /* merges: takes no more room */
        struct its_store_coverage c = {"cam-1", T0 + i * 1000000, 1000000, 10};
        assert_int_equal(its_store_put_coverage(s, &c), 0);
    }
    struct its_store_stats stats;
    its_store_read_stats(s, &stats);
    assert_int_equal(stats.waiting, 1000);
    assert_int_equal(stats.minutes_waiting, 3);
    assert_int_equal(stats.refused, 1);
    stats = drain(&s);
    assert_int_equal(stats.safe, 1000);
    assert_int_equal(stats.peak, 1000);
    assert_int_equal(ask(&t, "SELECT count(*) FROM event"), 1000);
    assert_int_equal(ask(&t, "SELECT sum(observed_us) FROM coverage_minute"), 100000000);
    temp_remove(&t);
}

/* --- opening says what is wrong */

static void expect_open(const char *path, int code, const char *says)
{
    struct its_store_settings set = its_store_defaults();
    struct its_store *s;
    struct its_error err = {0};
    set.path = path;
    set.busy_ms = 1;
    int rc = its_store_open(&set, &s, &err);
    print_message("%s\n", err.text);
    assert_int_equal(rc, code);
    assert_null(s);
    if (!strstr(err.text, says))
        fail_msg("\"%s\" does not say \"%s\"", err.text, says);
}

static void write_file(const char *path, const char *text, size_t n)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    fclose(f);
}

static void sql(const char *path, const char *text)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void says_that_a_file_is_no_database(void **state)
{
    struct temp t = temp_make();
    static const char text[] = "This is a diary, not a database. Dear diary, today I learnt that a "
                               "header has a hundred bytes, and so this text must be longer.";
    write_file(t.path, text, sizeof(text));
    expect_open(t.path, ITS_EDAMAGED, "not a database");
    temp_remove(&t);
}

static void says_that_a_database_is_damaged(void **state)
{
    struct temp t = temp_make();
    struct its_store *s = open_store(&t);
    drain(&s);
    int fd = open(t.path, O_RDWR);
    char noise[3000];
    memset(noise, 0x5a, sizeof(noise));
    assert_int_equal(pwrite(fd, noise, sizeof(noise), 100), sizeof(noise));
    close(fd);
    expect_open(t.path, ITS_EDAMAGED, "recover");
    temp_remove(&t);
}

static void says_that_the_schema_is_newer(void **state)
{
    struct temp t = temp_make();
    struct its_store *s = open_store(&t);
    drain(&s);
    sql(t.path, "PRAGMA user_version = 99");
    expect_open(t.path, ITS_ESCHEMA, "version 99");
    struct its_store_reader *r;
    struct its_error err;
    assert_int_equal(its_store_reader_open(t.path, &r, &err), ITS_ESCHEMA);
    temp_remove(&t);
}

static void says_that_it_is_of_another_program(void **state)
{
    struct temp t = temp_make();
    sql(t.path, "CREATE TABLE recipe (name TEXT)");
    expect_open(t.path, -EEXIST, "another program");
    temp_remove(&t);
}

static void says_that_another_process_has_it(void **state)
{
    struct temp t = temp_make();
    struct its_store *s = open_store(&t);
    expect_open(t.path, -EBUSY, "another its-camera-ai");
    drain(&s);
    temp_remove(&t);
}

static void says_that_another_program_locks_it(void **state)
{
    struct temp t = temp_make();
    struct its_store *s = open_store(&t);
    drain(&s);
    sqlite3 *db;
    sqlite3_open(t.path, &db);
    sqlite3_exec(db, "PRAGMA locking_mode = exclusive; BEGIN EXCLUSIVE; SELECT * FROM event", NULL,
                 NULL, NULL);
    expect_open(t.path, -EBUSY, "another program holds a lock");
    sqlite3_close(db);
    temp_remove(&t);
}

/* A backup that holds the write lock must not keep the cameras from starting. */
static void opens_though_another_program_writes(void **state)
{
    struct temp t = temp_make();
    struct its_store *s = open_store(&t);
    drain(&s);
    sqlite3 *other = lock_database(&t);
    s = open_store(&t);
    put_many(s, 0, 10);
    struct its_store_stats stats = drain(&s);
    assert_int_equal(stats.safe, 10);
    assert_int_equal(stats.journalled, 10);
    sqlite3_close(other);
    temp_remove(&t);
}

static void makes_missing_directories(void **state)
{
    struct temp t = temp_make();
    struct temp deep = t;
    snprintf(deep.path, sizeof(deep.path), "%s/a/b/its.db", t.dir);
    struct its_store *s = open_store(&deep);
    put_many(s, 0, 1);
    drain(&s);
    assert_int_equal(ask(&deep, "SELECT count(*) FROM event"), 1);
    snprintf(deep.path, sizeof(deep.path), "%s/its.db/x/its.db", t.dir);
    write_file(t.path, "", 0);
    expect_open(deep.path, -ENOTDIR, "Not a directory");
    temp_remove(&t);
}

/* Permissions do not bind root: as nobody, in a child. */
static void says_that_a_place_is_read_only(void **state)
{
    struct temp t = temp_make();
    struct its_store *s = open_store(&t);
    drain(&s);
    chmod(t.path, 0444);
    chmod(t.journal, 0666);
    chmod(t.dir, 0755);
    pid_t pid = fork();
    if (pid == 0) {
        if (geteuid() == 0 && setuid(65534) < 0)
            _exit(77);
        struct its_store_settings set = its_store_defaults();
        struct its_error err = {0};
        set.path = t.path;
        int rc = its_store_open(&set, &s, &err);
        fprintf(stderr, "%s\n", err.text);
        if (rc != -EROFS || !strstr(err.text, "read-only"))
            _exit(1);
        unlink(t.journal);
        chmod(t.dir, 0555);
        char fresh[128];
        snprintf(fresh, sizeof(fresh), "%s/new.db", t.dir);
        set.path = fresh;
        rc = its_store_open(&set, &s, &err);
        fprintf(stderr, "%s\n", err.text);
        _exit(rc != -EACCES || !strstr(err.text, "Permission denied"));
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    chmod(t.dir, 0755);
    temp_remove(&t);
}

/* The disk is full: no file may grow beyond a limit, the database's log has reached it. */
static void full_disk_loses_nothing(void **state)
{
    struct temp t = temp_make();
    struct its_store *s = open_store(&t);
    struct rlimit before, low = {.rlim_cur = 200 << 10};
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    low.rlim_max = before.rlim_max;
    put_many(s, 0, 1100); /* about 130 KiB in the journal, 300 in the database */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    struct its_store_stats stats = drain(&s);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    print_message("committed %llu, journalled %llu\n", (unsigned long long)stats.committed,
                  (unsigned long long)stats.journalled);
    assert_true(stats.journalled > 0);
    assert_int_equal(stats.safe, 1100);
    s = open_store(&t);
    stats = drain(&s);
    assert_int_equal(ask(&t, "SELECT count(*) FROM event"), 1100);
    assert_int_equal(ask(&t, "SELECT sum(count) FROM bin_minute"), 1100);
    assert_int_equal(stats.journal_bytes, 0);
    temp_remove(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_and_bins_agree),
        cmocka_unit_test(refuses_what_is_not_a_record),
        cmocka_unit_test(locked_database_fills_the_journal),
        cmocka_unit_test(replaying_twice_stores_once),
        cmocka_unit_test(coverage_is_split_at_minutes),
        cmocka_unit_test(track_ids_never_come_twice),
        cmocka_unit_test(memory_is_bounded_and_events_come_first),
        cmocka_unit_test(says_that_a_file_is_no_database),
        cmocka_unit_test(says_that_a_database_is_damaged),
        cmocka_unit_test(says_that_the_schema_is_newer),
        cmocka_unit_test(says_that_it_is_of_another_program),
        cmocka_unit_test(says_that_another_process_has_it),
        cmocka_unit_test(says_that_another_program_locks_it),
        cmocka_unit_test(opens_though_another_program_writes),
        cmocka_unit_test(makes_missing_directories),
        cmocka_unit_test(says_that_a_place_is_read_only),
        cmocka_unit_test(full_disk_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
