/* What a person at the terminal sees while the server runs. Two ways behind one table: a live
 * screen, and plain lines where output goes into a file or a pipe. Main thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "app/engine.h"
#include "traffic/result.h"

struct its_view; /* each way has its own */

struct its_view_ops {
    /* Before the engine starts, so that the log of its start is not missed. NULL: this terminal
     * cannot do it. */
    struct its_view *(*open)(const char *title);
    /* One result with crossings (borrowed), as it comes. */
    void (*crossings)(struct its_view *view, const struct its_result *result);
    /* Called a few times a second, first of all when the engine has started. True: the person wants
     * to leave. */
    bool (*refresh)(struct its_view *view, struct its_engine *engine);
    /* Clears the pointer; NULL inside is allowed. */
    void (*close)(struct its_view **view);
};

extern const struct its_view_ops its_view_plain;

/* A live screen on ncurses. Takes the log's lines into the screen while it is open. On a build
 * without ncurses its open returns NULL. */
extern const struct its_view_ops its_view_terminal;

/* "12 car, 1 truck" of crossings by class into out; "-" for none. */
const char *its_view_counts(const uint64_t counts[ITS_CLASS_COUNT], char *out, size_t size);
