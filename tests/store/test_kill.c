/* kill -9 at random moments. A child puts numbered events as fast as the real writer takes them and
 * reports through a pipe, after each batch, how many are on disk; the parent kills it, sometimes
 * while another connection holds the database's lock (the journal is in use), sometimes while the
 * journal is being replayed. Every event that was reported must be there, none twice, in order.
 *
 * ITS_SEED in the environment repeats a run as far as the machine's timing allows. */
#include <inttypes.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "tests/store/temp.h"

#define ROUNDS      40
#define CHECK_EVERY 4
#define T0          (INT64_C(1767225600) * 1000000)
#define PER_ROUND   (UINT64_C(1) << 24) /* numbers of the events of a round start at its multiple */

enum lock_plan { NEVER_LOCKED, LOCKED_THEN_FREE, LOCKED_TO_THE_END, LOCK_PLANS };

static const char *const plan_text[] = {"free", "locked, then free", "locked"};

struct reporter {
    struct its_store *store;
    int pipe;
};

struct report {
    uint64_t safe, committed, replayed;
    int64_t journal_bytes;
};

static uint64_t random_state;

/* splitmix64 */
static uint64_t draw(uint64_t below)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % below;
}

static struct its_store *open_store(const struct temp *t, struct reporter *reporter,
                                    void (*wake)(void *))
{
    struct its_store_settings set = its_store_defaults();
    struct its_store *s;
    struct its_error err = {0};
    set.path = t->path;
    set.batch_ms = 1;
    set.busy_ms = 2;
    set.retry_max_ms = 5;
    set.max_batch = 50;
    set.max_waiting = 400;
    set.wake = wake;
    set.wake_ctx = reporter;
    if (its_store_open(&set, &s, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        _exit(3);
    }
    return s;
}

static void send_report(void *ctx)
{
    struct reporter *r = ctx;
    struct its_store_stats now;
    its_store_read_stats(r->store, &now);
    struct report report = {now.safe, now.committed, now.replayed, now.journal_bytes};
    if (write(r->pipe, &report, sizeof(report)) != sizeof(report))
        _exit(4);
}

static void run_writer(void *store)
{
    its_store_run(store);
}

/* Fewer wait than would make the writer prefer the journal. */
static bool has_room(struct its_store *s)
{
    struct its_store_stats stats;
    its_store_read_stats(s, &stats);
    return stats.waiting < 150;
}

static void child(const struct temp *t, int round, bool flood, int pipe)
{
    struct reporter reporter = {.pipe = pipe};
    struct its_thread writer = {0};
    its_log_set_level(ITS_LOG_ERROR);
    reporter.store = open_store(t, &reporter, send_report);
    if (its_thread_start(&writer, "store", 0, run_writer, reporter.store) < 0)
        _exit(5);
    for (uint64_t i = 0; i < PER_ROUND;) {
        uint64_t n = (uint64_t)round * PER_ROUND + i;
        struct its_store_event e = temp_event(n, T0 + (int64_t)i * 1000);
        if ((flood || has_room(reporter.store)) && its_store_put_event(reporter.store, &e) == 0)
            i++;
        else
            sched_yield();
    }
    _exit(6); /* the parent should have killed us long ago */
}

/* Reads up to `messages` reports, all there are when it is negative. False: the child is gone. */
static bool read_reports(int pipe, int messages, struct report *last)
{
    struct report report;
    while (messages-- != 0) {
        if (read(pipe, &report, sizeof(report)) != sizeof(report))
            return false;
        *last = report;
    }
    return true;
}

static sqlite3 *lock_database(const struct temp *t)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(t->path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 10000);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    return db;
}

static void spin_us(int64_t us)
{
    for (int64_t until = its_mono_us() + us; its_mono_us() < until;)
        ;
}

