/* Every pass on a small graph: it finds its pattern, leaves what only looks like it, and the
 * results stay what they were (within 1e-5, by the reference back end). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "nn/fused.h"
#include "nn/pass.h"
#include "tests/nn/small_graph.h"

typedef struct its_value *values[];

static int count_of(const struct its_graph *g, const char *op)
{
    int count = 0;
    for (int i = 0; i < g->node_count; i++)
        count += strcmp(g->node[i]->op->name, op) == 0;
    return count;
}

/* Runs the pass between two runs of the graph and compares them. */
static void check_same(struct its_graph *g, int (*pass)(struct its_graph *), double tolerance)
{
    float *before = run_graph(g, &its_backend_ref, 1, NULL);
    assert_int_equal(pass(g), 0);
    float *after = run_graph(g, &its_backend_ref, 1, NULL);
    int64_t count = its_shape_count(&g->output[0]->shape);
    double apart = largest_difference(before, after, count);
    print_message("%d nodes left, at most %.8f apart\n", g->node_count, apart);
    assert_true(apart < tolerance);
    free(before);
    free(after);
}

static void test_batchnorm(void **state)
{
    uint32_t seed = 1;
    struct its_graph *g = its_graph_create();
    struct its_value *x = add_input(g, "x", 3, 9, 7), *y = add_conv(g, &seed, x, 5, 3, 1, 1);
    int64_t dim[] = {5};
    struct its_value *variance = add_weights(g, &seed, 1, dim);
    for (int i = 0; i < 5; i++)
        ((float *)variance->data)[i] = fabsf(((float *)variance->data)[i]) + 0.1f;
    y = add_op(g, "BatchNormalization",
               (values){y, add_weights(g, &seed, 1, dim), add_weights(g, &seed, 1, dim),
                        add_weights(g, &seed, 1, dim), variance, NULL},
               1);
    set_output(g, y);
    infer(g);
    check_same(g, its_pass_batchnorm, 1e-5);
    assert_int_equal(g->node_count, 1);
    its_graph_destroy(&g);
}

static void test_silu(void **state)
{
    uint32_t seed = 2;
    struct its_graph *g = its_graph_create();
    struct its_value *x = add_input(g, "x", 4, 8, 8);
    set_output(g, add_silu(g, add_conv(g, &seed, x, 6, 1, 1, 1)));
    infer(g);
    check_same(g, its_pass_activation, 1e-5);
    assert_int_equal(g->node_count, 1);
    assert_int_equal(g->node[0]->act, ITS_ACT_SILU);
    its_graph_destroy(&g);
}

/* x * sigmoid(z) is no SiLU, and what others read must stay. */
static void test_silu_lookalikes(void **state)
{
    uint32_t seed = 3;
    struct its_graph *g = its_graph_create();
    struct its_value *x = add_input(g, "x", 4, 8, 8);
    struct its_value *a = add_conv(g, &seed, x, 4, 1, 1, 1), *b = add_conv(g, &seed, x, 4, 1, 1, 1);
    struct its_value *s = add_op(g, "Sigmoid", (values){b, NULL}, 1);
    struct its_value *y = add_op(g, "Mul", (values){a, s, NULL}, 1);
    struct its_value *c = add_conv(g, &seed, x, 4, 1, 1, 1);
    c = add_op(g, "Add", (values){c, add_silu(g, c), NULL}, 1);
    set_output(g, add_op(g, "Add", (values){y, c, NULL}, 1));
    infer(g);
    check_same(g, its_pass_activation, 1e-5);
    assert_int_equal(count_of(g, "Mul"), 2);
    assert_int_equal(count_of(g, "Sigmoid"), 1); /* b's went into its convolution */
    its_graph_destroy(&g);
}

static void test_other_activations(void **state)
{
    static const char *const op[] = {"Relu", "Sigmoid", "LeakyRelu", "HardSwish"};
    static const enum its_act act[] = {ITS_ACT_RELU, ITS_ACT_SIGMOID, ITS_ACT_LEAKY,
                                       ITS_ACT_HARD_SWISH};
    for (int i = 0; i < 4; i++) {
        uint32_t seed = 4;
        struct its_graph *g = its_graph_create();
        struct its_value *x = add_input(g, "x", 4, 8, 8);
        set_output(g, add_op(g, op[i], (values){add_conv(g, &seed, x, 6, 3, 2, 1), NULL}, 1));
        infer(g);
        check_same(g, its_pass_activation, 1e-5);
        assert_int_equal(g->node_count, 1);
        assert_int_equal(g->node[0]->act, act[i]);
        its_graph_destroy(&g);
    }
}

