/* Whole networks in the reference back end against ONNX Runtime's outputs. Needs real models and
 * tensors: ITS_TESTDATA. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cairo.h>
#include <cmocka.h>

#include "nn/onnx/import.h"
#include "nn/ref/ref.h"

#define BOX_TOLERANCE   0.05
#define SCORE_TOLERANCE 1e-4

static const char *data_dir;

static const char *path_of(const char *name)
{
    static char path[600];
    snprintf(path, sizeof path, "%s/%s", data_dir, name);
    return path;
}

/* A picture as the network's input, (3, h, w): RGB 0..1, or BGR 0..255. */
static float *read_png(const char *name, bool bgr, int64_t *count)
{
    cairo_surface_t *s = cairo_image_surface_create_from_png(path_of(name));
    assert_int_equal(cairo_surface_status(s), CAIRO_STATUS_SUCCESS);
    int w = cairo_image_surface_get_width(s), h = cairo_image_surface_get_height(s);
    const uint8_t *rows = cairo_image_surface_get_data(s);
    float *x = malloc(sizeof *x * 3 * w * h);
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < w * h; i++) {
            uint32_t pixel =
                *(const uint32_t *)(rows + i / w * cairo_image_surface_get_stride(s) + i % w * 4);
            float v = pixel >> 8 * (bgr ? c : 2 - c) & 0xff;
            x[c * w * h + i] = bgr ? v : v / 255;
        }
    cairo_surface_destroy(s);
    *count = 3 * w * h;
    return x;
}

static float *read_floats(const char *name, int64_t count)
{
    FILE *f = fopen(path_of(name), "rb");
    if (!f)
        fail_msg("no %s", path_of(name));
    float *x = malloc(sizeof *x * count);
    assert_int_equal(fread(x, sizeof *x, count, f), count);
    fclose(f);
    return x;
}

/* Noise that needs no decoder. */
static float *synthetic(int64_t count)
{
    float *x = malloc(sizeof *x * count);
    for (int64_t i = 0; i < count; i++)
        x[i] = ((uint32_t)i * 2654435761u >> 24) / 255.0f;
    return x;
}

static struct its_graph *open_graph(const char *model, int batch)
{
    struct its_graph *g;
    struct its_error err = {0};
    if (its_onnx_import(path_of(model), NULL, &g, &err))
        fail_msg("%s", err.text);
    if (g->input[0]->shape.dim[0] == ITS_DIM_UNKNOWN)
        g->input[0]->shape.dim[0] = batch;
    if (its_graph_infer(g, &err))
        fail_msg("%s: %s", model, err.text);
    return g;
}

static float *run(const struct its_graph *g, const float *x)
{
    struct its_error err = {0};
    float *y = malloc(sizeof *y * its_shape_count(&g->output[0]->shape));
    const void *in[] = {x};
    void *out[] = {y};
    assert_int_equal(g->input_count, 1);
    assert_int_equal(g->output_count, 1);
    if (its_ref_run(g, in, out, NULL, NULL, &err))
        fail_msg("%s", err.text);
    return y;
}

/* Where box numbers lie: the first four of `channels`, planes or interleaved. */
static bool is_box(int64_t i, int64_t anchors, int channels, bool interleaved)
{
    return interleaved ? i % channels < 4 : i / anchors % channels < 4;
}

static void compare(const char *what, const float *got, const float *want,
                    const struct its_shape *s, bool interleaved)
{
    int64_t count = s->dim[1] * s->dim[2], anchors = s->dim[interleaved ? 1 : 2];
    int channels = s->dim[interleaved ? 2 : 1];
    double box = 0, score = 0;
    for (int64_t i = 0; i < count; i++) {
        double d = fabs((double)got[i] - want[i]);
        bool b = is_box(i, anchors, channels, interleaved);
        /* fmax would lose a NaN. */
        if (b && !(d <= box))
            box = d;
        if (!b && !(d <= score))
            score = d;
    }
    printf("%s: boxes within %.6f px, scores within %.2g\n", what, box, score);
    assert_true(box <= BOX_TOLERANCE);
    assert_true(score <= SCORE_TOLERANCE);
}

static void check(const char *model, const char *png, const char *reference, bool yolox)
{
    struct its_graph *g = open_graph(model, 1);
    int64_t count = its_shape_count(&g->input[0]->shape), pixels = count;
    float *x = png ? read_png(png, yolox, &pixels) : synthetic(count);
    assert_int_equal(pixels, count);
    float *y = run(g, x);
    float *want = read_floats(reference, its_shape_count(&g->output[0]->shape));
    compare(model, y, want, &g->output[0]->shape, yolox);
    free(want);
    free(y);
    free(x);
    its_graph_destroy(&g);
}

static void test_yolo11n(void **state)
{
    check("models/yolo11n.onnx", "reference/input640.png", "reference/yolo11n_input640_output0.f32",
          false);
    check("models/yolo11n.onnx", NULL, "reference/yolo11n_synthetic_output0.f32", false);
}

