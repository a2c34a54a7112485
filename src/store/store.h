/* The store: where events and counts rest. A writer that never blocks the frame path: the path
 * hands over small records, a writer thread commits them in batches to SQLite.
 *
 * Promises:
 *  - An event that is on disk (stats.safe) survives kill -9 and, as every batch is synced, the loss
 *    of power. What was put but not yet written, batch_ms at most when all is well, does not.
 *  - No event is stored twice, whatever happened between two starts: each carries a ULID from the
 *    moment it is put, and the bins count only what was really inserted, in the same transaction.
 *  - While the database is locked, full or broken, records go to an append-only journal beside it
 *    (path + ".journal") and are replayed in order when it is back, or at the next start.
 *  - Memory is bounded. Only when neither the database nor the journal can be written and
 *    max_waiting events are waiting are further ones refused: an alarm in the log, and counted.
 *
 * One process per database: the journal is locked while the store is open. Other programs may read
 * it at any time (sqlite3 its.db, table comments say what is what); reading is store/reader.h. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "traffic/event.h"
#include "traffic/line.h"

#define ITS_CAMERA_MAX 63 /* length of a camera's id */

/* One crossing as it is kept. It belongs to the minute of crossing.capture_us, also when late. */
struct its_store_event {
    char camera[ITS_CAMERA_MAX + 1];
    struct its_crossing crossing;
    int64_t arrived_us; /* wall time at which the last byte of its picture was read */
};

/* How well a stretch of time was observed: the observed_us before capture_us. Added up per camera
 * and minute; a stretch over several minutes is split in proportion, frames too. */
struct its_store_coverage {
    char camera[ITS_CAMERA_MAX + 1];
    int64_t capture_us;  /* wall time of the end of the stretch */
    int64_t observed_us; /* how long frames kept coming; at most an hour */
    uint32_t frames_used, frames_predicted, frames_lost;
    uint32_t analysis_level; /* 0 = everything, higher = more was shed; a bin keeps the highest */
    bool view_invalid;       /* camera frozen or covered: a bin of it is not to be trusted */
};

/* --- writing: created, run and destroyed by app/ */

struct its_store;

struct its_store_settings {
    const char *path;      /* of the database; its directory is made when missing */
    unsigned batch_ms;     /* an event waits at most so long for others to share its commit */
    unsigned coverage_ms;  /* coverage alone waits so long: it merges meanwhile */
    unsigned max_batch;    /* events in one commit; memory is taken in pieces of so many */
    unsigned max_waiting;  /* events in memory (224 bytes each) before new ones are refused */
    unsigned max_minutes;  /* camera-minutes of coverage in memory before they are refused */
    unsigned busy_ms;      /* how long a commit waits for another program's lock */
    unsigned retry_max_ms; /* a failing database is tried again after 100 ms, doubling up to this */
    void (*wake)(void *ctx); /* writer thread, after records reached the disk; may be NULL. It may
                              * read the stats, nothing else of the store */
    void *wake_ctx;
};

/* Everything but path. */
struct its_store_settings its_store_defaults(void);

/* Opens or creates the database and brings its schema up to date. Blocks on disk. Errors, each with
 * its sentence: ITS_ESCHEMA (made by a newer version), ITS_EDAMAGED (not a database, or damaged),
 * -EBUSY (another its-camera-ai has it open, or another program holds a lock on it), -EEXIST (some
 * other program's database), -EROFS, -EACCES, … The path is copied. */
int its_store_open(const struct its_store_settings *settings, struct its_store **out,
                   struct its_error *err);

/* Hands a crossing over. Any thread; takes a short lock, never waits for the disk. 0; -EINVAL (no
 * camera or line, a time before 1970); -ENOSPC (max_waiting, see above); -EPIPE (stopped). */
int its_store_put_event(struct its_store *s, const struct its_store_event *event);

/* The same for coverage. -ENOSPC: max_minutes. */
int its_store_put_coverage(struct its_store *s, const struct its_store_coverage *coverage);

/* The lines that count on a camera from wall time since_us on (0 = as far back as there is
 * coverage). Lines known before and not in the list end there. From these a covered minute without
 * a crossing knows its zeros. Writes each line's revision: the newest one stored under its name
 * when that has the same ends, else the next. Blocks on disk: not for the frame path. Any thread.
 */
int its_store_register_lines(struct its_store *s, const char *camera, struct its_line *lines,
                             int count, int64_t since_us, struct its_error *err);

#define ITS_STORE_TRACK_BLOCK (INT64_C(1) << 32)

/* Reserves ITS_STORE_TRACK_BLOCK track ids of that camera: *base + 1 … *base + 2^32 - 1, never
 * given out again. The first base is 0. A block lasts 13 years at 10 tracks a second, and ids stay
 * below 2^53 (exact in JSON readers) for two million starts. Blocks on disk. Any thread. */
int its_store_reserve_tracks(struct its_store *s, const char *camera, uint64_t *base,
                             struct its_error *err);

/* Body of the writer thread: returns after its_store_stop, when all that was put is on disk. What
 * the journal holds is replayed first; at the stop at most 5 s are spent on that. May also be
 * called on one's own thread after its_store_stop: it drains. */
void its_store_run(struct its_store *s);

/* No more puts (-EPIPE); the writer drains and returns. Any thread. */
void its_store_stop(struct its_store *s);

/* its_store_run must have returned. What was put and never run is lost, with a line in the log.
 * Clears the pointer; NULL inside is allowed. */
void its_store_close(struct its_store **s);

struct its_store_stats {
    uint64_t put;        /* events accepted since the start */
    uint64_t safe;       /* of these on disk: in the database or the journal */
    uint64_t committed;  /* events inserted into the database, replayed ones included */
    uint64_t journalled; /* records (events and camera-minutes) written to the journal */
    uint64_t replayed;   /* records read back from it and committed */
    uint64_t refused;    /* events and coverage the store had no room for: lost, alarm */
    uint64_t rejected;   /* records the database will never accept: lost, each logged */
    uint64_t errors;     /* failed attempts to commit or to journal */
    uint64_t commits;
    int64_t last_commit_us;           /* how long the last commit took, sync included */
    int64_t journal_bytes;            /* waiting in the journal; 0 when all is well */
    unsigned waiting, peak, capacity; /* events in memory */
    unsigned minutes_waiting;         /* camera-minutes of coverage in memory */
    bool failing;                     /* the last attempt on the database failed */
};

/* Any thread. */
void its_store_read_stats(struct its_store *s, struct its_store_stats *stats);
