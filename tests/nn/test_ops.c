/* Operators where the official tests end at opset 17 or have no case: hand-made graphs of one node,
 * whose inputs are constants, so that inference computes them. And what is refused, and how. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "nn/graph.h"
#include "nn/op.h"
#include "nn/ref/ref.h"

/* --- one node at a time */

struct one {
    struct its_graph *g;
    struct its_node *n;
    struct its_attr attrs[8];
    struct its_error err;
};

static struct its_shape shape(const char *text)
{
    struct its_shape s = {0};
    for (const char *p = text; *p; p += strcspn(p, "x"), p += *p == 'x')
        s.dim[s.rank++] = atoi(p);
    return s;
}

static struct one one(const char *op, int opset, int outputs)
{
    struct one o = {.g = its_graph_create()};
    const struct its_op *row = its_op_find("", op, opset, &o.err);
    if (!row)
        fail_msg("%s", o.err.text);
    o.g->opset = opset;
    o.n = its_graph_add_node(o.g, row, "node", 0, outputs);
    o.n->in = its_arena_alloc(o.g->arena, 8 * sizeof(*o.n->in));
    for (int i = 0; i < outputs; i++) {
        char name[16];
        snprintf(name, sizeof name, "y%d", i);
        o.n->out[i] = its_graph_add_value(o.g, name, ITS_F32, NULL);
        o.n->out[i]->from = o.n;
    }
    return o;
}

static void give(struct one *o, enum its_dtype type, const char *s, const void *data)
{
    char name[16];
    struct its_shape dims = shape(s);
    snprintf(name, sizeof name, "x%d", o->n->in_count);
    o->n->in[o->n->in_count++] = its_graph_add_constant(o->g, name, type, &dims, data);
}

#define FLOATS(o, s, ...) give(o, ITS_F32, s, (const float[]){__VA_ARGS__})
#define LONGS(o, s, ...)  give(o, ITS_S64, s, (const int64_t[]){__VA_ARGS__})

/* 1, 2, 3, … */
static void count_up(struct one *o, const char *s)
{
    struct its_shape dims = shape(s);
    int64_t count = its_shape_count(&dims);
    float *x = malloc(count * sizeof *x);
    for (int64_t i = 0; i < count; i++)
        x[i] = i + 1;
    give(o, ITS_F32, s, x);
    free(x);
}

static void skip_input(struct one *o)
{
    o->n->in[o->n->in_count++] = NULL;
}

static struct its_attr *attribute(struct one *o, const char *name, enum its_attr_kind kind)
{
    struct its_attr *a = &o->attrs[o->n->attr_count++];
    *a = (struct its_attr){.name = name, .kind = kind, .count = 1};
    o->n->attrs = o->attrs;
    return a;
}

static void set_int(struct one *o, const char *name, int64_t v)
{
    attribute(o, name, ITS_ATTR_INT)->i = v;
}

static void set_text(struct one *o, const char *name, const char *v)
{
    attribute(o, name, ITS_ATTR_STRING)->s = v;
}

static void set_ints(struct one *o, const char *name, int count, const int64_t *v)
{
    struct its_attr *a = attribute(o, name, ITS_ATTR_INTS);
    a->count = count;
    a->ints = v;
}

#define INTS(o, name, ...)                                                                         \
    set_ints(o, name, (int)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)),             \
             (const int64_t[]){__VA_ARGS__})

/* Inference computes what depends on constants; it leaves quantised ones as they are. */
static void compute(struct one *o)
{
    const void *in[8] = {NULL};
    void *out[8] = {NULL};
    /* The struct may have moved since. */
    o->n->attrs = o->attrs;
    if (its_graph_infer(o->g, &o->err))
        fail_msg("%s", o->err.text);
    if (o->n->out[0]->data || o->g->input_count)
        return;
    for (int i = 0; i < o->n->in_count; i++)
        in[i] = o->n->in[i] ? o->n->in[i]->data : NULL;
    for (int i = 0; i < o->n->out_count; i++)
        out[i] = o->n->out[i]->data =
            its_arena_alloc(o->g->arena, its_shape_count(&o->n->out[i]->shape) * 8);
    assert_int_equal(o->n->op->run(o->n, in, out), 0);
}

