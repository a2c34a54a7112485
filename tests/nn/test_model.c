/* Real models: what is said of them, and that a size they were not made for changes nothing but the
 * size. Needs ITS_TESTDATA. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cairo.h>
#include <cmocka.h>

#include "base/mem.h"
#include "nn/bind.h"
#include "nn/model.h"
#include "nn/model_priv.h"
#include "nn/ref/ref.h"

#define SIDE   320
#define PIXELS (SIDE * SIDE)

static const char *data_dir;

static const char *path_of(const char *name)
{
    static char path[600];
    snprintf(path, sizeof(path), "%s/%s", data_dir, name);
    return path;
}

static struct its_model *open_model(const char *name)
{
    struct its_model *m;
    struct its_error err = {0};
    if (its_model_open(path_of(name), &m, &err))
        fail_msg("%s", err.text);
    return m;
}

static void says_what_they_are(void **state)
{
    static const struct {
        const char *file, *sha256, *last_class;
        enum its_head head;
        int opset, classes, w, quantised;
    } rows[] = {
        {"models/yolo11n.onnx", "c5cb4ea115b2037a", "toothbrush", ITS_HEAD_YOLO, 17, 80, 640, 0},
        {"models/yolo11n-dynamic.onnx", "012c54a5", "toothbrush", ITS_HEAD_YOLO, 17, 80, 640, 0},
        {"models/yolo11n-320.onnx", "544a7584", "toothbrush", ITS_HEAD_YOLO, 17, 80, 320, 0},
        {"models/yolo11n-320-ul84-opset12.onnx", "7fd4406b", "toothbrush", ITS_HEAD_YOLO, 12, 80,
         320, 0},
        {"models/yolox_nano.onnx", "e8af0749", "toothbrush", ITS_HEAD_YOLOX, 11, 80, 416, 0},
        {"models/quantised/yolo11n-face-int8-qdq-opset20.onnx", "54b59e6f", "item", ITS_HEAD_YOLO,
         20, 1, 640, 1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct its_model *m = open_model(rows[i].file);
        const struct its_model_info *info = its_model_info(m);
        print_message("%s: head %d, %d classes, %lld parameters\n", info->name, info->head,
                      info->classes, (long long)info->parameters);
        assert_string_equal(info->path, path_of(rows[i].file));
        assert_memory_equal(info->sha256, rows[i].sha256, strlen(rows[i].sha256));
        assert_int_equal(info->head, rows[i].head);
        assert_int_equal(info->opset, rows[i].opset);
        assert_int_equal(info->classes, rows[i].classes);
        assert_string_equal(info->class_names[info->classes - 1], rows[i].last_class);
        assert_int_equal(info->native_w, rows[i].w);
        assert_int_equal(info->native_h, rows[i].w);
        assert_int_equal(info->quantised, rows[i].quantised);
        assert_true(info->resizable);
        assert_null(strstr(info->name, ".onnx"));
        its_model_close(&m);
        assert_null(m);
    }
}

static struct its_graph *bind(const struct its_model *m, int batch, int h, int w)
{
    struct its_graph *g;
    struct its_error err = {0};
    if (its_graph_bind(its_model_graph(m), batch, h, w, &g, &err))
        fail_msg("%s", err.text);
    return g;
}

static float *run(const struct its_graph *g, const float *x)
{
    struct its_error err = {0};
    float *y = its_calloc((size_t)its_shape_count(&g->output[0]->shape), sizeof(float));
    const void *in[] = {x};
    void *out[] = {y};
    if (its_ref_run(g, in, out, NULL, NULL, &err))
        fail_msg("%s", err.text);
    return y;
}

/* Binds, runs, unbinds. */
static float *run_at(const struct its_model *m, int batch, int h, int w, const float *x)
{
    struct its_graph *g = bind(m, batch, h, w);
    float *y = run(g, x);
    its_graph_destroy(&g);
    return y;
}

/* A street, letterboxed: rows 70 to 249 of 320 are picture. RGB, 0..1. */
static float *read_street(void)
{
    cairo_surface_t *s = cairo_image_surface_create_from_png(path_of("reference/input320.png"));
    assert_int_equal(cairo_surface_status(s), CAIRO_STATUS_SUCCESS);
    const unsigned char *rows = cairo_image_surface_get_data(s);
    int stride = cairo_image_surface_get_stride(s);
    float *x = its_calloc(3 * PIXELS, sizeof(*x));
    for (int i = 0; i < 3 * PIXELS; i++) {
        int c = i / PIXELS, p = i % PIXELS;
        uint32_t pixel;
        memcpy(&pixel, rows + p / SIDE * stride + p % SIDE * 4, sizeof(pixel));
        x[i] = (float)(pixel >> 8 * (2 - c) & 0xff) / 255;
    }
    cairo_surface_destroy(s);
    return x;
}

