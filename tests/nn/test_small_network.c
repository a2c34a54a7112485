/* Networks of tiny files, written here: outputs that are not of reals, and compiled plans on disk
 * that are another model's, damaged, or not there to be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <dirent.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cpu.h"
#include "base/log.h"
#include "base/mem.h"
#include "nn/model.h"
#include "tiny_models.h"

static char folder[] = "/tmp/its-small-XXXXXX";

/* Writes the file, and opens it. */
static struct its_model *open_tiny(struct tiny *t, const char *name)
{
    char path[128];
    struct its_model *m;
    struct its_error err;
    struct its_str bytes = tiny_file(t, 17, NULL);
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(its_str_get(&bytes), 1, bytes.len, f), bytes.len);
    fclose(f);
    its_str_fini(&bytes);
    if (its_model_open(path, &m, &err) < 0)
        fail_msg("%s", err.text);
    return m;
}

static struct its_network *open_network(const struct its_model *m,
                                        const struct its_network_settings *s)
{
    struct its_network *n;
    struct its_error err;
    if (its_network_create(m, s, &n, &err) < 0)
        fail_msg("%s", err.text);
    return n;
}

static void fill_input(struct its_network *n, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        its_network_input(n)[i] = (float)((uint32_t)i * 2654435761u >> 24) / 255;
}

/* --- outputs */

/* Which of three channels is the largest, as indices: the caller is promised f32. */
static void test_integers_come_out_as_reals(void **state)
{
    static const char *const backend[] = {"cpu", "ref"};
    struct tiny t = {0};
    tiny_input(&t, "x", TINY_FLOAT, 4, (int64_t[]){1, 3, TINY_SIDE, TINY_SIDE});
    tiny_node(&t, "MaxPool", "x", "cells", "kernel_shape=8,8, strides=8,8,");
    tiny_node(&t, "ArgMax", "cells", "largest", "axis=1");
    tiny_output(&t, "largest");
    tiny_output(&t, "cells");
    struct its_model *m = open_tiny(&t, "integers.onnx");
    for (int b = 0; b < 2; b++) {
        struct its_network_settings s;
        its_network_defaults(&s);
        s.backend = backend[b];
        s.batch = 2;
        struct its_network *n = open_network(m, &s);
        fill_input(n, 2 * 3 * TINY_SIDE * TINY_SIDE);
        assert_int_equal(its_network_run(n, 2), 0);
        struct its_output largest = its_network_output(n, 0), cells = its_network_output(n, 1);
        assert_string_equal(largest.name, "largest");
        assert_string_equal(cells.name, "cells");
        for (int i = 0; i < 2 * 64; i++) {
            const float *c = cells.data + i / 64 * 3 * 64 + i % 64;
            int best = c[64] > c[0] ? 1 : 0;
            best = c[128] > c[best * 64] ? 2 : best;
            assert_true(largest.data[i] == (float)best);
        }
        its_network_destroy(&n);
    }
    its_model_close(&m);
}

/* --- compiled plans */

enum {
    CHANNELS = 16,
    INPUT = 3 * TINY_SIDE * TINY_SIDE,
    OUTPUT = CHANNELS * TINY_SIDE * TINY_SIDE
};

static void add_conv(struct tiny *t, const char *in, const char *out, int ins, float scale,
                     const char *attrs)
{
    float w[CHANNELS * CHANNELS * 9];
    char name[16], inputs[32];
    for (int i = 0; i < CHANNELS * ins * 9; i++)
        w[i] = scale * (float)((uint32_t)i * 2654435761u >> 24) / 255 - scale / 2;
    snprintf(name, sizeof(name), "w-%s", out);
    snprintf(inputs, sizeof(inputs), "%s %s", in, name);
    tiny_floats(t, name, 4, (int64_t[]){CHANNELS, ins, 3, 3}, w);
    tiny_node(t, "Conv", inputs, out, attrs);
}

/* Two convolutions: one that oneDNN runs, one that is ours where there is AVX-512. Files of other
 * `scale` or `pads` have the same names and shapes. */
static struct its_model *open_convs(const char *name, float scale, const char *pads)
{
    struct tiny t = {0};
    tiny_input(&t, "x", TINY_FLOAT, 4, (int64_t[]){1, 3, TINY_SIDE, TINY_SIDE});
    add_conv(&t, "x", "a", 3, scale, pads);
    tiny_node(&t, "Relu", "a", "b", NULL);
    add_conv(&t, "b", "c", CHANNELS, 0.5f, "pads=1,1,1,1,");
    tiny_node(&t, "Relu", "c", "y", NULL);
    tiny_output(&t, "y");
    return open_tiny(&t, name);
}

