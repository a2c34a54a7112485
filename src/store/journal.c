/* The journal's file. `good` is the end of the last committed batch: what lies behind it does not
 * count and is cut at the next chance. Reading goes through a window of the file that is filled
 * with pread, so that appending and replaying take turns without moving a file position. */
#include "store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#define WINDOW (64 << 10)

struct its_journal {
    char *path;
    int fd;
    int64_t good; /* bytes that count */
    struct its_ulid last_id;

    /* --- the batch being written, from `good` on */
    int64_t written; /* of it in the file */
    size_t held;     /* of it in out */
    struct its_ulid held_id;
    uint8_t out[WINDOW];

    /* --- the window being read */
    int64_t in_at;
    size_t in_bytes;
    uint8_t in[WINDOW];
};

static int fill(struct its_journal *j, int64_t at)
{
    size_t want = (size_t)ITS_MIN(j->good - at, (int64_t)sizeof(j->in));
    size_t got = 0;
    j->in_bytes = 0;
    while (got < want) {
        ssize_t n = pread(j->fd, j->in + got, want - got, at + (int64_t)got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        got += (size_t)n;
    }
    j->in_at = at;
    j->in_bytes = got;
    return 0;
}

/* At least a whole record from `at` on, or what there is, in *bytes. Returns how much. */
static int64_t look_at(struct its_journal *j, int64_t at, const uint8_t **bytes)
{
    int64_t want = ITS_MIN(j->good - at, ITS_JOURNAL_RECORD_MAX);
    if (at < j->in_at || at + want > j->in_at + (int64_t)j->in_bytes) {
        int rc = fill(j, at);
        if (rc < 0)
            return rc;
    }
    *bytes = j->in + (at - j->in_at);
    return j->in_at + (int64_t)j->in_bytes - at;
}

int its_journal_next(struct its_journal *j, int64_t *at, struct its_record *record)
{
    int64_t from = *at;
    for (; *at < j->good; ++*at) {
        const uint8_t *bytes;
        int64_t n = look_at(j, *at, &bytes);
        if (n < 0)
            return (int)n;
        int used = its_journal_decode(bytes, (size_t)n, record);
        if (used > 0) {
            if (*at > from)
                its_log(ITS_LOG_ERROR, "store", "%s: %lld damaged bytes at %lld are lost", j->path,
                        (long long)(*at - from), (long long)from);
            *at += used;
            return 1;
        }
    }
    *at = from;
    return 0;
}

/* Finds the end of the last whole record and cuts the file there. */
static int check_file(struct its_journal *j)
{
    struct its_record record;
    int64_t at = 0;
    int rc;
    while ((rc = its_journal_next(j, &at, &record)) > 0)
        j->last_id = record.id;
    if (rc < 0 || at == j->good)
        return rc;
    its_log(ITS_LOG_WARN, "store", "%s: the last %lld bytes are an unfinished record: ignored",
            j->path, (long long)(j->good - at));
    j->good = at;
    j->in_bytes = 0;
    return ftruncate(j->fd, at) < 0 ? -errno : 0;
}

static int open_file(struct its_journal *j, struct its_error *err)
{
    struct stat st;
    j->fd = open(j->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (j->fd < 0)
        return its_error_set(err, -errno, "cannot open the journal %s: %s", j->path,
                             its_strerror(-errno));
    if (flock(j->fd, LOCK_EX | LOCK_NB) < 0)
        return its_error_set(err, errno == EWOULDBLOCK ? -EBUSY : -errno,
                             "another its-camera-ai uses this database (%s is locked): stop it, or "
                             "give this one its own state directory",
                             j->path);
    if (fstat(j->fd, &st) < 0)
        return its_error_set(err, -errno, "cannot read %s: %s", j->path, its_strerror(-errno));
    j->good = st.st_size;
    int rc = check_file(j);
    if (rc < 0)
        return its_error_set(err, rc, "cannot read %s: %s", j->path, its_strerror(rc));
    return 0;
}

int its_journal_open(const char *path, struct its_journal **out, struct its_error *err)
{
    struct its_journal *j = its_malloc(sizeof(*j));
    j->path = its_strdup(path);
    int rc = open_file(j, err);
    if (rc < 0)
        its_journal_close(&j);
    *out = j;
    return rc;
}

void its_journal_close(struct its_journal **pj)
{
    struct its_journal *j = *pj;
    if (!j)
        return;
    *pj = NULL;
    if (j->fd >= 0)
        close(j->fd);
    free(j->path);
    free(j);
}

/* Forgets the batch being written. Where the cut fails, records of it may be found at the next
 * start: replaying them again does no harm, they are known by their ids. */
static int drop_batch(struct its_journal *j, int rc)
{
    if (j->written && ftruncate(j->fd, j->good) < 0)
        its_log(ITS_LOG_WARN, "store", "%s: cannot cut an unfinished batch: %s", j->path,
                its_strerror(-errno));
    j->held = 0;
    j->written = 0;
    return rc;
}

static int flush(struct its_journal *j)
{
    size_t done = 0;
    while (done < j->held) {
        ssize_t n = pwrite(j->fd, j->out + done, j->held - done, j->good + j->written);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return drop_batch(j, n < 0 ? -errno : -EIO);
        done += (size_t)n;
        j->written += n;
    }
    j->held = 0;
    return 0;
}

int its_journal_put(struct its_journal *j, const struct its_record *record)
{
    if (sizeof(j->out) - j->held < ITS_JOURNAL_RECORD_MAX) {
        int rc = flush(j);
        if (rc < 0)
            return rc;
    }
    j->held += its_journal_encode(record, j->out + j->held);
    j->held_id = record->id;
    return 0;
}

int its_journal_commit(struct its_journal *j)
{
    int rc = flush(j);
    if (rc < 0 || !j->written)
        return rc;
    if (fdatasync(j->fd) < 0)
        return drop_batch(j, -errno);
    j->good += j->written;
    j->written = 0;
    j->last_id = j->held_id;
    return 0;
}

int64_t its_journal_size(const struct its_journal *j)
{
    return j->good;
}

struct its_ulid its_journal_last_id(const struct its_journal *j)
{
    return j->last_id;
}

int its_journal_clear(struct its_journal *j)
{
    if (ftruncate(j->fd, 0) < 0)
        return -errno;
    j->good = 0;
    j->in_bytes = 0;
    return 0; /* no sync: should the records come back after a loss of power, their ids are known */
}
