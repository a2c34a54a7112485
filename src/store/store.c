/* The store's ends: opening and closing, what producers call, and the figures. The writer between
 * them stands in writer.c. */
#include "store/store.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/folder.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/backlog.h"
#include "store/db.h"
#include "store/journal.h"
#include "store/migrations.h"
#include "store/priv.h"
#include "store/rows.h"

#define STRETCH_MAX_US (60 * ITS_MINUTE_US) /* longest stretch of coverage in one put */
#define OPEN_PATIENCE  8 /* at the start another program's lock is waited for so many busy_ms */

struct its_store_settings its_store_defaults(void)
{
    return (struct its_store_settings){
        .batch_ms = 200,
        .coverage_ms = 1000,
        .max_batch = 512,
        .max_waiting = 100000,
        .max_minutes = 4096,
        .busy_ms = 250,
        .retry_max_ms = 5000,
    };
}

/* --- opening and closing */

/* The folder that is to hold the file. */
static int make_folder(const char *path, struct its_error *err)
{
    char failed[200], *folder = its_strdup(path);
    char *slash = strrchr(folder, '/');
    int rc = 0;
    if (slash && slash > folder) {
        *slash = 0;
        rc = its_folder_make(folder, failed, sizeof(failed));
    }
    free(folder);
    if (rc < 0)
        return its_error_set(err, rc,
                             "cannot make the directory %s: %s (choose another with --state)",
                             failed, its_strerror(rc));
    return 0;
}

static int open_journal(struct its_store *s, struct its_error *err)
{
    char *path = its_malloc(strlen(s->set.path) + sizeof(".journal"));
    sprintf(path, "%s.journal", s->set.path);
    int rc = its_journal_open(path, &s->journal, err);
    free(path);
    return rc;
}

static int open_database(struct its_store *s, struct its_error *err)
{
    int rc = its_db_open(s->set.path, ITS_DB_WRITE, OPEN_PATIENCE * s->set.busy_ms, &s->db, err);
    if (rc < 0)
        return rc;
    rc = its_migrations_run(s->db, its_migrations_latest(), err);
    if (rc == 0)
        rc = its_rows_create(s->db, &s->rows, err);
    if (rc == 0)
        rc = its_db_set_patience(s->db, s->set.busy_ms, err);
    if (rc < 0)
        its_error_prefix(err, "database %s", s->set.path);
    return rc;
}

/* Ids go on above every one known, should the clock have been set back meanwhile. */
static int create_backlog(struct its_store *s, struct its_error *err)
{
    struct its_ulid last, in_journal = its_journal_last_id(s->journal);
    int rc = its_rows_last_id(s->rows, &last, err);
    if (rc < 0)
        return its_error_prefix(err, "database %s", s->set.path);
    if (its_ulid_compare(&in_journal, &last) > 0)
        last = in_journal;
    s->backlog = its_backlog_create(&(struct its_backlog_settings){
        .batch_ms = s->set.batch_ms,
        .coverage_ms = s->set.coverage_ms,
        .max_batch = s->set.max_batch,
        .max_waiting = s->set.max_waiting,
        .max_minutes = s->set.max_minutes,
        .last_id = last,
    });
    return 0;
}

static struct its_store *create(const struct its_store_settings *settings)
{
    struct its_store *s = its_malloc(sizeof(*s));
    s->set = *settings;
    s->set.path = its_strdup(settings->path);
    s->stop = its_cancel_create(NULL);
    pthread_mutex_init(&s->db_lock, NULL);
    pthread_mutex_init(&s->stats_lock, NULL);
    return s;
}

int its_store_open(const struct its_store_settings *settings, struct its_store **out,
                   struct its_error *err)
{
    its_assert(settings->path && *settings->path);
    struct its_store *s = create(settings);
    int rc = make_folder(s->set.path, err);
    if (rc == 0)
        rc = open_journal(s, err);
    if (rc == 0)
        rc = open_database(s, err);
    if (rc == 0)
        rc = create_backlog(s, err);
    if (rc < 0)
        its_store_close(&s);
    else if (its_journal_size(s->journal))
        its_log(ITS_LOG_INFO, ITS_STORE_AREA,
                "%lld bytes in the journal of the last run will be replayed",
                (long long)its_journal_size(s->journal));
    *out = s;
    return rc;
}

