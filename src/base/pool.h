/* A pool of equal objects, reused so that the steady state allocates nothing. Thread-safe.
 * The pool may be closed while objects are out: the last one to come back frees it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct its_pool;

struct its_pool_settings {
    const char *name; /* for messages; static storage */
    size_t object_bytes;
    unsigned max;              /* objects out at one time; 0 = no limit */
    int (*init)(void *object); /* once per object, on zeroed memory; may be NULL; < 0: no object */
    void (*reset)(void *object); /* when it comes back; may be NULL */
    void (*fini)(void *object);  /* before its memory is freed; may be NULL */
};

struct its_pool *its_pool_create(const struct its_pool_settings *settings);

/* The caller's hand on it ends; objects that are out stay good. Clears the pointer. */
void its_pool_close(struct its_pool **pool);

/* An object, contents as the last reset left them (zeroed when new). NULL: `max` are out, or there
 * is no memory. */
void *its_pool_take(struct its_pool *pool);

/* Gives an object of any pool back to that pool. NULL is allowed. */
void its_pool_give(void *object);

struct its_pool_stats {
    unsigned out, idle, peak;
    uint64_t refused; /* takes that found `max` out */
};
void its_pool_read_stats(struct its_pool *pool, struct its_pool_stats *stats);
