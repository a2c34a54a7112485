#include "store/migrations.h"

#include <sqlite3.h>
#include <stdio.h>

#include "base/log.h"
#include "store/bins_sql.h"
#include "store/db.h"

#define APPLICATION_ID 0x49545341 /* "ITSA": how file(1) and we know the database is ours */

/* The steps keep their comments inside the database: `.schema` in sqlite3 shows them. */
static const char *const steps[] = {
    /* 1: events */
    "CREATE TABLE event (\n"
    "    -- Everything that happened, in the order it was stored. All times are microseconds "
    "since\n"
    "    -- 1970, UTC, without leap seconds; the views show them as text.\n"
    "    seq        INTEGER PRIMARY KEY AUTOINCREMENT, -- strictly rising, never reused: readers\n"
    "                                                  -- remember the last one they have seen\n"
    "    id         TEXT NOT NULL UNIQUE,              -- ULID, made when it happened\n"
    "    kind       TEXT NOT NULL,                     -- names the table with the details\n"
    "    camera     TEXT NOT NULL,\n"
    "    capture_us INTEGER NOT NULL,                  -- when it happened\n"
    "    arrived_us INTEGER NOT NULL                   -- when its picture reached this server\n"
    ") STRICT;\n"
    "CREATE INDEX event_by_time ON event (camera, capture_us);\n"
    "CREATE TABLE crossing (\n"
    "    -- A road user crossed a counting line: once per track and line.\n"
    "    seq           INTEGER PRIMARY KEY REFERENCES event ON DELETE CASCADE,\n"
    "    line          TEXT NOT NULL,\n"
    "    line_revision INTEGER NOT NULL,\n"
    "    direction     TEXT NOT NULL,    -- forward: to the left-hand side of the line from a to "
    "b\n"
    "    class         TEXT NOT NULL,\n"
    "    track         INTEGER NOT NULL, -- per camera, never reused\n"
    "    frame         INTEGER NOT NULL, -- first frame on the new side\n"
    "    time_us       INTEGER NOT NULL, -- stream time: since the camera's first frame\n"
    "    score         REAL,             -- of the detection, 0 to 1\n"
    "    x_px          REAL,             -- where on the line, in displayed pixels\n"
    "    y_px          REAL\n"
    ") STRICT;\n"
    "CREATE TABLE camera_tracks (\n"
    "    -- Which track ids were given out: each start of the server reserves a block.\n"
    "    camera    TEXT NOT NULL PRIMARY KEY,\n"
    "    next_base INTEGER NOT NULL\n"
    ") STRICT;\n",

    /* 2: minutes */
    "CREATE TABLE bin_minute (\n"
    "    -- Crossings per minute; only what is above zero. Longer bins are sums of these: see the\n"
    "    -- view bins, which also knows the zeros and the gaps.\n"
    "    camera        TEXT NOT NULL,\n"
    "    start_us      INTEGER NOT NULL, -- multiple of 60,000,000\n"
    "    line          TEXT NOT NULL,\n"
    "    line_revision INTEGER NOT NULL,\n"
    "    direction     TEXT NOT NULL,\n"
    "    class         TEXT NOT NULL,\n"
    "    count         INTEGER NOT NULL,\n"
    "    PRIMARY KEY (camera, start_us, line, line_revision, direction, class)\n"
    ") STRICT, WITHOUT ROWID;\n"
    "CREATE INDEX bin_minute_by_time ON bin_minute (start_us);\n"
    "CREATE TABLE coverage_minute (\n"
    "    -- How well each minute was watched. No row: nobody was looking.\n"
    "    camera           TEXT NOT NULL,\n"
    "    start_us         INTEGER NOT NULL, -- multiple of 60,000,000\n"
    "    observed_us      INTEGER NOT NULL, -- how long frames kept coming\n"
    "    frames_used      INTEGER NOT NULL, -- a detector looked at them\n"
    "    frames_predicted INTEGER NOT NULL, -- positions extrapolated\n"
    "    frames_lost      INTEGER NOT NULL, -- neither\n"
    "    analysis_level   INTEGER NOT NULL, -- 0: everything; the highest of the minute\n"
    "    view_valid       INTEGER NOT NULL, -- 0: the camera was moved, covered or fogged\n"
    "    PRIMARY KEY (camera, start_us)\n"
    ") STRICT, WITHOUT ROWID;\n"
    "CREATE INDEX coverage_minute_by_time ON coverage_minute (start_us);\n"
    "CREATE TABLE coverage_written (\n"
    "    -- One row: the ULID of the last coverage that was added, so that none is added twice.\n"
    "    only INTEGER PRIMARY KEY CHECK (only = 1),\n"
    "    id   TEXT NOT NULL\n"
    ") STRICT;\n"
    "INSERT INTO coverage_written VALUES (1, '00000000000000000000000000');\n",

    /* 3: lines */
    "CREATE TABLE line (\n"
    "    -- The counting lines of each camera and when they counted.\n"
    "    camera    TEXT NOT NULL,\n"
    "    line      TEXT NOT NULL,\n"
    "    revision  INTEGER NOT NULL, -- raised on every edit\n"
    "    from_us   INTEGER NOT NULL,\n"
    "    to_us     INTEGER,          -- NULL: still counting\n"
    "    ax        REAL NOT NULL,    -- from a to b, in displayed pixels or, with fractions = 1,\n"
    "    ay        REAL NOT NULL,    -- in fractions of the picture\n"
    "    bx        REAL NOT NULL,\n"
    "    by        REAL NOT NULL,\n"
    "    fractions INTEGER NOT NULL,\n"
    "    PRIMARY KEY (camera, line, revision, from_us)\n"
    ") STRICT;\n",
};

