/* A network: the model's graph bound to a size, rewritten, planned, and run picture by picture.
 *
 * A batch is run by as many contexts as there are threads, each on its own pictures and on one
 * core: nothing is shared but the weights, so nobody waits for anybody. A single picture is split
 * inside every convolution instead. OpenMP is what oneDNN brings; its threads are the one exception
 * to the rule that only app/ makes threads. */
#include "nn/model.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "nn/backend.h"
#include "nn/bind.h"
#include "nn/fused.h"
#include "nn/graph_priv.h"
#include "nn/model_priv.h"
#include "nn/op.h"
#include "nn/pass.h"
#include "nn/plan.h"
#include "nn/plan_cache.h"

struct its_network {
    const struct its_model *model;
    struct its_network_settings set;
    struct its_graph *graph; /* bound to one picture, after the passes */
    struct its_plan *plan;
    int context_count;
    struct its_context **context;
    int output_count;
    struct its_output *output;
    int level_count;
    struct its_head_level *level;
    void **external;         /* the whole batch's memory, by external index */
    size_t *external_stride; /* bytes of one picture */
    bool timing;
    double *ms; /* by step */
    int layer_count;
    struct its_layer_time *layer;
    struct its_network_stats stats;
};

void its_network_defaults(struct its_network_settings *s)
{
    *s = (struct its_network_settings){.batch = 1, .threads = 1};
}

/* --- making one */

static int check_settings(const struct its_model_info *info, struct its_network_settings *s,
                          struct its_error *err)
{
    if (s->batch == 0)
        s->batch = 1;
    if (s->width == 0)
        s->width = info->native_w;
    if (s->height == 0)
        s->height = info->native_h;
    if (s->threads < 1)
        s->threads = 1;
    if (s->batch < 1 || s->batch > 32)
        return its_error_set(err, -EINVAL, "a batch of %d: 1 to 32 are possible", s->batch);
    if (s->width < 32 || s->height < 32 || s->width % 32 || s->height % 32)
        return its_error_set(err, -EINVAL, "%dx%d: width and height must be multiples of 32",
                             s->width, s->height);
    if (s->precision == ITS_PRECISION_AUTO)
        s->precision = info->quantised ? ITS_PRECISION_INT8 : ITS_PRECISION_F32;
    if (s->precision == ITS_PRECISION_INT8 && !info->quantised)
        return its_error_set(err, -EINVAL, "%s is not quantised: int8 needs a file that is (its-camera-ai "
                             "model quantize makes one)",
                             info->path);
    return 0;
}

static int choose_backend(struct its_network_settings *s, const struct its_backend **b,
                          struct its_error *err)
{
    if (s->backend && strcmp(s->backend, "ref") == 0)
        *b = &its_backend_ref;
    else if (s->backend && strcmp(s->backend, "cpu") != 0)
        return its_error_set(err, ITS_ENOTFOUND, "no back end '%s': there are cpu, ref",
                             s->backend);
    else
        *b = its_backend_cpu(&s->precision);
    s->backend = (*b)->name;
    return 0;
}

static const char *plan_kind(const struct its_network_settings *s)
{
    static const char *const name[][2] = {
        {"auto", "auto-maps"}, {"f32", "f32-maps"}, {"bf16", "bf16-maps"}, {"int8", "int8-maps"}};
    return name[s->precision][s->head_maps];
}

/* The maps a Head node reads become the outputs: box and score of each level. False: the graph has
 * no such node. */
static bool stop_before_head(struct its_network *n)
{
    struct its_graph *g = n->graph;
    const struct its_node *head = NULL;
    int levels;
    for (int i = 0; i < g->node_count; i++)
        if (its_node_is_fused(g->node[i], &its_op_head))
            head = g->node[i];
    if (!head)
        return false;
    const int64_t *stride = its_node_ints(head, "strides", &levels);
    n->level = its_calloc((size_t)levels, sizeof(*n->level));
    n->level_count = levels;
    for (int i = 0; i < levels; i++)
        n->level[i].stride = (int)stride[i];
    g->output = head->in;
    g->output_count = head->in_count;
    its_graph_prune(g);
    return true;
}

/* Our outputs are f32 by contract; files also put out indices. */
static int cast_outputs(struct its_graph *g, struct its_error *err)
{
    enum { OPSET = 13, TO_FLOAT = 1 };
    const struct its_op *cast = its_op_find("", "Cast", OPSET, NULL);
    int rc = 0;
    for (int i = 0; i < g->output_count && rc == 0; i++) {
        struct its_value *v = g->output[i];
        if (v->type == ITS_F32 || v->type == ITS_BF16 || v->quant.count)
            continue; /* the plan's own conversions do it */
        struct its_attr *to = its_arena_alloc(g->arena, sizeof(*to));
        *to = (struct its_attr){.name = "to", .kind = ITS_ATTR_INT, .count = 1, .i = TO_FLOAT};
        struct its_node *n = its_graph_add_node(g, cast, NULL, 1, 1);
        n->attr_count = 1;
        n->attrs = to;
        n->in[0] = v;
        n->out[0] = its_graph_add_value(g, NULL, ITS_F32, NULL);
        n->out[0]->from = n;
        g->output[i] = n->out[0];
        rc = its_graph_infer_node(g, n, err);
    }
    its_graph_drop_folded(g);
    return rc;
}

