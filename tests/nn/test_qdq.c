/* Quantising small networks: the file that is written, what it computes, what is refused, and what
 * lies about after a stop. */
#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cancel.h"
#include "base/mem.h"
#include "nn/model.h"
#include "nn/onnx/import.h"
#include "nn/onnx/qdq.h"
#include "nn/op.h"
#include "nn/quant/quantise.h"
#include "nn/quant/survey.h"
#include "nn/quant/weights.h"
#include "nn/ref/ref.h"
#include "tiny_models.h"

enum { INPUT = 3 * TINY_SIDE * TINY_SIDE, OUTPUT = 7 * TINY_SIDE * TINY_SIDE / 4 };

static char folder[64];

static const char *path(const char *name)
{
    static char text[4][128];
    static int turn;
    char *to = text[turn++ % 4];
    snprintf(to, sizeof(text[0]), "%s/%s", folder, name);
    return to;
}

static void write_model(const char *name, struct tiny *t, int opset)
{
    struct its_str file = tiny_file(t, opset, NULL);
    FILE *f = fopen(path(name), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(its_str_get(&file), 1, file.len, f), file.len);
    fclose(f);
    its_str_fini(&file);
}

static int set_up(void **state)
{
    strcpy(folder, "/tmp/its-quant-XXXXXX");
    assert_non_null(mkdtemp(folder));
    struct tiny t = tiny_convs();
    write_model("f32.onnx", &t, 17);
    return 0;
}

static int files_in_folder(void)
{
    int count = 0;
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));)
        count += e->d_name[0] != '.';
    closedir(d);
    return count;
}

static int tear_down(void **state)
{
    char command[96];
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command);
}

static struct its_graph *import(const char *name)
{
    struct its_graph *g;
    struct its_error err = {0};
    if (its_onnx_import(path(name), NULL, &g, &err) < 0 || its_graph_infer(g, &err) < 0)
        fail_msg("%s", err.text);
    return g;
}

static int count_of(const struct its_graph *g, const char *op)
{
    int n = 0;
    for (int i = 0; i < g->node_count; i++)
        n += strcmp(g->node[i]->op->name, op) == 0;
    return n;
}

/* Bytes over 255, other ones for every picture. */
static int fill(void *ctx, int index, float *input, int width, int height)
{
    uint32_t seed = (uint32_t)index + 1;
    for (int i = 0; i < 3 * width * height; i++) {
        seed = seed * 1664525u + 1013904223u;
        input[i] = (float)(seed >> 24) / 255;
    }
    return 0;
}

/* What the reference back end makes of picture `index`. The caller frees. */
static float *run(const char *name, int index)
{
    struct its_graph *g = import(name);
    float *x = its_calloc(INPUT, sizeof(*x)), *y = its_calloc(OUTPUT, sizeof(*y));
    const void *in[] = {x};
    void *out[] = {y};
    struct its_error err = {0};
    fill(NULL, index, x, TINY_SIDE, TINY_SIDE);
    if (its_ref_run(g, in, out, NULL, NULL, &err) < 0)
        fail_msg("%s", err.text);
    free(x);
    its_graph_destroy(&g);
    return y;
}

/* The same by the engine. The caller frees. */
static float *run_engine(const char *name, int index, enum its_precision precision)
{
    struct its_error err = {0};
    struct its_model *m;
    struct its_network *n;
    struct its_network_settings s;
    its_network_defaults(&s);
    s.precision = precision;
    if (its_model_open(path(name), &m, &err) < 0 || its_network_create(m, &s, &n, &err) < 0)
        fail_msg("%s", err.text);
    fill(NULL, index, its_network_input(n), TINY_SIDE, TINY_SIDE);
    assert_int_equal(its_network_run(n, 1), 0);
    float *y = its_calloc(OUTPUT, sizeof(*y));
    memcpy(y, its_network_output(n, 0).data, OUTPUT * sizeof(*y));
    its_network_destroy(&n);
    its_model_close(&m);
    return y;
}

/* Mean difference of two outputs, as a part of the first one's mean size. */
static double distance(const float *a, const float *b)
{
    double sum = 0, size = 0;
    for (int i = 0; i < OUTPUT; i++) {
        sum += fabs((double)a[i] - (double)b[i]);
        size += fabs((double)a[i]);
    }
    return sum / size;
}

/* --- one convolution, by hand */

struct by_hand {
    struct its_graph *graph;
    struct its_survey survey;
    int8_t q[8 * 27];
    float scale[8];
    struct its_qdq_tensor tensor;
    struct its_qdq_conv conv;
    struct its_qdq_edit edit;
};

