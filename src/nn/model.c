/* Opening a model is reading all that can be said about it: the file is hashed and imported, bound
 * once to its own size, which shows whether it holds together and what its head is, and once to
 * another, which shows whether it can be resized. Both bound copies are dropped again. */
#include "nn/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "nn/bind.h"
#include "nn/class_names.h"
#include "nn/head.h"
#include "nn/model_priv.h"
#include "nn/onnx/import.h"
#include "nn/op.h"

struct its_model {
    struct its_model_info info;
    struct its_graph *graph;
};

static const char *meta(const struct its_graph *g, const char *key)
{
    for (int i = 0; i < g->meta_count; i++)
        if (strcmp(g->meta[i][0], key) == 0)
            return g->meta[i][1];
    return NULL;
}

static const char *name_of(struct its_arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *name = its_arena_strdup(a, slash ? slash + 1 : path);
    char *dot = strrchr(name, '.');
    if (dot && dot != name)
        *dot = 0;
    return name;
}

static bool is_quantised(const struct its_graph *g)
{
    for (int i = 0; i < g->node_count; i++)
        if (strcmp(g->node[i]->op->name, "QuantizeLinear") == 0)
            return true;
    return false;
}

/* Numbers that were learnt, roughly: what is not an index, a shape or a lone factor. */
static int64_t count_parameters(const struct its_graph *g)
{
    int64_t count = 0;
    for (int i = 0; i < g->value_count; i++) {
        const struct its_value *v = g->value[i];
        if (v->data && v->type != ITS_S64 && v->shape.rank > 0)
            count += its_shape_count(&v->shape);
    }
    return count;
}

static bool can_resize(const struct its_graph *g, const struct its_native *native)
{
    struct its_graph *other;
    int h = (native->h + 31) / 32 * 32 + 32, w = (native->w + 31) / 32 * 32 + 64;
    bool ok = its_graph_bind(g, native->batch, h, w, &other, NULL) == 0;
    its_graph_destroy(&other);
    return ok;
}

static void find_names(struct its_model *m)
{
    const char *names = meta(m->graph, "names");
    struct its_model_info *info = &m->info;
    if (names && info->classes > 0)
        info->class_names = its_class_names_parse(m->graph->arena, names, info->classes);
    if (!info->class_names && info->classes == ITS_COCO_CLASSES)
        info->class_names = its_class_names_coco();
}

/* All of the info that does not come from the path and the bytes. */
static int study(struct its_model *m, struct its_error *err)
{
    struct its_model_info *info = &m->info;
    struct its_native native;
    struct its_graph *bound;
    int rc = its_graph_native(m->graph, &native, err);
    if (rc || (rc = its_graph_bind(m->graph, 0, 0, 0, &bound, err)))
        return rc;
    info->head = its_head_recognise(bound, &native, &info->classes);
    its_graph_destroy(&bound);
    info->native_w = native.w;
    info->native_h = native.h;
    info->resizable = can_resize(m->graph, &native);
    info->opset = m->graph->opset;
    info->node_count = m->graph->node_count;
    info->quantised = is_quantised(m->graph);
    info->parameters = count_parameters(m->graph);
    find_names(m);
    return 0;
}

int its_model_open(const char *path, struct its_model **out, struct its_error *err)
{
    struct its_model *m = its_malloc(sizeof(*m));
    *out = NULL;
    int rc = its_onnx_import(path, m->info.sha256, &m->graph, err);
    if (rc == 0) {
        m->info.path = its_arena_strdup(m->graph->arena, path);
        m->info.name = name_of(m->graph->arena, path);
        if ((rc = study(m, err)))
            its_error_prefix(err, "%s", path);
    }
    if (rc)
        its_model_close(&m);
    *out = m;
    return rc;
}

void its_model_close(struct its_model **pm)
{
    struct its_model *m = *pm;
    *pm = NULL;
    if (!m)
        return;
    its_graph_destroy(&m->graph);
    free(m);
}

const struct its_model_info *its_model_info(const struct its_model *m)
{
    return &m->info;
}

const struct its_graph *its_model_graph(const struct its_model *m)
{
    return m->graph;
}