void its_store_close(struct its_store **ps)
{
    struct its_store *s = *ps;
    if (!s)
        return;
    *ps = NULL;
    if (s->backlog) {
        struct its_backlog_stats left;
        its_backlog_read_stats(s->backlog, &left);
        if (left.waiting || left.minutes)
            its_log(ITS_LOG_ERROR, ITS_STORE_AREA,
                    "closed with %u events and %u minutes not written: lost", left.waiting,
                    left.minutes);
    }
    its_backlog_destroy(&s->backlog);
    its_rows_destroy(&s->rows);
    its_db_close(&s->db);
    its_journal_close(&s->journal); /* last: its lock keeps other processes away */
    its_cancel_destroy(&s->stop);
    pthread_mutex_destroy(&s->db_lock);
    pthread_mutex_destroy(&s->stats_lock);
    free((char *)s->set.path);
    free(s);
}

/* --- putting: any thread */

/* A text of at most `max` characters that is not empty: the array may come from anywhere. */
static bool is_name(const char *text, size_t max)
{
    return text[0] && strnlen(text, max + 1) <= max;
}

static int refuse(struct its_store *s, int rc)
{
    if (rc == -ENOSPC)
        its_log_limited(&s->refused, ITS_STORE_ALARM_EVERY_US, ITS_LOG_ERROR, ITS_STORE_AREA,
                        "memory for waiting records is full: events or coverage are being lost");
    return rc;
}

int its_store_put_event(struct its_store *s, const struct its_store_event *event)
{
    const struct its_crossing *c = &event->crossing;
    if (!is_name(event->camera, ITS_CAMERA_MAX) || !is_name(c->line, ITS_NAME_MAX) ||
        c->capture_us < 0)
        return -EINVAL;
    its_assert(c->direction <= ITS_BACKWARD && c->cls < ITS_CLASS_COUNT);
    return refuse(s, its_backlog_put_event(s->backlog, event));
}

/* What of a total falls between from and to of a stretch of `whole`: the shares of adjoining pieces
 * add up to the total. */
static uint64_t share(uint64_t total, int64_t from, int64_t to, int64_t whole)
{
    if (!whole)
        return total;
    return total * (uint64_t)to / (uint64_t)whole - total * (uint64_t)from / (uint64_t)whole;
}

int its_store_put_coverage(struct its_store *s, const struct its_store_coverage *c)
{
    int64_t whole = c->observed_us, begin = c->capture_us - whole;
    if (!is_name(c->camera, ITS_CAMERA_MAX) || whole < 0 || whole > STRETCH_MAX_US || begin < 0)
        return -EINVAL;
    int64_t from = 0, to = 0;
    int rc = 0;
    do { /* minute by minute; a stretch without length is one piece */
        struct its_minute m = {.start_us = (begin + from) / ITS_MINUTE_US * ITS_MINUTE_US,
                               .analysis_level = c->analysis_level,
                               .view_invalid = c->view_invalid};
        strcpy(m.camera, c->camera);
        to = ITS_MIN(whole, m.start_us + ITS_MINUTE_US - begin);
        m.observed_us = to - from;
        m.frames_used = share(c->frames_used, from, to, whole);
        m.frames_predicted = share(c->frames_predicted, from, to, whole);
        m.frames_lost = share(c->frames_lost, from, to, whole);
        rc = its_backlog_put_minute(s->backlog, &m);
        from = to;
    } while (rc == 0 && from < whole);
    return refuse(s, rc);
}

/* --- rare ones: any thread, wait for the disk */

int its_store_register_lines(struct its_store *s, const char *camera, struct its_line *lines,
                             int count, int64_t since_us, struct its_error *err)
{
    pthread_mutex_lock(&s->db_lock);
    int rc = its_rows_register_lines(s->rows, camera, lines, count, since_us, err);
    pthread_mutex_unlock(&s->db_lock);
    return rc < 0 ? its_error_prefix(err, "database %s", s->set.path) : 0;
}

int its_store_reserve_tracks(struct its_store *s, const char *camera, uint64_t *base,
                             struct its_error *err)
{
    pthread_mutex_lock(&s->db_lock);
    int rc = its_rows_reserve_tracks(s->rows, camera, ITS_STORE_TRACK_BLOCK, base, err);
    pthread_mutex_unlock(&s->db_lock);
    return rc < 0 ? its_error_prefix(err, "database %s", s->set.path) : 0;
}

/* --- the end, and the figures: any thread */

void its_store_stop(struct its_store *s)
{
    its_cancel_trigger(s->stop);
    its_backlog_close(s->backlog);
}

void its_store_read_stats(struct its_store *s, struct its_store_stats *stats)
{
    struct its_backlog_stats waiting;
    pthread_mutex_lock(&s->stats_lock);
    *stats = s->stats;
    pthread_mutex_unlock(&s->stats_lock);
    its_backlog_read_stats(s->backlog, &waiting);
    stats->put = waiting.put;
    stats->refused += waiting.refused;
    stats->waiting = waiting.waiting;
    stats->peak = waiting.peak;
    stats->capacity = s->set.max_waiting;
    stats->minutes_waiting = waiting.minutes;
}