static void prepare(struct by_hand *h)
{
    h->graph = import("f32.onnx");
    its_survey_make(h->graph, NULL, &h->survey);
    const struct its_survey_conv *c = &h->survey.conv[0];
    its_quant_weights(c->weights->data, c->channels, c->each, h->q, h->scale);
    h->tensor = (struct its_qdq_tensor){"x", 1.0f / 255, 0};
    h->conv = (struct its_qdq_conv){"c1", h->q, h->scale, NULL, 1.0f / 255};
    h->edit = (struct its_qdq_edit){&h->tensor, 1, &h->conv, 1, "by hand"};
}

static void clean(struct by_hand *h)
{
    its_survey_fini(&h->survey);
    its_graph_destroy(&h->graph);
}

static const char *note_of(const struct its_graph *g)
{
    for (int i = 0; i < g->meta_count; i++)
        if (strcmp(g->meta[i][0], "its.quantised") == 0)
            return g->meta[i][1];
    return NULL;
}

/* The pixels are exact in bytes: only the weights' rounding is left. */
static void one_convolution(void **state)
{
    struct by_hand h;
    struct its_error err = {0};
    prepare(&h);
    if (its_qdq_write(path("f32.onnx"), path("one.onnx"), &h.edit, &err) < 0)
        fail_msg("%s", err.text);
    struct its_graph *g = import("one.onnx");
    assert_int_equal(count_of(g, "QuantizeLinear"), 1);
    assert_int_equal(count_of(g, "Conv"), count_of(h.graph, "Conv"));
    assert_string_equal(note_of(g), "by hand");
    for (int i = 0; i < g->value_count; i++)
        assert_false(g->value[i]->name && strcmp(g->value[i]->name, "c1_w") == 0);
    float *was = run("f32.onnx", 3), *is = run("one.onnx", 3);
    print_message("one convolution in bytes: %.5f from the reals\n", distance(was, is));
    assert_true(distance(was, is) < 0.01 && distance(was, is) > 0);
    free(was);
    free(is);
    its_graph_destroy(&g);
    clean(&h);
}

static void refuse_edit(struct by_hand *h, const char *from, const char *to, const char *says)
{
    struct its_error err = {0};
    int before = files_in_folder();
    assert_true(its_qdq_write(path(from), to, &h->edit, &err) < 0);
    print_message("%s\n", err.text);
    if (!strstr(err.text, says))
        fail_msg("expected: %s", says);
    assert_int_equal(files_in_folder(), before);
}

static void wrong_edits(void **state)
{
    struct by_hand h;
    prepare(&h);
    refuse_edit(&h, "f32.onnx", "/proc/none/x.onnx", "cannot write /proc/none/x.onnx");
    refuse_edit(&h, "f32.onnx", folder, "cannot write");
    refuse_edit(&h, "none.onnx", path("x.onnx"), "No such file");
    h.conv.name = "c9";
    refuse_edit(&h, "f32.onnx", path("x.onnx"), "0 of 1 convolutions");
    clean(&h);
}

/* --- all of it */

static struct its_quantise_settings settings(const char *from, const char *to)
{
    struct its_quantise_settings s;
    its_quantise_defaults(&s);
    s.model = path(from);
    s.out = path(to);
    return s;
}

static const struct its_quant_feed feed = {.count = 6, .fill = fill};

static void whole_networks(void **state)
{
    static const int least[] = {-1, ITS_RANGE_MIN_MAX, ITS_RANGE_PERCENTILE, ITS_RANGE_MSE};
    for (int i = 0; i < (int)ITS_ARRAY_LEN(least); i++) {
        struct its_quantise_settings s = settings("f32.onnx", "int8.onnx");
        struct its_quantise_report r;
        struct its_error err = {0};
        s.method = least[i];
        s.wide_most = 0;
        if (its_quantise(&s, &feed, &r, &err) < 0)
            fail_msg("%s", err.text);
        assert_int_equal(r.convs, 3);
        assert_int_equal(r.quantised, 3);
        assert_int_equal(r.pictures, 6);
        float *was = run("f32.onnx", 9), *is = run("int8.onnx", 9);
        print_message("%s: %.5f from the reals\n", its_range_method_name(r.method),
                      distance(was, is));
        assert_true(distance(was, is) < 0.02);
        free(is);
        is = run_engine("int8.onnx", 9, ITS_PRECISION_INT8);
        print_message("    the engine's integers: %.5f\n", distance(was, is));
        assert_true(distance(was, is) < 0.02);
        free(was);
        free(is);
    }
    assert_int_equal(files_in_folder(), 3); /* with one.onnx */
}

