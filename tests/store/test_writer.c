/* The writer on its thread: many producers, a reader, other programs' locks, a disk that fills and
 * is emptied again. Meant to run under TSan too. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/thread.h"
#include "store/reader.h"
#include "tests/store/temp.h"

#define PRODUCERS 4
#define EACH      5000
#define T0        (INT64_C(1767225600) * 1000000)

struct fixture {
    struct temp temp;
    struct its_store *store;
    struct its_thread writer;
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

static void wake(void *ctx)
{
    struct fixture *f = ctx;
    pthread_mutex_lock(&f->lock);
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

static void run_writer(void *store)
{
    its_store_run(store);
}

static void start(struct fixture *f, unsigned max_waiting)
{
    struct its_store_settings set = its_store_defaults();
    struct its_error err = {0};
    *f = (struct fixture){.temp = temp_make(),
                          .lock = PTHREAD_MUTEX_INITIALIZER,
                          .changed = PTHREAD_COND_INITIALIZER};
    set.path = f->temp.path;
    set.batch_ms = 5;
    set.coverage_ms = 5;
    set.busy_ms = 2;
    set.retry_max_ms = 10;
    set.max_waiting = max_waiting;
    set.wake = wake;
    set.wake_ctx = f;
    if (its_store_open(&set, &f->store, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(its_thread_start(&f->writer, "store", 0, run_writer, f->store), 0);
}

static struct its_store_stats finish(struct fixture *f)
{
    struct its_store_stats stats;
    its_store_stop(f->store);
    its_thread_join(&f->writer);
    its_store_read_stats(f->store, &stats);
    its_store_close(&f->store);
    return stats;
}

static struct its_store_stats read_stats(struct fixture *f)
{
    struct its_store_stats stats;
    its_store_read_stats(f->store, &stats);
    return stats;
}

static bool is_failing(const struct its_store_stats *s)
{
    return s->failing && s->journal_bytes > 0;
}

static bool is_well(const struct its_store_stats *s)
{
    return !s->failing && s->journal_bytes == 0 && s->safe == s->put;
}

static bool is_refusing(const struct its_store_stats *s)
{
    return s->errors > 1;
}

/* Waits on the writer's wake-ups; the periodic look is for states that wake nobody. */
static void wait_for(struct fixture *f, bool (*reached)(const struct its_store_stats *))
{
    pthread_mutex_lock(&f->lock);
    for (;;) {
        struct its_store_stats stats = read_stats(f);
        if (reached(&stats))
            break;
        struct timespec t;
        clock_gettime(CLOCK_REALTIME, &t);
        t.tv_nsec += 5000000;
        if (t.tv_nsec >= 1000000000) {
            t.tv_sec++;
            t.tv_nsec -= 1000000000;
        }
        pthread_cond_timedwait(&f->changed, &f->lock, &t);
    }
    pthread_mutex_unlock(&f->lock);
}