static void expect_shape(const struct one *o, int index, const char *s)
{
    char text[96];
    assert_string_equal(its_shape_text(&o->n->out[index]->shape, text, sizeof text), s);
}

static void expect_floats(const struct one *o, int index, const char *s, const float *want)
{
    expect_shape(o, index, s);
    const struct its_value *v = o->n->out[index];
    assert_int_equal(v->type, ITS_F32);
    for (int64_t i = 0; i < its_shape_count(&v->shape); i++) {
        float got = ((const float *)v->data)[i];
        if (got != want[i] && !(fabsf(got - want[i]) <= 1e-5f * fmaxf(1, fabsf(want[i]))))
            fail_msg("%s: y%d[%d] is %.8g, not %.8g", o->n->op->name, index, (int)i, got, want[i]);
    }
}

#define EXPECT(o, index, s, ...) expect_floats(o, index, s, (const float[]){__VA_ARGS__})

static void done(struct one *o)
{
    its_graph_destroy(&o->g);
}

/* The inference must refuse with that code and these words. */
static void expect_refusal(struct one *o, int code, const char *words)
{
    o->n->attrs = o->attrs;
    int r = its_graph_infer(o->g, &o->err);
    if (r != code || !strstr(o->err.text, words))
        fail_msg("%d: %s", r, r ? o->err.text : "accepted");
    assert_non_null(strstr(o->err.text, "'node'"));
    done(o);
}

/* --- opset 18 to 20 */

static void test_split_num_outputs(void **state)
{
    struct one o = one("Split", 18, 3);
    count_up(&o, "7");
    set_int(&o, "num_outputs", 3);
    compute(&o);
    EXPECT(&o, 0, "3", 1, 2, 3);
    EXPECT(&o, 1, "3", 4, 5, 6);
    EXPECT(&o, 2, "1", 7);
    done(&o);

    o = one("Split", 18, 4);
    count_up(&o, "5");
    set_int(&o, "num_outputs", 4);
    expect_refusal(&o, -EINVAL, "too many parts");

    o = one("Split", 13, 2);
    count_up(&o, "7");
    expect_refusal(&o, -EINVAL, "7 in 2 equal parts");
}

static void test_split_by_attribute(void **state)
{
    struct one o = one("Split", 11, 2);
    count_up(&o, "2x3");
    set_int(&o, "axis", -1);
    INTS(&o, "split", 1, 2);
    compute(&o);
    EXPECT(&o, 0, "2x1", 1, 4);
    EXPECT(&o, 1, "2x2", 2, 3, 5, 6);
    done(&o);

    o = one("Split", 11, 2);
    count_up(&o, "2x3");
    set_int(&o, "axis", 1);
    INTS(&o, "split", 1, 1);
    expect_refusal(&o, -EINVAL, "do not add up to 3");
}

static struct one resize(int opset, const char *s, const char *mode)
{
    struct one o = one("Resize", opset, 1);
    count_up(&o, s);
    skip_input(&o);
    set_text(&o, "mode", mode);
    return o;
}

/* What the two networks we know ask for: twice as large, each pixel four times. */
static void test_resize_of_yolo(void **state)
{
    struct one o = resize(13, "1x1x2x2", "nearest");
    FLOATS(&o, "4", 1, 1, 2, 2);
    set_text(&o, "coordinate_transformation_mode", "asymmetric");
    set_text(&o, "nearest_mode", "floor");
    compute(&o);
    EXPECT(&o, 0, "1x1x4x4", 1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4);
    done(&o);
}

static void test_resize_antialias(void **state)
{
    struct one o = resize(18, "1x1x4x4", "linear");
    FLOATS(&o, "4", 1, 1, 0.6f, 0.6f);
    set_int(&o, "antialias", 1);
    compute(&o);
    EXPECT(&o, 0, "1x1x2x2", 2.875f, 4.5f, 9.375f, 11);
    done(&o);

    o = resize(18, "1x1x4x4", "cubic");
    FLOATS(&o, "4", 1, 1, 0.6f, 0.6f);
    set_int(&o, "antialias", 1);
    compute(&o);
    EXPECT(&o, 0, "1x1x2x2", 2.5180721f, 4.2858863f, 9.589329f, 11.357142f);
    done(&o);
}

