/* Plans of small graphs: what the CPU's kernels give is what the reference gives, parts of concats
 * and splits are not copied, and no two slots that live at the same time share a byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/mem.h"
#include "nn/op.h"
#include "nn/pass.h"
#include "tests/nn/small_graph.h"

typedef struct its_value *values[];

static bool in_block(const struct its_slot *s)
{
    return s->base < 0 && !s->external && !s->constant && s->first >= 0;
}

static void check_memory(const struct its_plan *p)
{
    size_t sum = 0;
    for (int i = 0; i < p->slot_count; i++) {
        const struct its_slot *a = &p->slot[i];
        if (!in_block(a))
            continue;
        sum += a->bytes;
        assert_int_equal(a->at % 64, 0);
        assert_true(a->at + a->bytes <= p->block_bytes);
        for (int k = i + 1; k < p->slot_count; k++) {
            const struct its_slot *b = &p->slot[k];
            bool together = in_block(b) && a->first <= b->last && b->first <= a->last;
            bool apart = a->at + a->bytes <= b->at || b->at + b->bytes <= a->at;
            assert_true(!together || apart);
        }
    }
    print_message("%d steps, %zu bytes instead of %zu\n", p->step_count, p->block_bytes, sum);
}

/* Slots that lie in another one. */
static int parts_of(const struct its_plan *p)
{
    int count = 0;
    for (int i = 0; i < p->slot_count; i++)
        count += p->slot[i].base >= 0;
    return count;
}

static int conversions_of(const struct its_plan *p)
{
    int count = 0;
    for (int i = 0; i < p->step_count; i++)
        count += p->step[i].node == NULL;
    return count;
}

/* The graph by the reference, then after the passes by the CPU's kernels. */
static struct its_plan *check(struct its_graph *g, int threads, double tolerance)
{
    struct its_plan *p;
    struct its_error err;
    enum its_precision f32 = ITS_PRECISION_F32;
    int64_t count = its_shape_count(&g->output[0]->shape);
    float *want = run_graph(g, &its_backend_ref, 1, NULL);
    assert_int_equal(its_pass_all(g, false, &err), 0);
    float *got = run_graph(g, its_backend_cpu(&f32), threads, &p);
    double apart = largest_difference(want, got, count);
    print_message("at most %.8f apart\n", apart);
    assert_true(apart < tolerance);
    check_memory(p);
    free(want);
    free(got);
    return p;
}

static struct its_value *concat(struct its_graph *g, struct its_value *const *parts)
{
    struct its_value *v = add_op(g, "Concat", parts, 1);
    set_int(g, v, "axis", 1);
    v->shape = parts[0]->shape;
    v->shape.dim[1] = 0;
    for (int i = 0; parts[i]; i++)
        v->shape.dim[1] += parts[i]->shape.dim[1];
    return v;
}

static struct its_value *split(struct its_graph *g, struct its_value *x, int64_t a, int64_t b)
{
    int64_t parts[] = {a, b};
    struct its_value *v = add_op(g, "Split", (values){x, add_ints(g, 2, parts), NULL}, 2);
    set_int(g, v, "axis", 1);
    for (int i = 0; i < 2; i++) {
        v->from->out[i]->shape = x->shape;
        v->from->out[i]->shape.dim[1] = parts[i];
    }
    return v;
}

/* Split, bottleneck with a residual, Concat: the block most of YOLO is made of. */
static struct its_value *add_c3(struct its_graph *g, uint32_t *seed, struct its_value *x, int half)
{
    struct its_value *y = add_silu(g, add_conv(g, seed, x, 2 * half, 1, 1, 1));
    struct its_node *s = split(g, y, half, half)->from;
    struct its_value *b = add_silu(g, add_conv(g, seed, s->out[1], half / 2, 3, 1, 1));
    b = add_silu(g, add_conv(g, seed, b, half, 3, 1, 1));
    b = add_op(g, "Add", (values){s->out[1], b, NULL}, 1);
    b->shape = s->out[1]->shape;
    y = concat(g, (values){s->out[0], s->out[1], b, NULL});
    return add_silu(g, add_conv(g, seed, y, 2 * half, 1, 1, 1));
}

