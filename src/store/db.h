/* SQLite behind errno: opening, running SQL, and the one place where its result codes become ours.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct sqlite3;
struct sqlite3_stmt;

enum its_db_mode {
    ITS_DB_WRITE, /* made when missing; WAL, synced at every commit */
    ITS_DB_READ,
};

/* busy_ms: how long a statement waits for another connection's lock. One thread at a time may use
 * the connection. ITS_EDAMAGED: not an SQLite file. */
int its_db_open(const char *path, enum its_db_mode mode, unsigned busy_ms, struct sqlite3 **out,
                struct its_error *err);
/* Statements must be finalised. Clears the pointer; NULL inside is allowed. */
void its_db_close(struct sqlite3 **db);

/* From now on. */
int its_db_set_patience(struct sqlite3 *db, unsigned busy_ms, struct its_error *err);

/* Our code for SQLite's result; the sentence is "cannot WHAT: SQLite's text". Returns the code. */
int its_db_error(struct sqlite3 *db, int rc, struct its_error *err, const char *what);

/* Runs statements without results. */
int its_db_exec(struct sqlite3 *db, const char *sql, struct its_error *err);

/* First column of the first row; 0 when there is none or it is NULL. */
int its_db_read_int(struct sqlite3 *db, const char *sql, int64_t *value, struct its_error *err);

int its_db_prepare(struct sqlite3 *db, const char *sql, struct sqlite3_stmt **out,
                   struct its_error *err);

/* Binds by the letters of types: i int64_t, d double, s const char * (must live until the step,
 * NULL is NULL). Parameters from 1 on. */
void its_db_bind(struct sqlite3_stmt *stmt, const char *types, ...);

/* Binds nothing, runs a statement to its end and makes it ready for the next run. */
int its_db_run(struct sqlite3_stmt *stmt, struct its_error *err);
