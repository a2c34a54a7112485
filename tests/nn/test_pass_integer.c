/* Graphs that are integers in part: whatever the pass leaves as reals must not meet integers that
 * mean other numbers. Compared with the same weights as reals; steps are 3/255. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/mem.h"
#include "nn/pass.h"
#include "tests/nn/small_graph.h"

typedef struct its_value *values[];

/* Marks and integers are only put in where `ints` says so; the numbers are the same without. */
struct maker {
    struct its_graph *g;
    uint32_t seed;
    bool ints;
    int count;
    struct its_node *conv[8]; /* whose weights become integers at last: inference knows none */
    struct its_value *weights[8];
};

static struct its_value *mark(struct maker *m, struct its_value *v, float low, float high)
{
    float *scale = its_arena_alloc(m->g->arena, sizeof(*scale));
    int32_t *zero = its_arena_alloc(m->g->arena, sizeof(*zero));
    *scale = (high - low) / 255;
    *zero = (int32_t)lrintf(-low / *scale);
    if (m->ints)
        v->quant = (struct its_quant){.count = 1, .scale = scale, .zero = zero};
    return v;
}

/* The weights rounded to integers with a scale per output channel. */
static void round_weights(struct maker *m, struct its_node *conv)
{
    struct its_value *w = conv->in[1];
    int64_t outs = w->shape.dim[0], each = its_shape_count(&w->shape) / outs;
    struct its_value *q = its_graph_add_constant(m->g, NULL, ITS_S8, &w->shape, NULL);
    float *scale = its_arena_alloc(m->g->arena, (size_t)outs * sizeof(*scale)), *x = w->data;
    for (int64_t i = 0; i < outs * each; i++)
        scale[i / each] = fmaxf(scale[i / each], fabsf(x[i]) / 127);
    for (int64_t i = 0; i < outs * each; i++) {
        ((int8_t *)q->data)[i] = (int8_t)lrintf(x[i] / scale[i / each]);
        x[i] = ((const int8_t *)q->data)[i] * scale[i / each];
    }
    q->quant = (struct its_quant){.count = (int)outs, .scale = scale};
    m->conv[m->count] = conv;
    m->weights[m->count++] = q;
}

static struct its_value *add_rounded(struct maker *m, struct its_value *x, int out, int k,
                                     int stride, int group)
{
    struct its_value *y = add_conv(m->g, &m->seed, x, out, k, stride, group);
    round_weights(m, y->from);
    return mark(m, add_silu(m->g, y), -1, 2);
}

static struct its_value *add_real(struct maker *m, struct its_value *x, int out)
{
    return mark(m, add_silu(m->g, add_conv(m->g, &m->seed, x, out, 1, 1, 1)), -1, 2);
}

static struct its_value *concat(struct maker *m, struct its_value *a, struct its_value *b)
{
    struct its_value *v = add_op(m->g, "Concat", (values){a, b, NULL}, 1);
    set_int(m->g, v, "axis", 1);
    v->shape = a->shape;
    v->shape.dim[1] += b->shape.dim[1];
    return mark(m, v, -1, 2);
}

static struct its_value *reshape(struct maker *m, struct its_value *x)
{
    static const int64_t shape[] = {1, -1, 16};
    return add_op(m->g, "Reshape", (values){x, add_ints(m->g, 3, shape), NULL}, 1);
}

/* Halves of x; both have the same shape. */
static struct its_node *split(struct maker *m, struct its_value *x)
{
    int64_t part = x->shape.dim[1] / 2, parts[] = {part, part};
    struct its_node *n =
        add_op(m->g, "Split", (values){x, add_ints(m->g, 2, parts), NULL}, 2)->from;
    set_int(m->g, n->out[0], "axis", 1);
    for (int i = 0; i < 2; i++) {
        n->out[i]->shape = x->shape;
        n->out[i]->shape.dim[1] = part;
        mark(m, n->out[i], -1, 2);
    }
    return n;
}

static struct its_value *pool(struct maker *m, struct its_value *x)
{
    static const int64_t kernel[] = {3, 3}, pads[] = {1, 1, 1, 1};
    struct its_value *y = add_op(m->g, "MaxPool", (values){x, NULL}, 1);
    set_ints(m->g, y, "kernel_shape", 2, kernel);
    set_ints(m->g, y, "pads", 4, pads);
    y->shape = x->shape;
    return mark(m, y, -1, 2);
}

/* --- the graphs: `a` is the result of an integer convolution of 32 channels */

static struct its_value *wide_member(struct maker *m, struct its_value *a)
{
    struct its_value *c = concat(m, add_rounded(m, a, 32, 1, 1, 1), add_real(m, a, 32));
    return add_rounded(m, c, 16, 1, 1, 1);
}

static struct its_value *concat_for_reals(struct maker *m, struct its_value *a)
{
    struct its_value *b = add_rounded(m, a, 32, 1, 1, 1), *c = add_rounded(m, a, 32, 1, 1, 1);
    return reshape(m, concat(m, b, c));
}

