/* Whole networks against what ONNX Runtime computes for the same files: f32 within 0.05 px and 1e-4
 * of score, and what else a network promises. Skips, loudly, without the data. */
#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"
#include "nn/model.h"

static const char *data_dir;

static float *read_floats(const char *name, int64_t count)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/reference/%s", data_dir, name);
    FILE *f = fopen(path, "rb");
    float *x = its_calloc((size_t)count, sizeof(*x));
    if (!f || fread(x, sizeof(*x), (size_t)count, f) != (size_t)count)
        fail_msg("cannot read %lld floats of %s", (long long)count, path);
    fclose(f);
    return x;
}

static struct its_model *open_model(const char *name)
{
    char path[512];
    struct its_error err;
    struct its_model *m;
    snprintf(path, sizeof(path), "%s/models/%s", data_dir, name);
    if (its_model_open(path, &m, &err) < 0)
        fail_msg("%s", err.text);
    return m;
}

static struct its_network *open_network(const struct its_model *m,
                                        const struct its_network_settings *s)
{
    struct its_error err;
    struct its_network *n;
    if (its_network_create(m, s, &n, &err) < 0)
        fail_msg("%s", err.text);
    return n;
}

/* The reference's input: bytes of a multiplicative hash, over 255. */
static void fill_input(float *x, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        x[i] = (float)((uint32_t)i * 2654435761u >> 24) / 255;
}

struct difference {
    double box, score;
};

/* Largest differences of two (4 + classes, anchors) outputs. */
static struct difference compare(const float *a, const float *b, int64_t anchors, int64_t rows)
{
    struct difference d = {0, 0};
    for (int64_t i = 0; i < rows * anchors; i++) {
        double e = fabs((double)a[i] - (double)b[i]);
        double *to = i < 4 * anchors ? &d.box : &d.score;
        *to = isnan(e) ? INFINITY : fmax(*to, e);
    }
    return d;
}

static void check(const struct its_network_settings *s, double box, double score)
{
    struct its_model *m = open_model("yolo11n.onnx");
    struct its_network *n = open_network(m, s);
    float *want = read_floats("yolo11n_synthetic_output0.f32", 84 * 8400);
    for (int i = 0; i < s->batch; i++)
        fill_input(its_network_input(n) + (int64_t)i * 3 * 640 * 640, 3 * 640 * 640);
    assert_int_equal(its_network_run(n, s->batch), 0);
    struct its_output out = its_network_output(n, 0);
    assert_string_equal(out.name, "output0");
    assert_int_equal(out.dim[0], s->batch);
    assert_int_equal(out.dim[2], 8400);
    for (int i = 0; i < s->batch; i++) {
        struct difference d = compare(out.data + (int64_t)i * 84 * 8400, want, 8400, 84);
        print_message("picture %d: boxes differ by at most %.5f px, scores by %.7f\n", i, d.box,
                      d.score);
        assert_true(d.box < box);
        assert_true(d.score < score);
    }
    free(want);
    its_network_destroy(&n);
    its_model_close(&m);
}

static void test_f32_is_exact(void **state)
{
    struct its_network_settings s;
    its_network_defaults(&s);
    check(&s, 0.05, 1e-4);
    s.threads = 2;
    check(&s, 0.05, 1e-4);
}

static void test_a_batch_is_its_pictures(void **state)
{
    struct its_network_settings s;
    its_network_defaults(&s);
    s.batch = 3;
    s.threads = 2;
    check(&s, 0.05, 1e-4);
}

/* 8 bits of mantissa in every activation: the noise picture's boxes move by a few pixels where
 * nothing is seen, its scores hardly. */
static void test_bf16_is_close(void **state)
{
    struct its_network_settings s;
    its_network_defaults(&s);
    s.precision = ITS_PRECISION_BF16;
    check(&s, 16, 0.02);
}

/* Mean and largest difference of two outputs' scores. */
static void compare_scores(const float *a, const float *b, int64_t from, int64_t count,
                           double *mean, double *most)
{
    *mean = *most = 0;
    for (int64_t i = from; i < from + count; i++) {
        double e = fabs((double)a[i] - (double)b[i]);
        *mean += e / (double)count;
        *most = isnan(e) ? INFINITY : fmax(*most, e);
    }
}

/* The output of the model for the reference's input; the caller frees. */
static float *output_of(const struct its_model *m, const struct its_network_settings *s,
                        int64_t *count)
{
    struct its_network *n = open_network(m, s);
    fill_input(its_network_input(n), (int64_t)3 * s->width * s->height);
    assert_int_equal(its_network_run(n, 1), 0);
    struct its_output o = its_network_output(n, 0);
    *count = o.dim[1] * o.dim[2];
    float *copy = its_calloc((size_t)*count, sizeof(*copy));
    memcpy(copy, o.data, (size_t)*count * sizeof(*copy));
    its_network_destroy(&n);
    return copy;
}