static int64_t ask(const struct temp *t, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *st;
    assert_int_equal(sqlite3_open(t->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
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
    sqlite3_busy_timeout(db, 10000);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    return db;
}

struct producer {
    struct fixture *f;
    int number;
    struct its_thread thread;
};

static void produce(void *arg)
{
    struct producer *p = arg;
    for (int i = 0; i < EACH;) {
        struct its_store_event e = temp_event((uint64_t)(p->number * EACH + i), T0 + i * 1000);
        struct its_store_coverage c = {
            .capture_us = T0 + i * 1000 + 1000, .observed_us = 1000, .frames_used = 1};
        snprintf(e.camera, sizeof(e.camera), "cam-%d", p->number);
        snprintf(c.camera, sizeof(c.camera), "cam-%d", p->number);
        if (its_store_put_event(p->f->store, &e) < 0) {
            sched_yield();
            continue;
        }
        i++;
        its_store_put_coverage(p->f->store, &c);
    }
}

static int add(void *ctx, const struct its_store_total *total)
{
    *(uint64_t *)ctx += total->count;
    return 0;
}

static uint64_t read_total(struct its_store_reader *r)
{
    uint64_t sum = 0;
    struct its_error err = {0};
    if (its_store_read_totals(r, NULL, 0, add, &sum, &err) < 0)
        fail_msg("%s", err.text);
    return sum;
}

static void four_producers_and_a_reader(void **state)
{
    struct fixture f;
    struct producer p[PRODUCERS];
    struct its_store_reader *r;
    struct its_error err;
    start(&f, 2000);
    for (int i = 0; i < PRODUCERS; i++) {
        p[i] = (struct producer){.f = &f, .number = i};
        assert_int_equal(its_thread_start(&p[i].thread, "producer", 0, produce, &p[i]), 0);
    }
    assert_int_equal(its_store_reader_open(f.temp.path, &r, &err), 0);
    uint64_t last = 0, base;
    for (int i = 0; i < 10; i++) {
        uint64_t now = read_total(r);
        assert_true(now >= last);
        last = now;
        assert_int_equal(its_store_reserve_tracks(f.store, "cam-0", &base, &err), 0);
        assert_int_equal(base, (uint64_t)i << 32);
    }
    for (int i = 0; i < PRODUCERS; i++)
        its_thread_join(&p[i].thread);
    struct its_store_stats stats = finish(&f);
    assert_int_equal(stats.put, PRODUCERS * EACH);
    assert_int_equal(stats.safe, stats.put);
    assert_int_equal(read_total(r), stats.put);
    its_store_reader_close(&r);
    assert_int_equal(ask(&f.temp, "SELECT count(*) FROM event"), PRODUCERS * EACH);
    assert_int_equal(ask(&f.temp, "SELECT sum(frames_used) FROM coverage_minute"),
                     PRODUCERS * EACH);
    assert_int_equal(ask(&f.temp,
                         "SELECT count(*) FROM (SELECT e.id <= lag(e.id) OVER (ORDER BY seq)"
                         " AS bad FROM event e) WHERE bad"),
                     0);
    temp_remove(&f.temp);
}

static void put_some(struct fixture *f, int from, int upto)
{
    for (int i = from; i < upto; i++) {
        struct its_store_event e = temp_event((uint64_t)i, T0 + i * 1000);
        assert_int_equal(its_store_put_event(f->store, &e), 0);
    }
}

static void journal_is_replayed_when_the_lock_goes(void **state)
{
    struct fixture f;
    start(&f, 100000);
    put_some(&f, 0, 100);
    wait_for(&f, is_well);
    sqlite3 *other = lock_database(&f.temp);
    put_some(&f, 100, 9000);
    wait_for(&f, is_failing);
    sqlite3_close(other);
    put_some(&f, 9000, 9100);
    wait_for(&f, is_well);
    struct its_store_stats stats = finish(&f);
    assert_int_equal(stats.committed, 9100);
    assert_int_equal(stats.replayed, stats.journalled);
    assert_int_equal(ask(&f.temp, "SELECT count(*) FROM event"), 9100);
    assert_int_equal(ask(&f.temp, "SELECT sum(count) FROM bin_minute"), 9100);
    assert_int_equal(ask(&f.temp,
                         "SELECT count(*) FROM (SELECT track - lag(track) OVER (ORDER BY seq)"
                         " AS d FROM crossing) WHERE d < 1"),
                     0);
    temp_remove(&f.temp);
}

/* No file may grow at all: the batch stays in hand until the disk has room again. */
static void nothing_can_be_written_for_a_while(void **state)
{
    struct fixture f;
    struct rlimit before, none = {0};
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    none.rlim_max = before.rlim_max;
    start(&f, 500);
    put_some(&f, 0, 100);
    wait_for(&f, is_well);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    put_some(&f, 100, 600);
    wait_for(&f, is_refusing);
    struct its_store_event e = temp_event(600, T0);
    assert_int_equal(its_store_put_event(f.store, &e), -ENOSPC);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    wait_for(&f, is_well);
    struct its_store_stats stats = finish(&f);
    assert_int_equal(stats.safe, 600);
    assert_int_equal(stats.refused, 1);
    assert_int_equal(ask(&f.temp, "SELECT count(*) FROM event"), 600);
    temp_remove(&f.temp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_producers_and_a_reader),
        cmocka_unit_test(journal_is_replayed_when_the_lock_goes),
        cmocka_unit_test(nothing_can_be_written_for_a_while),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