static void test_parts_are_not_copied(void **state)
{
    uint32_t seed = 1;
    struct its_graph *g = its_graph_create();
    struct its_value *x = add_input(g, "x", 3, 40, 24);
    x = add_silu(g, add_conv(g, &seed, x, 16, 3, 2, 1));
    set_output(g, add_c3(g, &seed, add_c3(g, &seed, x, 16), 32));
    infer(g);
    struct its_plan *p = check(g, 1, 1e-4);
    /* Per block: the split's input in the concat's, both halves in that, the sum as well. */
    assert_int_equal(parts_of(p), 2 * 4);
    assert_int_equal(conversions_of(p), 1); /* the output, to planes */
    its_plan_destroy(&p);
    its_graph_destroy(&g);
}

/* Parts that cannot lie where the concat wants them are copied, and come out right: twice the same,
 * not at a multiple of 16, or halves in another order. */
static void test_parts_that_must_be_copied(void **state)
{
    for (int kind = 0; kind < 3; kind++) {
        uint32_t seed = 2;
        struct its_graph *g = its_graph_create();
        struct its_value *x = add_input(g, "x", 3, 20, 20);
        struct its_value *y = add_conv(g, &seed, x, 32, 3, 1, 1);
        struct its_node *s = split(g, y, kind == 1 ? 8 : 16, kind == 1 ? 24 : 16)->from;
        if (kind == 0)
            y = concat(g, (values){s->out[0], s->out[0], s->out[1], NULL});
        else
            y = concat(g, (values){s->out[1], s->out[0], NULL});
        set_output(g, add_conv(g, &seed, y, 16, 1, 1, 1));
        infer(g);
        struct its_plan *p = check(g, 1, 1e-4);
        its_plan_destroy(&p);
        its_graph_destroy(&g);
    }
}

static struct its_value *add_pool(struct its_graph *g, struct its_value *x, int k)
{
    int64_t window[] = {k, k}, pads[] = {k / 2, k / 2, k / 2, k / 2};
    struct its_value *y = add_op(g, "MaxPool", (values){x, NULL}, 1);
    set_ints(g, y, "kernel_shape", 2, window);
    set_ints(g, y, "pads", 4, pads);
    y->shape = x->shape;
    return y;
}

static void test_pyramid_of_pools(void **state)
{
    for (int threads = 1; threads <= 2; threads++) {
        uint32_t seed = 3;
        struct its_graph *g = its_graph_create();
        struct its_value *x = add_input(g, "x", 3, 13, 21);
        struct its_value *a = add_silu(g, add_conv(g, &seed, x, 32, 1, 1, 1));
        struct its_value *b = add_pool(g, a, 5), *c = add_pool(g, b, 5), *d = add_pool(g, c, 5);
        x = concat(g, (values){a, b, c, d, NULL});
        set_output(g, add_conv(g, &seed, x, 24, 1, 1, 1));
        infer(g);
        struct its_plan *p = check(g, threads, 1e-4);
        assert_int_equal(parts_of(p), 4);
        its_plan_destroy(&p);
        its_graph_destroy(&g);
    }
}

/* Odd channel counts, groups, depthwise, strides: whatever kernel takes them. */
static void test_convolutions_of_all_kinds(void **state)
{
    static const struct {
        int c, out, k, stride, group;
    } kind[] = {{3, 8, 3, 2, 1},    {8, 16, 3, 1, 1},   {5, 7, 3, 1, 1},    {24, 40, 1, 1, 1},
                {16, 16, 3, 1, 16}, {80, 80, 3, 2, 80}, {12, 12, 5, 1, 12}, {32, 64, 3, 1, 2},
                {6, 9, 3, 1, 3},    {1, 1, 1, 1, 1}};
    for (int i = 0; i < (int)ITS_ARRAY_LEN(kind); i++)
        for (int threads = 1; threads <= 2; threads++) {
            uint32_t seed = 4 + (uint32_t)i;
            struct its_graph *g = its_graph_create();
            struct its_value *x = add_input(g, "x", 3, 19, 23);
            struct its_value *y = add_silu(g, add_conv(g, &seed, x, kind[i].c, 1, 1, 1));
            y = add_conv(g, &seed, y, kind[i].out, kind[i].k, kind[i].stride, kind[i].group);
            set_output(g, i % 2 ? add_silu(g, y) : y);
            infer(g);
            struct its_plan *p = check(g, threads, 1e-4);
            its_plan_destroy(&p);
            its_graph_destroy(&g);
        }
}

