/* The graph itself: what refers to what, order, copies, constants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nn/graph.h"
#include "nn/op.h"

static const struct its_op *op(const char *name)
{
    const struct its_op *o = its_op_find("", name, 17, NULL);
    assert_non_null(o);
    return o;
}

static struct its_value *add(struct its_graph *g, const char *name, const char *out,
                             struct its_value *a, struct its_value *b)
{
    struct its_node *n = its_graph_add_node(g, op(name), out, b ? 2 : 1, 1);
    n->in[0] = a;
    if (b)
        n->in[1] = b;
    n->out[0] = its_graph_add_value(g, out, ITS_F32, NULL);
    n->out[0]->from = n;
    return n->out[0];
}

/* a = relu(x), b = a + x, c = relu(a) (nobody's), y = b + 1 */
struct fixture {
    struct its_graph *g;
    struct its_value *x, *a, *b, *c, *y, *one;
};

static struct fixture make(void)
{
    struct fixture f = {.g = its_graph_create()};
    struct its_shape s = {2, {2, 3}}, scalar = {0};
    f.x = its_graph_add_value(f.g, "x", ITS_F32, &s);
    f.one = its_graph_add_constant(f.g, "one", ITS_F32, &scalar, (float[]){1});
    f.a = add(f.g, "Relu", "a", f.x, NULL);
    f.b = add(f.g, "Add", "b", f.a, f.x);
    f.c = add(f.g, "Relu", "c", f.a, NULL);
    f.y = add(f.g, "Add", "y", f.b, f.one);
    static _Thread_local struct its_value *in[1], *out[1];
    f.g->input = in;
    f.g->output = out;
    in[0] = f.x;
    out[0] = f.y;
    f.g->input_count = f.g->output_count = 1;
    return f;
}

static void uses_and_replacement(void **state)
{
    struct fixture f = make();
    assert_int_equal(its_graph_uses(f.g, f.a), 2);
    assert_int_equal(its_graph_uses(f.g, f.y), 1); /* the graph's output */
    assert_int_equal(its_graph_uses(f.g, f.c), 0);
    its_graph_replace(f.g, f.a, f.x);
    assert_int_equal(its_graph_uses(f.g, f.a), 0);
    assert_ptr_equal(f.b->from->in[0], f.x);
    its_graph_replace(f.g, f.y, f.b);
    assert_ptr_equal(f.g->output[0], f.b);
    its_graph_destroy(&f.g);
}

static void prune_keeps_the_order(void **state)
{
    struct fixture f = make();
    its_graph_prune(f.g);
    assert_int_equal(f.g->node_count, 3);
    assert_string_equal(f.g->node[0]->name, "a");
    assert_string_equal(f.g->node[1]->name, "b");
    assert_string_equal(f.g->node[2]->name, "y");
    its_graph_destroy(&f.g);
}

/* A node appended last whose result is read by an earlier one. */
static void prune_restores_an_order(void **state)
{
    struct fixture f = make();
    struct its_value *late = add(f.g, "Sigmoid", "late", f.x, NULL);
    f.b->from->in[1] = late;
    f.y->from->add = add(f.g, "Sigmoid", "later", late, NULL);
    its_graph_prune(f.g);
    const char *want[] = {"a", "late", "b", "later", "y"};
    assert_int_equal(f.g->node_count, 5);
    for (int i = 0; i < 5; i++)
        assert_string_equal(f.g->node[i]->name, want[i]);
    its_graph_prune(f.g); /* marks are clean again */
    assert_int_equal(f.g->node_count, 5);
    its_graph_destroy(&f.g);
}

static void long_chains_need_no_stack(void **state)
{
    struct fixture f = make();
    struct its_value *v = f.y;
    for (int i = 0; i < 200000; i++)
        v = add(f.g, "Relu", NULL, v, NULL);
    f.g->output[0] = v;
    its_graph_prune(f.g);
    assert_int_equal(f.g->node_count, 200003);
    its_graph_destroy(&f.g);
}

static void clone_shares_data_only(void **state)
{
    struct fixture f = make();
    struct its_graph *copy = its_graph_clone(f.g);
    assert_int_equal(copy->node_count, f.g->node_count);
    assert_int_equal(copy->value_count, f.g->value_count);
    assert_ptr_equal(copy->value[f.one->id]->data, f.one->data);
    assert_ptr_not_equal(copy->value[f.one->id], f.one);
    assert_ptr_equal(copy->value[f.a->id]->from, copy->node[0]);
    assert_ptr_equal(copy->output[0], copy->value[f.y->id]);
    its_graph_prune(copy);
    assert_int_equal(f.g->node_count, 4);
    its_graph_destroy(&copy);
    its_graph_destroy(&f.g);
}

static void infers_shapes(void **state)
{
    struct fixture f = make();
    struct its_error err = {0};
    assert_int_equal(its_graph_infer(f.g, &err), 0);
    assert_true(f.y->shaped && its_shape_equal(&f.y->shape, &f.x->shape));
    assert_int_equal(f.g->node_count, 4);
    assert_null(f.y->data);
    its_graph_destroy(&f.g);

    f = make();
    f.x->shape.dim[0] = ITS_DIM_UNKNOWN;
    assert_int_equal(its_graph_infer(f.g, &err), -EINVAL);
    assert_non_null(strstr(err.text, "'x'"));
    its_graph_destroy(&f.g);
}

/* With its input fixed everything is a constant: infer is an interpreter. */
static void folds_constants(void **state)
{
    struct fixture f = make();
    struct its_error err = {0};
    struct its_shape s = {1, {4}};
    assert_int_equal(its_graph_fix_input(f.g, f.a, ITS_F32, &s, (float[4]){0}), -EINVAL);
    assert_int_equal(its_graph_fix_input(f.g, f.x, ITS_F32, &s, (float[]){-1, 2, -3, 4}), 0);
    assert_int_equal(f.g->input_count, 0);
    assert_int_equal(its_graph_infer(f.g, &err), 0);
    assert_int_equal(f.g->node_count, 0);
    assert_null(f.y->from);
    assert_memory_equal(f.y->data, ((float[]){0, 5, -2, 9}), 16);
    its_graph_destroy(&f.g);
}

static void error_names_the_node(void **state)
{
    struct fixture f = make();
    struct its_shape s = {1, {5}};
    struct its_error err = {0};
    f.b->from->in[1] = its_graph_add_constant(f.g, "five", ITS_F32, &s, NULL);
    assert_true(its_graph_infer(f.g, &err) < 0);
    print_message("%s\n", err.text);
    assert_non_null(strstr(err.text, "node 'b' (Add)"));
    its_graph_destroy(&f.g);
}

static void shapes_in_words(void **state)
{
    char text[64];
    struct its_shape s = {3, {1, ITS_DIM_UNKNOWN, 80}}, scalar = {0};
    assert_string_equal(its_shape_text(&s, text, sizeof(text)), "1x?x80");
    assert_string_equal(its_shape_text(&scalar, text, sizeof(text)), "scalar");
    assert_string_equal(its_shape_text(&s, text, 4), "1x?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uses_and_replacement),    cmocka_unit_test(prune_keeps_the_order),
        cmocka_unit_test(prune_restores_an_order), cmocka_unit_test(long_chains_need_no_stack),
        cmocka_unit_test(clone_shares_data_only),  cmocka_unit_test(infers_shapes),
        cmocka_unit_test(folds_constants),         cmocka_unit_test(error_names_the_node),
        cmocka_unit_test(shapes_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
