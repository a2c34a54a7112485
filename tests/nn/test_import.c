/* Files that are right, and every way of being wrong that the importer tells apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nn/onnx/import.h"
#include "nn/op.h"
#include "tiny_onnx.h"

static const int64_t scalar_like[] = {1};

static struct its_graph *import(struct its_str *file)
{
    struct its_graph *g;
    struct its_error err = {0};
    if (its_onnx_import_bytes((const uint8_t *)its_str_get(file), file->len, NULL, &g, &err))
        fail_msg("%s", err.text);
    its_str_fini(file);
    return g;
}

/* The file is refused and every one of the words is in the reason. */
static void refuse(struct its_str file, const char *const *words)
{
    struct its_graph *g;
    struct its_error err = {0};
    int rc = its_onnx_import_bytes((const uint8_t *)its_str_get(&file), file.len, NULL, &g, &err);
    print_message("%s\n", err.text);
    assert_true(rc < 0);
    assert_int_equal(rc, err.code);
    assert_null(g);
    for (; *words; words++)
        if (!strstr(err.text, *words))
            fail_msg("\"%s\" is not in: %s", *words, err.text);
    its_str_fini(&file);
}

#define REFUSE(file, ...) refuse(file, (const char *const[]){__VA_ARGS__, NULL})

/* x + w → y, with w as given. */
static struct tiny adder(struct its_str *w)
{
    struct tiny t = {0};
    tiny_input(&t, "x", TINY_FLOAT, 2, (int64_t[]){-1, 3});
    if (w)
        tiny_message(&t.graph, 5, w);
    tiny_node(&t, "Add", "x w", "y", NULL);
    tiny_output(&t, "y");
    return t;
}

static void reads_what_is_there(void **state)
{
    struct its_str w = tiny_tensor("w", TINY_FLOAT, 1, (int64_t[]){3}, (float[]){1, 2, 3}, 12);
    struct tiny t = adder(&w);
    struct its_str file = tiny_file(&t, 17, (const char *[]){"names", "{0: 'car'}", NULL});
    struct its_graph *g = import(&file);

    assert_int_equal(g->opset, 17);
    assert_int_equal(g->input_count, 1);
    assert_int_equal(g->input[0]->shape.dim[0], ITS_DIM_UNKNOWN);
    assert_int_equal(g->input[0]->shape.dim[1], 3);
    assert_int_equal(g->node_count, 1);
    const struct its_node *n = g->node[0];
    assert_string_equal(n->op->name, "Add");
    assert_ptr_equal(n->in[0], g->input[0]);
    assert_memory_equal(n->in[1]->data, ((float[]){1, 2, 3}), 12);
    assert_int_equal((uintptr_t)n->in[1]->data % 64, 0);
    assert_ptr_equal(n->out[0], g->output[0]);
    assert_ptr_equal(n->out[0]->from, n);
    assert_string_equal(g->meta[0][1], "{0: 'car'}");
    its_graph_destroy(&g);
    assert_null(g);
}

