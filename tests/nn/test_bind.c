/* Small networks with the numbers that exports freeze, made for 64x64 and bound to other sizes.
 * They have no weights: what comes out can be said in a formula. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nn/bind.h"
#include "nn/head.h"
#include "nn/onnx/import.h"
#include "nn/ref/ref.h"
#include "nn/sizes.h"
#include "tiny_models.h"

#define TINY_SIDE 64
#define CELLS     84 /* 8 x 8 + 4 x 4 + 2 x 2 */

static struct its_graph *import(struct tiny *t)
{
    struct its_str file = tiny_file(t, 17, NULL);
    struct its_graph *g;
    struct its_error err = {0};
    if (its_onnx_import_bytes((const uint8_t *)its_str_get(&file), file.len, NULL, &g, &err))
        fail_msg("%s", err.text);
    its_str_fini(&file);
    return g;
}

static struct its_graph *bind(const struct its_graph *g, int batch, int h, int w)
{
    struct its_graph *b;
    struct its_error err = {0};
    if (its_graph_bind(g, batch, h, w, &b, &err))
        fail_msg("%dx%dx%d: %s", batch, h, w, err.text);
    return b;
}

static void refuse(const struct its_graph *g, int batch, int h, int w, const char *const *words)
{
    struct its_graph *b;
    struct its_error err = {0};
    assert_true(its_graph_bind(g, batch, h, w, &b, &err) < 0);
    assert_null(b);
    print_message("%s\n", err.text);
    for (; *words; words++)
        if (!strstr(err.text, *words))
            fail_msg("\"%s\" is not in: %s", *words, err.text);
}

#define REFUSE(g, n, h, w, ...) refuse(g, n, h, w, (const char *const[]){__VA_ARGS__, NULL})

static void assert_shape(const struct its_value *v, int rank, const int64_t *dims)
{
    char text[96];
    print_message("%s: %s\n", v->name, its_shape_text(&v->shape, text, sizeof(text)));
    assert_int_equal(v->shape.rank, rank);
    for (int i = 0; i < rank; i++)
        assert_int_equal(v->shape.dim[i], dims[i]);
}

/* The only output for an input of zeros, or of `x`. Caller frees. */
static float *run(const struct its_graph *g, const float *x)
{
    float *zeros = calloc((size_t)its_shape_count(&g->input[0]->shape), sizeof(float));
    float *y = calloc((size_t)its_shape_count(&g->output[0]->shape), sizeof(float));
    const void *in[] = {x ? x : zeros};
    void *out[] = {y};
    struct its_error err = {0};
    if (its_ref_run(g, in, out, NULL, NULL, &err))
        fail_msg("%s", err.text);
    free(zeros);
    return y;
}

static void check_decoded(const struct its_graph *g, int batch, int h, int w)
{
    float *y = run(g, NULL);
    int cells = h * w / 64 + h * w / 256 + h * w / 1024, i = 0;
    for (int n = 0; n < batch; n++, i += 2 * cells)
        for (int s = 8; s <= 32; s *= 2)
            for (int cy = 0; cy < h / s; cy++)
                for (int cx = 0; cx < w / s; cx++, i++) {
                    assert_true(y[i] == ((float)cx + 0.5f) * (float)s);
                    assert_true(y[i + cells] == ((float)cy + 0.5f) * (float)s);
                    assert_true(y[i + 2 * cells] == 0);
                }
    free(y);
}

static void rebuilds_a_decoder(void **state)
{
    static const int sizes[][3] = {{1, 64, 64}, {2, 64, 64},  {1, 96, 128}, {3, 128, 32},
                                   {1, 32, 32}, {1, 32, 128}, {32, 32, 64}};
    struct tiny t = tiny_decoder(0);
    struct its_graph *g = import(&t);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        int n = sizes[i][0], h = sizes[i][1], w = sizes[i][2];
        struct its_graph *b = bind(g, n, h, w);
        assert_shape(b->output[0], 3, (int64_t[]){n, 3, h * w / 64 + h * w / 256 + h * w / 1024});
        check_decoded(b, n, h, w);
        its_graph_destroy(&b);
    }
    its_graph_destroy(&g);
}

/* One number off: not the table we would make, so not ours to replace. Not even at 32x128, which
 * has as many pixels as 64x64. */
static void refuses_a_spoilt_table(void **state)
{
    struct tiny t = tiny_decoder(0.25f);
    struct its_graph *g = import(&t);
    struct its_graph *b = bind(g, 4, 0, 0);
    its_graph_destroy(&b);
    REFUSE(g, 1, 96, 96, "cannot change the size of this model", "node 'moved' (Add)");
    REFUSE(g, 1, 32, 128, "cannot change the size of this model", "node 'moved' (Add)");
    its_graph_destroy(&g);
}

static void refuses_what_nobody_asked_for(void **state)
{
    struct tiny t = tiny_decoder(0);
    struct its_graph *g = import(&t);
    REFUSE(g, 33, 0, 0, "batch 33", "1 to 32");
    REFUSE(g, 1, 100, 64, "64x100", "multiples of 32");
    REFUSE(g, 1, -32, 64, "multiples of 32");
    REFUSE(g, 1, 1 << 20, 64, "8192");
    its_graph_destroy(&g);
}