static void test_resize_axes(void **state)
{
    struct one o = resize(18, "2x1x2", "nearest");
    skip_input(&o);
    LONGS(&o, "1", 4);
    INTS(&o, "axes", -1);
    compute(&o);
    EXPECT(&o, 0, "2x1x4", 1, 1, 2, 2, 3, 3, 4, 4);
    done(&o);

    o = resize(18, "2x1x2", "nearest");
    skip_input(&o);
    LONGS(&o, "2", 1, 4);
    INTS(&o, "axes", -1);
    expect_refusal(&o, -EINVAL, "2 sizes for 1 axes");
}

static void test_resize_aspect_ratio(void **state)
{
    static const struct {
        const char *policy, *shape;
        int64_t sizes[2];
    } cases[] = {{"not_larger", "1x1x4x8", {7, 8}},
                 {"not_smaller", "1x1x2x3", {1, 3}},
                 {"not_smaller", "1x1x7x14", {7, 8}},
                 {"stretch", "1x1x7x8", {7, 8}}};
    for (int i = 0; i < 4; i++) {
        struct one o = resize(18, "1x1x2x4", "nearest");
        skip_input(&o);
        give(&o, ITS_S64, "2", cases[i].sizes);
        INTS(&o, "axes", 2, 3);
        set_text(&o, "keep_aspect_ratio_policy", cases[i].policy);
        compute(&o);
        expect_shape(&o, 0, cases[i].shape);
        done(&o);
    }
}

static void test_resize_symmetric(void **state)
{
    struct one o = resize(19, "1x1x1x4", "linear");
    FLOATS(&o, "4", 1, 1, 1, 0.6f);
    set_text(&o, "coordinate_transformation_mode", "half_pixel_symmetric");
    compute(&o);
    EXPECT(&o, 0, "1x1x1x2", 1.6666667f, 3.3333333f);
    done(&o);
}

static void test_reduce_axes_as_input(void **state)
{
    struct one o = one("ReduceMax", 18, 1);
    count_up(&o, "2x3");
    LONGS(&o, "1", -1);
    set_int(&o, "keepdims", 0);
    compute(&o);
    EXPECT(&o, 0, "2", 3, 6);
    done(&o);

    o = one("ReduceMean", 18, 1);
    count_up(&o, "2x3");
    set_int(&o, "noop_with_empty_axes", 1);
    compute(&o);
    EXPECT(&o, 0, "2x3", 1, 2, 3, 4, 5, 6);
    done(&o);

    o = one("ReduceL2", 18, 1);
    FLOATS(&o, "2", 3, 4);
    compute(&o);
    EXPECT(&o, 0, "1", 5);
    done(&o);

    o = one("ReduceProd", 18, 1);
    count_up(&o, "4x1");
    LONGS(&o, "2", 0, 1);
    compute(&o);
    EXPECT(&o, 0, "1x1", 24);
    done(&o);

    o = one("ReduceMin", 18, 1);
    count_up(&o, "2x2");
    LONGS(&o, "1", 2);
    expect_refusal(&o, -EINVAL, "axis 2 of a tensor of rank 2");
}

static void test_pad_axes(void **state)
{
    struct one o = one("Pad", 18, 1);
    count_up(&o, "2x2");
    LONGS(&o, "2", 1, 0);
    FLOATS(&o, "1", 9);
    LONGS(&o, "1", -1);
    compute(&o);
    EXPECT(&o, 0, "2x3", 9, 1, 2, 9, 3, 4);
    done(&o);

    o = one("Pad", 19, 1);
    count_up(&o, "3");
    LONGS(&o, "2", 4, 1);
    set_text(&o, "mode", "wrap");
    compute(&o);
    EXPECT(&o, 0, "8", 3, 1, 2, 3, 1, 2, 3, 1);
    done(&o);

    o = one("Pad", 18, 1);
    count_up(&o, "3");
    LONGS(&o, "2", 3, 0);
    set_text(&o, "mode", "reflect");
    expect_refusal(&o, -EINVAL, "3 more by reflect on an axis of 3");
}

