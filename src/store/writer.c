/* The store's writer. Records wait in a backlog in memory; the writer thread takes them batch by
 * batch and brings each to one of two safe places:
 *
 *   put -> backlog -> commit to the database                   while it works and the journal is
 * empty
 *                  -> append to the journal -> replay, commit  else, so that the order stays
 *
 * A database that fails is tried again after a while, longer each time; meanwhile the journal takes
 * everything. When that fails too, the batch stays in hand and the backlog fills up. */
#include "store/store.h"

#include <errno.h>

#include "base/clock.h"
#include "store/priv.h"

#define RETRY_FIRST_US INT64_C(100000)
#define REPLAY_BATCHES 8                /* a replayed transaction is so many batches: fewer syncs */
#define LAST_REPLAY_US INT64_C(5000000) /* at the stop */

struct tally {
    uint64_t records, events, rejected; /* seen; inserted; that will never be accepted */
};

static void put_row(struct its_store *s, const struct its_record *record, struct tally *t, int *rc,
                    struct its_error *err)
{
    *rc = its_rows_put(s->rows, record, err);
    t->records++;
    if (*rc == -EINVAL) {
        its_log(ITS_LOG_ERROR, ITS_STORE_AREA, "a record of %s is lost: %s",
                record->kind == ITS_RECORD_MINUTE ? record->minute.camera : record->event.camera,
                err->text);
        t->rejected++;
        *rc = 0;
    } else if (*rc > 0 && record->kind == ITS_RECORD_CROSSING) {
        t->events++;
    }
}

static void put_rows(struct its_store *s, const struct its_record *record, unsigned count,
                     struct tally *t, int *rc, struct its_error *err)
{
    for (unsigned i = 0; i < count && *rc >= 0; i++)
        put_row(s, &record[i], t, rc, err);
}

/* Rows of the journal from *at on, as many as make a good transaction. */
static void put_journal(struct its_store *s, int64_t *at, struct tally *t, int *rc,
                        struct its_error *err)
{
    struct its_record record;
    for (unsigned i = 0; i < REPLAY_BATCHES * s->set.max_batch && *rc >= 0; i++) {
        *rc = its_journal_next(s->journal, at, &record);
        if (*rc == 0)
            break;
        if (*rc < 0)
            its_error_set(err, *rc, "cannot read the journal: %s", its_strerror(*rc));
        else
            put_row(s, &record, t, rc, err);
    }
}

/* One transaction: the batch, or without one what the journal holds from *at on. */
static int commit(struct its_store *s, const struct its_batch *batch, int64_t *at, struct tally *t,
                  struct its_error *err)
{
    pthread_mutex_lock(&s->db_lock);
    int rc = its_rows_begin(s->rows, err);
    if (batch) {
        put_rows(s, batch->event, batch->event_count, t, &rc, err);
        put_rows(s, batch->minute, batch->minute_count, t, &rc, err);
    } else {
        put_journal(s, at, t, &rc, err);
    }
    int64_t since_us = its_mono_us();
    if (rc >= 0)
        rc = its_rows_commit(s->rows, err);
    int64_t took_us = its_mono_us() - since_us;
    its_rows_rollback(s->rows);
    pthread_mutex_unlock(&s->db_lock);
    if (rc < 0)
        return rc;

    pthread_mutex_lock(&s->stats_lock);
    s->stats.commits++;
    s->stats.committed += t->events;
    s->stats.rejected += t->rejected;
    s->stats.last_commit_us = took_us;
    pthread_mutex_unlock(&s->stats_lock);
    return 0;
}

static void count_error(struct its_store *s, bool failing)
{
    pthread_mutex_lock(&s->stats_lock);
    s->stats.errors++;
    s->stats.failing |= failing;
    pthread_mutex_unlock(&s->stats_lock);
}

static void database_failed(struct its_store *s, const struct its_error *err)
{
    if (!s->next_try_us) {
        s->retry_us = RETRY_FIRST_US;
        its_log(ITS_LOG_WARN, ITS_STORE_AREA, "%s: %s: writing to the journal until it works again",
                s->set.path, err->text);
    } else {
        s->retry_us = ITS_MIN(2 * s->retry_us, s->set.retry_max_ms * INT64_C(1000));
    }
    s->next_try_us = its_mono_us() + s->retry_us;
    count_error(s, true);
}

static void database_worked(struct its_store *s)
{
    if (!s->next_try_us)
        return;
    its_log(ITS_LOG_INFO, ITS_STORE_AREA, "%s works again", s->set.path);
    s->next_try_us = 0;
    pthread_mutex_lock(&s->stats_lock);
    s->stats.failing = false;
    pthread_mutex_unlock(&s->stats_lock);
}

/* Worth a try: it works, it is time to look again, or there will be no other time. */
static bool may_try_database(const struct its_store *s)
{
    return s->next_try_us <= its_mono_us() || its_cancel_is_set(s->stop);
}

/* Half of the memory is full: the journal is faster than the database. */
static bool is_behind(struct its_store *s)
{
    struct its_backlog_stats now;
    its_backlog_read_stats(s->backlog, &now);
    return now.waiting > s->set.max_waiting / 2;
}