/* What no kernel is made for goes to the reference, with conversions round it. */
static void test_the_rest_by_the_reference(void **state)
{
    static const int64_t shape[] = {1, 4, 8, -1}, perm[] = {0, 2, 1, 3};
    uint32_t seed = 5;
    struct its_graph *g = its_graph_create();
    struct its_value *x = add_input(g, "x", 3, 10, 12);
    struct its_value *y = add_silu(g, add_conv(g, &seed, x, 32, 3, 1, 1));
    y = add_op(g, "Reshape", (values){y, add_ints(g, 4, shape), NULL}, 1);
    y = add_op(g, "Transpose", (values){y, NULL}, 1);
    set_ints(g, y, "perm", 4, perm);
    y = add_op(g, "Softmax", (values){y, NULL}, 1);
    set_int(g, y, "axis", 1);
    set_output(g, add_op(g, "Mul", (values){y, y, NULL}, 1));
    infer(g);
    struct its_plan *p = check(g, 1, 1e-5);
    its_plan_destroy(&p);
    its_graph_destroy(&g);
}

/* An output that is an input of nothing else, an input given straight out, a part as an output. */
static void test_outputs_anywhere(void **state)
{
    for (int kind = 0; kind < 3; kind++) {
        uint32_t seed = 6;
        struct its_graph *g = its_graph_create();
        struct its_value *x = add_input(g, "x", 3, 8, 8);
        struct its_value *y = add_conv(g, &seed, x, 32, 1, 1, 1);
        struct its_node *s = split(g, y, 16, 16)->from;
        struct its_value *z = concat(g, (values){s->out[0], s->out[1], NULL});
        set_output(g, kind == 0 ? s->out[1] : kind == 1 ? z : y);
        infer(g);
        struct its_plan *p = check(g, 1, 1e-5);
        its_plan_destroy(&p);
        its_graph_destroy(&g);
    }
}

/* The second output by that back end, in the order of the file, after as many runs; the caller's
 * buffers are others in each. */
static float *after_runs(const struct its_graph *g, const struct its_backend *backend, int runs)
{
    struct its_plan_settings settings = {.backend = backend, .threads = 1, .raw_outputs = true};
    struct its_plan *p;
    struct its_context *c;
    struct its_error err;
    float *buffer[4][3], *to = its_malloc(16 * 36 * sizeof(*to));
    assert_int_equal(its_plan_create(g, &settings, &p, &err), 0);
    assert_int_equal(its_context_create(p, &c), 0);
    for (int run = 0; run < runs; run++) {
        uint32_t seed = 20 + (uint32_t)run;
        for (int i = 0; i < 3; i++) {
            size_t bytes = p->slot[p->external[i]].bytes;
            buffer[run][i] = its_try_aligned(bytes);
            fill_values(buffer[run][i], (int64_t)(bytes / sizeof(float)), &seed);
            its_context_place(c, i, buffer[run][i]);
        }
        assert_int_equal(its_context_run(c, NULL), 0);
    }
    const struct its_place *place = &p->slot[p->external[2]].place;
    for (int i = 0; i < 16 * 36; i++)
        to[i] = buffer[runs - 1][2][its_place_index(place, 0, i / 36, i % 36 / 6, i % 6)];
    for (int i = 0; i < 3 * runs; i++)
        free(buffer[i / 3][i % 3]);
    its_context_destroy(&c);
    its_plan_destroy(&p);
    return to;
}