static void test_quantize(void **state)
{
    struct one o = one("QuantizeLinear", 19, 1);
    FLOATS(&o, "2x3", 0.5f, 1.5f, 1000, -0.5f, 2.5f, -1000);
    FLOATS(&o, "2", 1, 0.5f);
    give(&o, ITS_S8, "2", (const int8_t[]){1, -1});
    set_int(&o, "axis", 0);
    set_int(&o, "saturate", 1);
    compute(&o);
    static const int8_t want[] = {1, 3, 127, -2, 4, -128};
    assert_int_equal(o.n->out[0]->type, ITS_S8);
    assert_memory_equal(o.n->out[0]->data, want, 6);
    done(&o);

    o = one("DequantizeLinear", 20, 1);
    give(&o, ITS_S32, "2", (const int32_t[]){-70000, 3});
    FLOATS(&o, "2", 0.5f, 2);
    set_int(&o, "axis", 0);
    compute(&o);
    EXPECT(&o, 0, "2", -35000, 6);
    done(&o);

    o = one("DequantizeLinear", 11, 1);
    give(&o, ITS_U8, "2", (const uint8_t[]){0, 255});
    FLOATS(&o, "", 0.1f);
    give(&o, ITS_U8, "", (const uint8_t[]){128});
    compute(&o);
    EXPECT(&o, 0, "2", -12.8f, 12.7f);
    done(&o);
}

static void test_activations(void **state)
{
    static const struct {
        const char *op;
        int opset;
        float y[3];
    } cases[] = {{"Mish", 18, {-0.25250148f, 0, 3.9974129f}},
                 {"Gelu", 20, {-0.04550026f, 0, 3.9998734f}},
                 {"HardSwish", 14, {-0.33333334f, 0, 4}},
                 {"Sigmoid", 13, {0.11920292f, 0.5f, 0.98201376f}}};
    for (int i = 0; i < 4; i++) {
        struct one o = one(cases[i].op, cases[i].opset, 1);
        FLOATS(&o, "3", -2, 0, 4);
        compute(&o);
        expect_floats(&o, 0, "3", cases[i].y);
        done(&o);
    }
}

/* --- versions and cases the official tests lack */

static void test_batch_norm(void **state)
{
    struct one o = one("BatchNormalization", 11, 1);
    count_up(&o, "1x2x2");
    FLOATS(&o, "2", 1, 2);
    FLOATS(&o, "2", 0, 1);
    FLOATS(&o, "2", 1, 3);
    FLOATS(&o, "2", 4, 0.25f);
    attribute(&o, "epsilon", ITS_ATTR_FLOAT)->f = 0;
    compute(&o);
    EXPECT(&o, 0, "1x2x2", 0, 0.5f, 1, 5);
    done(&o);
}

/* A last window that would begin in the padding behind the picture is not there. */
static void test_pool_ceil(void **state)
{
    struct one o = one("MaxPool", 12, 1);
    count_up(&o, "1x1x1x3");
    INTS(&o, "kernel_shape", 1, 2);
    INTS(&o, "strides", 1, 2);
    INTS(&o, "pads", 0, 1, 0, 1);
    set_int(&o, "ceil_mode", 1);
    compute(&o);
    EXPECT(&o, 0, "1x1x1x2", 1, 3);
    done(&o);

    o = one("AveragePool", 19, 1);
    count_up(&o, "1x1x5");
    INTS(&o, "kernel_shape", 2);
    INTS(&o, "dilations", 2);
    compute(&o);
    EXPECT(&o, 0, "1x1x3", 2, 3, 4);
    done(&o);
}

static void test_conv_asymmetric(void **state)
{
    struct one o = one("Conv", 11, 1);
    count_up(&o, "1x1x2x2");
    FLOATS(&o, "1x1x2x2", 1, 10, 100, 1000);
    FLOATS(&o, "1", 0.5f);
    INTS(&o, "pads", 1, 0, 0, 1);
    compute(&o);
    EXPECT(&o, 0, "1x1x2x2", 2100.5f, 200.5f, 4321.5f, 402.5f);
    done(&o);

    /* Two groups, dilated, in one dimension. */
    o = one("Conv", 17, 1);
    count_up(&o, "1x2x4");
    FLOATS(&o, "2x1x2", 1, 10, 1, 100);
    set_int(&o, "group", 2);
    INTS(&o, "dilations", 2);
    INTS(&o, "strides", 1);
    compute(&o);
    EXPECT(&o, 0, "1x2x2", 31, 42, 705, 806);
    done(&o);
}

