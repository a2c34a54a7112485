/* Every value that a plan of the CPU keeps of YOLO11n, layer by layer, against the plain C that
 * defines it. The values become outputs of the graph, so that nothing overwrites them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "nn/backend.h"
#include "nn/bind.h"
#include "nn/onnx/import.h"
#include "nn/pass.h"
#include "nn/plan.h"
#include "nn/ref/ref.h"

enum { W = 320, H = 192 };

/* Of a layer's largest value: f32 sums of up to 2304 products, in another order than the
 * reference's, through up to 90 layers. */
#define TOLERANCE 5e-5

static const char *testdata;

/* What the plan computed, by name. */
struct layers {
    struct its_graph *graph;
    struct its_plan *plan;
    struct its_context *context;
    float **data;
    int compared;
    double worst;
    char worst_name[160];
};

static float *pattern(void)
{
    float *in = its_try_aligned(3 * W * H * sizeof(float));
    assert_non_null(in);
    for (uint32_t i = 0; i < 3 * W * H; i++)
        in[i] = (float)(i * 2654435761u >> 24) / 255.0f;
    return in;
}

static void all_become_outputs(struct its_graph *g)
{
    struct its_value **out = its_arena_alloc(g->arena, (size_t)g->value_count * sizeof(*out));
    int count = 0;
    for (int i = 0; i < g->node_count; i++)
        for (int k = 0; k < g->node[i]->out_count; k++)
            if (g->node[i]->out[k] && g->node[i]->out[k]->type == ITS_F32)
                out[count++] = g->node[i]->out[k];
    g->output = out;
    g->output_count = count;
}

static void run_plan(struct layers *l, const struct its_graph *bound, float *input)
{
    struct its_error err = {0};
    enum its_precision precision = ITS_PRECISION_F32;
    struct its_plan_settings set = {.backend = its_backend_cpu(&precision), .threads = 1};
    l->graph = its_graph_clone(bound);
    assert_non_null(l->graph);
    if (its_pass_all(l->graph, false, &err) < 0)
        fail_msg("%s", err.text);
    all_become_outputs(l->graph);
    if (its_plan_create(l->graph, &set, &l->plan, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(its_context_create(l->plan, &l->context), 0);
    its_context_place(l->context, 0, input);
    l->data = its_calloc((size_t)l->graph->output_count, sizeof(*l->data));
    for (int i = 0; i < l->graph->output_count; i++) {
        int64_t count = its_shape_count(&l->graph->output[i]->shape);
        l->data[i] = its_try_aligned((size_t)(count + 16) * sizeof(float));
        assert_non_null(l->data[i]);
        its_context_place(l->context, 1 + i, l->data[i]);
    }
    assert_int_equal(its_context_run(l->context, NULL), 0);
}

static void compare(struct layers *l, int i, const char *name, const float *expected)
{
    int64_t count = its_shape_count(&l->graph->output[i]->shape);
    double most = 1e-6, apart = 0;
    for (int64_t k = 0; k < count; k++) {
        most = fmax(most, fabs((double)expected[k]));
        apart = fmax(apart, fabs((double)expected[k] - (double)l->data[i][k]));
        assert_false(isnan(l->data[i][k]));
    }
    if (apart / most >= l->worst) {
        l->worst = apart / most;
        snprintf(l->worst_name, sizeof(l->worst_name), "%s", name);
    }
    l->compared++;
}

static void seen(void *ctx, const struct its_node *n, const struct its_value *v, const void *data)
{
    struct layers *l = ctx;
    for (int i = 0; i < l->graph->output_count; i++) {
        const struct its_value *ours = l->graph->output[i];
        if (v->type == ITS_F32 && strcmp(ours->name, v->name) == 0 &&
            its_shape_equal(&ours->shape, &v->shape))
            compare(l, i, v->name, data);
    }
}

static void every_layer_is_the_references(void **state)
{
    struct its_error err = {0};
    struct its_graph *file, *bound;
    struct layers l = {0};
    char path[1000];
    snprintf(path, sizeof(path), "%s/models/yolo11n.onnx", testdata);
    if (its_onnx_import(path, NULL, &file, &err) < 0 ||
        its_graph_bind(file, 1, H, W, &bound, &err) < 0)
        fail_msg("%s", err.text);
    float *input = pattern();
    run_plan(&l, bound, input);
    const void *in[1] = {input};
    void *out[1] = {NULL};
    assert_int_equal(its_ref_run(bound, in, out, seen, &l, &err), 0);
    printf(
        "%d layers compared, %d kept by the plan; furthest apart %.2g of its largest value: %s\n",
        l.compared, l.graph->output_count, l.worst, l.worst_name);
    assert_true(l.compared >= 100);
    assert_true(l.worst <= TOLERANCE);

    for (int i = 0; i < l.graph->output_count; i++)
        free(l.data[i]);
    free(l.data);
    free(input);
    its_context_destroy(&l.context);
    its_plan_destroy(&l.plan);
    its_graph_destroy(&l.graph);
    its_graph_destroy(&bound);
    its_graph_destroy(&file);
}

int main(void)
{
    testdata = getenv("ITS_TESTDATA");
    if (!testdata || !*testdata) {
        printf("SKIPPED: no test data (meson option testdata): layers are not compared\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_layer_is_the_references)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
