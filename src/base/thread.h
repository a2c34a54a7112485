/* Named threads with a stated stack. Only app/ starts them (and tests). */
#pragma once

#include <pthread.h>
#include <stddef.h>

typedef void (*its_thread_fn)(void *arg);

struct its_thread {
    pthread_t id;
    int running;
};

/* name: at most 15 characters are kept ("decode-0", "read-north"); shown by top -H and gdb.
 * stack_bytes 0 = 1 MiB. All signals are blocked in it: the main thread gets them.
 * 0 or negative errno; on failure t is untouched. */
int its_thread_start(struct its_thread *t, const char *name, size_t stack_bytes, its_thread_fn fn,
                     void *arg);

/* Waits for the end. Nothing happens for a thread that was never started. */
void its_thread_join(struct its_thread *t);