/* Where the plan's file is, and what it is of; a path that cannot be is done without. */
static void name_cache(const struct its_network *n, struct its_plan_settings *settings, char *path,
                       size_t path_bytes, char *model, size_t model_bytes)
{
    const char *sha256 = its_model_info(n->model)->sha256, *kind = plan_kind(&n->set);
    snprintf(model, model_bytes, "%s %s", sha256, kind);
    int rc = its_plan_cache_path(path, path_bytes, n->set.cache_dir, sha256, kind, n->set.width,
                                 n->set.height, settings->threads);
    if (rc < 0)
        its_log(ITS_LOG_WARN, "nn", "no compiled plans in %.60s…: %s", n->set.cache_dir,
                its_strerror(rc));
    else
        settings->cache = path;
    settings->model = model;
}

static int make_plan(struct its_network *n, struct its_error *err)
{
    const struct its_backend *backend = NULL;
    int rc = choose_backend(&n->set, &backend, err);
    if (rc == 0)
        rc = its_graph_bind(its_model_graph(n->model), 1, n->set.height, n->set.width, &n->graph,
                            err);
    if (rc == 0 && backend != &its_backend_ref)
        rc = its_pass_all(n->graph, n->set.precision == ITS_PRECISION_INT8, err);
    if (rc < 0)
        return rc;
    n->set.head_maps = n->set.head_maps && stop_before_head(n);
    if (!n->set.head_maps && (rc = cast_outputs(n->graph, err)) < 0)
        return rc;
    char cache[1100], model[96];
    struct its_plan_settings settings = {.backend = backend,
                                         .threads = n->set.batch == 1 ? n->set.threads : 1,
                                         .raw_outputs = n->set.head_maps};
    if (n->set.cache_dir && backend != &its_backend_ref)
        name_cache(n, &settings, cache, sizeof(cache), model, sizeof(model));
    int threads = omp_get_max_threads();
    omp_set_num_threads(settings.threads); /* primitives are made for so many */
    rc = its_plan_create(n->graph, &settings, &n->plan, err);
    omp_set_num_threads(threads);
    return rc;
}

/* Inputs and outputs of the whole batch, picture behind picture. */
static int make_buffers(struct its_network *n)
{
    const struct its_plan *p = n->plan;
    n->external = its_calloc((size_t)p->external_count, sizeof(*n->external));
    n->external_stride = its_calloc((size_t)p->external_count, sizeof(*n->external_stride));
    for (int i = 0; i < p->external_count; i++) {
        n->external_stride[i] = p->slot[p->external[i]].bytes;
        n->external[i] = its_try_aligned(n->external_stride[i] * (size_t)n->set.batch);
        if (!n->external[i])
            return -ENOMEM;
    }
    return 0;
}

