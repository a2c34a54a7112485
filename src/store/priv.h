/* The inside of the store, for store.c and writer.c. */
#pragma once

#include <pthread.h>

#include "base/cancel.h"
#include "base/log.h"
#include "store/backlog.h"
#include "store/journal.h"
#include "store/rows.h"

#define ITS_STORE_AREA           "store"           /* in the log */
#define ITS_STORE_ALARM_EVERY_US INT64_C(10000000) /* lines about one trouble */

struct its_store {
    struct its_store_settings set; /* immutable; path is our copy */
    struct its_backlog *backlog;

    pthread_mutex_t db_lock; /* blocks on disk: never taken by a put */
    /* --- under db_lock */
    struct sqlite3 *db;
    struct its_rows *rows;

    pthread_mutex_t stats_lock; /* a leaf */
    /* --- under stats_lock */
    struct its_store_stats stats;

    /* --- writer thread only */
    struct its_journal *journal;
    int64_t replay_at;   /* how far the journal was replayed */
    int64_t next_try_us; /* of the failing database, monotonic; 0 = it works */
    int64_t retry_us;
    struct its_log_limit alarm;

    struct its_cancel *stop; /* thread-safe */
    struct its_log_limit refused;
};