/* One value of every type, in the typed field where it lives when it is not raw. */
static void typed_fields(void **state)
{
    static const struct {
        int onnx_type, field;
        int64_t value;
        enum its_dtype type;
        unsigned char bytes[8];
    } rows[] = {
        {2, 5, 200, ITS_U8, {200}},
        {3, 5, -3, ITS_S8, {0xfd}},
        {6, 5, -2, ITS_S32, {0xfe, 0xff, 0xff, 0xff}},
        {7, 7, -2, ITS_S64, {0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
        {9, 5, 7, ITS_BOOL, {1}},
        {10, 5, 0x3c01, ITS_F16, {0x01, 0x3c}},
        {16, 5, 0x3f80, ITS_BF16, {0x80, 0x3f}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct its_str w = {0};
        tiny_int(&w, 1, 1);
        tiny_int(&w, 2, rows[i].onnx_type);
        tiny_int(&w, rows[i].field, rows[i].value);
        tiny_text(&w, 8, "w");
        struct tiny t = adder(&w);
        struct its_str file = tiny_file(&t, 17, NULL);
        struct its_graph *g = import(&file);
        const struct its_value *v = g->node[0]->in[1];
        assert_int_equal(v->type, rows[i].type);
        assert_memory_equal(v->data, rows[i].bytes, its_dtype_bytes(v->type));
        its_graph_destroy(&g);
    }
}

static void attributes_and_constants(void **state)
{
    struct tiny t = {0};
    tiny_input(&t, "x", TINY_FLOAT, 2, (int64_t[]){2, 3});
    tiny_node(&t, "Constant", "", "two", "value_float=2.0");
    tiny_node(&t, "Constant", "", "list", "value_ints=4,5,");
    tiny_node(&t, "Transpose", "x", "turned", "perm=1,0,");
    tiny_node(&t, "LeakyRelu", "turned", "y", "alpha=0.25");
    tiny_node(&t, "Mul", "y two", "z", NULL);
    tiny_output(&t, "z");
    struct its_str file = tiny_file(&t, 13, NULL);
    struct its_graph *g = import(&file);
    assert_int_equal(g->node_count, 3);
    int count;
    const int64_t *perm = its_node_ints(g->node[0], "perm", &count);
    assert_int_equal(count, 2);
    assert_int_equal(perm[0], 1);
    assert_true(its_node_float(g->node[1], "alpha", 0) == 0.25f);
    assert_true(*(const float *)g->node[2]->in[1]->data == 2);
    assert_int_equal(g->node[2]->in[1]->shape.rank, 0);
    its_graph_destroy(&g);
}

static struct its_str plain_tensor(int type, int64_t dim, size_t bytes)
{
    static const char zeros[64];
    return tiny_tensor("w", type, 1, &dim, zeros, bytes);
}

static struct its_str file_with(struct its_str w)
{
    struct tiny t = adder(&w);
    return tiny_file(&t, 17, NULL);
}

static void refuses_bad_tensors(void **state)
{
    REFUSE(file_with(plain_tensor(TINY_FLOAT, 3, 8)), "initialiser 'w'", "holds 8 bytes");
    REFUSE(file_with(plain_tensor(TINY_FLOAT, -1, 8)), "'w'", "negative");
    REFUSE(file_with(plain_tensor(TINY_FLOAT, INT64_MAX, 8)), "'w'");
    REFUSE(file_with(plain_tensor(8, 3, 12)), "'w'", "string is not supported");
    REFUSE(file_with(plain_tensor(99, 3, 12)), "'w'", "element type 99");
    int64_t big[] = {1ll << 32, 1ll << 32, 1ll << 32};
    REFUSE(file_with(tiny_tensor("w", TINY_FLOAT, 3, big, "", 0)), "'w'");
    int64_t seven[] = {1, 1, 1, 1, 1, 1, 1};
    REFUSE(file_with(tiny_tensor("w", TINY_FLOAT, 7, seven, "abcd", 4)), "7 dimensions");
    struct its_str outside = plain_tensor(TINY_FLOAT, 3, 0);
    tiny_int(&outside, 14, 1);
    REFUSE(file_with(outside), "external data");
    REFUSE(file_with(tiny_tensor("", TINY_FLOAT, 1, scalar_like, "abcd", 4)), "without a name");
    REFUSE(file_with(tiny_tensor("a\nb", TINY_FLOAT, 1, scalar_like, "abcd", 4)), "unreadable");
    REFUSE(file_with(tiny_tensor("x", TINY_FLOAT, 1, scalar_like, "abcd", 4)), "'w'",
           "not defined anywhere"); /* an initialiser for x: then w is the one that misses */
}

static void refuses_bad_graphs(void **state)
{
    struct tiny t = adder(NULL);
    REFUSE(tiny_file(&t, 17, NULL), "node 'y' (Add)", "'w'", "not defined anywhere");

    t = (struct tiny){0};
    tiny_input(&t, "x", TINY_FLOAT, 1, scalar_like);
    tiny_node(&t, "Add", "x b", "a", NULL);
    tiny_node(&t, "Add", "x a", "b", NULL);
    tiny_output(&t, "b");
    REFUSE(tiny_file(&t, 17, NULL), "node 'a' (Add)", "'b'", "cycle or is out of order");

    t = (struct tiny){0};
    tiny_input(&t, "x", TINY_FLOAT, 1, scalar_like);
    tiny_node(&t, "Relu", "x", "a", NULL);
    tiny_node(&t, "Relu", "x", "a", NULL);
    tiny_output(&t, "a");
    REFUSE(tiny_file(&t, 17, NULL), "'a' is defined twice");

    t = (struct tiny){0};
    tiny_input(&t, "x", TINY_FLOAT, 1, scalar_like);
    tiny_output(&t, "nothing");
    REFUSE(tiny_file(&t, 17, NULL), "output 'nothing' is computed by no node");

    t = (struct tiny){0};
    tiny_input(&t, "x", TINY_FLOAT, 1, scalar_like);
    REFUSE(tiny_file(&t, 17, NULL), "no outputs");

    t = (struct tiny){0};
    tiny_input(&t, "x", 8, 1, scalar_like);
    REFUSE(tiny_file(&t, 17, NULL), "input 'x'", "string");
}

static struct its_str one_node(const char *op, const char *in, const char *attrs)
{
    struct tiny t = {0};
    tiny_input(&t, "x", TINY_FLOAT, 2, (int64_t[]){2, 3});
    tiny_node(&t, op, in, "y", attrs);
    tiny_output(&t, "y");
    return tiny_file(&t, 17, NULL);
}

static void refuses_bad_nodes(void **state)
{
    REFUSE(one_node("Sigmoit", "x", NULL), "node 'y' (Sigmoit)", "Sigmoid");
    REFUSE(one_node("Qwertz", "x", NULL), "node 'y' (Qwertz)");
    REFUSE(one_node("", "x", NULL), "no operator");
    REFUSE(one_node("Relu", "x x", NULL), "node 'y' (Relu)", "has 2 inputs, not 1");
    REFUSE(one_node("Relu", "-", NULL), "its input 0 is left out");
    REFUSE(one_node("Relu", "x", "shade=1"), "'shade' is not supported");
    REFUSE(one_node("Constant", "", NULL), "not one value");

    struct its_str inner = {0}, attr = {0}, node = {0};
    struct tiny t = {0};
    tiny_text(&attr, 1, "then_branch");
    tiny_message(&attr, 6, &inner);
    tiny_text(&node, 2, "y");
    tiny_text(&node, 4, "If");
    tiny_message(&node, 5, &attr);
    tiny_message(&t.graph, 1, &node);
    REFUSE(tiny_file(&t, 17, NULL), "(If)", "graphs within graphs");
}

static void refuses_bad_models(void **state)
{
    REFUSE((struct its_str){0}, "no graph");
    struct its_str text = {0};
    its_str_puts(&text, "this is a text and no model at all");
    REFUSE(text, "not an ONNX file");
    for (int opset = 10; opset <= 21; opset += 11) {
        struct tiny t = adder(NULL);
        REFUSE(tiny_file(&t, opset, NULL), "11 to 20");
    }
    struct its_str function = {0};
    tiny_text(&function, 1, "Swish");
    struct tiny t = adder(NULL);
    struct its_str file = tiny_file(&t, 17, NULL);
    tiny_message(&file, 25, &function);
    REFUSE(file, "functions of its own", "Swish");
}

/* Graph in attribute in node in graph …: 2000 levels in a few kilobytes. */
static void refuses_deep_nesting(void **state)
{
    struct its_str graph = {0};
    for (int i = 0; i < 2000; i++) {
        struct its_str attr = {0}, node = {0}, outer = {0};
        tiny_message(&attr, 6, &graph);
        tiny_message(&node, 5, &attr);
        tiny_message(&outer, 1, &node);
        graph = outer;
    }
    struct tiny t = {.graph = graph};
    REFUSE(tiny_file(&t, 17, NULL), "nested deeper");
}

/* A million empty nodes in two megabytes would be a hundred megabytes of structs. */
static void refuses_to_be_blown_up(void **state)
{
    struct tiny t = {0};
    for (int i = 0; i < 1000000; i++)
        tiny_bytes(&t.graph, 1, NULL, 0);
    REFUSE(tiny_file(&t, 17, NULL), "not an ONNX file");
}

static void names_the_file(void **state)
{
    struct its_graph *g;
    struct its_error err = {0};
    assert_int_equal(its_onnx_import("/nowhere/a.onnx", NULL, &g, &err), -ENOENT);
    assert_non_null(strstr(err.text, "/nowhere/a.onnx"));
    assert_true(its_onnx_import("/", NULL, &g, &err) < 0);
    assert_non_null(strstr(err.text, "not a file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_is_there),      cmocka_unit_test(typed_fields),
        cmocka_unit_test(attributes_and_constants), cmocka_unit_test(refuses_bad_tensors),
        cmocka_unit_test(refuses_bad_graphs),       cmocka_unit_test(refuses_bad_nodes),
        cmocka_unit_test(refuses_bad_models),       cmocka_unit_test(refuses_deep_nesting),
        cmocka_unit_test(refuses_to_be_blown_up),   cmocka_unit_test(names_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