static int make_contexts(struct its_network *n)
{
    int count = n->set.batch == 1 ? 1 : ITS_MIN(n->set.threads, n->set.batch);
    n->context = its_calloc((size_t)count, sizeof(*n->context));
    for (; n->context_count < count; n->context_count++) {
        int rc = its_context_create(n->plan, &n->context[n->context_count]);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static void describe_outputs(struct its_network *n)
{
    const struct its_graph *g = n->graph;
    n->output_count = n->set.head_maps ? 0 : g->output_count;
    n->output = its_calloc((size_t)g->output_count + 1, sizeof(*n->output));
    for (int i = 0; i < n->output_count; i++) {
        const struct its_shape *s = &g->output[i]->shape;
        struct its_output *o = &n->output[i];
        o->name = its_model_graph(n->model)->output[i]->name;
        o->rank = s->rank;
        memcpy(o->dim, s->dim, sizeof(o->dim));
        o->dim[0] = n->set.batch;
        o->data = n->external[g->input_count + i];
    }
}

static struct its_head_map describe_map(const struct its_network *n, int output)
{
    int external = n->graph->input_count + output;
    const struct its_place *p = &n->plan->slot[n->plan->external[external]].place;
    return (struct its_head_map){.data = n->external[external],
                                 .image_stride =
                                     (int64_t)(n->external_stride[external] / sizeof(float)),
                                 .block_stride = p->block_stride,
                                 .block = p->block,
                                 .pixel_stride = p->pixel_stride};
}

static void describe_levels(struct its_network *n)
{
    for (int i = 0; i < n->level_count; i++) {
        const struct its_shape *s = &n->graph->output[2 * i]->shape;
        n->level[i].h = (int)s->dim[2];
        n->level[i].w = (int)s->dim[3];
        n->level[i].box = describe_map(n, 2 * i);
        n->level[i].score = describe_map(n, 2 * i + 1);
    }
}

static double gflop_of(const struct its_node *n)
{
    if (!n || !its_node_is(n, "Conv"))
        return 0;
    double per = (double)its_shape_count(&n->in[1]->shape) / (double)n->in[1]->shape.dim[0];
    return 2e-9 * per * (double)its_shape_count(&n->out[0]->shape);
}

static void describe_layers(struct its_network *n)
{
    const struct its_plan *p = n->plan;
    n->layer = its_calloc((size_t)p->step_count + 1, sizeof(*n->layer));
    n->ms = its_calloc((size_t)p->step_count + 1, sizeof(*n->ms));
    n->layer_count = p->step_count;
    for (int i = 0; i < p->step_count; i++) {
        const struct its_step *s = &p->step[i];
        struct its_layer_time *l = &n->layer[i];
        const struct its_slot *out = &p->slot[s->out[0]];
        l->name = out->value->name;
        l->op = s->node ? s->node->op->name : "Convert";
        l->how = s->how ? s->how : s->kernel->name;
        l->type = out->form.type;
        l->gflop = gflop_of(s->node);
        its_shape_text(&out->value->shape, l->shape, sizeof(l->shape));
        n->stats.gflop += l->gflop;
    }
    n->stats.weight_bytes = p->weight_bytes;
    n->stats.activation_bytes = p->block_bytes;
    n->stats.precision = n->set.precision;
    n->stats.backend = n->set.backend;
    n->stats.from_cache = p->from_cache;
}

int its_network_create(const struct its_model *m, const struct its_network_settings *s,
                       struct its_network **out, struct its_error *err)
{
    struct its_network *n = its_malloc(sizeof(*n));
    n->model = m;
    n->set = *s;
    int rc = check_settings(its_model_info(m), &n->set, err);
    if (rc == 0)
        rc = make_plan(n, err);
    if (rc == 0) {
        rc = make_buffers(n);
        if (rc == 0)
            rc = make_contexts(n);
        if (rc < 0)
            its_error_set(err, rc, "no memory for the network's activations");
    }
    if (rc < 0) {
        its_network_destroy(&n);
    } else {
        describe_outputs(n);
        describe_levels(n);
        describe_layers(n);
    }
    *out = n;
    return rc;
}

void its_network_destroy(struct its_network **nn)
{
    struct its_network *n = *nn;
    if (!n)
        return;
    for (int i = 0; i < n->context_count; i++)
        its_context_destroy(&n->context[i]);
    for (int i = 0; n->plan && n->external && i < n->plan->external_count; i++)
        free(n->external[i]);
    its_plan_destroy(&n->plan);
    its_graph_destroy(&n->graph);
    free(n->context);
    free(n->external);
    free(n->external_stride);
    free(n->output);
    free(n->level);
    free(n->layer);
    free(n->ms);
    free(n);
    *nn = NULL;
}

/* --- running it */

float *its_network_input(struct its_network *n)
{
    return n->external[0];
}

static int run_picture(struct its_network *n, int context, int image)
{
    struct its_context *c = n->context[context];
    for (int i = 0; i < n->plan->external_count; i++)
        its_context_place(c, i, (char *)n->external[i] + (size_t)image * n->external_stride[i]);
    return its_context_run(c, n->timing && context == 0 ? n->ms : NULL);
}

static int run_batch(struct its_network *n, int images)
{
    int failed = 0;
    if (n->context_count == 1) {
        for (int i = 0; i < images && failed == 0; i++)
            failed = run_picture(n, 0, i);
        return failed;
    }
#pragma omp parallel for num_threads(n->context_count) schedule(static, 1) reduction(min : failed)
    for (int i = 0; i < images; i++) {
        int rc = run_picture(n, omp_get_thread_num(), i);
        failed = ITS_MIN(failed, rc);
    }
    return failed;
}

int its_network_run(struct its_network *n, int images)
{
    its_assert(images >= 0 && images <= n->set.batch);
    int threads = omp_get_max_threads();
    omp_set_num_threads(n->set.batch == 1 ? n->set.threads : 1);
    int rc = run_batch(n, images);
    omp_set_num_threads(threads);
    for (int i = 0; n->timing && i < n->layer_count; i++)
        n->layer[i].ms = n->ms[i];
    return rc;
}

int its_network_output_count(const struct its_network *n)
{
    return n->output_count;
}

struct its_output its_network_output(const struct its_network *n, int index)
{
    return n->output[index];
}

int its_network_head(const struct its_network *n, const struct its_head_level **levels)
{
    *levels = n->level;
    return n->level_count;
}

struct its_network_stats its_network_stats(const struct its_network *n)
{
    return n->stats;
}

void its_network_time_layers(struct its_network *n, bool on)
{
    n->timing = on;
}

int its_network_layers(const struct its_network *n, const struct its_layer_time **layers)
{
    *layers = n->layer;
    return n->layer_count;
}

void its_network_print(const struct its_network *n, struct its_str *out)
{
    its_plan_print(n->plan, n->timing ? n->ms : NULL, out);
}
