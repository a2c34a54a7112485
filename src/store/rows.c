#include "store/rows.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "store/db.h"

/* clang-format off: the layout is SQL's */
#define STATEMENTS(X)                                                                              \
    X(BEGIN, "BEGIN IMMEDIATE")                                                                    \
    X(COMMIT, "COMMIT")                                                                            \
    X(ROLLBACK, "ROLLBACK")                                                                        \
    X(EVENT, "INSERT INTO event (id, kind, camera, capture_us, arrived_us)"                        \
             " VALUES (?1, 'crossing', ?2, ?3, ?4) ON CONFLICT (id) DO NOTHING")                   \
    X(CROSSING,                                                                                    \
      "INSERT INTO crossing (seq, line, line_revision, direction, class, track, frame,"            \
      " time_us, score, x_px, y_px) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")        \
    X(BIN, "INSERT INTO bin_minute (camera, start_us, line, line_revision, direction, class,"      \
           " count) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1)"                                            \
           " ON CONFLICT DO UPDATE SET count = count + 1")                                         \
    X(MINUTE, "INSERT INTO coverage_minute VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"                \
              " ON CONFLICT DO UPDATE SET"                                                         \
              " observed_us = observed_us + excluded.observed_us,"                                 \
              " frames_used = frames_used + excluded.frames_used,"                                 \
              " frames_predicted = frames_predicted + excluded.frames_predicted,"                  \
              " frames_lost = frames_lost + excluded.frames_lost,"                                 \
              " analysis_level = max(analysis_level, excluded.analysis_level),"                    \
              " view_valid = min(view_valid, excluded.view_valid)")                                \
    X(WRITTEN, "SELECT id FROM coverage_written")                                                  \
    X(SET_WRITTEN, "UPDATE coverage_written SET id = ?1")                                          \
    X(LAST_EVENT, "SELECT max(id) FROM event")                                                     \
    X(TRACKS, "INSERT INTO camera_tracks VALUES (?1, ?2)"                                          \
              " ON CONFLICT DO UPDATE SET next_base = next_base + ?2"                              \
              " RETURNING next_base - ?2")                                                         \
    X(LINE_NEWEST, "SELECT revision, ax, ay, bx, by, fractions FROM line"                          \
                   " WHERE camera = ?1 AND line = ?2 ORDER BY revision DESC LIMIT 1")              \
    X(LINE_LIST, "SELECT line, revision FROM line WHERE camera = ?1 AND to_us IS NULL")            \
    X(LINE_END, "UPDATE line SET to_us = ?4"                                                       \
                " WHERE camera = ?1 AND line = ?2 AND revision = ?3 AND to_us IS NULL")            \
    X(LINE_OPEN, "INSERT INTO line VALUES (?1, ?2, ?3, ?9, NULL, ?4, ?5, ?6, ?7, ?8)"              \
                 " ON CONFLICT DO UPDATE SET to_us = NULL")
/* clang-format on */

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

static const char *const direction_text[] = {
    [ITS_FORWARD] = "forward", [ITS_BACKWARD] = "backward"};

struct its_rows {
    struct sqlite3 *db;
    struct sqlite3_stmt *stmt[STATEMENT_COUNT];
    struct its_ulid written; /* the last coverage added, in this transaction too */
    bool written_changed;
};

int its_rows_create(struct sqlite3 *db, struct its_rows **out, struct its_error *err)
{
    struct its_rows *r = its_malloc(sizeof(*r));
    int rc = 0;
    r->db = db;
    for (int i = 0; i < STATEMENT_COUNT && rc == 0; i++)
        rc = its_db_prepare(db, sql_of[i], &r->stmt[i], err);
    if (rc < 0)
        its_rows_destroy(&r);
    *out = r;
    return rc;
}

void its_rows_destroy(struct its_rows **pr)
{
    struct its_rows *r = *pr;
    if (!r)
        return;
    *pr = NULL;
    for (int i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(r->stmt[i]);
    free(r);
}

static int run(struct its_rows *r, enum statement which, struct its_error *err)
{
    return its_db_run(r->stmt[which], err);
}

/* The ULID a one-value statement gives; zero when it gives NULL. */
static int read_id(struct its_rows *r, enum statement which, struct its_ulid *id,
                   struct its_error *err)
{
    struct sqlite3_stmt *s = r->stmt[which];
    *id = (struct its_ulid){0};
    int rc = 0, step = sqlite3_step(s);
    const char *text = step == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 0) : NULL;
    if (step != SQLITE_ROW)
        rc = its_db_error(r->db, step, err, "read it");
    else if (text && its_ulid_parse(text, id) < 0)
        rc = its_error_set(err, ITS_EDAMAGED, "it holds \"%.40s\" where an id should be", text);
    sqlite3_reset(s);
    return rc;
}