/* The output with plans in `plans` (NULL: none); the caller frees. */
static float *run_with(const struct its_model *m, const char *plans, bool *from_cache)
{
    struct its_network_settings s;
    its_network_defaults(&s);
    s.cache_dir = plans;
    struct its_network *n = open_network(m, &s);
    fill_input(n, INPUT);
    assert_int_equal(its_network_run(n, 1), 0);
    float *copy = its_calloc(OUTPUT, sizeof(*copy));
    memcpy(copy, its_network_output(n, 0).data, OUTPUT * sizeof(*copy));
    *from_cache = its_network_stats(n).from_cache;
    its_network_destroy(&n);
    return copy;
}

/* What comes out with the plans that lie there is what comes out without any. */
static bool check_run(const struct its_model *m, const char *plans)
{
    bool from_cache, no;
    float *want = run_with(m, NULL, &no), *got = run_with(m, plans, &from_cache);
    assert_memory_equal(want, got, OUTPUT * sizeof(*want));
    free(want);
    free(got);
    return from_cache;
}

/* An empty folder of that name; plans of the model lie in it afterwards, if one is given. */
static const char *make_folder(char *path, const char *name, const struct its_model *m)
{
    snprintf(path, 64, "%s/%s", folder, name);
    if (m)
        assert_false(check_run(m, path));
    else
        assert_int_equal(mkdir(path, 0755), 0);
    return path;
}

/* How many plans there are of any model; `path`: the last one's, NULL: not wanted. */
static int count_plans(const char *dir, char *path)
{
    int count = 0;
    DIR *d = opendir(dir);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));)
        if (e->d_name[0] != '.') {
            count++;
            if (path)
                snprintf(path, 400, "%s/%s", dir, e->d_name);
        }
    closedir(d);
    return count;
}

static long bytes_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return (long)st.st_size;
}

static void flip(const char *path, long at)
{
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    fseek(f, at, SEEK_SET);
    int c = fgetc(f);
    fseek(f, at, SEEK_SET);
    fputc(c ^ 0x10, f);
    fclose(f);
}

static void test_plans_are_used_again(void **state)
{
    char dir[64];
    struct its_model *m = open_convs("again.onnx", 1, "pads=1,1,1,1,");
    make_folder(dir, "again", m);
    assert_true(check_run(m, dir));
    assert_int_equal(count_plans(dir, NULL), 1);
    its_model_close(&m);
}

/* The same names, kernels and sizes: only the weights, or where the padding lies, differ. */
static void test_another_models_plan(void **state)
{
    static const struct {
        float scale;
        const char *pads;
    } other[] = {{2, "pads=1,1,1,1,"}, {1, "pads=0,2,2,0,"}};
    for (int i = 0; i < 2; i++) {
        char name[16], dir[64], foreign[64], path[400], own[400];
        struct its_model *m = open_convs("mine.onnx", 1, "pads=1,1,1,1,");
        struct its_model *n = open_convs("other.onnx", other[i].scale, other[i].pads);
        snprintf(name, sizeof(name), "mine-%d", i);
        make_folder(dir, name, m);
        snprintf(name, sizeof(name), "other-%d", i);
        make_folder(foreign, name, n);
        assert_int_equal(count_plans(dir, own), 1);
        assert_int_equal(count_plans(foreign, path), 1);
        assert_int_equal(bytes_of(path), bytes_of(own));
        assert_int_equal(rename(path, own), 0);
        assert_false(check_run(m, dir)); /* neither used nor right by chance */
        assert_true(check_run(m, dir));
        its_model_close(&m);
        its_model_close(&n);
    }
}

/* Every byte of the header, some of the weights; every length that a crash might leave. */
static void test_damaged_plans(void **state)
{
    char dir[64], path[400];
    struct its_model *m = open_convs("damaged.onnx", 1, "pads=1,1,1,1,");
    make_folder(dir, "damaged", m);
    assert_int_equal(count_plans(dir, path), 1);
    long bytes = bytes_of(path);
    for (long at = 0; at < bytes; at += at < 48 ? 1 : 197) {
        flip(path, at);
        assert_false(check_run(m, dir));
    }
    for (long cut = 0; cut < bytes; cut += cut < 64 ? 13 : 503) {
        assert_int_equal(truncate(path, cut), 0);
        assert_false(check_run(m, dir));
    }
    assert_int_equal(truncate(path, bytes + 1), 0);
    assert_false(check_run(m, dir));
    assert_true(check_run(m, dir));
    assert_int_equal(count_plans(dir, NULL), 1);
    its_model_close(&m);
}