static void transposed_to_3(const char *auto_pad, const float want[3])
{
    struct one o = one("ConvTranspose", 11, 1);
    FLOATS(&o, "1x1x2", 1, 2);
    FLOATS(&o, "1x1x2", 1, 10);
    INTS(&o, "strides", 2);
    INTS(&o, "output_shape", 3);
    if (auto_pad)
        set_text(&o, "auto_pad", auto_pad);
    compute(&o);
    expect_floats(&o, 0, "1x1x3", want);
    done(&o);
}

/* One element too many: it goes in front, unless the padding is said to be behind. */
static void test_conv_transposed_shape(void **state)
{
    transposed_to_3(NULL, (const float[]){10, 2, 20});
    transposed_to_3("SAME_LOWER", (const float[]){10, 2, 20});
    transposed_to_3("SAME_UPPER", (const float[]){1, 10, 2});
}

static void test_integers_wrap(void **state)
{
    struct one o = one("Add", 14, 1);
    LONGS(&o, "2", INT64_MAX, 1);
    LONGS(&o, "1", 1);
    compute(&o);
    assert_true(((const int64_t *)o.n->out[0]->data)[0] == INT64_MIN);
    done(&o);

    o = one("Div", 14, 1);
    LONGS(&o, "3", INT64_MIN, 7, -7);
    LONGS(&o, "3", -1, 0, 2);
    compute(&o);
    const int64_t *y = o.n->out[0]->data;
    assert_true(y[0] == INT64_MIN && y[1] == 0 && y[2] == -3);
    done(&o);

    o = one("Mod", 13, 1);
    LONGS(&o, "3", -7, 7, INT64_MIN);
    LONGS(&o, "3", 3, 0, -1);
    compute(&o);
    y = o.n->out[0]->data;
    assert_true(y[0] == 2 && y[1] == 0 && y[2] == 0);
    done(&o);
}

static void test_arg_max_of_integers(void **state)
{
    struct one o = one("ArgMax", 11, 1);
    LONGS(&o, "2x2", INT64_MAX - 1, INT64_MAX, 5, 5);
    set_int(&o, "axis", 1);
    set_int(&o, "keepdims", 0);
    compute(&o);
    const int64_t *y = o.n->out[0]->data;
    expect_shape(&o, 0, "2");
    assert_true(y[0] == 1 && y[1] == 0);
    done(&o);
}

/* An index outside its axis must not read outside the tensor. */
static void test_gather_outside(void **state)
{
    struct one o = one("Gather", 13, 1);
    count_up(&o, "3");
    LONGS(&o, "4", -1, 7, -9, INT64_MIN);
    compute(&o);
    EXPECT(&o, 0, "4", 3, 3, 1, 1);
    done(&o);
}

static void test_empty(void **state)
{
    struct one o = one("Concat", 13, 1);
    FLOATS(&o, "0x2", 0);
    count_up(&o, "1x2");
    set_int(&o, "axis", 0);
    compute(&o);
    EXPECT(&o, 0, "1x2", 1, 2);
    done(&o);

    o = one("ReduceMax", 13, 1);
    FLOATS(&o, "2x0", 0);
    INTS(&o, "axes", 1);
    compute(&o);
    EXPECT(&o, 0, "2x1", -INFINITY, -INFINITY);
    done(&o);
}

/* --- what passes fold into a node */

static void test_folded_activation_and_residual(void **state)
{
    static const float x[] = {-8, 2}, residual[] = {100, 200};
    static const struct {
        enum its_act act;
        float y[2];
    } cases[] = {{ITS_ACT_NONE, {-8, 2}},  {ITS_ACT_SILU, {-0.0026828f, 1.7615942f}},
                 {ITS_ACT_RELU, {0, 2}},   {ITS_ACT_SIGMOID, {0.00033535f, 0.8807971f}},
                 {ITS_ACT_LEAKY, {-2, 2}}, {ITS_ACT_HARD_SWISH, {0, 1.6666667f}}};
    for (int i = 0; i < 12; i++) {
        bool adds = i >= 6;
        struct one o = one("Identity", 13, 1);
        struct its_shape s = shape("2");
        struct its_value *in = its_graph_add_value(o.g, "in", ITS_F32, &s);
        struct its_value *inputs[] = {in};
        o.n->in[o.n->in_count++] = in;
        o.n->act = cases[i % 6].act;
        o.n->act_alpha = 0.25f;
        o.n->add = adds ? its_graph_add_constant(o.g, "add", ITS_F32, &s, residual) : NULL;
        o.g->input = inputs;
        o.g->output = o.n->out;
        o.g->input_count = o.g->output_count = 1;
        compute(&o);
        float y[2];
        assert_int_equal(its_ref_run(o.g, (const void *[]){x}, (void *[]){y}, NULL, NULL, NULL), 0);
        for (int k = 0; k < 2; k++)
            assert_float_equal(y[k], cases[i % 6].y[k] + (adds ? residual[k] : 0), 1e-5);
        done(&o);
    }
}

