#include "store/db.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdarg.h>

static int code_of(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return 0;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return -EBUSY;
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_READONLY:
        return -EROFS;
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return -EACCES;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        return ITS_EDAMAGED;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
        return -EINVAL;
    default:
        return -EIO;
    }
}

/* What the foreign text leaves open: what to do. */
static const char *advice(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return " (another program holds a lock on it)";
    case SQLITE_NOTADB:
        return " (move the file away, or name another)";
    case SQLITE_CORRUPT:
        return " (restore a backup, or try sqlite3's .recover)";
    default:
        return "";
    }
}

int its_db_error(struct sqlite3 *db, int rc, struct its_error *err, const char *what)
{
    int code = code_of(rc);
    if (code == 0)
        return 0;
    int sys = db ? sqlite3_system_errno(db) : 0;
    if ((rc & 0xff) == SQLITE_CANTOPEN && sys)
        code = -sys;
    return its_error_set(err, code, "cannot %s: %s%s%s%s", what,
                         db ? sqlite3_errmsg(db) : sqlite3_errstr(rc), advice(rc), sys ? ": " : "",
                         sys ? its_strerror(-sys) : "");
}

/* Asks for the journal mode, because a file system that cannot share memory refuses WAL silently.
 */
static int use_wal(struct sqlite3 *db, struct its_error *err)
{
    struct sqlite3_stmt *s;
    int rc = its_db_prepare(db, "PRAGMA journal_mode = wal", &s, err);
    if (rc < 0)
        return rc;
    int step = sqlite3_step(s);
    if (step != SQLITE_ROW)
        rc = its_db_error(db, step, err, "switch to write-ahead logging");
    else if (sqlite3_stricmp((const char *)sqlite3_column_text(s, 0), "wal"))
        rc =
            its_error_set(err, -ENOTSUP,
                          "its file system cannot do write-ahead logging: keep it on a local disk");
    sqlite3_finalize(s);
    return rc;
}

/* synchronous=FULL syncs the log at every commit: what a commit reported survives the loss of power
 * too. At five commits a second that costs nothing (bench/store.c). A commit touches a few dozen
 * pages, the newest: a cache of 256 KiB holds them, a larger one only fills up. */
static int set_up_writing(struct sqlite3 *db, struct its_error *err)
{
    int rc = use_wal(db, err);
    return rc < 0 ? rc
                  : its_db_exec(db,
                                "PRAGMA synchronous = full;"
                                "PRAGMA foreign_keys = on;"
                                "PRAGMA cache_size = -256;"
                                "PRAGMA journal_size_limit = 67108864;",
                                err);
}

int its_db_open(const char *path, enum its_db_mode mode, unsigned busy_ms, struct sqlite3 **out,
                struct its_error *err)
{
    int flags =
        mode == ITS_DB_WRITE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    int64_t tables;
    *out = NULL;
    int rc = sqlite3_open_v2(path, out, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc != SQLITE_OK) {
        rc = its_db_error(*out, rc, err, "open it");
        goto error;
    }
    sqlite3_extended_result_codes(*out, 1);
    sqlite3_busy_timeout(*out, (int)busy_ms);
    if (mode == ITS_DB_WRITE && sqlite3_db_readonly(*out, "main")) {
        rc = its_error_set(err, -EROFS, "it is read-only: check its permissions");
        goto error;
    }
    /* the first look into the file: opening alone reads nothing */
    rc = its_db_read_int(*out, "SELECT count(*) FROM sqlite_schema", &tables, err);
    if (rc == 0 && mode == ITS_DB_WRITE)
        rc = set_up_writing(*out, err);
    if (rc == 0)
        return 0;
error:
    its_error_prefix(err, "database %s", path);
    its_db_close(out);
    return rc;
}

void its_db_close(struct sqlite3 **db)
{
    int rc = sqlite3_close(*db);
    its_assert(rc == SQLITE_OK); /* else a statement was left behind */
    *db = NULL;
}

int its_db_set_patience(struct sqlite3 *db, unsigned busy_ms, struct its_error *err)
{
    return its_db_error(db, sqlite3_busy_timeout(db, (int)busy_ms), err, "set it up");
}

int its_db_exec(struct sqlite3 *db, const char *sql, struct its_error *err)
{
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : its_db_error(db, rc, err, "write to it");
}

int its_db_prepare(struct sqlite3 *db, const char *sql, struct sqlite3_stmt **out,
                   struct its_error *err)
{
    int rc = sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
    return rc == SQLITE_OK ? 0 : its_db_error(db, rc, err, "read its schema");
}

int its_db_read_int(struct sqlite3 *db, const char *sql, int64_t *value, struct its_error *err)
{
    struct sqlite3_stmt *s;
    *value = 0;
    int rc = its_db_prepare(db, sql, &s, err);
    if (rc < 0)
        return rc;
    int step = sqlite3_step(s);
    if (step == SQLITE_ROW)
        *value = sqlite3_column_int64(s, 0);
    else if (step != SQLITE_DONE)
        rc = its_db_error(db, step, err, "read it");
    sqlite3_finalize(s);
    return rc;
}

void its_db_bind(struct sqlite3_stmt *stmt, const char *types, ...)
{
    va_list args;
    int rc = SQLITE_OK;
    va_start(args, types);
    for (int i = 1; types[i - 1]; i++) {
        switch (types[i - 1]) {
        case 'i':
            rc |= sqlite3_bind_int64(stmt, i, va_arg(args, int64_t));
            break;
        case 'd':
            rc |= sqlite3_bind_double(stmt, i, va_arg(args, double));
            break;
        case 's':
            rc |= sqlite3_bind_text(stmt, i, va_arg(args, const char *), -1, SQLITE_STATIC);
            break;
        default:
            its_assert(!"a type among i d s");
        }
    }
    va_end(args);
    its_assert(rc == SQLITE_OK);
}

int its_db_run(struct sqlite3_stmt *stmt, struct its_error *err)
{
    int rc;
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
        ;
    int code =
        rc == SQLITE_DONE ? 0 : its_db_error(sqlite3_db_handle(stmt), rc, err, "write to it");
    sqlite3_reset(stmt);
    return code;
}