/* A chain of residuals, the other side computed before or after the convolution. */
static void test_residual(void **state)
{
    uint32_t seed = 5;
    struct its_graph *g = its_graph_create();
    struct its_value *x = add_input(g, "x", 4, 8, 8);
    struct its_value *a = add_conv(g, &seed, x, 4, 3, 1, 1);
    struct its_value *late = add_op(g, "Relu", (values){x, NULL}, 1);
    struct its_value *y = add_op(g, "Add", (values){a, late, NULL}, 1);
    y->shape = x->shape;
    struct its_value *b = add_conv(g, &seed, y, 4, 3, 1, 1);
    y = add_op(g, "Add", (values){y, b, NULL}, 1);
    set_output(g, y);
    infer(g);
    check_same(g, its_pass_residual, 1e-5);
    assert_int_equal(count_of(g, "Add"), 0);
    its_graph_destroy(&g);
}

/* Broadcasting is no residual; nor may a convolution that others read swallow an addition. */
static void test_residual_lookalikes(void **state)
{
    uint32_t seed = 6;
    struct its_graph *g = its_graph_create();
    struct its_value *x = add_input(g, "x", 4, 8, 8), *one = add_input(g, "one", 4, 1, 1);
    struct its_value *a = add_conv(g, &seed, x, 4, 3, 1, 1);
    struct its_value *y = add_op(g, "Add", (values){a, one, NULL}, 1);
    struct its_value *b = add_conv(g, &seed, x, 4, 3, 1, 1);
    struct its_value *sum = add_op(g, "Add", (values){b, x, NULL}, 1);
    y = add_op(g, "Mul", (values){y, sum, NULL}, 1);
    set_output(g, add_op(g, "Mul", (values){y, b, NULL}, 1));
    infer(g);
    check_same(g, its_pass_residual, 1e-5);
    assert_int_equal(count_of(g, "Add"), 2);
    its_graph_destroy(&g);
}

/* What a network calls its outputs is what the file calls them, whoever computes them now. */
static void test_outputs_keep_their_names(void **state)
{
    for (int residual = 0; residual <= 1; residual++) {
        uint32_t seed = 7;
        struct its_graph *g = its_graph_create();
        struct its_value *x = add_input(g, "x", 4, 8, 8), *y = add_conv(g, &seed, x, 4, 3, 1, 1);
        y = residual ? add_op(g, "Add", (values){y, x, NULL}, 1) : add_silu(g, y);
        y->name = "boxes";
        set_output(g, y);
        infer(g);
        check_same(g, residual ? its_pass_residual : its_pass_activation, 1e-5);
        assert_int_equal(g->node_count, 1);
        assert_string_equal(g->output[0]->name, "boxes");
        its_graph_destroy(&g);
    }
}

static struct its_value *swapped(struct its_graph *g, struct its_value *v)
{
    static const int64_t perm[] = {0, 1, 3, 2};
    struct its_value *t = add_op(g, "Transpose", (values){v, NULL}, 1);
    set_ints(g, t, "perm", 4, perm);
    return t;
}

static struct its_graph *attention_graph(void)
{
    float scale = 0.25f;
    struct its_shape scalar = {1, {1}};
    struct its_graph *g = its_graph_create();
    struct its_value *q = add_input(g, "q", 2, 8, 37), *k = add_input(g, "k", 2, 8, 37);
    struct its_value *v = add_input(g, "v", 2, 12, 37);
    struct its_value *s = add_op(g, "MatMul", (values){swapped(g, q), k, NULL}, 1);
    s = add_op(g, "Mul",
               (values){s, its_graph_add_constant(g, NULL, ITS_F32, &scalar, &scale), NULL}, 1);
    s = add_op(g, "Softmax", (values){s, NULL}, 1);
    set_int(g, s, "axis", -1);
    set_output(g, add_op(g, "MatMul", (values){v, swapped(g, s), NULL}, 1));
    infer(g);
    return g;
}

static void test_attention(void **state)
{
    struct its_graph *g = attention_graph();
    check_same(g, its_pass_attention, 1e-5);
    assert_int_equal(g->node_count, 1);
    assert_ptr_equal(g->node[0]->op, &its_op_attention);
    float *plain = run_graph(g, &its_backend_ref, 1, NULL);
    enum its_precision f32 = ITS_PRECISION_F32;
    for (int threads = 1; threads <= 2; threads++) {
        float *fast = run_graph(g, its_backend_cpu(&f32), threads, NULL);
        double apart = largest_difference(plain, fast, 2 * 12 * 37);
        print_message("kernel with %d threads: at most %.8f apart\n", threads, apart);
        assert_true(apart < 1e-5);
        free(fast);
    }
    free(plain);
    its_graph_destroy(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_batchnorm),
                                       cmocka_unit_test(test_silu),
                                       cmocka_unit_test(test_silu_lookalikes),
                                       cmocka_unit_test(test_other_activations),
                                       cmocka_unit_test(test_residual),
                                       cmocka_unit_test(test_residual_lookalikes),
                                       cmocka_unit_test(test_outputs_keep_their_names),
                                       cmocka_unit_test(test_attention)};
    return cmocka_run_group_tests_name("nn/pass", tests, NULL, NULL);
}