#define UTC(us) "strftime('%Y-%m-%dT%H:%M:%fZ', " us " / 1e6, 'unixepoch')"

/* clang-format off: the layout is SQL's */
static const char views[] =
    "DROP VIEW IF EXISTS crossings;\n"
    "CREATE VIEW crossings AS SELECT\n"
    "    seq, id, " UTC(
        "capture_us") " AS captured, camera, line, line_revision, direction, class,\n"
                      "    track, frame, time_us, capture_us, arrived_us, score, x_px, y_px\n"
                      "FROM event JOIN crossing USING (seq);\n"
                      "DROP VIEW IF EXISTS coverage;\n"
                      "CREATE VIEW coverage AS SELECT\n"
                      "    camera, " UTC(
                          "start_us") " AS start, observed_us / 1e6 AS observed_s, frames_used,\n"
                                      "    frames_predicted, frames_lost, analysis_level, "
                                      "view_valid, start_us\n"
                                      "FROM coverage_minute;\n"
                                      "DROP VIEW IF EXISTS bins;\n"
                                      "CREATE VIEW bins AS SELECT\n"
                                      "    -- Bins of 1, 5, 15 and 60 minutes: filter by period_s. "
                                      "No row: a gap, nobody was looking.\n"
                                      "    -- observed_s is NULL where something was counted whose "
                                      "coverage is not known.\n"
                                      "    period_s, " UTC(
                                          "start_us") " AS start, " ITS_BINS_COLUMNS "\n"
                                                      "FROM (" ITS_BINS_SQL(
                                                          "(VALUES (60), (300), (900), (3600))",
                                                          "true") ");\n";
/* clang-format on */

int its_migrations_latest(void)
{
    return ITS_ARRAY_LEN(steps);
}

static int take_step(struct sqlite3 *db, int version, struct its_error *err)
{
    char pragma[64];
    snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %d", version);
    int rc = its_db_exec(db, "BEGIN IMMEDIATE", err);
    if (rc == 0)
        rc = its_db_exec(db, steps[version - 1], err);
    if (rc == 0 && version == its_migrations_latest())
        rc = its_db_exec(db, views, err);
    if (rc == 0)
        rc = its_db_exec(db, pragma, err);
    if (rc == 0)
        rc = its_db_exec(db, "COMMIT", err);
    if (rc < 0 && !sqlite3_get_autocommit(db))
        its_db_exec(db, "ROLLBACK", NULL);
    if (rc < 0)
        its_error_prefix(err, "schema step %d", version);
    return rc;
}

/* Ours, or empty and made ours. */
static int claim(struct sqlite3 *db, struct its_error *err)
{
    char pragma[64];
    int64_t id, tables;
    int rc = its_db_read_int(db, "PRAGMA application_id", &id, err);
    if (rc < 0 || id == APPLICATION_ID)
        return rc;
    rc = its_db_read_int(db, "SELECT count(*) FROM sqlite_schema", &tables, err);
    if (rc < 0)
        return rc;
    if (id || tables)
        return its_error_set(err, -EEXIST,
                             "it belongs to another program: name another file for ours");
    snprintf(pragma, sizeof(pragma), "PRAGMA application_id = %d", APPLICATION_ID);
    return its_db_exec(db, pragma, err);
}

static int newer(int64_t version, struct its_error *err)
{
    return its_error_set(
        err, ITS_ESCHEMA,
        "its schema is version %lld, this program knows versions up to %d: use the "
        "newer program, or another file",
        (long long)version, its_migrations_latest());
}

int its_migrations_run(struct sqlite3 *db, int target, struct its_error *err)
{
    int64_t version;
    int rc = claim(db, err);
    if (rc == 0)
        rc = its_db_read_int(db, "PRAGMA user_version", &version, err);
    if (rc < 0)
        return rc;
    if (version > its_migrations_latest())
        return newer(version, err);
    for (int next = (int)version + 1; next <= target; next++) {
        rc = take_step(db, next, err);
        if (rc < 0)
            return rc;
        its_log(version ? ITS_LOG_INFO : ITS_LOG_DEBUG, "store",
                "database schema is now version %d", next);
    }
    return 0;
}

int its_migrations_check(struct sqlite3 *db, struct its_error *err)
{
    int64_t id, version;
    int rc = its_db_read_int(db, "PRAGMA application_id", &id, err);
    if (rc == 0)
        rc = its_db_read_int(db, "PRAGMA user_version", &version, err);
    if (rc < 0)
        return rc;
    if (id != APPLICATION_ID)
        return its_error_set(err, -EEXIST, "it belongs to another program");
    if (version > its_migrations_latest())
        return newer(version, err);
    if (version < its_migrations_latest())
        return its_error_set(err, ITS_ESCHEMA,
                             "its schema is version %lld, this program reads version %d: start "
                             "`run` once to bring it up to date",
                             (long long)version, its_migrations_latest());
    return 0;
}
