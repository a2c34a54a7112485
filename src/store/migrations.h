/* The schema of the database, as numbered steps. PRAGMA user_version holds the number of the last
 * step taken; each step is one transaction. The schema is an interface: a step that was released is
 * never edited, the next one changes what it made.
 *
 * Tables are data and migrate; views are code and are made anew whenever a step was taken, so a
 * change of a view, or a new class in its columns, is a step too (its text may be empty). */
#pragma once

#include "base/err.h"

struct sqlite3;

/* The newest version this program knows. */
int its_migrations_latest(void);

/* Takes the steps from the database's version up to `target` (its_migrations_latest() but in
 * tests). ITS_ESCHEMA: the database is newer. -EEXIST: it is some other program's. A failed step
 * leaves the version before it. */
int its_migrations_run(struct sqlite3 *db, int target, struct its_error *err);

/* For readers, who change nothing: 0 when the database is of exactly the latest version. */
int its_migrations_check(struct sqlite3 *db, struct its_error *err);
