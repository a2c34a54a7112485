/* The store under load: how fast events reach the disk, and what a put costs the frame path while
 * the writer commits. usage: store [DIRECTORY] (default: a new one under /tmp; the figures are
 * those of its disk). Prints "name variant median p99 unit"; a rate has no p99. */
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "store/store.h"

#define FLOOD     300000
#define CALM      2500 /* events at CALM_HZ: what 300 busy cameras may have */
#define CALM_HZ   500
#define T0        (INT64_C(1767225600) * 1000000)
#define PUT_SLOTS ITS_MAX(FLOOD, CALM)

struct bench {
    char path[512];
    struct its_store *store;
    struct its_thread writer;
    int64_t *commit_us, commits;
    int64_t *put_ns;
};

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void run_writer(void *store)
{
    its_store_run(store);
}

static void note_commit(void *ctx)
{
    struct bench *b = ctx;
    struct its_store_stats stats;
    its_store_read_stats(b->store, &stats);
    if (b->commits < PUT_SLOTS)
        b->commit_us[b->commits++] = stats.last_commit_us;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void print_spread(const char *name, const char *variant, int64_t *v, int64_t n, double unit)
{
    if (!n)
        return;
    qsort(v, (size_t)n, sizeof(*v), compare);
    printf("%-14s %-6s %10.2f %10.2f us\n", name, variant, (double)v[n / 2] / unit,
           (double)v[n * 99 / 100] / unit);
}

static void put(struct bench *b, int i)
{
    static const char *const lines[] = {"north/in", "north/out", "south/in", "south/out"};
    struct its_store_event e = {
        .crossing = {.line_revision = 1,
                     .direction = i & 1,
                     .cls = ITS_CLASS_CAR,
                     .track = (uint64_t)i,
                     .frame = (uint64_t)i,
                     .capture_us = T0 + i * INT64_C(1000),
                     .score = 0.9f},
        .arrived_us = T0 + i * INT64_C(1000),
    };
    snprintf(e.camera, sizeof(e.camera), "camera-%03d", i % 300);
    strcpy(e.crossing.line, lines[i / 300 % 4]);
    int64_t since = now_ns();
    while (its_store_put_event(b->store, &e) < 0) {
        sched_yield(); /* memory is full: not a put's time but the disk's */
        since = now_ns();
    }
    b->put_ns[i] = now_ns() - since;
}

static void measure(struct bench *b, const char *variant, int events, int hz)
{
    struct its_store_settings set = its_store_defaults();
    struct its_error err;
    set.path = b->path;
    set.wake = note_commit;
    set.wake_ctx = b;
    b->commits = 0;
    if (its_store_open(&set, &b->store, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    if (its_thread_start(&b->writer, "store", 0, run_writer, b->store) < 0)
        exit(1);
    int64_t start = its_mono_us();
    for (int i = 0; i < events; i++) {
        if (hz)
            usleep((useconds_t)ITS_MAX(start + i * INT64_C(1000000) / hz - its_mono_us(), 0));
        put(b, i);
    }
    its_store_stop(b->store);
    its_thread_join(&b->writer);
    int64_t took = its_mono_us() - start;

    struct its_store_stats stats;
    its_store_read_stats(b->store, &stats);
    printf("%-14s %-6s %10.0f %10s events/s (%" PRIu64 " of %d in the database, %" PRIu64
           " by way of the journal)\n",
           "store_safe", variant, events * 1e6 / (double)took, "-", stats.committed, events,
           stats.journalled);
    print_spread("store_put", variant, b->put_ns, events, 1000);
    print_spread("store_commit", variant, b->commit_us, b->commits, 1);
    its_store_close(&b->store);
}

static void remove_all(const char *dir, const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm", ".journal"};
    char name[600];
    for (size_t i = 0; i < ITS_ARRAY_LEN(ends); i++) {
        snprintf(name, sizeof(name), "%s%s", path, ends[i]);
        unlink(name);
    }
    rmdir(dir);
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/its-bench-XXXXXX";
    struct bench b = {.commit_us = its_calloc(PUT_SLOTS, sizeof(int64_t)),
                      .put_ns = its_calloc(PUT_SLOTS, sizeof(int64_t))};
    its_log_set_level(ITS_LOG_WARN);
    if (argc < 2 && !mkdtemp(dir))
        return 1;
    snprintf(b.path, sizeof(b.path), "%s/bench.db", argc < 2 ? dir : argv[1]);
    measure(&b, "calm", CALM, CALM_HZ);
    measure(&b, "flood", FLOOD, 0);
    if (argc < 2)
        remove_all(dir, b.path);
    free(b.commit_us);
    free(b.put_ns);
    return 0;
}
