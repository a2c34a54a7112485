/* Records into tables: the statements of the writer, prepared once. One thread at a time; the
 * statements between begin and commit are one transaction. */
#pragma once

#include "store/record.h"

struct sqlite3;
struct its_rows;

/* The schema must be up to date. The connection must outlive it. */
int its_rows_create(struct sqlite3 *db, struct its_rows **out, struct its_error *err);
/* Clears the pointer; NULL inside is allowed. */
void its_rows_destroy(struct its_rows **r);

int its_rows_begin(struct its_rows *r, struct its_error *err);
/* 1: inserted; 0: it was there already; -EINVAL: the database will never accept this one, the
 * others of the transaction are fine; any other negative code: roll back. */
int its_rows_put(struct its_rows *r, const struct its_record *record, struct its_error *err);
/* On failure nothing was kept, but roll back. */
int its_rows_commit(struct its_rows *r, struct its_error *err);
/* Allowed also when no transaction is open. */
void its_rows_rollback(struct its_rows *r);

/* The highest id in the database, zero when there is none. */
int its_rows_last_id(struct its_rows *r, struct its_ulid *id, struct its_error *err);

/* --- rare ones: a transaction of their own */

int its_rows_reserve_tracks(struct its_rows *r, const char *camera, int64_t block, uint64_t *base,
                            struct its_error *err);
int its_rows_register_lines(struct its_rows *r, const char *camera, struct its_line *lines,
                            int count, int64_t since_us, struct its_error *err);

/* "forward" and "backward", as the schema has them. -1: neither. */
int its_rows_direction(const char *text);
