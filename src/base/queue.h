/* A bounded queue of pointers between threads. What happens when it is full is decided once, at
 * creation, and every drop is counted. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum its_queue_full {
    ITS_QUEUE_BLOCK,       /* push waits for room (or for close) */
    ITS_QUEUE_DROP_OLDEST, /* push succeeds; the oldest item is handed to `drop` */
    ITS_QUEUE_REJECT,      /* push returns -EAGAIN; the item stays the caller's */
};

struct its_queue_settings {
    const char *name; /* for metrics; static storage */
    unsigned capacity;
    enum its_queue_full full;
    void (*drop)(void *item); /* disposes of an item nobody will pop; may be NULL */
};

struct its_queue;

struct its_queue *its_queue_create(const struct its_queue_settings *settings);

/* Drops what is left. No thread may be inside. Clears the pointer; NULL inside is allowed. */
void its_queue_destroy(struct its_queue **q);

/* Gives the item away. 0; -EAGAIN (REJECT, full) and -EPIPE (closed) leave it with the caller. */
int its_queue_push(struct its_queue *q, void *item);

/* Takes up to max items into out, waiting at most until the monotonic time for the first one
 * (0 = do not wait, INT64_MAX = for ever). Returns how many; 0 = time is up; -EPIPE = closed and
 * empty. The items are the caller's. */
int its_queue_pop(struct its_queue *q, void **out, unsigned max, int64_t until_us);

/* No more pushes; poppers drain what is there and then get -EPIPE. */
void its_queue_close(struct its_queue *q);

struct its_queue_stats {
    const char *name;
    unsigned depth, peak, capacity;
    uint64_t pushed, popped, dropped, rejected;
    int64_t head_age_us; /* of the oldest item; 0 when empty */
};
void its_queue_read_stats(struct its_queue *q, struct its_queue_stats *stats);
