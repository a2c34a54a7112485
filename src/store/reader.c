#include "store/reader.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/bins_sql.h"
#include "store/db.h"
#include "store/migrations.h"
#include "store/record.h"
#include "store/rows.h"

#define BUSY_MS 2000

/* With a camera the primary key is used, without one the index by time: two statements, because
 * SQLite chooses when it prepares. */
#define RANGE     "start_us >= ?2 AND start_us < ?3"
#define OF_CAMERA RANGE " AND camera = ?4"

#define BINS(where)                                                                                \
    "SELECT " ITS_BINS_COLUMNS ", observed_us"                                                     \
    " FROM (" ITS_BINS_SQL(                                                                        \
        "(VALUES (?1))", where) ")"                                                                \
                                " ORDER BY start_us, camera, line, line_revision, direction DESC"

#define TOTALS(where)                                                                              \
    "SELECT camera, line, direction, class, sum(count) FROM bin_minute WHERE " where               \
    " GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3 DESC, 4"

#define STATEMENTS(X)                                                                              \
    X(BINS_OF_ALL, BINS(RANGE))                                                                    \
    X(BINS_OF_CAMERA, BINS(OF_CAMERA))                                                             \
    X(TOTALS_OF_ALL, TOTALS("start_us >= ?1"))                                                     \
    X(TOTALS_OF_CAMERA, TOTALS("start_us >= ?1 AND camera = ?2"))

enum statement {
#define X(name, sql) name,
    STATEMENTS(X)
#undef X
        STATEMENT_COUNT
};

static const char *const sql_of[] = {
#define X(name, sql) sql,
    STATEMENTS(X)
#undef X
};

struct its_store_reader {
    struct sqlite3 *db;
    struct sqlite3_stmt *stmt[STATEMENT_COUNT];
};

static int prepare(struct its_store_reader *r, struct its_error *err)
{
    int rc = its_migrations_check(r->db, err);
    for (int i = 0; i < STATEMENT_COUNT && rc == 0; i++)
        rc = its_db_prepare(r->db, sql_of[i], &r->stmt[i], err);
    return rc;
}

int its_store_reader_open(const char *path, struct its_store_reader **out, struct its_error *err)
{
    struct its_store_reader *r = its_malloc(sizeof(*r));
    int rc = its_db_open(path, ITS_DB_READ, BUSY_MS, &r->db, err);
    if (rc == 0) {
        rc = prepare(r, err);
        if (rc < 0)
            its_error_prefix(err, "database %s", path);
    }
    if (rc < 0)
        its_store_reader_close(&r);
    *out = r;
    return rc;
}

void its_store_reader_close(struct its_store_reader **pr)
{
    struct its_store_reader *r = *pr;
    if (!r)
        return;
    *pr = NULL;
    for (int i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(r->stmt[i]);
    its_db_close(&r->db);
    free(r);
}

/* --- rows to structs: columns are taken in the order of the SELECT */

static const char *text(struct sqlite3_stmt *s, int column)
{
    const char *t = (const char *)sqlite3_column_text(s, column);
    return t ? t : "";
}

static bool read_bin(struct sqlite3_stmt *s, int period_s, struct its_store_bin *bin)
{
    int c = 0;
    *bin = (struct its_store_bin){.period_s = period_s};
    bin->camera = text(s, c++);
    bin->line = text(s, c++);
    bin->line_revision = sqlite3_column_int(s, c++);
    int direction = its_rows_direction(text(s, c++));
    bin->direction = direction < 0 ? ITS_FORWARD : (enum its_direction)direction;
    bin->total = (uint64_t)sqlite3_column_int64(s, c++);
    for (int i = 0; i < ITS_CLASS_COUNT; i++)
        bin->count[i] = (uint64_t)sqlite3_column_int64(s, c++);
    bin->covered = sqlite3_column_type(s, c++) != SQLITE_NULL;
    bin->frames_used = (uint64_t)sqlite3_column_int64(s, c++);
    bin->frames_predicted = (uint64_t)sqlite3_column_int64(s, c++);
    bin->frames_lost = (uint64_t)sqlite3_column_int64(s, c++);
    bin->analysis_level = sqlite3_column_int(s, c++);
    bin->view_valid = sqlite3_column_int(s, c++) != 0;
    bin->start_us = sqlite3_column_int64(s, c++);
    bin->observed_us = sqlite3_column_int64(s, c++);
    return direction >= 0;
}

/* Ends a reading: step is what sqlite3_step said last, rc what the callback did. */
static int finish(struct its_store_reader *r, struct sqlite3_stmt *s, int step, int rc,
                  struct its_error *err)
{
    if (rc == 0 && step != SQLITE_DONE)
        rc = its_db_error(r->db, step, err, "read it");
    sqlite3_reset(s);
    return rc;
}

int its_store_read_bins(struct its_store_reader *r, const struct its_store_query *q,
                        its_store_bin_fn fn, void *ctx, struct its_error *err)
{
    int64_t period_us = q->period_s * INT64_C(1000000);
    if (q->period_s != 60 && q->period_s != 300 && q->period_s != 900 && q->period_s != 3600)
        return its_error_set(err, -EINVAL, "bins are of 60, 300, 900 or 3600 s, not %d",
                             q->period_s);
    if (q->from_us < 0 || q->to_us < q->from_us)
        return its_error_set(err, -EINVAL, "the time range ends before it begins");
    int64_t from = q->from_us / period_us * period_us;
    int64_t to = q->to_us - q->to_us % period_us;
    if (to < q->to_us && to <= INT64_MAX - period_us)
        to += period_us;

    struct sqlite3_stmt *s = r->stmt[q->camera ? BINS_OF_CAMERA : BINS_OF_ALL];
    its_db_bind(s, q->camera ? "iiis" : "iii", (int64_t)q->period_s, from, to, q->camera);
    struct its_store_bin bin;
    int rc = 0, step;
    while (rc == 0 && (step = sqlite3_step(s)) == SQLITE_ROW)
        if (read_bin(s, q->period_s, &bin))
            rc = fn(ctx, &bin);
    return finish(r, s, step, rc, err);
}

int its_store_read_totals(struct its_store_reader *r, const char *camera, int64_t since_us,
                          its_store_total_fn fn, void *ctx, struct its_error *err)
{
    struct sqlite3_stmt *s = r->stmt[camera ? TOTALS_OF_CAMERA : TOTALS_OF_ALL];
    since_us -= since_us % ITS_MINUTE_US;
    its_db_bind(s, camera ? "is" : "i", since_us, camera);
    int rc = 0, step;
    while (rc == 0 && (step = sqlite3_step(s)) == SQLITE_ROW) {
        int direction = its_rows_direction(text(s, 2)), cls = its_class_from_name(text(s, 3));
        if (direction < 0 || cls < 0)
            continue; /* of a version to come */
        rc = fn(ctx, &(struct its_store_total){
                         .camera = text(s, 0),
                         .line = text(s, 1),
                         .direction = (enum its_direction)direction,
                         .cls = (enum its_class)cls,
                         .count = (uint64_t)sqlite3_column_int64(s, 4),
                     });
    }
    return finish(r, s, step, rc, err);
}
