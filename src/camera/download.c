/* libavformat's http protocol, read to its end: it knows TLS, redirections and proxies, and is here
 * anyway. The file is hashed as it lies on the disk, after it was synced: what is accepted is what
 * will be read. */
#include "camera/download.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libavformat/avio.h>
#include <libavutil/dict.h>
#include <libavutil/error.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "base/url.h"
#include "camera/averror.h"

#define BLOCK 65536

struct download {
    const struct its_download_settings *set;
    struct its_cancel *cancel;
    AVIOContext *io;
    int fd;
    char *part;
    int64_t deadline_us;
    uint8_t block[BLOCK];
};

static char *part_of(const char *path)
{
    size_t size = strlen(path) + sizeof(".part");
    char *part = its_malloc(size);
    snprintf(part, size, "%s.part", path);
    return part;
}

static int interrupted(void *ctx)
{
    const struct download *d = ctx;
    return its_cancel_is_set(d->cancel) || its_mono_us() > d->deadline_us;
}

/* Why the network said no, in our words. */
static int fail(const struct download *d, int averror, struct its_error *err)
{
    char shown[ITS_URL_MAX];
    int code = its_averror_map(averror);
    if (its_cancel_is_set(d->cancel))
        code = ITS_ECANCELLED;
    else if (averror == AVERROR_EXIT)
        code = -ETIMEDOUT;
    else if (averror == AVERROR(EINVAL))
        code = ITS_EUNSUPPORTED;
    const char *why = its_strerror(code);
    if (code == -EIO)
        why = "no connection, or it broke off";
    else if (code == ITS_EUNSUPPORTED)
        why = "it leads to what is no http or https address";
    its_url_mask(d->set->url, shown, sizeof(shown));
    return its_error_set(err, code, "cannot fetch %s: %s", shown, why);
}

static int open_url(struct download *d, struct its_error *err)
{
    AVIOInterruptCB callback = {interrupted, d};
    AVDictionary *options = NULL;
    av_dict_set(&options, "protocol_whitelist", "http,https,httpproxy,tls,tcp", 0);
    av_dict_set(&options, "user_agent", "its-camera-ai", 0);
    av_dict_set(&options, "tls_verify", "1", 0);
    av_dict_set(&options, "seekable", "0", 0);
    d->deadline_us = its_mono_us() + d->set->idle_us;
    int rc = avio_open2(&d->io, d->set->url, AVIO_FLAG_READ, &callback, &options);
    av_dict_free(&options);
    return rc < 0 ? fail(d, rc, err) : 0;
}

static int write_block(struct download *d, size_t count, struct its_error *err)
{
    for (size_t done = 0; done < count;) {
        ssize_t n = write(d->fd, d->block + done, count - done);
        if (n < 0 && errno != EINTR)
            return its_error_set(err, -errno, "cannot write %s: %s", d->part, its_strerror(-errno));
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* A server that ends early must not pass for one that is done. */
static int check_length(const struct download *d, int64_t got, int64_t total, struct its_error *err)
{
    if (total > 0 && got < total)
        return its_error_set(err, -EIO, "the connection broke off after %lld of %lld bytes",
                             (long long)got, (long long)total);
    return 0;
}

/* Where the server tells no length, libavformat calls the end of the connection an error; whether
 * it was the end of the file, the hash will show. */
static int copy(struct download *d, struct its_error *err)
{
    int64_t got = 0, total = avio_size(d->io);
    for (;;) {
        d->deadline_us = its_mono_us() + d->set->idle_us;
        int n = avio_read_partial(d->io, d->block, BLOCK);
        if (n == AVERROR_EOF || n == 0 || (n == AVERROR(EIO) && total <= 0 && got > 0))
            return check_length(d, got, total, err);
        if (n < 0)
            return fail(d, n, err);
        got += n;
        if (got > d->set->bytes_max)
            return its_error_set(err, ITS_ETOOBIG, "it is larger than %lld MiB",
                                 (long long)d->set->bytes_max >> 20);
        int rc = write_block(d, (size_t)n, err);
        if (rc < 0)
            return rc;
        if (d->set->on_progress)
            d->set->on_progress(d->set->ctx, got, total > 0 ? total : 0);
    }
}

static int hash(const struct download *d, char sha256[65], struct its_error *err)
{
    struct stat st;
    if (fsync(d->fd) < 0 || fstat(d->fd, &st) < 0)
        return its_error_set(err, -errno, "cannot write %s: %s", d->part, its_strerror(-errno));
    if (st.st_size == 0)
        return its_error_set(err, ITS_EDAMAGED, "what came is an empty file");
    void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, d->fd, 0);
    if (data == MAP_FAILED)
        return its_error_set(err, -errno, "cannot read %s: %s", d->part, its_strerror(-errno));
    its_sha256_hex(data, (size_t)st.st_size, sha256);
    munmap(data, (size_t)st.st_size);
    return 0;
}

static int fetch(struct download *d, char sha256[65], struct its_error *err)
{
    int rc = open_url(d, err);
    if (rc < 0)
        return rc;
    d->fd = open(d->part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (d->fd < 0)
        return its_error_set(err, -errno, "cannot write %s: %s", d->part, its_strerror(-errno));
    rc = copy(d, err);
    return rc == 0 ? hash(d, sha256, err) : rc;
}

int its_download_fetch(const struct its_download_settings *s, struct its_cancel *cancel,
                       char sha256[65], struct its_error *err)
{
    if (strncmp(s->url, "http://", 7) != 0 && strncmp(s->url, "https://", 8) != 0)
        return its_error_set(err, -EINVAL,
                             "expected an address that begins with https:// or "
                             "http://");
    struct download *d = its_malloc(sizeof(*d));
    *d = (struct download){.set = s, .cancel = cancel, .fd = -1, .part = part_of(s->path)};
    int rc = fetch(d, sha256, err);
    avio_closep(&d->io);
    if (d->fd >= 0) {
        close(d->fd);
        if (rc < 0)
            unlink(d->part);
    }
    free(d->part);
    free(d);
    return rc;
}

int its_download_accept(const char *path, struct its_error *err)
{
    char *part = part_of(path);
    int rc = rename(part, path) < 0 ? -errno : 0;
    if (rc < 0) {
        its_error_set(err, rc, "cannot write %s: %s", path, its_strerror(rc));
        unlink(part);
    }
    free(part);
    return rc;
}

void its_download_reject(const char *path)
{
    char *part = part_of(path);
    unlink(part);
    free(part);
}
