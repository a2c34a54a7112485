/* The file: header, then the weights as they lie in memory. Little-endian machines only write what
 * little-endian machines read: the identity covers the processor. */
#include "nn/plan_cache.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "build_config.h"
#include "nn/onednn/conv.h"
#include "nn/op.h"

#define MAGIC   "ITSPLAN\n"
#define VERSION 1u

struct header {
    char magic[8];
    uint32_t version, steps;
    uint64_t identity, bytes, checksum;
};

/* --- identity */

/* FNV-1a, 64 bits (Fowler, Noll, Vo). */
static uint64_t mix(uint64_t h, const void *data, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        h = (h ^ ((const uint8_t *)data)[i]) * 0x100000001b3u;
    return h;
}

static uint64_t mix_text(uint64_t h, const char *text)
{
    return text ? mix(h, text, strlen(text) + 1) : mix(h, "", 1);
}

/* Family, model, stepping and what instructions there are. */
static uint64_t mix_processor(uint64_t h)
{
#if defined(__x86_64__)
    unsigned r[4] = {0};
    if (__get_cpuid(1, &r[0], &r[1], &r[2], &r[3])) {
        r[1] = 0; /* has the number of the core we happen to run on */
        h = mix(h, r, sizeof(r));
    }
    memset(r, 0, sizeof(r));
    if (__get_cpuid_count(7, 0, &r[0], &r[1], &r[2], &r[3]))
        h = mix(h, r, sizeof(r));
#endif
    return h;
}

static uint64_t machine(void)
{
    uint64_t h = mix_text(0xcbf29ce484222325u, ITS_VERSION " " ITS_BUILD);
    int dnnl = its_onednn_version();
    return mix_processor(mix(h, &dnnl, sizeof(dnnl)));
}

static uint64_t mix_place(uint64_t h, const struct its_place *p)
{
    int dims[] = {p->type, p->layout, p->n, p->c, p->h, p->w, p->block, p->zero};
    return mix(mix(h, dims, sizeof(dims)), &p->scale, sizeof(p->scale));
}

static uint64_t identity_of(const struct its_plan *p)
{
    uint64_t h = machine();
    for (int i = 0; i < p->step_count; i++) {
        const struct its_step *s = &p->step[i];
        uint64_t numbers[] = {s->weight_bytes, (uint64_t)s->threads};
        h = mix_text(mix_text(h, s->kernel->name), s->how);
        h = mix_text(mix_text(h, s->node ? s->node->name : NULL),
                     s->node ? s->node->op->name : NULL);
        h = mix(h, numbers, sizeof(numbers));
        for (int k = 0; k < s->in_count + s->out_count; k++)
            if (s->in[k] >= 0)
                h = mix_place(h, &p->slot[s->in[k]].place);
    }
    return h;
}

/* Of words, four streams side by side: the weights are tens of megabytes, and a start must not wait
 * for them. */
static uint64_t checksum_of(const void *data, size_t bytes)
{
    uint64_t h[4] = {1, 2, 3, 4}, word;
    for (size_t i = 0; i + 8 <= bytes; i += 8) {
        memcpy(&word, (const char *)data + i, 8);
        h[i / 8 % 4] = (h[i / 8 % 4] ^ word) * 0x9e3779b97f4a7c15u;
        h[i / 8 % 4] ^= h[i / 8 % 4] >> 29;
    }
    return mix(mix(0, h, sizeof(h)), (const char *)data + bytes / 8 * 8, bytes % 8);
}

/* --- files */

static bool read_all(int fd, void *to, size_t bytes)
{
    for (size_t at = 0; at < bytes;) {
        ssize_t n = read(fd, (char *)to + at, bytes - at);
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

static bool write_all(int fd, const void *from, size_t bytes)
{
    for (size_t at = 0; at < bytes;) {
        ssize_t n = write(fd, (const char *)from + at, bytes - at);
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

/* The folder of the file, when only that is missing. Failing shows when the file is made. */
static void make_folder(const char *path)
{
    char folder[1100];
    const char *slash = strrchr(path, '/');
    if (slash && slash > path && (size_t)(slash - path) < sizeof(folder)) {
        snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
        mkdir(folder, 0755);
    }
}

int its_plan_cache_load(const struct its_plan *p, const char *path)
{
    struct header h;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -ENOENT;
    bool good = fstat(fd, &st) == 0 && st.st_size == (off_t)(sizeof(h) + p->weight_bytes) &&
                read_all(fd, &h, sizeof(h)) && memcmp(h.magic, MAGIC, sizeof(h.magic)) == 0 &&
                h.version == VERSION && h.steps == (uint32_t)p->step_count &&
                h.bytes == p->weight_bytes && h.identity == identity_of(p) &&
                read_all(fd, p->weights, p->weight_bytes) &&
                checksum_of(p->weights, p->weight_bytes) == h.checksum;
    close(fd);
    return good ? 0 : ITS_EDAMAGED;
}

int its_plan_cache_save(const struct its_plan *p, const char *path)
{
    char temporary[1200];
    struct header h = {.version = VERSION,
                       .steps = (uint32_t)p->step_count,
                       .identity = identity_of(p),
                       .bytes = p->weight_bytes,
                       .checksum = checksum_of(p->weights, p->weight_bytes)};
    memcpy(h.magic, MAGIC, sizeof(h.magic));
    make_folder(path);
    int n = snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);
    int fd = n < (int)sizeof(temporary) ? mkostemp(temporary, O_CLOEXEC) : -1;
    if (fd < 0)
        return n < (int)sizeof(temporary) ? -errno : -ENAMETOOLONG;
    bool good = write_all(fd, &h, sizeof(h)) && write_all(fd, p->weights, p->weight_bytes) &&
                fchmod(fd, 0644) == 0;
    int rc = good ? 0 : -(errno ? errno : EIO);
    if (close(fd) < 0 && rc == 0)
        rc = -errno;
    if (rc == 0 && rename(temporary, path) < 0)
        rc = -errno;
    if (rc < 0)
        unlink(temporary);
    return rc;
}

const char *its_plan_cache_path(char *path, size_t bytes, const char *dir, const char *sha256,
                                const char *kind, int w, int h, int threads)
{
    snprintf(path, bytes, "%s/%s-%016llx-%s-%dx%dx%d.plan", dir, sha256,
             (unsigned long long)machine(), kind, w, h, threads);
    return path;
}