int its_rows_last_id(struct its_rows *r, struct its_ulid *id, struct its_error *err)
{
    struct its_ulid coverage;
    int rc = read_id(r, LAST_EVENT, id, err);
    if (rc == 0)
        rc = read_id(r, WRITTEN, &coverage, err);
    if (rc == 0 && its_ulid_compare(&coverage, id) > 0)
        *id = coverage;
    return rc;
}

/* What was written last is read anew each time: a commit that failed may yet have happened. */
int its_rows_begin(struct its_rows *r, struct its_error *err)
{
    int rc = run(r, BEGIN, err);
    r->written_changed = false;
    return rc < 0 ? rc : read_id(r, WRITTEN, &r->written, err);
}

int its_rows_commit(struct its_rows *r, struct its_error *err)
{
    char id[ITS_ULID_TEXT + 1];
    if (r->written_changed) {
        its_db_bind(r->stmt[SET_WRITTEN], "s", its_ulid_format(&r->written, id));
        int rc = run(r, SET_WRITTEN, err);
        if (rc < 0)
            return rc;
    }
    return run(r, COMMIT, err);
}

void its_rows_rollback(struct its_rows *r)
{
    if (!sqlite3_get_autocommit(r->db))
        run(r, ROLLBACK, NULL);
}

static int put_crossing(struct its_rows *r, const struct its_record *record, struct its_error *err)
{
    const struct its_store_event *e = &record->event;
    const struct its_crossing *c = &e->crossing;
    const char *direction = direction_text[c->direction], *cls = its_class_name(c->cls);
    char id[ITS_ULID_TEXT + 1];

    its_db_bind(r->stmt[EVENT], "ssii", its_ulid_format(&record->id, id), e->camera, c->capture_us,
                e->arrived_us);
    int rc = run(r, EVENT, err);
    if (rc < 0 || !sqlite3_changes(r->db))
        return rc;
    its_db_bind(r->stmt[CROSSING], "isissiiiddd", (int64_t)sqlite3_last_insert_rowid(r->db),
                c->line, (int64_t)c->line_revision, direction, cls, (int64_t)c->track,
                (int64_t)c->frame, c->time_us, (double)c->score, (double)c->at.x, (double)c->at.y);
    rc = run(r, CROSSING, err);
    if (rc < 0)
        return rc;
    its_db_bind(r->stmt[BIN], "sisiss", e->camera, c->capture_us - c->capture_us % ITS_MINUTE_US,
                c->line, (int64_t)c->line_revision, direction, cls);
    rc = run(r, BIN, err);
    return rc < 0 ? rc : 1;
}

static int put_minute(struct its_rows *r, const struct its_record *record, struct its_error *err)
{
    const struct its_minute *m = &record->minute;
    if (its_ulid_compare(&record->id, &r->written) <= 0)
        return 0;
    its_db_bind(r->stmt[MINUTE], "siiiiiii", m->camera, m->start_us, m->observed_us,
                (int64_t)m->frames_used, (int64_t)m->frames_predicted, (int64_t)m->frames_lost,
                (int64_t)m->analysis_level, (int64_t)!m->view_invalid);
    int rc = run(r, MINUTE, err);
    if (rc < 0)
        return rc;
    r->written = record->id;
    r->written_changed = true;
    return 1;
}

int its_rows_put(struct its_rows *r, const struct its_record *record, struct its_error *err)
{
    return record->kind == ITS_RECORD_MINUTE ? put_minute(r, record, err)
                                             : put_crossing(r, record, err);
}

int its_rows_direction(const char *text)
{
    for (int i = 0; i < (int)ITS_ARRAY_LEN(direction_text); i++)
        if (!strcmp(text, direction_text[i]))
            return i;
    return -1;
}

/* --- rare ones */