/* Returns the last that the child had reported. */
static struct report kill_one(const struct temp *t, int round, enum lock_plan plan, bool flood)
{
    int ends[2], status;
    struct report last = {0};
    sqlite3 *other = NULL;
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        child(t, round, flood, ends[1]);
    }
    close(ends[1]);

    bool alive = read_reports(ends[0], 1 + (int)draw(4), &last);
    if (alive && plan != NEVER_LOCKED) {
        other = lock_database(t);
        alive = read_reports(ends[0], 1 + (int)draw(40), &last);
    }
    if (alive && plan == LOCKED_THEN_FREE) {
        sqlite3_close(other);
        other = NULL;
        alive = read_reports(ends[0], (int)draw(3), &last);
    }
    spin_us((int64_t)draw(4000));
    kill(pid, SIGKILL);
    read_reports(ends[0], -1, &last);
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    sqlite3_close(other);
    if (!alive || !WIFSIGNALED(status))
        fail_msg("round %d: the child ended by itself, status %x", round, status);
    return last;
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

static void check(const struct temp *t, const uint64_t *safe, int rounds)
{
    struct its_store *s = open_store(t, NULL, NULL);
    its_store_stop(s);
    its_store_run(s);
    its_store_close(&s);

    for (int r = 0; r < rounds; r++) {
        char sql[160];
        snprintf(sql, sizeof(sql),
                 "SELECT count(DISTINCT track) FROM crossing WHERE track >= %" PRIu64
                 " AND track < %" PRIu64,
                 (uint64_t)r * PER_ROUND, (uint64_t)r * PER_ROUND + safe[r]);
        int64_t found = ask(t, sql);
        if (found != (int64_t)safe[r])
            fail_msg("round %d: %" PRIu64 " events were reported, %" PRId64 " are there", r,
                     safe[r], found);
    }
    int64_t events = ask(t, "SELECT count(*) FROM event");
    assert_int_equal(ask(t, "SELECT count(DISTINCT track) FROM crossing"), events);
    assert_int_equal(ask(t, "SELECT count(DISTINCT id) FROM event"), events);
    assert_int_equal(ask(t, "SELECT sum(count) FROM bin_minute"), events);
    assert_int_equal(ask(t,
                         "SELECT count(*) FROM (SELECT track - lag(track) OVER (ORDER BY seq) AS d"
                         " FROM crossing) WHERE d < 1"),
                     0);
}

static void kill_9_loses_and_doubles_nothing(void **state)
{
    struct temp t = temp_make();
    uint64_t safe[ROUNDS], total = 0;
    int direct = 0, with_journal = 0, in_replay = 0;
    const char *seed = getenv("ITS_SEED");
    if (seed)
        random_state = strtoull(seed, NULL, 0);
    else if (getrandom(&random_state, sizeof(random_state), 0) < 0)
        fail();
    print_message("ITS_SEED=%" PRIu64 "\n", random_state);

    for (int r = 0; r < ROUNDS; r++) {
        struct stat st;
        enum lock_plan plan = (enum lock_plan)draw(LOCK_PLANS);
        bool flood = draw(2);
        struct report last = kill_one(&t, r, plan, flood);
        assert_int_equal(stat(t.journal, &st), 0);
        print_message("round %2d: %-17s %-6s %6" PRIu64 " safe, %6" PRIu64 " committed, %5" PRIu64
                      " of them replayed; journal %6lld bytes\n",
                      r, plan_text[plan], flood ? "flood" : "calm", last.safe, last.committed,
                      last.replayed, (long long)st.st_size);
        total += safe[r] = last.safe;
        direct += last.committed > last.replayed && !last.journal_bytes;
        in_replay += last.replayed > 0 && last.journal_bytes > 0;
        with_journal += st.st_size > 0;
        if (r % CHECK_EVERY == CHECK_EVERY - 1)
            check(&t, safe, r + 1);
    }
    print_message("%" PRIu64 " events reported, %" PRId64 " in the database; kills: %d while it "
                  "committed directly, %d with a journal, %d while that was replayed\n",
                  total, ask(&t, "SELECT count(*) FROM event"), direct, with_journal, in_replay);
    assert_true(direct > 0 && with_journal > 0 && in_replay > 0);
    temp_remove(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(kill_9_loses_and_doubles_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
