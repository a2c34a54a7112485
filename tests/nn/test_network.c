/* Whole networks against what ONNX Runtime computes for the same files: f32 within 0.05 px and 1e-4
 * of score, and what else a network promises. Skips, loudly, without the data. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

int main(void)
{
    data_dir = getenv("ITS_TESTDATA");
    if (!data_dir || !*data_dir) {
        fprintf(stderr, "SKIPPED: ITS_TESTDATA names no folder with models and reference outputs\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_f32_is_exact),
                                       cmocka_unit_test(test_a_batch_is_its_pictures)};
    return cmocka_run_group_tests_name("nn/network", tests, NULL, NULL);
}