/* A residual that is an output too lies in the caller's memory, which moves from run to run. */
static void test_residual_in_memory_that_moves(void **state)
{
    uint32_t seed = 8;
    struct its_error err;
    struct its_graph *g = its_graph_create();
    enum its_precision f32 = ITS_PRECISION_F32;
    struct its_value *a = add_conv(g, &seed, add_input(g, "x", 16, 6, 6), 16, 3, 1, 1);
    struct its_value *b = add_conv(g, &seed, a, 16, 3, 1, 1);
    b = add_op(g, "Add", (values){b, a, NULL}, 1);
    g->output = its_arena_alloc(g->arena, 2 * sizeof(*g->output));
    g->output[0] = a;
    g->output[1] = b;
    g->output_count = 2;
    infer(g);
    assert_int_equal(its_pass_all(g, false, &err), 0);
    for (int runs = 1; runs <= 3; runs++) {
        float *want = after_runs(g, &its_backend_ref, runs);
        float *got = after_runs(g, its_backend_cpu(&f32), runs);
        double apart = largest_difference(want, got, 16 * 36);
        print_message("run %d: at most %.8f apart\n", runs, apart);
        assert_true(apart < 1e-5);
        free(want);
        free(got);
    }
    its_graph_destroy(&g);
}

/* --- kernels that find out late */

static bool fussy_takes(const struct its_node *n, struct its_form *in, struct its_form *out)
{
    return its_node_is(n, "Conv");
}

static int fussy_prepare(struct its_step *s, struct its_error *err)
{
    bool good = s->node->out[0]->shape.dim[1] > 8;
    s->state = good ? its_malloc(1) : NULL;
    return good ? 0 : its_error_set(err, ITS_EUNSUPPORTED, "fewer channels than it likes");
}

static void fussy_release(struct its_step *s)
{
    free(s->state);
}

static int fussy_run(const struct its_bound *b)
{
    return b->step->node->op->run(b->step->node, b->in, b->out);
}

/* What a kernel cannot prepare goes to the next row of the table; what it can stays with it. */
static void test_refused_by_prepare(void **state)
{
    static const struct its_kernel fussy = {.name = "fussy",
                                            .takes = fussy_takes,
                                            .prepare = fussy_prepare,
                                            .release = fussy_release,
                                            .run = fussy_run};
    static const struct its_kernel *const rows[] = {&fussy, &fussy, &its_kernel_ref, NULL};
    static const struct its_backend backend = {"fussy", rows};
    uint32_t seed = 9;
    struct its_plan *p;
    struct its_graph *g = its_graph_create();
    struct its_value *y = add_conv(g, &seed, add_input(g, "x", 3, 6, 6), 4, 3, 1, 1);
    y = add_conv(g, &seed, add_conv(g, &seed, y, 16, 1, 1, 1), 5, 1, 1, 1);
    set_output(g, y);
    infer(g);
    float *want = run_graph(g, &its_backend_ref, 1, NULL);
    float *got = run_graph(g, &backend, 1, &p);
    assert_memory_equal(want, got, 5 * 36 * sizeof(float));
    for (int i = 0; i < p->step_count; i++)
        assert_ptr_equal(p->step[i].kernel, i == 1 ? &fussy : &its_kernel_ref);
    free(want);
    free(got);
    its_plan_destroy(&p);
    its_graph_destroy(&g);
}

/* --- quantised graphs */

static struct its_value *constant(struct its_graph *g, enum its_dtype type, int count,
                                  const void *data)
{
    struct its_shape s = {count > 1, {count}};
    return its_graph_add_constant(g, NULL, type, &s, data);
}

/* QuantizeLinear and DequantizeLinear of an activation. */
static struct its_value *add_pair(struct its_graph *g, struct its_value *x, float scale,
                                  uint8_t zero)
{
    struct its_value *s = constant(g, ITS_F32, 1, &scale), *z = constant(g, ITS_U8, 1, &zero);
    struct its_value *q = add_op(g, "QuantizeLinear", (values){x, s, z, NULL}, 1);
    struct its_value *y = add_op(g, "DequantizeLinear", (values){q, s, z, NULL}, 1);
    q->shape = y->shape = x->shape;
    return y;
}