/* A quantised file on integers strays no further from its own reals than the file does when every
 * step is done as it is written (the reference back end). */
static void test_int8_is_as_good_as_its_file(void **state)
{
    struct its_model *m = open_model("quantised/yolo11n-face-int8-qdq-opset20.onnx");
    struct its_network_settings s;
    int64_t count;
    double mean[2], most[2];
    its_network_defaults(&s);
    s.width = s.height = 320;
    float *integers = output_of(m, &s, &count);
    s.backend = "ref";
    float *file = output_of(m, &s, &count);
    s.backend = NULL;
    s.precision = ITS_PRECISION_F32;
    float *reals = output_of(m, &s, &count);
    for (int part = 0; part < 2; part++) {
        int64_t from = part ? 4 * 2100 : 0, length = part ? 2100 : 4 * 2100;
        compare_scores(integers, reals, from, length, &mean[0], &most[0]);
        compare_scores(file, reals, from, length, &mean[1], &most[1]);
        print_message("%s: integers %.5f (%.4f) from the reals, the file's way %.5f (%.4f)\n",
                      part ? "scores" : "boxes, px", mean[0], most[0], mean[1], most[1]);
        assert_true(mean[0] < 1.1 * mean[1]);
    }
    free(integers);
    free(file);
    free(reals);
    its_model_close(&m);
}

/* Every output of other files and sizes, against the reference back end. */
static void check_against_ref(const char *model, int w, int h, double tolerance)
{
    struct its_model *m = open_model(model);
    struct its_network_settings s;
    its_network_defaults(&s);
    s.width = w;
    s.height = h;
    struct its_network *fast = open_network(m, &s);
    s.backend = "ref";
    struct its_network *ref = open_network(m, &s);
    fill_input(its_network_input(fast), (int64_t)3 * w * h);
    fill_input(its_network_input(ref), (int64_t)3 * w * h);
    assert_int_equal(its_network_run(fast, 1), 0);
    assert_int_equal(its_network_run(ref, 1), 0);
    struct its_output a = its_network_output(fast, 0), b = its_network_output(ref, 0);
    int64_t count = a.dim[1] * a.dim[2];
    double mean, most;
    assert_int_equal(count, b.dim[1] * b.dim[2]);
    compare_scores(a.data, b.data, 0, count, &mean, &most);
    print_message("%s %dx%d: at most %.6f apart\n", model, w, h, most);
    assert_true(most < tolerance);
    its_network_destroy(&fast);
    its_network_destroy(&ref);
    its_model_close(&m);
}

static void test_other_files_and_sizes(void **state)
{
    check_against_ref("yolo11n-320.onnx", 320, 320, 0.01);
    check_against_ref("yolo11n-320-ul84-opset12.onnx", 320, 192, 0.01);
    check_against_ref("yolo11n.onnx", 160, 96, 0.01);
    check_against_ref("yolox_nano.onnx", 416, 416, 0.01);
}

static float logit_at(const struct its_head_map *m, int image, int channel, int pixel)
{
    return m->data[image * m->image_stride + channel / m->block * m->block_stride +
                   (int64_t)pixel * m->pixel_stride + channel % m->block];
}

/* The raw maps hold what the decoded output is made of. */
static void test_raw_maps_of_the_head(void **state)
{
    struct its_model *m = open_model("yolo11n-320.onnx");
    struct its_network_settings s;
    its_network_defaults(&s);
    s.batch = 2;
    struct its_network *whole = open_network(m, &s);
    s.head_maps = true;
    struct its_network *maps = open_network(m, &s);
    for (int64_t i = 0; i < 2 * 3 * 320 * 320; i++)
        its_network_input(whole)[i] = its_network_input(maps)[i] = (float)(i * 7919 % 256) / 255;
    assert_int_equal(its_network_run(whole, 2), 0);
    assert_int_equal(its_network_run(maps, 2), 0);
    const struct its_head_level *level;
    assert_int_equal(its_network_output_count(maps), 0);
    assert_int_equal(its_network_head(maps, &level), 3);
    const float *out = its_network_output(whole, 0).data;
    int at = 0;
    double most = 0;
    for (int l = 0; l < 3; l++) {
        assert_int_equal(level[l].stride * level[l].w, 320);
        for (int image = 0; image < 2; image++)
            for (int p = 0; p < level[l].w * level[l].h; p++)
                for (int c = 0; c < 80; c++) {
                    double score = 1 / (1 + exp(-(double)logit_at(&level[l].score, image, c, p)));
                    most =
                        fmax(most, fabs(score -
                                        (double)out[image * 84 * 2100 + (4 + c) * 2100 + at + p]));
                }
        at += level[l].w * level[l].h;
    }
    print_message("scores of the maps and of the output differ by at most %.8f\n", most);
    assert_int_equal(at, 2100);
    assert_true(most < 1e-6);
    its_network_destroy(&whole);
    its_network_destroy(&maps);
    its_model_close(&m);
}

