#include "media.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"

#define FFMPEG_S 60

void media_need_ffmpeg(void)
{
    struct process p;
    process_shell(&p, 20, "ffmpeg -version");
    bool there = p.exit_code == 0;
    process_fini(&p);
    if (!there) {
        printf("SKIPPED: no ffmpeg command: nothing to make media files with\n");
        exit(77);
    }
}

struct media_folder media_folder_make(void)
{
    struct media_folder f = {"/tmp/its-media-XXXXXX"};
    if (!mkdtemp(f.path))
        fail_msg("cannot make a folder in /tmp");
    return f;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *where)
{
    return remove(path);
}

void media_folder_remove(const struct media_folder *f)
{
    nftw(f->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *media_path(const struct media_folder *f, const char *name)
{
    static char paths[8][MEDIA_PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, MEDIA_PATH_MAX, "%s/%s", f->path, name);
    return path;
}

const char *media_make(const struct media_folder *f, const char *name, const char *args)
{
    struct process p;
    const char *path = media_path(f, name);
    process_shell(&p, process_patience(FFMPEG_S),
                  "cd '%s' && exec ffmpeg -nostdin -v error -y %s 'file:%s'", f->path, args, path);
    if (p.exit_code != 0)
        fail_msg("ffmpeg %s %s: %s", args, path, p.err.data);
    process_fini(&p);
    return path;
}

/* --- damage */

struct bytes {
    uint8_t *data;
    size_t len;
};

static struct bytes read_all(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("cannot read %s", path);
    fseek(f, 0, SEEK_END);
    struct bytes b = {.len = (size_t)ftell(f)};
    rewind(f);
    b.data = malloc(b.len + 1);
    assert_int_equal(fread(b.data, 1, b.len, f), b.len);
    fclose(f);
    return b;
}

static const char *write_all(const char *path, const void *data, size_t len)
{
    FILE *f = fopen(path, "wb");
    if (!f)
        fail_msg("cannot write %s", path);
    assert_int_equal(fwrite(data, 1, len, f), len);
    fclose(f);
    return path;
}

const char *media_cut(const struct media_folder *f, const char *from, const char *name,
                      double share)
{
    struct bytes b = read_all(from);
    const char *path = write_all(media_path(f, name), b.data, (size_t)((double)b.len * share));
    free(b.data);
    return path;
}

const char *media_flip(const struct media_folder *f, const char *from, const char *name,
                       double share, uint32_t seed)
{
    struct bytes b = read_all(from);
    unsigned dice = seed;
    for (size_t i = b.len / 4; i < b.len - b.len / 4; i++)
        if (rand_r(&dice) < share * RAND_MAX)
            b.data[i] ^= (uint8_t)(1 + rand_r(&dice) % 255);
    const char *path = write_all(media_path(f, name), b.data, b.len);
    free(b.data);
    return path;
}

const char *media_text(const struct media_folder *f, const char *name, const char *text)
{
    return write_all(media_path(f, name), text, strlen(text));
}
