/* The file: header, then the weights of the cached steps, one behind the other, as they lie in
 * memory. Little-endian machines only write what little-endian machines read: the identity covers
 * the processor. */
#include "nn/plan_cache.h"

#include <dirent.h>
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
#define VERSION 2u

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
    int64_t dims[] = {
        p->type,         p->layout,       p->n,   p->c, p->h, p->w, p->block, p->pixel_stride,
        p->block_stride, p->image_stride, p->zero};
    return mix(mix(h, dims, sizeof(dims)), &p->scale, sizeof(p->scale));
}

/* Pads, strides, dilations, group: whatever the file says. Tensors are part of the model's bytes.
 */
static uint64_t mix_attr(uint64_t h, const struct its_attr *a)
{
    int kind[] = {a->kind, a->count};
    h = mix(mix_text(h, a->name), kind, sizeof(kind));
    switch (a->kind) {
    case ITS_ATTR_INT:
        return mix(h, &a->i, sizeof(a->i));
    case ITS_ATTR_FLOAT:
        return mix(h, &a->f, sizeof(a->f));
    case ITS_ATTR_STRING:
        return mix_text(h, a->s);
    case ITS_ATTR_INTS:
        return mix(h, a->ints, (size_t)a->count * sizeof(*a->ints));
    case ITS_ATTR_FLOATS:
        return mix(h, a->floats, (size_t)a->count * sizeof(*a->floats));
    case ITS_ATTR_TENSOR:
        break;
    }
    return h;
}

static uint64_t mix_node(uint64_t h, const struct its_node *n)
{
    if (!n)
        return mix_text(h, NULL);
    int numbers[] = {n->op->since,  n->in_count, n->out_count,
                     n->attr_count, n->act,      n->add != NULL};
    h = mix_text(mix_text(h, n->name), n->op->name);
    h = mix(mix(h, numbers, sizeof(numbers)), &n->act_alpha, sizeof(n->act_alpha));
    for (int i = 0; i < n->attr_count; i++)
        h = mix_attr(h, &n->attrs[i]);
    return h;
}

static uint64_t identity_of(const struct its_plan *p, const char *model)
{
    uint64_t h = mix_text(machine(), model);
    for (int i = 0; i < p->step_count; i++) {
        const struct its_step *s = &p->step[i];
        uint64_t numbers[] = {s->weight_bytes, (uint64_t)s->threads, s->kernel->cached};
        h = mix_text(mix_text(h, s->kernel->name), s->how);
        h = mix(mix_node(h, s->node), numbers, sizeof(numbers));
        for (int k = 0; k < s->in_count + s->out_count; k++)
            h = s->in[k] >= 0 ? mix_place(h, &p->slot[s->in[k]].place) : mix_text(h, NULL);
    }
    return h;
}

/* Of words, four streams side by side: the weights are tens of megabytes, and a start must not wait
 * for them. */
static uint64_t mix_words(uint64_t sum, const void *data, size_t bytes)
{
    uint64_t h[4] = {1, 2, 3, 4}, word;
    for (size_t i = 0; i + 8 <= bytes; i += 8) {
        memcpy(&word, (const char *)data + i, 8);
        h[i / 8 % 4] = (h[i / 8 % 4] ^ word) * 0x9e3779b97f4a7c15u;
        h[i / 8 % 4] ^= h[i / 8 % 4] >> 29;
    }
    return mix(mix(sum, h, sizeof(h)), (const char *)data + bytes / 8 * 8, bytes % 8);
}