static void wake(const struct its_store *s)
{
    if (s->set.wake)
        s->set.wake(s->set.wake_ctx);
}

static void count_journal(struct its_store *s, uint64_t written, uint64_t replayed)
{
    pthread_mutex_lock(&s->stats_lock);
    s->stats.journalled += written;
    s->stats.replayed += replayed;
    s->stats.journal_bytes = its_journal_size(s->journal);
    pthread_mutex_unlock(&s->stats_lock);
}

/* One transaction's worth of the journal into the database. False: it did not work, or there is
 * nothing. A replay that is cut short begins anew at the next start: records know what was done. */
static bool replay_some(struct its_store *s)
{
    struct its_error err;
    struct tally t = {0};
    int64_t at = s->replay_at;
    if (!its_journal_size(s->journal) || !may_try_database(s))
        return false;
    int rc = commit(s, NULL, &at, &t, &err);
    if (rc == 0 && t.records < REPLAY_BATCHES * s->set.max_batch) {
        at = 0;
        rc = its_journal_clear(s->journal);
        if (rc < 0)
            its_error_set(&err, rc, "cannot empty its journal: %s", its_strerror(rc));
    }
    if (rc < 0) {
        database_failed(s, &err);
        return false;
    }
    database_worked(s);
    s->replay_at = at;
    count_journal(s, 0, t.records);
    wake(s);
    return t.records > 0;
}

static bool append_to_journal(struct its_store *s, const struct its_batch *batch)
{
    int rc = 0;
    for (unsigned i = 0; i < batch->event_count && rc == 0; i++)
        rc = its_journal_put(s->journal, &batch->event[i]);
    for (unsigned i = 0; i < batch->minute_count && rc == 0; i++)
        rc = its_journal_put(s->journal, &batch->minute[i]);
    if (rc == 0)
        rc = its_journal_commit(s->journal);
    if (rc < 0) {
        its_log_limited(&s->alarm, ITS_STORE_ALARM_EVERY_US, ITS_LOG_ERROR, ITS_STORE_AREA,
                        "neither the database nor its journal can be written: %s: records wait in "
                        "memory and will be lost when it is full",
                        its_strerror(rc));
        count_error(s, false);
        return false;
    }
    count_journal(s, batch->event_count + batch->minute_count, 0);
    return true;
}

static bool commit_to_database(struct its_store *s, const struct its_batch *batch)
{
    struct its_error err;
    struct tally t = {0};
    if (its_journal_size(s->journal) || !may_try_database(s))
        return false;
    if (commit(s, batch, NULL, &t, &err) < 0) {
        database_failed(s, &err);
        return false;
    }
    database_worked(s);
    return true;
}

static bool give_up(struct its_store *s, const struct its_batch *batch)
{
    if (!its_cancel_is_set(s->stop))
        return false;
    its_log(ITS_LOG_ERROR, ITS_STORE_AREA, "%u events and %u minutes are lost", batch->event_count,
            batch->minute_count);
    pthread_mutex_lock(&s->stats_lock);
    s->stats.refused += batch->event_count + batch->minute_count;
    pthread_mutex_unlock(&s->stats_lock);
    return true;
}

/* Brings the batch to one of the two safe places, however long it takes; only at the stop it gives
 * up after a last try at both. A replay makes the database free for the batch when the journal
 * takes no more. False: lost. */
static bool keep(struct its_store *s, const struct its_batch *batch)
{
    bool safe = is_behind(s) && append_to_journal(s, batch);
    while (!safe && !commit_to_database(s, batch) && !append_to_journal(s, batch)) {
        if (replay_some(s))
            continue;
        if (give_up(s, batch))
            return false;
        its_cancel_sleep_until(s->stop, its_mono_us() + ITS_MAX(s->retry_us, RETRY_FIRST_US));
    }
    return true;
}

/* Keeps the batch and makes room for the next before anyone is told. */
static void handle(struct its_store *s, struct its_batch *batch)
{
    unsigned events = batch->event_count;
    bool kept = keep(s, batch);
    its_backlog_give(s->backlog, batch);
    if (!kept)
        return;
    pthread_mutex_lock(&s->stats_lock);
    s->stats.safe += events;
    pthread_mutex_unlock(&s->stats_lock);
    wake(s);
}

/* Until when the writer has nothing to do but wait for a batch. */
static int64_t next_replay_us(const struct its_store *s)
{
    return its_journal_size(s->journal) ? s->next_try_us : INT64_MAX;
}

void its_store_run(struct its_store *s)
{
    struct its_batch batch;
    int rc;
    count_journal(s, 0, 0);
    do {
        if (!is_behind(s))
            replay_some(s);
        rc = its_backlog_take(s->backlog, next_replay_us(s), &batch);
        if (rc > 0)
            handle(s, &batch);
    } while (rc >= 0);

    int64_t until_us = its_mono_us() + LAST_REPLAY_US;
    while (replay_some(s) && its_mono_us() < until_us)
        ;
}
