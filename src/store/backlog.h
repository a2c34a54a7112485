/* What waits in memory for the writer: events in pieces of fixed size, taken on demand and reused,
 * and the coverage of each camera-minute, added up. Bounded in both. Producers take one short lock
 * and copy one record. */
#pragma once

#include <stdint.h>

#include "store/record.h"

struct its_backlog;

struct its_backlog_settings {
    unsigned batch_ms, coverage_ms; /* as in its_store_settings */
    unsigned max_batch, max_waiting, max_minutes;
    struct its_ulid last_id; /* ids go on from here */
};

/* What the writer took: the records are its own until it gives the batch back. */
struct its_batch {
    struct its_record *event, *minute;
    unsigned event_count, minute_count;
    struct its_backlog_chunk *chunk; /* the backlog's own */
};

struct its_backlog *its_backlog_create(const struct its_backlog_settings *settings);
/* No thread may be inside, no batch out. Clears the pointer. */
void its_backlog_destroy(struct its_backlog **b);

/* Any thread. 0; -ENOSPC; -EPIPE (closed). */
int its_backlog_put_event(struct its_backlog *b, const struct its_store_event *event);
/* Adds to the minute. Any thread. The same results. */
int its_backlog_put_minute(struct its_backlog *b, const struct its_minute *minute);

/* Waits until a batch is due (full, old enough, or closed) or until the monotonic time
 * (INT64_MAX = for ever). 1: *batch is the caller's until its_backlog_give; 0: time is up; -EPIPE:
 * closed and empty. One batch at a time, one thread. */
int its_backlog_take(struct its_backlog *b, int64_t until_us, struct its_batch *batch);
void its_backlog_give(struct its_backlog *b, struct its_batch *batch);

void its_backlog_close(struct its_backlog *b);

struct its_backlog_stats {
    uint64_t put;           /* events accepted */
    uint64_t refused;       /* events and minutes there was no room for */
    unsigned waiting, peak; /* events, those in the batch that is out included */
    unsigned minutes;
};
void its_backlog_read_stats(struct its_backlog *b, struct its_backlog_stats *stats);