static struct its_network *open_cached(const struct its_model *m, const char *folder, bool *from)
{
    struct its_network_settings s;
    its_network_defaults(&s);
    s.cache_dir = folder;
    struct its_network *n = open_network(m, &s);
    *from = its_network_stats(n).from_cache;
    return n;
}

/* Bytes of a file of the folder are changed, or the file is cut. Returns how many files there are.
 */
static int spoil(const char *folder, long at, bool cut)
{
    char path[700];
    DIR *d = opendir(folder);
    int count = 0;
    for (struct dirent *e; d && (e = readdir(d));) {
        if (e->d_name[0] == '.')
            continue;
        count++;
        snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
        FILE *f = fopen(path, "r+b");
        fseek(f, at, SEEK_SET);
        int c = fgetc(f);
        fseek(f, at, SEEK_SET);
        fputc(c ^ 0x40, f);
        if (cut)
            assert_int_equal(ftruncate(fileno(f), at), 0);
        fclose(f);
    }
    closedir(d);
    return count;
}

static void test_cached_plans(void **state)
{
    static const struct {
        long at;
        bool cut;
    } spoiled[] = {{9, false}, {20, false}, {1000000, false}, {500000, true}, {3, true}};
    char folder[] = "/tmp/its-plan-XXXXXX", command[64];
    struct its_model *m = open_model("yolo11n-320.onnx");
    bool from;
    assert_non_null(mkdtemp(folder));
    struct its_network *n = open_cached(m, folder, &from);
    assert_false(from);
    its_network_destroy(&n);
    for (int i = 0; i <= (int)ITS_ARRAY_LEN(spoiled); i++) {
        struct its_network *good = open_cached(m, folder, &from);
        assert_true(from);
        struct its_network *fresh = NULL;
        if (i < (int)ITS_ARRAY_LEN(spoiled)) {
            assert_int_equal(spoil(folder, spoiled[i].at, spoiled[i].cut), 1);
            fresh = open_cached(m, folder, &from);
            assert_false(from);
            fill_input(its_network_input(good), 3 * 320 * 320);
            fill_input(its_network_input(fresh), 3 * 320 * 320);
            assert_int_equal(its_network_run(good, 1), 0);
            assert_int_equal(its_network_run(fresh, 1), 0);
            assert_memory_equal(its_network_output(good, 0).data, its_network_output(fresh, 0).data,
                                84 * 2100 * sizeof(float));
        }
        its_network_destroy(&good);
        its_network_destroy(&fresh);
    }
    its_model_close(&m);
    snprintf(command, sizeof(command), "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

/* Folders that cannot be made are no reason not to run. */
static void test_no_cache_folder(void **state)
{
    struct its_model *m = open_model("yolo11n-320.onnx");
    bool from;
    struct its_network *n = open_cached(m, "/proc/nowhere/plans", &from);
    assert_false(from);
    its_network_destroy(&n);
    its_model_close(&m);
}

static void test_wrong_settings_are_refused(void **state)
{
    struct its_model *m = open_model("yolo11n-320.onnx");
    static const struct its_network_settings wrong[] = {
        {.batch = 33},
        {.batch = -1},
        {.width = 100, .height = 320},
        {.width = -32},
        {.backend = "tpu"},
        {.precision = ITS_PRECISION_INT8}, /* the file is not quantised */
    };
    for (int i = 0; i < (int)ITS_ARRAY_LEN(wrong); i++) {
        struct its_network *n;
        struct its_error err = {0};
        assert_true(its_network_create(m, &wrong[i], &n, &err) < 0);
        assert_null(n);
        assert_true(strlen(err.text) > 10);
    }
    its_model_close(&m);
}

int main(void)
{
    data_dir = getenv("ITS_TESTDATA");
    if (!data_dir || !*data_dir) {
        fprintf(stderr,
                "SKIPPED: ITS_TESTDATA names no folder with models and reference outputs\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_f32_is_exact),
                                       cmocka_unit_test(test_a_batch_is_its_pictures),
                                       cmocka_unit_test(test_bf16_is_close),
                                       cmocka_unit_test(test_int8_is_as_good_as_its_file),
                                       cmocka_unit_test(test_other_files_and_sizes),
                                       cmocka_unit_test(test_raw_maps_of_the_head),
                                       cmocka_unit_test(test_cached_plans),
                                       cmocka_unit_test(test_no_cache_folder),

                                       cmocka_unit_test(test_wrong_settings_are_refused)};
    return cmocka_run_group_tests_name("nn/network", tests, NULL, NULL);
}