struct seen {
    int count;
    float sum;
};

static void see(void *ctx, const struct its_node *n, const struct its_value *v, const void *data)
{
    struct seen *s = ctx;
    s->count++;
    for (int64_t i = 0; i < its_shape_count(&v->shape); i++)
        s->sum += ((const float *)data)[i];
}

static void test_values_are_shown(void **state)
{
    static const float x[] = {1, 2, 3, 4};
    struct one o = one("Split", 18, 2);
    struct its_shape s = shape("4");
    struct its_value *in = its_graph_add_value(o.g, "in", ITS_F32, &s), *inputs[] = {in};
    o.n->in[o.n->in_count++] = in;
    set_int(&o, "num_outputs", 2);
    o.g->input = inputs;
    o.g->output = &o.n->out[1];
    o.g->input_count = o.g->output_count = 1;
    compute(&o);
    float y[2];
    struct seen seen = {0};
    assert_int_equal(its_ref_run(o.g, (const void *[]){x}, (void *[]){y}, see, &seen, NULL), 0);
    assert_int_equal(seen.count, 2);
    assert_float_equal(seen.sum, 10, 0);
    assert_float_equal(y[0], 3, 0);
    done(&o);
}

/* --- refusals */

static void test_unknown_operator(void **state)
{
    struct its_error err;
    assert_null(its_op_find("", "Sigmoyd", 13, &err));
    assert_int_equal(err.code, ITS_EUNSUPPORTED);
    assert_non_null(strstr(err.text, "Sigmoyd is not supported; the nearest that is: Sigmoid"));
    assert_null(its_op_find("", "HardSwish", 13, &err));
    assert_non_null(strstr(err.text, "HardSwish of opset 13; supported: opset 14 to 20"));
    assert_null(its_op_find("com.microsoft", "Conv", 13, &err));
    assert_non_null(strstr(err.text, "com.microsoft.Conv is not supported"));
    assert_non_null(its_op_find("ai.onnx", "Conv", 13, NULL));
    assert_null(its_op_find("", "", 13, &err));
}

static void test_wrong_types(void **state)
{
    struct one o = one("Conv", 13, 1);
    give(&o, ITS_F16, "1x1x2x2", NULL);
    FLOATS(&o, "1x1x1x1", 1);
    expect_refusal(&o, ITS_EUNSUPPORTED, "is f16; supported: f32");

    o = one("Add", 13, 1);
    FLOATS(&o, "1", 1);
    LONGS(&o, "1", 1);
    expect_refusal(&o, -EINVAL, "is s64, the first is f32");
}

static void test_wrong_shapes(void **state)
{
    struct one o = one("Add", 13, 1);
    count_up(&o, "2x3");
    count_up(&o, "2");
    expect_refusal(&o, -EINVAL, "2x3 and 2 do not fit together");

    o = one("Conv", 13, 1);
    count_up(&o, "1x3x2x2");
    count_up(&o, "1x2x1x1");
    expect_refusal(&o, -EINVAL, "3 channels in 1 groups, weights for 2 to 1");

    o = one("Conv", 13, 1);
    count_up(&o, "1x1x2x2");
    count_up(&o, "1x1x3x3");
    expect_refusal(&o, -EINVAL, "a window of 3 on an axis of 2");

    for (int after = 0; after <= 1; after++) { /* windows that hold nothing but padding */
        o = one(after ? "AveragePool" : "MaxPool", 13, 1);
        count_up(&o, "1x1x4x4");
        INTS(&o, "kernel_shape", 3, 3);
        INTS(&o, "pads", after ? 0 : 3, 0, after ? 3 : 0, 0);
        expect_refusal(&o, -EINVAL,
                       after ? "pads 0 and 3 round a window of 3"
                             : "pads 3 and 0 round a window of 3");
    }

    o = one("Reshape", 13, 1);
    count_up(&o, "2x3");
    LONGS(&o, "2", 4, -1);
    expect_refusal(&o, -EINVAL, "2x3 cannot become 4x1");

    o = one("Transpose", 13, 1);
    count_up(&o, "2x3");
    INTS(&o, "perm", 1, 1);
    expect_refusal(&o, -EINVAL, "no permutation");
}

