/* Ctrl-C for commands that run to an end: SIGINT, SIGTERM and SIGHUP trigger a cancel object, so
 * that the command ends in order, with its summary and without half a file. */
#pragma once

#include <stdbool.h>

#include "base/cancel.h"
#include "base/thread.h"

struct its_interrupt {
    struct its_thread thread;
    struct its_cancel *cancel; /* borrowed */
    _Atomic bool done;
};

/* Blocks the signals and waits for them on a thread of its own: call before any other thread is
 * there. Where that thread cannot be had, the signals end the process as ever. */
void its_interrupt_start(struct its_interrupt *i, struct its_cancel *cancel);

/* The cancel object must still be there. */
void its_interrupt_stop(struct its_interrupt *i);