/* Whoever fills the input writes three channels of f32. */
static void refuses_other_pictures(void **state)
{
    static const struct {
        int type, channels;
        const char *said;
    } rows[] = {{TINY_FLOAT, 1, "1 channels of f32"},
                {TINY_FLOAT, 4, "4 channels of f32"},
                {TINY_FLOAT, -1, "? channels of f32"},
                {TINY_FLOAT16, 3, "3 channels of f16"},
                {TINY_INT8, 3, "3 channels of s8"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct tiny t = {0};
        tiny_input(&t, "x", rows[i].type, 4,
                   (int64_t[]){1, rows[i].channels, TINY_SIDE, TINY_SIDE});
        tiny_node(&t, "Transpose", "x", "y", "perm=0,1,2,3,");
        tiny_output(&t, "y");
        struct its_graph *g = import(&t);
        REFUSE(g, 1, 0, 0, "'x'", rows[i].said, "3 channels of f32 are supported");
        its_graph_destroy(&g);
    }
}

/* Attention: one level becomes a list of 4 places and a picture of 2 x 2 again. */
static void rebuilds_attention(void **state)
{
    struct tiny t = {0};
    tiny_input(&t, "x", TINY_FLOAT, 4, (int64_t[]){1, 3, TINY_SIDE, TINY_SIDE});
    tiny_node(&t, "MaxPool", "x", "p32", "kernel_shape=32,32, strides=32,32,");
    tiny_ints(&t, "list", 4, (int64_t[]){1, 3, 1, 4});
    tiny_ints(&t, "picture", 4, (int64_t[]){1, 3, 2, 2});
    tiny_node(&t, "Reshape", "p32 list", "heads", NULL);
    tiny_node(&t, "Softmax", "heads", "soft", "axis=-1");
    tiny_node(&t, "Reshape", "soft picture", "y", NULL);
    tiny_output(&t, "y");
    struct its_graph *g = import(&t), *b = bind(g, 2, 96, 160);
    assert_shape(b->output[0], 4, (int64_t[]){2, 3, 3, 5});
    its_graph_destroy(&b);
    b = bind(g, 1, 32, 128); /* four places still, but in a row */
    assert_shape(b->output[0], 4, (int64_t[]){1, 3, 1, 4});
    its_graph_destroy(&b);
    its_graph_destroy(&g);
}

/* Cuts between levels, by Slice and by Split, and a Resize to a frozen size. */
static void rebuilds_cuts_and_sizes(void **state)
{
    struct tiny t = tiny_levels(3);
    tiny_ints(&t, "from", 1, (int64_t[]){64});
    tiny_ints(&t, "to", 1, (int64_t[]){80});
    tiny_ints(&t, "axis", 1, (int64_t[]){2});
    tiny_ints(&t, "parts", 3, (int64_t[]){64, 16, 4});
    tiny_ints(&t, "double", 4, (int64_t[]){1, 3, 8, 8});
    tiny_node(&t, "Slice", "all from to axis", "middle", NULL);
    tiny_node(&t, "Split", "all parts", "a b c", "axis=-1");
    tiny_node(&t, "Add", "middle b", "y", NULL);
    tiny_node(&t, "Resize", "p16 - - double", "z",
              "mode=nearest coordinate_transformation_mode=asymmetric nearest_mode=floor");
    tiny_node(&t, "Add", "z p8", "sum", NULL);
    tiny_output(&t, "y");
    tiny_output(&t, "sum");
    struct its_graph *g = import(&t), *b = bind(g, 2, 96, 32);
    assert_shape(b->output[0], 3, (int64_t[]){2, 3, 6 * 2});
    assert_shape(b->output[1], 4, (int64_t[]){2, 3, 12, 4});
    its_graph_destroy(&b);
    its_graph_destroy(&g);
}

static void refuses_a_number_without_meaning(void **state)
{
    struct tiny t = tiny_levels(3);
    tiny_ints(&t, "odd", 4, (int64_t[]){1, 3, 7, 12});
    tiny_node(&t, "Reshape", "all odd", "y", NULL);
    tiny_output(&t, "y");
    struct its_graph *g = import(&t);
    REFUSE(g, 1, 96, 96, "cannot change the size", "node 'y' (Reshape)", "1x3x7x12");
    its_graph_destroy(&g);

    t = tiny_levels(3);
    tiny_ints(&t, "from", 1, (int64_t[]){10});
    tiny_ints(&t, "to", 1, (int64_t[]){70});
    tiny_ints(&t, "axis", 1, (int64_t[]){2});
    tiny_node(&t, "Slice", "all from to axis", "y", NULL);
    tiny_output(&t, "y");
    g = import(&t);
    REFUSE(g, 1, 96, 96, "node 'y' (Slice)", "cuts 84 at 10");
    its_graph_destroy(&g);
}

/* Shape arithmetic of an export with symbolic sizes: nothing is frozen, all of it melts away. */
static void binds_symbolic_sizes(void **state)
{
    struct tiny t = {0};
    tiny_input(&t, "x", TINY_FLOAT, 4, (int64_t[]){-1, 3, -1, -1});
    tiny_ints(&t, "two", 1, (int64_t[]){2});
    tiny_ints(&t, "rest", 1, (int64_t[]){-1});
    tiny_node(&t, "Shape", "x", "dims", "start=0 end=2");
    tiny_node(&t, "Concat", "dims rest", "flat", "axis=0");
    tiny_node(&t, "Reshape", "x flat", "y", NULL);
    tiny_output(&t, "y");
    struct its_graph *g = import(&t), *b = bind(g, 5, 32, 64);
    assert_shape(b->output[0], 3, (int64_t[]){5, 3, 2048});
    assert_int_equal(b->node_count, 1);
    its_graph_destroy(&b);
    its_graph_destroy(&g);
}

static void rebuilds_lists_of_pictures(void **state)
{
    struct tiny t = tiny_best_of();
    struct its_graph *g = import(&t), *one = bind(g, 1, 96, 64), *two = bind(g, 2, 96, 64);
    struct its_native native = {1, TINY_SIDE, TINY_SIDE};
    int classes;
    struct its_graph *own = bind(g, 0, 0, 0);
    assert_int_equal(its_head_recognise(own, &native, &classes), ITS_HEAD_TOP);
    assert_shape(two->output[0], 3, (int64_t[]){2, 5, 6});

    enum { N = 3 * 96 * 64 };
    float *x = malloc(2 * N * sizeof(float));
    for (uint32_t i = 0; i < 2 * N; i++)
        x[i] = (float)(i * 2654435761u >> 8) / (float)(1 << 24);
    float *both = run(two, x);
    for (int i = 0; i < 2; i++) {
        float *single = run(one, x + i * N);
        assert_memory_equal(both + i * 30, single, 30 * sizeof(float));
        free(single);
    }
    assert_memory_not_equal(both, both + 30, 30 * sizeof(float));
    free(both);
    free(x);
    its_graph_destroy(&own);
    its_graph_destroy(&one);
    its_graph_destroy(&two);
    its_graph_destroy(&g);
}

/* What the sizes of 640x640 mean in 384x640 with three pictures. */
static void reshapes_by_meaning(void **state)
{
    const struct its_sizes s = {{1, 640, 640}, {3, 384, 640}};
    static const struct {
        struct its_shape in, now, out, want;
    } rows[] = {
        {{4, {1, 144, 80, 80}}, {4, {3, 144, 48, 80}}, {3, {1, 144, 6400}}, {3, {3, 144, 3840}}},
        {{4, {1, 256, 20, 20}},
         {4, {3, 256, 12, 20}},
         {4, {1, 2, 128, 400}},
         {4, {3, 2, 128, 240}}},
        {{4, {1, 2, 64, 400}}, {4, {3, 2, 64, 240}}, {4, {1, 128, 20, 20}}, {4, {3, 128, 12, 20}}},
        {{3, {1, 64, 8400}}, {3, {3, 64, 5040}}, {4, {1, 4, 16, 8400}}, {4, {3, 4, 16, 5040}}},
        {{4, {1, 1, 4, 8400}}, {4, {3, 1, 4, 5040}}, {3, {1, 4, 8400}}, {3, {3, 4, 5040}}},
        {{4, {1, 80, 80, 80}}, {4, {3, 80, 48, 80}}, {3, {1, 80, 6400}}, {3, {3, 80, 3840}}},
        {{3, {1, 8400, 80}}, {3, {3, 5040, 80}}, {2, {1, 672000}}, {2, {3, 403200}}},
        {{3, {1, 2, 400}}, {3, {3, 2, 240}}, {2, {2, 400}}, {2, {6, 240}}},
        {{2, {2, 400}}, {2, {6, 240}}, {4, {1, 2, 20, 20}}, {4, {3, 2, 12, 20}}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct its_shape got;
        char text[96];
        assert_true(its_sizes_reshape(&s, &rows[i].in, &rows[i].now, &rows[i].out, &got));
        print_message("%s\n", its_shape_text(&got, text, sizeof(text)));
        assert_true(its_shape_equal(&got, &rows[i].want));
    }
    struct its_shape in = {2, {1, 8400}}, now = {2, {3, 5040}}, out = {3, {1, 120, 70}}, got;
    assert_false(its_sizes_reshape(&s, &in, &now, &out, &got));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rebuilds_a_decoder),
        cmocka_unit_test(refuses_a_spoilt_table),
        cmocka_unit_test(refuses_what_nobody_asked_for),
        cmocka_unit_test(refuses_other_pictures),
        cmocka_unit_test(rebuilds_attention),
        cmocka_unit_test(rebuilds_cuts_and_sizes),
        cmocka_unit_test(refuses_a_number_without_meaning),
        cmocka_unit_test(binds_symbolic_sizes),
        cmocka_unit_test(rebuilds_lists_of_pictures),
        cmocka_unit_test(reshapes_by_meaning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