int its_rows_reserve_tracks(struct its_rows *r, const char *camera, int64_t block, uint64_t *base,
                            struct its_error *err)
{
    struct sqlite3_stmt *s = r->stmt[TRACKS];
    its_db_bind(s, "si", camera, block);
    int rc = 0, step = sqlite3_step(s);
    int64_t first = step == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
    if (step == SQLITE_ROW)
        step = sqlite3_step(s); /* the insert is committed when the statement is done */
    if (step != SQLITE_DONE)
        rc = its_db_error(r->db, step, err, "reserve track ids in it");
    sqlite3_reset(s);
    *base = (uint64_t)first;
    return rc;
}

/* Is the row of LINE_NEWEST that line, point for point? The columns hold floats exactly. */
static bool is_same_line(struct sqlite3_stmt *s, const struct its_line *l)
{
    const float v[4] = {l->a.x, l->a.y, l->b.x, l->b.y};
    for (int i = 0; i < 4; i++)
        if (sqlite3_column_double(s, 1 + i) != (double)v[i])
            return false;
    return sqlite3_column_int(s, 5) == l->fractions;
}

/* Gives every line its revision: the newest one known when nothing was moved since, else the next.
 */
static int number_lines(struct its_rows *r, const char *camera, struct its_line *lines, int count,
                        struct its_error *err)
{
    struct sqlite3_stmt *s = r->stmt[LINE_NEWEST];
    int rc = 0;
    for (int i = 0; i < count && rc == 0; i++) {
        its_db_bind(s, "ss", camera, lines[i].name);
        int step = sqlite3_step(s);
        if (step == SQLITE_ROW)
            lines[i].revision = sqlite3_column_int(s, 0) + !is_same_line(s, &lines[i]);
        else if (step == SQLITE_DONE)
            lines[i].revision = 1;
        else
            rc = its_db_error(r->db, step, err, "read its lines");
        sqlite3_reset(s);
    }
    return rc;
}

static const struct its_line *find_line(const struct its_line *lines, int count, const char *name,
                                        int revision)
{
    for (int i = 0; i < count; i++)
        if (!strcmp(lines[i].name, name) && lines[i].revision == revision)
            return &lines[i];
    return NULL;
}

/* Ends the lines that are not in the list, and marks in `known` those that count already. */
static int end_lines(struct its_rows *r, const char *camera, const struct its_line *lines,
                     int count, int64_t since_us, bool *known, struct its_error *err)
{
    struct sqlite3_stmt *s = r->stmt[LINE_LIST];
    int rc = 0, step;
    its_db_bind(s, "s", camera);
    while (rc == 0 && (step = sqlite3_step(s)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(s, 0);
        int64_t revision = sqlite3_column_int64(s, 1);
        const struct its_line *line = find_line(lines, count, name, (int)revision);
        if (line) {
            known[line - lines] = true;
            continue;
        }
        its_db_bind(r->stmt[LINE_END], "ssii", camera, name, revision, since_us);
        rc = run(r, LINE_END, err);
    }
    if (rc == 0)
        rc = its_db_error(r->db, step, err, "read its lines");
    sqlite3_reset(s);
    return rc;
}

static int open_lines(struct its_rows *r, const char *camera, const struct its_line *lines,
                      int count, int64_t since_us, const bool *known, struct its_error *err)
{
    int rc = 0;
    for (int i = 0; i < count && rc == 0; i++) {
        const struct its_line *l = &lines[i];
        if (known[i])
            continue;
        its_db_bind(r->stmt[LINE_OPEN], "ssiddddii", camera, l->name, (int64_t)l->revision,
                    (double)l->a.x, (double)l->a.y, (double)l->b.x, (double)l->b.y,
                    (int64_t)l->fractions, since_us);
        rc = run(r, LINE_OPEN, err);
    }
    return rc;
}

int its_rows_register_lines(struct its_rows *r, const char *camera, struct its_line *lines,
                            int count, int64_t since_us, struct its_error *err)
{
    bool *known = its_calloc((size_t)count + 1, sizeof(*known));
    int rc = run(r, BEGIN, err);
    if (rc == 0)
        rc = number_lines(r, camera, lines, count, err);
    if (rc == 0)
        rc = end_lines(r, camera, lines, count, since_us, known, err);
    if (rc == 0)
        rc = open_lines(r, camera, lines, count, since_us, known, err);
    if (rc == 0)
        rc = run(r, COMMIT, err);
    its_rows_rollback(r);
    free(known);
    return rc;
}