/* Bytes that our own kernels obey, offsets among them, are never read from a file. */
static void test_only_the_librarys_bytes(void **state)
{
    char dir[64], path[400];
    struct its_network_settings s;
    struct its_model *m = open_convs("bytes.onnx", 1, "pads=1,1,1,1,");
    make_folder(dir, "bytes", m);
    assert_int_equal(count_plans(dir, path), 1);
    its_network_defaults(&s);
    struct its_network *n = open_network(m, &s);
    long weights = (long)its_network_stats(n).weight_bytes, file = bytes_of(path);
    print_message("%ld bytes of weights, %ld in the file\n", weights, file);
    assert_true(its_cpu_best() < ITS_CPU_AVX512 || file < weights / 2);
    its_network_destroy(&n);
    its_model_close(&m);
}

/* A link, a pipe, a folder where the plan should be: not followed, not waited for. */
static void test_what_is_no_file(void **state)
{
    char dir[64], path[400], aside[420];
    struct its_model *m = open_convs("odd.onnx", 1, "pads=1,1,1,1,");
    make_folder(dir, "odd", m);
    assert_int_equal(count_plans(dir, path), 1);
    snprintf(aside, sizeof(aside), "%s/aside", folder);
    assert_int_equal(rename(path, aside), 0);
    assert_int_equal(symlink(aside, path), 0);
    assert_false(check_run(m, dir));
    assert_true(check_run(m, dir)); /* a file has taken the link's place */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_false(check_run(m, dir));
    assert_true(check_run(m, dir));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_false(check_run(m, dir));
    assert_false(check_run(m, dir));
    assert_int_equal(count_plans(dir, NULL), 1); /* and nothing is left behind */
    its_model_close(&m);
}

static void make_file(const char *dir, const char *name)
{
    char path[600];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fclose(f);
}

/* A plan of another version or machine for the same file is never used again; those of other files
 * and of other sizes are. */
static void test_stale_plans_go(void **state)
{
    char dir[64], name[128];
    struct its_model *m = open_convs("stale.onnx", 1, "pads=1,1,1,1,");
    const char *sha = its_model_info(m)->sha256;
    make_folder(dir, "stale", NULL);
    snprintf(name, sizeof(name), "%s-0123456789abcdef-f32-64x64x1.plan", sha);
    make_file(dir, name);
    strcat(name, ".Xy12ab");
    make_file(dir, name);
    snprintf(name, sizeof(name), "%s-0123456789abcdef.txt", sha);
    make_file(dir, name);
    make_file(dir, "somebody-0123456789abcdef-f32-64x64x1.plan");
    assert_int_equal(count_plans(dir, NULL), 4);
    assert_false(check_run(m, dir));
    assert_int_equal(count_plans(dir, NULL), 3);
    bool from_cache;
    struct its_network_settings s;
    its_network_defaults(&s);
    s.width = 96;
    s.cache_dir = dir;
    struct its_network *n = open_network(m, &s);
    its_network_destroy(&n);
    assert_int_equal(count_plans(dir, NULL), 4);
    free(run_with(m, dir, &from_cache));
    assert_true(from_cache);
    its_model_close(&m);
}

/* --- folders that cannot be used */

static int loud;

static void count_lines(void *ctx, enum its_log_level level, const char *line)
{
    loud += level <= ITS_LOG_WARN;
}

/* Without a place for plans a network runs as well; only a path that cannot be is worth a word. */
static void test_folders_without_room(void **state)
{
    char locked[64], endless[3000];
    struct its_model *m = open_convs("room.onnx", 1, "pads=1,1,1,1,");
    make_folder(locked, "locked", NULL);
    assert_int_equal(chmod(locked, 0555), 0);
    memset(endless, 'x', sizeof(endless) - 1);
    endless[sizeof(endless) - 1] = 0;
    endless[0] = '/';
    loud = 0;
    assert_false(check_run(m, "/proc/nowhere/plans"));
    check_run(m, locked); /* root may write there */
    assert_int_equal(loud, 0);
    assert_false(check_run(m, endless));
    assert_int_equal(loud, 1);
    its_model_close(&m);
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    its_log_set_sink(count_lines, NULL);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_integers_come_out_as_reals),
                                       cmocka_unit_test(test_plans_are_used_again),
                                       cmocka_unit_test(test_another_models_plan),
                                       cmocka_unit_test(test_damaged_plans),
                                       cmocka_unit_test(test_only_the_librarys_bytes),
                                       cmocka_unit_test(test_what_is_no_file),
                                       cmocka_unit_test(test_stale_plans_go),
                                       cmocka_unit_test(test_folders_without_room)};
    int rc = cmocka_run_group_tests_name("nn/small_network", tests, NULL, NULL);
    char command[64];
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command) == 0 ? rc : 1;
}
