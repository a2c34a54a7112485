#include "tests/nn/small_graph.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/mem.h"
#include "nn/op.h"

enum { OPSET = 17 };

void fill_values(float *x, int64_t count, uint32_t *seed)
{
    for (int64_t i = 0; i < count; i++) {
        *seed = *seed * 1664525u + 1013904223u;
        x[i] = (float)(*seed >> 8) / (1 << 23) - 1;
    }
}

struct its_value *add_input(struct its_graph *g, const char *name, int c, int h, int w)
{
    struct its_shape s = {4, {1, c, h, w}};
    struct its_value *v = its_graph_add_value(g, name, ITS_F32, &s);
    struct its_value **list =
        its_arena_alloc(g->arena, (size_t)(g->input_count + 1) * sizeof(*list));
    for (int i = 0; i < g->input_count; i++)
        list[i] = g->input[i];
    list[g->input_count++] = v;
    g->input = list;
    return v;
}

struct its_value *add_weights(struct its_graph *g, uint32_t *seed, int rank, const int64_t *dim)
{
    struct its_shape s = {.rank = rank};
    memcpy(s.dim, dim, (size_t)rank * sizeof(*dim));
    struct its_value *v = its_graph_add_constant(g, NULL, ITS_F32, &s, NULL);
    int64_t count = its_shape_count(&s);
    fill_values(v->data, count, seed);
    float scale = 1 / sqrtf((float)(count / dim[0]) / 3 + 1);
    for (int64_t i = 0; i < count; i++)
        ((float *)v->data)[i] *= scale;
    return v;
}

struct its_value *add_ints(struct its_graph *g, int count, const int64_t *x)
{
    struct its_shape s = {1, {count}};
    return its_graph_add_constant(g, NULL, ITS_S64, &s, x);
}

struct its_value *add_op(struct its_graph *g, const char *op, struct its_value *const *in, int outs)
{
    int count = 0;
    while (in[count])
        count++;
    const struct its_op *row = its_op_find("", op, OPSET, NULL);
    assert_non_null(row);
    struct its_node *n = its_graph_add_node(g, row, NULL, count, outs);
    for (int i = 0; i < count; i++)
        n->in[i] = in[i];
    for (int i = 0; i < outs; i++) {
        n->out[i] = its_graph_add_value(g, NULL, ITS_F32, NULL);
        n->out[i]->from = n;
    }
    return n->out[0];
}

static struct its_attr *add_attr(struct its_graph *g, struct its_value *v, const char *name)
{
    struct its_node *n = v->from;
    struct its_attr *list = its_arena_alloc(g->arena, (size_t)(n->attr_count + 1) * sizeof(*list));
    for (int i = 0; i < n->attr_count; i++)
        list[i] = n->attrs[i];
    struct its_attr *a = &list[n->attr_count++];
    a->name = name;
    a->count = 1;
    n->attrs = list;
    return a;
}

void set_ints(struct its_graph *g, struct its_value *v, const char *name, int count,
              const int64_t *x)
{
    struct its_attr *a = add_attr(g, v, name);
    int64_t *copy = its_arena_alloc(g->arena, (size_t)count * sizeof(*copy));
    memcpy(copy, x, (size_t)count * sizeof(*copy));
    a->kind = ITS_ATTR_INTS;
    a->count = count;
    a->ints = copy;
}

void set_int(struct its_graph *g, struct its_value *v, const char *name, int64_t x)
{
    struct its_attr *a = add_attr(g, v, name);
    a->kind = ITS_ATTR_INT;
    a->i = x;
}

struct its_value *add_conv(struct its_graph *g, uint32_t *seed, struct its_value *x, int out, int k,
                           int stride, int group)
{
    int64_t c = x->shape.dim[1], bias[] = {out}, weight[] = {out, c / group, k, k};
    int64_t pads[] = {k / 2, k / 2, k / 2, k / 2}, strides[] = {stride, stride};
    struct its_value *y = add_op(g, "Conv",
                                 (struct its_value *[]){x, add_weights(g, seed, 4, weight),
                                                        add_weights(g, seed, 1, bias), NULL},
                                 1);
    set_ints(g, y, "pads", 4, pads);
    set_ints(g, y, "strides", 2, strides);
    set_int(g, y, "group", group);
    y->shape = (struct its_shape){
        4, {1, out, (x->shape.dim[2] - 1) / stride + 1, (x->shape.dim[3] - 1) / stride + 1}};
    return y;
}

struct its_value *add_silu(struct its_graph *g, struct its_value *x)
{
    struct its_value *s = add_op(g, "Sigmoid", (struct its_value *[]){x, NULL}, 1);
    struct its_value *y = add_op(g, "Mul", (struct its_value *[]){x, s, NULL}, 1);
    s->shape = y->shape = x->shape;
    return y;
}

void set_output(struct its_graph *g, struct its_value *v)
{
    g->output = its_arena_alloc(g->arena, sizeof(*g->output));
    g->output[0] = v;
    g->output_count = 1;
}

void infer(struct its_graph *g)
{
    struct its_error err;
    g->opset = OPSET;
    if (its_graph_infer(g, &err) < 0)
        fail_msg("%s", err.text);
}

float *run_graph(const struct its_graph *g, const struct its_backend *b, int threads,
                 struct its_plan **plan)
{
    struct its_plan_settings settings = {.backend = b, .threads = threads};
    struct its_plan *p;
    struct its_context *c;
    struct its_error err;
    uint32_t seed = 7;
    if (its_plan_create(g, &settings, &p, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(its_context_create(p, &c), 0);
    void *buffer[8];
    for (int i = 0; i < p->external_count; i++) {
        size_t bytes = p->slot[p->external[i]].bytes;
        buffer[i] = its_try_aligned(bytes);
        if (i < g->input_count)
            fill_values(buffer[i], (int64_t)(bytes / sizeof(float)), &seed);
        its_context_place(c, i, buffer[i]);
    }
    assert_int_equal(its_context_run(c, NULL), 0);
    for (int i = 0; i < p->external_count; i++)
        if (i != g->input_count)
            free(buffer[i]);
    its_context_destroy(&c);
    if (plan)
        *plan = p;
    else
        its_plan_destroy(&p);
    return buffer[g->input_count];
}

double largest_difference(const float *a, const float *b, int64_t count)
{
    double most = 0;
    for (int64_t i = 0; i < count; i++) {
        double e = fabs((double)a[i] - (double)b[i]);
        most = isnan(e) ? INFINITY : fmax(most, e);
    }
    return most;
}