/* A convolution whose weights come from integers with a scale per output channel. */
static struct its_value *add_quantised_conv(struct its_graph *g, struct its_value *x, int out,
                                            int64_t dilation)
{
    int64_t c = x->shape.dim[1], pads[] = {dilation, dilation, dilation, dilation};
    int64_t dilations[] = {dilation, dilation};
    struct its_shape shape = {4, {out, c, 3, 3}};
    struct its_value *q = its_graph_add_constant(g, NULL, ITS_S8, &shape, NULL);
    float scale[64], bias[64];
    for (int64_t i = 0; i < out * c * 9; i++)
        ((int8_t *)q->data)[i] = (int8_t)(i * 37 % 255 - 127);
    for (int i = 0; i < out; i++) {
        scale[i] = 0.0004f * (float)(1 + i % 3);
        bias[i] = 0.05f * (float)(i % 5);
    }
    struct its_value *w =
        add_op(g, "DequantizeLinear", (values){q, constant(g, ITS_F32, out, scale), NULL}, 1);
    set_int(g, w, "axis", 0);
    struct its_value *y =
        add_op(g, "Conv", (values){x, w, constant(g, ITS_F32, out, bias), NULL}, 1);
    set_ints(g, y, "pads", 4, pads);
    set_ints(g, y, "dilations", 2, dilations);
    y->shape = x->shape;
    y->shape.dim[1] = out;
    return y;
}

static int integers_of(const struct its_plan *p)
{
    int count = 0;
    for (int i = 0; i < p->step_count; i++)
        count += p->slot[p->step[i].out[0]].form.type == ITS_U8;
    return count;
}

/* Integers stray about as far from the reals as the file does when it is done step by step. Dilated
 * convolutions have no integer kernel: their weights become reals, and their results are the same.
 */
static void test_quantised(void **state)
{
    for (int dilation = 1; dilation <= 2; dilation++) {
        struct its_plan *p;
        struct its_error err;
        enum its_precision int8 = ITS_PRECISION_INT8;
        struct its_graph *g = its_graph_create();
        struct its_value *x = add_pair(g, add_input(g, "x", 3, 12, 14), 2.f / 255, 128);
        struct its_value *a = add_quantised_conv(g, x, 32, 1);
        a = add_pair(g, add_silu(g, add_pair(g, a, 0.02f, 100)), 0.01f, 28);
        struct its_value *b = add_pair(g, add_quantised_conv(g, a, 32, dilation), 0.02f, 128);
        b = add_op(g, "Add", (values){a, b, NULL}, 1);
        b->shape = a->shape;
        b = add_pair(g, concat(g, (values){add_pair(g, b, 0.02f, 128), a, NULL}), 0.02f, 128);
        set_output(g, add_quantised_conv(g, b, 16, 1));
        infer(g);
        int64_t count = its_shape_count(&g->output[0]->shape);
        struct its_graph *reals = its_graph_clone(g);
        assert_int_equal(its_pass_all(reals, false, &err), 0);
        float *real = run_graph(reals, &its_backend_ref, 1, NULL);
        float *file = run_graph(g, &its_backend_ref, 1, NULL);
        const struct its_backend *backend = its_backend_cpu(&int8);
        assert_int_equal(its_pass_all(g, int8 == ITS_PRECISION_INT8, &err), 0);
        float *got = run_graph(g, backend, 1, &p);
        double apart = largest_difference(real, got, count);
        double allowed = 1.2 * largest_difference(real, file, count);
        print_message("%d of %d steps on integers, at most %.5f from the reals (allowed %.5f)\n",
                      integers_of(p), p->step_count, apart, allowed);
        assert_true(apart < allowed);
        its_graph_destroy(&reals);
        assert_true(int8 != ITS_PRECISION_INT8 || integers_of(p) >= 2);
        check_memory(p);
        its_plan_destroy(&p);
        free(real);
        free(file);
        free(got);
        its_graph_destroy(&g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parts_are_not_copied),
                                       cmocka_unit_test(test_parts_that_must_be_copied),
                                       cmocka_unit_test(test_pyramid_of_pools),
                                       cmocka_unit_test(test_convolutions_of_all_kinds),
                                       cmocka_unit_test(test_the_rest_by_the_reference),
                                       cmocka_unit_test(test_outputs_anywhere),
                                       cmocka_unit_test(test_residual_in_memory_that_moves),
                                       cmocka_unit_test(test_refused_by_prepare),
                                       cmocka_unit_test(test_quantised)};
    return cmocka_run_group_tests_name("nn/plan", tests, NULL, NULL);
}