static struct its_value *split_for_reals(struct maker *m, struct its_value *a)
{
    struct its_node *s = split(m, add_rounded(m, a, 32, 1, 1, 1));
    struct its_value *b = add_op(m->g, "Sigmoid", (values){s->out[0], NULL}, 1);
    b->shape = s->out[0]->shape;
    return reshape(m, concat(m, add_rounded(m, s->out[1], 16, 1, 1, 1), b));
}

static struct its_value *pool_for_reals(struct maker *m, struct its_value *a)
{
    struct its_value *b = add_rounded(m, a, 32, 1, 1, 1);
    return reshape(m, concat(m, pool(m, b), add_rounded(m, b, 32, 1, 1, 1)));
}

static struct its_value *reshape_of_integers(struct maker *m, struct its_value *a)
{
    struct its_value *b = add_rounded(m, a, 32, 1, 1, 1);
    struct its_value *c = reshape(m, add_rounded(m, b, 32, 1, 1, 1)), *d = reshape(m, b);
    return add_op(m->g, "Add", (values){c, d, NULL}, 1);
}

static struct its_value *groups(struct maker *m, struct its_value *a)
{
    return add_rounded(m, add_rounded(m, a, 32, 3, 1, 2), 32, 1, 1, 1);
}

static struct its_value *deep_5x5(struct maker *m, struct its_value *a)
{
    return add_rounded(m, add_rounded(m, a, 32, 5, 1, 32), 32, 1, 1, 1);
}

static struct its_value *long_stride(struct maker *m, struct its_value *a)
{
    return add_rounded(m, a, 32, 3, 4, 1);
}

static struct its_value *deep_of_few(struct maker *m, struct its_value *a)
{
    return add_rounded(m, add_rounded(m, a, 4, 1, 1, 1), 4, 3, 1, 4);
}

typedef struct its_value *recipe(struct maker *m, struct its_value *a);

static struct its_graph *make(recipe *rest, bool ints)
{
    struct maker m = {its_graph_create(), 5, ints};
    struct its_value *x = mark(&m, add_input(m.g, "x", 32, 8, 8), -1, 1);
    set_output(m.g, rest(&m, add_rounded(&m, x, 32, 1, 1, 1)));
    infer(m.g);
    for (int i = 0; ints && i < m.count; i++)
        m.conv[i]->in[1] = m.weights[i];
    return m.g;
}

/* Loops of plain C where a library has kernels. */
static bool is_slow(const struct its_plan *p)
{
    for (int i = 0; i < p->step_count; i++) {
        const struct its_step *s = &p->step[i];
        const char *how = s->how ? s->how : s->kernel->name;
        if (s->node && its_node_is(s->node, "Conv") &&
            (strcmp(how, "ref") == 0 || strcmp(how, "direct c") == 0))
            return true;
    }
    return false;
}

static void check(recipe *rest)
{
    enum its_precision precision = ITS_PRECISION_INT8;
    const struct its_backend *backend = its_backend_cpu(&precision);
    if (precision != ITS_PRECISION_INT8) {
        print_message("SKIPPED: this processor has no integer kernels\n");
        skip();
    }
    struct its_graph *reals = make(rest, false), *integers = make(rest, true);
    struct its_error err;
    struct its_plan *p;
    assert_int_equal(its_pass_all(integers, true, &err), 0);
    float *want = run_graph(reals, &its_backend_ref, 1, NULL);
    float *got = run_graph(integers, backend, 1, &p);
    double apart = largest_difference(want, got, its_shape_count(&reals->output[0]->shape));
    print_message("%d steps, at most %.4f apart\n", p->step_count, apart);
    assert_true(apart < 0.1);
    assert_true(apart > 1e-5); /* integers were at work */
    assert_false(is_slow(p));
    free(want);
    free(got);
    its_plan_destroy(&p);
    its_graph_destroy(&reals);
    its_graph_destroy(&integers);
}

#define TEST(name)                                                                                 \
    static void test_##name(void **state)                                                          \
    {                                                                                              \
        check(name);                                                                               \
    }
TEST(wide_member)
TEST(concat_for_reals)
TEST(split_for_reals)
TEST(pool_for_reals)
TEST(reshape_of_integers)
TEST(groups)
TEST(deep_5x5)
TEST(long_stride)
TEST(deep_of_few)
#undef TEST

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wide_member),
        cmocka_unit_test(test_concat_for_reals),
        cmocka_unit_test(test_split_for_reals),
        cmocka_unit_test(test_pool_for_reals),
        cmocka_unit_test(test_reshape_of_integers),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_deep_5x5),
        cmocka_unit_test(test_long_stride),
        cmocka_unit_test(test_deep_of_few),
    };
    return cmocka_run_group_tests_name("nn/pass_integer", tests, NULL, NULL);
}
