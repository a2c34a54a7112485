/* The log: one line per event on stderr, "time level area: text".
 * Whoever decides, logs; a function that only passes a code up stays silent. Repeats are counted,
 * not printed. Thread-safe. The only mutable global of base/. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

#define ITS_LOG_LEVELS(X) X(ERROR, "error") X(WARN, "warn") X(INFO, "info") X(DEBUG, "debug")

enum its_log_level {
#define X(name, text) ITS_LOG_##name,
    ITS_LOG_LEVELS(X)
#undef X
};

/* Lines of a higher level (more talkative) are dropped. Start: ITS_LOG_INFO. */
void its_log_set_level(enum its_log_level level);

/* Where lines go instead of stderr: the terminal view shows them itself. The sink gets the whole
 * line without newline, under the log's lock: it must not log. NULL: back to stderr. */
typedef void (*its_log_sink_fn)(void *ctx, enum its_log_level level, const char *line);
void its_log_set_sink(its_log_sink_fn sink, void *ctx);

void its_log(enum its_log_level level, const char *area, const char *fmt, ...) ITS_PRINTF(3, 4);

/* State of one rate-limited place; zero-initialised, static or in an object. Not locked: a place
 * reached by several threads may print one line more, never crash. */
struct its_log_limit {
    _Atomic int64_t next_us;
    _Atomic uint64_t held; /* lines not printed since the last one */
};

/* At most one line in `every_us`; the next that passes says how many were held back. */
void its_log_limited(struct its_log_limit *limit, int64_t every_us, enum its_log_level level,
                     const char *area, const char *fmt, ...) ITS_PRINTF(5, 6);