static uint64_t checksum_of(const struct its_plan *p)
{
    uint64_t sum = 0;
    for (int i = 0; i < p->step_count; i++)
        if (p->step[i].kernel->cached)
            sum = mix_words(sum, p->step[i].weights, p->step[i].weight_bytes);
    return sum;
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

static bool read_weights(int fd, const struct its_plan *p)
{
    for (int i = 0; i < p->step_count; i++)
        if (p->step[i].kernel->cached && !read_all(fd, p->step[i].weights, p->step[i].weight_bytes))
            return false;
    return true;
}

static bool write_weights(int fd, const struct its_plan *p)
{
    for (int i = 0; i < p->step_count; i++)
        if (p->step[i].kernel->cached &&
            !write_all(fd, p->step[i].weights, p->step[i].weight_bytes))
            return false;
    return true;
}

/* The folder of the path, "." for none. False: too long. */
static bool folder_of(const char *path, char *folder, size_t bytes)
{
    const char *slash = strrchr(path, '/');
    int length = !slash ? 1 : slash == path ? 1 : (int)(slash - path);
    return snprintf(folder, bytes, "%.*s", length, slash ? path : ".") < (int)bytes;
}

size_t its_plan_cache_bytes(const struct its_plan *p)
{
    size_t bytes = 0;
    for (int i = 0; i < p->step_count; i++)
        if (p->step[i].kernel->cached)
            bytes += p->step[i].weight_bytes;
    return bytes;
}

/* --- reading */

/* A plain file that this user wrote, of just that size. */
static bool is_ours(int fd, size_t bytes)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
           st.st_size == (off_t)bytes;
}

int its_plan_cache_load(const struct its_plan *p, const char *path, const char *model)
{
    struct header h;
    size_t bytes = its_plan_cache_bytes(p);
    /* A pipe is opened without waiting for its writer, a link not at all. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return errno == ELOOP ? ITS_EDAMAGED : errno == ENOTDIR ? -ENOENT : -errno;
    bool good = is_ours(fd, sizeof(h) + bytes) && read_all(fd, &h, sizeof(h)) &&
                memcmp(h.magic, MAGIC, sizeof(h.magic)) == 0 && h.version == VERSION &&
                h.steps == (uint32_t)p->step_count && h.bytes == bytes &&
                h.identity == identity_of(p, model) && read_weights(fd, p) &&
                checksum_of(p) == h.checksum;
    close(fd);
    return good ? 0 : ITS_EDAMAGED;
}

/* --- writing */

/* Plans of the same model that end in ".plan" and are of another machine: never used again. A
 * file's name is SHA256-MACHINE-…; what another process writes just now has our machine in it. */
static void drop_stale(const char *path)
{
    char folder[1100];
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    size_t model = strcspn(name, "-") + 1, machines = model + strcspn(name + model, "-") + 1;
    DIR *d = folder_of(path, folder, sizeof(folder)) ? opendir(folder) : NULL;
    for (struct dirent *e; d && (e = readdir(d));)
        if (strncmp(e->d_name, name, model) == 0 && strncmp(e->d_name, name, machines) != 0 &&
            strstr(e->d_name, ".plan"))
            unlinkat(dirfd(d), e->d_name, 0);
    if (d)
        closedir(d);
}

/* Writes all of it to the open file and closes that. */
static int write_file(int fd, const struct its_plan *p, const char *model)
{
    struct header h = {.version = VERSION,
                       .steps = (uint32_t)p->step_count,
                       .identity = identity_of(p, model),
                       .bytes = its_plan_cache_bytes(p),
                       .checksum = checksum_of(p)};
    memcpy(h.magic, MAGIC, sizeof(h.magic));
    errno = 0;
    bool good = write_all(fd, &h, sizeof(h)) && write_weights(fd, p) && fchmod(fd, 0644) == 0;
    int rc = good ? 0 : -(errno ? errno : EIO);
    if (close(fd) < 0 && rc == 0)
        rc = -errno;
    return rc;
}

int its_plan_cache_save(const struct its_plan *p, const char *path, const char *model)
{
    char folder[1100], temporary[1200];
    if (!folder_of(path, folder, sizeof(folder)) ||
        snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= (int)sizeof(temporary))
        return -ENAMETOOLONG;
    mkdir(folder, 0755); /* when only that is missing; failing shows when the file is made */
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int rc = write_file(fd, p, model);
    if (rc == 0 && rename(temporary, path) < 0)
        rc = -errno;
    if (rc < 0)
        unlink(temporary);
    else
        drop_stale(path);
    return rc;
}

int its_plan_cache_path(char *path, size_t bytes, const char *dir, const char *sha256,
                        const char *kind, int w, int h, int threads)
{
    int n = snprintf(path, bytes, "%s/%s-%016llx-%s-%dx%dx%d.plan", dir, sha256,
                     (unsigned long long)machine(), kind, w, h, threads);
    return n < (int)bytes ? 0 : -ENAMETOOLONG;
}