static double most_apart(const float *a, const float *b, int64_t count)
{
    double most = 0;
    for (int64_t i = 0; i < count; i++)
        most = fmax(most, fabs((double)a[i] - b[i]));
    return most;
}

/* The 640 export, given another size, is the 320 export: both have the same weights. */
static void rebound_is_as_exported(void **state)
{
    struct its_model *big = open_model("models/yolo11n.onnx");
    struct its_model *small = open_model("models/yolo11n-320.onnx");
    float *x = read_street();
    float *a = run_at(big, 1, SIDE, SIDE, x), *b = run_at(small, 0, 0, 0, x);
    double apart = most_apart(a, b, 84 * 2100);
    print_message("640 export at 320 and 320 export: %g apart\n", apart);
    assert_true(apart < 1e-3);
    free(a);
    free(b);
    free(x);
    its_model_close(&big);
    its_model_close(&small);
}

static void batch_is_many_singles(void **state)
{
    enum { N = 3 * 96 * 64, OUT = 84 * (96 + 24 + 6) };
    struct its_model *m = open_model("models/yolo11n.onnx");
    struct its_graph *one = bind(m, 1, 96, 64), *three = bind(m, 3, 96, 64);
    assert_int_equal(its_shape_count(&one->output[0]->shape), OUT);
    float *x = its_calloc(3 * N, sizeof(*x));
    for (uint32_t i = 0; i < 3 * N; i++)
        x[i] = (float)(i * 2654435761u >> 24) / 255;
    float *all = run(three, x);
    for (int i = 0; i < 3; i++) {
        float *single = run(one, x + i * N);
        double apart = most_apart(all + i * OUT, single, OUT);
        print_message("picture %d: %g apart\n", i, apart);
        assert_true(apart < 1e-4);
        free(single);
    }
    assert_true(most_apart(all, all + OUT, OUT) > 1e-2);
    free(all);
    free(x);
    its_graph_destroy(&one);
    its_graph_destroy(&three);
    its_model_close(&m);
}

/* Where a cell of the square lies in the strip that begins at row 64 of it; -1: outside. */
static int strip_anchor(int anchor)
{
    int base = 0, strip = 0;
    for (int s = 8; s <= 32; s *= 2) {
        int w = SIDE / s, cells = w * w, strip_rows = 192 / s;
        if (anchor < base + cells) {
            int row = (anchor - base) / w - 64 / s;
            return row < 0 || row >= strip_rows ? -1 : strip + row * w + (anchor - base) % w;
        }
        base += cells;
        strip += w * strip_rows;
    }
    return -1;
}

/* The letterbox without most of its bars: what was sure stays where it was, 64 rows higher. */
static void strip_of_the_square(void **state)
{
    enum { CELLS = 2100, STRIP = 1260 };
    struct its_model *m = open_model("models/yolo11n.onnx");
    float *x = read_street(), *strip = its_calloc(3 * 192 * SIDE, sizeof(*strip));
    for (int c = 0; c < 3; c++)
        memcpy(strip + c * 192 * SIDE, x + c * PIXELS + 64 * SIDE, 192 * SIDE * sizeof(*strip));
    float *want = run_at(m, 1, SIDE, SIDE, x), *got = run_at(m, 1, 192, SIDE, strip);
    int sure = 0;
    for (int a = 0; a < CELLS; a++)
        for (int c = 4; c < 84; c++) {
            int b = strip_anchor(a);
            if (want[c * CELLS + a] < 0.6f || b < 0)
                continue;
            sure++;
            double apart = fabs(got[STRIP + b] + 64 - want[CELLS + a]);
            for (int k = 0; k < 4; k++)
                if (k != 1)
                    apart = fmax(apart, fabs(got[k * STRIP + b] - want[k * CELLS + a]));
            print_message("class %d at %.0f,%.0f: score %.2f and %.2f, %.1f px apart\n", c - 4,
                          want[a], want[CELLS + a], want[c * CELLS + a], got[c * STRIP + b], apart);
            assert_true(apart < 4 && fabs(got[c * STRIP + b] - want[c * CELLS + a]) < 0.2);
        }
    assert_true(sure > 5);
    free(want);
    free(got);
    free(strip);
    free(x);
    its_model_close(&m);
}

static void refusals_name_the_file(void **state)
{
    struct its_model *m;
    struct its_error err = {0};
    assert_true(its_model_open(path_of("README.md"), &m, &err) < 0);
    assert_null(m);
    assert_non_null(strstr(err.text, "README.md"));
    assert_non_null(strstr(err.text, "not an ONNX file"));
}

int main(void)
{
    data_dir = getenv("ITS_TESTDATA");
    if (!data_dir || !*data_dir || access(path_of("models/yolo11n.onnx"), R_OK)) {
        printf("SKIPPED: no models; set ITS_TESTDATA\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_they_are),     cmocka_unit_test(rebound_is_as_exported),
        cmocka_unit_test(batch_is_many_singles),  cmocka_unit_test(strip_of_the_square),
        cmocka_unit_test(refusals_name_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