static void test_hostile_numbers(void **state)
{
    struct one o = one("Expand", 13, 1);
    FLOATS(&o, "1", 1);
    LONGS(&o, "3", 1 << 20, 1 << 20, 1 << 20);
    expect_refusal(&o, ITS_ETOOBIG, "a result of");

    o = one("Conv", 13, 1);
    count_up(&o, "1x1x2x2");
    count_up(&o, "1x1x1x1");
    INTS(&o, "pads", 0, INT64_MAX, 0, INT64_MAX);
    expect_refusal(&o, -EINVAL, "pads");

    o = one("Conv", 13, 1);
    count_up(&o, "1x1x2x2");
    count_up(&o, "1x1x1x1");
    set_int(&o, "group", INT64_MIN);
    expect_refusal(&o, -EINVAL, "groups");

    o = one("Tile", 13, 1);
    count_up(&o, "4");
    LONGS(&o, "1", INT64_MAX);
    expect_refusal(&o, -EINVAL, "repeated");

    o = one("Range", 13, 1);
    FLOATS(&o, "", 0);
    FLOATS(&o, "", 1);
    FLOATS(&o, "", 0);
    expect_refusal(&o, ITS_ETOOBIG, "a range of");

    o = one("Resize", 13, 1);
    count_up(&o, "1x1x2x2");
    skip_input(&o);
    FLOATS(&o, "4", 1, 1, NAN, 1);
    expect_refusal(&o, -EINVAL, "a scale of");
}

static void test_shapes_must_be_constant(void **state)
{
    struct one o = one("Reshape", 13, 1);
    count_up(&o, "2x3");
    struct its_shape s = shape("2");
    o.n->in[o.n->in_count++] = its_graph_add_value(o.g, "computed", ITS_S64, &s);
    expect_refusal(&o, ITS_EUNSUPPORTED, "input 1 (computed) decides a shape but is no constant");
}

/* --- the table itself */

static void test_table(void **state)
{
    int count;
    const struct its_op *t = its_op_table(&count);
    for (int i = 0; i < count; i++) {
        assert_true(t[i].since <= t[i].until && t[i].infer && t[i].run && t[i].attrs);
        assert_true(its_op_find(t[i].domain, t[i].name, t[i].since, NULL) == &t[i]);
        assert_true(its_op_find(t[i].domain, t[i].name, t[i].until, NULL) == &t[i]);
        int order = i ? strcmp(t[i - 1].name, t[i].name) : -1;
        assert_true(order < 0 || (order == 0 && t[i - 1].until < t[i].since));
    }
    printf("%d rows\n", count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_split_num_outputs),
        cmocka_unit_test(test_split_by_attribute),
        cmocka_unit_test(test_resize_of_yolo),
        cmocka_unit_test(test_resize_antialias),
        cmocka_unit_test(test_resize_axes),
        cmocka_unit_test(test_resize_aspect_ratio),
        cmocka_unit_test(test_resize_symmetric),
        cmocka_unit_test(test_reduce_axes_as_input),
        cmocka_unit_test(test_pad_axes),
        cmocka_unit_test(test_quantize),
        cmocka_unit_test(test_activations),
        cmocka_unit_test(test_batch_norm),
        cmocka_unit_test(test_pool_ceil),
        cmocka_unit_test(test_conv_asymmetric),
        cmocka_unit_test(test_conv_transposed_shape),
        cmocka_unit_test(test_integers_wrap),
        cmocka_unit_test(test_arg_max_of_integers),
        cmocka_unit_test(test_gather_outside),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_folded_activation_and_residual),
        cmocka_unit_test(test_values_are_shown),
        cmocka_unit_test(test_unknown_operator),
        cmocka_unit_test(test_wrong_types),
        cmocka_unit_test(test_wrong_shapes),
        cmocka_unit_test(test_hostile_numbers),
        cmocka_unit_test(test_shapes_must_be_constant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
