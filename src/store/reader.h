/* Reading the store: bins and totals, for the summary, the API and the tests. A reader has its own
 * connection, sees what was committed, and never holds the writer up. One thread at a time. */
#pragma once

#include "store/store.h"

struct its_store_reader;

/* Errors as its_store_open; ITS_ESCHEMA also when the database is older than this program; -ENOENT:
 * there is none yet. */
int its_store_reader_open(const char *path, struct its_store_reader **out, struct its_error *err);
/* Clears the pointer; NULL inside is allowed. */
void its_store_reader_close(struct its_store_reader **r);

/* A bin of a line and direction. Only periods that were watched, or in which something was counted,
 * have one: what is missing is a gap. */
struct its_store_bin {
    const char *camera, *line; /* until the callback returns */
    int line_revision;
    enum its_direction direction;
    int64_t start_us; /* UTC, multiple of the period */
    int period_s;
    uint64_t total; /* all classes */
    uint64_t count[ITS_CLASS_COUNT];
    bool covered; /* the fields below are known; false: counted, but the coverage is not here (yet)
                   */
    int64_t observed_us;
    uint64_t frames_used, frames_predicted, frames_lost;
    int analysis_level; /* the worst of the bin */
    bool view_valid;    /* all of the time */
};

struct its_store_query {
    const char *camera;     /* NULL = all */
    int period_s;           /* 60, 300, 900 or 3600 */
    int64_t from_us, to_us; /* wall; widened to whole bins */
};

/* Not 0 ends the reading and is handed up. */
typedef int (*its_store_bin_fn)(void *ctx, const struct its_store_bin *bin);

/* In the order of start, camera, line, revision, direction. 0; what fn returned; -EINVAL: no such
 * period, or to_us before from_us; negative errno. */
int its_store_read_bins(struct its_store_reader *r, const struct its_store_query *query,
                        its_store_bin_fn fn, void *ctx, struct its_error *err);

/* All that was counted of one class on a line in a direction; revisions of the line together. */
struct its_store_total {
    const char *camera, *line; /* until the callback returns */
    enum its_direction direction;
    enum its_class cls;
    uint64_t count;
};

typedef int (*its_store_total_fn)(void *ctx, const struct its_store_total *total);

/* Since the beginning of the minute of since_us; camera NULL = all. In the order of camera, line,
 * direction, class. Only what is above zero. */
int its_store_read_totals(struct its_store_reader *r, const char *camera, int64_t since_us,
                          its_store_total_fn fn, void *ctx, struct its_error *err);