static void what_stays_wide_helps(void **state)
{
    struct its_quantise_settings s = settings("f32.onnx", "wide.onnx");
    struct its_quantise_report r;
    struct its_error err = {0};
    s.wide_most = 1;
    if (its_quantise(&s, &feed, &r, &err) < 0)
        fail_msg("%s", err.text);
    print_message("%.5f, with %s wide %.5f\n", r.error[r.method], r.wide_count ? r.wide[0] : "none",
                  r.error_final);
    assert_int_equal(r.wide_count, 1);
    assert_int_equal(r.quantised, 2);
    assert_true(r.error_final < r.error[r.method]);
}

static void refuse(const char *from, const char *to, const char *says)
{
    struct its_quantise_settings s = settings(from, to);
    struct its_quantise_report r;
    struct its_error err = {0}, again = {0};
    int before = files_in_folder();
    assert_true(its_quantise_check(&s, &err) < 0);
    assert_true(its_quantise(&s, &feed, &r, &again) < 0);
    print_message("%s\n", err.text);
    assert_string_equal(err.text, again.text);
    if (!strstr(err.text, says))
        fail_msg("expected: %s", says);
    assert_int_equal(files_in_folder(), before);
}

static void refusals(void **state)
{
    struct tiny t = {0};
    float w[2 * 3] = {0};
    tiny_input(&t, "x", TINY_FLOAT, 4, (int64_t[]){1, 3, TINY_SIDE, TINY_SIDE});
    tiny_floats(&t, "w", 4, (int64_t[]){2, 3, 1, 1}, w);
    tiny_node(&t, "Conv", "x w", "y", "kernel_shape=1,1,");
    tiny_output(&t, "y");
    write_model("old.onnx", &t, 12);
    t = tiny_decoder(0);
    write_model("none.onnx", &t, 17);
    refuse("old.onnx", "x.onnx", "opset 12");
    refuse("int8.onnx", "x.onnx", "is quantised already");
    refuse("none.onnx", "x.onnx", "no convolutions");
    refuse("absent.onnx", "x.onnx", "absent.onnx");
    refuse("f32.onnx", "f32.onnx", "is the model itself");
    refuse("f32.onnx", "", "Is a directory");
    refuse("f32.onnx", "nowhere/x.onnx", "cannot write");
}

static int broken_fill(void *ctx, int index, float *input, int width, int height)
{
    return index == 2 ? ITS_EDAMAGED : fill(ctx, index, input, width, height);
}

static void a_picture_that_fails(void **state)
{
    struct its_quantise_settings s = settings("f32.onnx", "x.onnx");
    struct its_quant_feed broken = {.count = 6, .fill = broken_fill};
    struct its_quantise_report r;
    struct its_error err = {0};
    int before = files_in_folder();
    assert_int_equal(its_quantise(&s, &broken, &r, &err), ITS_EDAMAGED);
    assert_non_null(strstr(err.text, "picture 3"));
    assert_int_equal(files_in_folder(), before);
}

/* --- stopping */

struct stop {
    const char *at;
    struct its_cancel *cancel;
    int after; /* what it was told after that */
};

static void stop_at_stage(void *ctx, const char *stage, int done, int of)
{
    struct stop *s = ctx;
    s->after += its_cancel_is_set(s->cancel);
    if (strcmp(stage, s->at) == 0)
        its_cancel_trigger(s->cancel);
}

static void stopped_at_any_stage(void **state)
{
    static const char *const stages[] = {"looking at values", "rounding weights", "choosing ranges",
                                         "looking for sensitive layers", "keeping layers wide"};
    int before = files_in_folder();
    for (int i = 0; i < (int)ITS_ARRAY_LEN(stages); i++) {
        struct stop stop = {.at = stages[i], .cancel = its_cancel_create(NULL)};
        struct its_quantise_settings s = settings("f32.onnx", "stopped.onnx");
        struct its_quantise_report r;
        struct its_error err = {0};
        s.wide_most = 1;
        s.cancel = stop.cancel;
        s.progress = stop_at_stage;
        s.ctx = &stop;
        int rc = its_quantise(&s, &feed, &r, &err);
        print_message("stopped while %s: %s\n", stages[i], err.text);
        assert_int_equal(rc, ITS_ECANCELLED);
        assert_true(stop.after <= 1);
        assert_int_equal(files_in_folder(), before);
        its_cancel_destroy(&stop.cancel);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_convolution),
        cmocka_unit_test(wrong_edits),
        cmocka_unit_test(whole_networks),
        cmocka_unit_test(what_stays_wide_helps),
        cmocka_unit_test(refusals),
        cmocka_unit_test(a_picture_that_fails),
        cmocka_unit_test(stopped_at_any_stage),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