static void test_yolo11n_320(void **state)
{
    check("models/yolo11n-320.onnx", "reference/input320.png",
          "reference/yolo11n-320_input320_output0.f32", false);
}

/* A genuine opset-12 export with the same weights. */
static void test_opset_12(void **state)
{
    check("models/yolo11n-320-ul84-opset12.onnx", "reference/input320.png",
          "reference/yolo11n-320_input320_output0.f32", false);
}

static void test_yolox(void **state)
{
    check("models/yolox_nano.onnx", "reference/input416_yolox.png",
          "reference/yolox_nano_input416_output.f32", true);
}

/* A symbolic batch: two different pictures at once, each as alone. */
static void test_dynamic_batch(void **state)
{
    struct its_graph *g = open_graph("models/yolo11n-dynamic.onnx", 2);
    int64_t picture, size = its_shape_count(&g->output[0]->shape) / 2;
    float *x = read_png("reference/input640.png", false, &picture), *noise = synthetic(picture);
    x = realloc(x, sizeof *x * 2 * picture);
    for (int64_t i = 0; i < picture; i++)
        x[picture + i] = noise[i];
    float *y = run(g, x);
    float *first = read_floats("reference/yolo11n_input640_output0.f32", size);
    float *second = read_floats("reference/yolo11n_synthetic_output0.f32", size);
    compare("first of two", y, first, &g->output[0]->shape, false);
    compare("second of two", y + size, second, &g->output[0]->shape, false);
    free(first);
    free(second);
    free(noise);
    free(x);
    free(y);
    its_graph_destroy(&g);
}

/* --- quantised files: what the float network is sure of, they find too */

static int best_class(const float *y, int64_t anchors, int64_t a, int classes)
{
    int best = 0;
    for (int c = 1; c < classes; c++)
        if (y[(4 + c) * anchors + a] > y[(4 + best) * anchors + a])
            best = c;
    return best;
}

/* Boxes here may be off by a twentieth of their size, or 4 px, and scores by 0.2. */
static void check_quantised(const char *model)
{
    struct its_graph *g = open_graph(model, 1);
    int64_t picture, anchors = g->output[0]->shape.dim[2];
    float *x = read_png("reference/input320.png", false, &picture), *y = run(g, x);
    float *want = read_floats("reference/yolo11n-320_input320_output0.f32", 84 * anchors);
    int sure = 0;
    for (int64_t a = 0; a < anchors; a++) {
        int c = best_class(want, anchors, a, 80);
        double score = want[(4 + c) * anchors + a], got = y[(4 + c) * anchors + a];
        if (score < 0.6)
            continue;
        sure++;
        if (!(fabs(got - score) < 0.2))
            fail_msg("anchor %lld: score %g, not %g", (long long)a, got, score);
        for (int k = 0; k < 4; k++) {
            double b = want[k * anchors + a], side = want[(2 + k % 2) * anchors + a];
            if (!(fabs(y[k * anchors + a] - b) < fmax(4, side / 20)))
                fail_msg("anchor %lld: %g, not %g", (long long)a, y[k * anchors + a], b);
        }
    }
    printf("%s: agrees on %d sure anchors\n", model, sure);
    assert_true(sure > 0);
    free(want);
    free(x);
    free(y);
    its_graph_destroy(&g);
}

static void test_dynamically_quantised(void **state)
{
    check_quantised("models/quantised/yolo11n-320-int8-dynamic-opset12.onnx");
    check_quantised("models/quantised/yolo11n-320-int8-dynamic-opset20.onnx");
}

/* A face detector, given a street: it runs, its numbers are sound, and it sees no face. */
static void test_qdq(void **state)
{
    const char *model = "models/quantised/yolo11n-face-int8-qdq-opset20.onnx";
    struct its_graph *g = open_graph(model, 1);
    int64_t picture, anchors = g->output[0]->shape.dim[2];
    float *x = read_png("reference/input640.png", false, &picture), *y = run(g, x), most = 0;
    assert_int_equal(g->output[0]->shape.dim[1], 5);
    for (int64_t a = 0; a < anchors; a++) {
        for (int k = 0; k < 4; k++)
            assert_true(y[k * anchors + a] > -320 && y[k * anchors + a] < 960);
        float score = y[4 * anchors + a];
        assert_true(score >= 0 && score <= 1);
        most = fmaxf(most, score);
    }
    printf("%s: the best score is %g\n", model, most);
    assert_true(most < 0.25f);
    free(x);
    free(y);
    its_graph_destroy(&g);
}

int main(void)
{
    data_dir = getenv("ITS_TESTDATA");
    if (!data_dir || !*data_dir || access(path_of("models/yolo11n.onnx"), R_OK)) {
        printf("SKIPPED: no models; set ITS_TESTDATA\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_yolo11n),       cmocka_unit_test(test_yolo11n_320),
        cmocka_unit_test(test_opset_12),      cmocka_unit_test(test_yolox),
        cmocka_unit_test(test_dynamic_batch), cmocka_unit_test(test_dynamically_quantised),
        cmocka_unit_test(test_qdq),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
