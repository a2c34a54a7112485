/* A file as an ONNX model, and bound to two sizes. What was accepted holds
 * together: every value's id is its place, and a bound graph's outputs are shaped. */
#include "base/attr.h"
#include "fuzz.h"
#include "nn/bind.h"
#include "nn/class_names.h"
#include "nn/graph.h"
#include "nn/head.h"
#include "nn/onnx/import.h"

static void check(const struct its_graph *g)
{
    for (int i = 0; i < g->value_count; i++)
        its_assert(g->value[i]->id == i);
    for (int i = 0; i < g->node_count; i++)
        for (int k = 0; k < g->node[i]->out_count; k++)
            its_assert(!g->node[i]->out[k] || g->node[i]->out[k]->from == g->node[i]);
}

static void bind(const struct its_graph *g, int batch, int h, int w)
{
    struct its_graph *bound;
    struct its_error err = {0};
    struct its_native native;
    int classes;
    if (its_graph_bind(g, batch, h, w, &bound, &err)) {
        its_assert(err.code < 0 && err.text[0]);
        return;
    }
    check(bound);
    for (int i = 0; i < bound->output_count; i++)
        its_assert(bound->output[i]->shaped);
    if (its_graph_native(g, &native, NULL) == 0)
        its_head_recognise(bound, &native, &classes);
    its_graph_destroy(&bound);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct its_graph *g;
    struct its_error err = {0};
    if (its_onnx_import_bytes(data, size, NULL, &g, &err)) {
        its_assert(!g && err.code < 0 && err.text[0]);
        return 0;
    }
    check(g);
    for (int i = 0; i < g->meta_count; i++)
        its_class_names_parse(g->arena, g->meta[i][1], 3);
    bind(g, 0, 0, 0);
    bind(g, 2, 96, 64);
    its_graph_destroy(&g);
    return 0;
}
