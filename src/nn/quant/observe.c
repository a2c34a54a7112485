/* The tensors of the survey become outputs of a copy of the graph: the plan then keeps them alive
 * and hands them out dense, whatever the back end does in between. */
#include "nn/quant/observe.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "nn/backend.h"
#include "nn/pass.h"
#include "nn/plan.h"

struct watch {
    struct its_graph *graph; /* the copy */
    struct its_plan *plan;
    struct its_context *context;
    float *input;
    void **outputs;
    float **seen; /* by tensor of the survey: one of the above */
    int width, height;
};

static int64_t channels_of(const struct its_value *v)
{
    return v->shape.rank >= 2 ? v->shape.dim[1] : 1;
}

/* The copy's values have the ids of the original's. */
static void add_outputs(struct watch *w, const struct its_survey *s)
{
    struct its_graph *g = w->graph;
    int had = g->output_count;
    struct its_value **outputs =
        its_arena_alloc(g->arena, (size_t)(had + s->tensor_count) * sizeof(*outputs));
    memcpy(outputs, g->output, (size_t)had * sizeof(*outputs));
    for (int i = 0; i < s->tensor_count; i++)
        if (s->tensor[i] != g->input[0])
            outputs[g->output_count++] = g->value[s->tensor[i]->id];
    g->output = outputs;
}

/* A buffer for an input or output of the plan, of its own type. */
static void *place_buffer(struct watch *w, int external)
{
    void *data = its_try_aligned(w->plan->slot[w->plan->external[external]].bytes);
    if (data)
        its_context_place(w->context, external, data);
    return data;
}

static int place_buffers(struct watch *w, const struct its_survey *s)
{
    const struct its_graph *g = w->graph;
    int at = g->output_count; /* the tensors' outputs are the last ones */
    for (int i = 0; i < s->tensor_count; i++)
        at -= s->tensor[i]->id != g->input[0]->id;
    for (int i = 0; i < g->output_count; i++) {
        w->outputs[i] = place_buffer(w, 1 + i);
        if (!w->outputs[i])
            return -ENOMEM;
    }
    w->input = place_buffer(w, 0);
    if (!w->input)
        return -ENOMEM;
    for (int i = 0; i < s->tensor_count; i++)
        w->seen[i] = s->tensor[i]->id == g->input[0]->id ? w->input : w->outputs[at++];
    return 0;
}

static int open_watch(struct watch *w, const struct its_graph *g, const struct its_survey *s,
                      int threads, struct its_error *err)
{
    w->graph = its_graph_clone(g);
    if (!w->graph)
        return its_error_set(err, -ENOMEM, "%s", its_strerror(-ENOMEM));
    w->height = (int)g->input[0]->shape.dim[2];
    w->width = (int)g->input[0]->shape.dim[3];
    add_outputs(w, s);
    w->outputs = its_calloc((size_t)w->graph->output_count, sizeof(*w->outputs));
    w->seen = its_calloc((size_t)s->tensor_count + 1, sizeof(*w->seen));
    int rc = its_pass_all(w->graph, false, err);
    enum its_precision precision = ITS_PRECISION_F32;
    struct its_plan_settings set = {.backend = its_backend_cpu(&precision), .threads = threads};
    if (rc == 0)
        rc = its_plan_create(w->graph, &set, &w->plan, err);
    if (rc == 0 &&
        ((rc = its_context_create(w->plan, &w->context)) < 0 || (rc = place_buffers(w, s)) < 0))
        its_error_set(err, rc, "%s", its_strerror(rc));
    return rc;
}

static void close_watch(struct watch *w)
{
    for (int i = 0; w->outputs && i < w->graph->output_count; i++)
        free(w->outputs[i]);
    free(w->outputs);
    free(w->seen);
    free(w->input);
    its_context_destroy(&w->context);
    its_plan_destroy(&w->plan);
    its_graph_destroy(&w->graph);
}

/* --- two passes over the pictures */

static void widen(struct its_observed *o, const struct watch *w, const struct its_survey *s)
{
    for (int i = 0; i < s->tensor_count; i++)
        its_range_widen(&o->range[s->group[i]], w->seen[i], its_shape_count(&s->tensor[i]->shape));
}

static void count(struct its_observed *o, const struct watch *w, const struct its_survey *s)
{
    for (int i = 0; i < s->tensor_count; i++) {
        int64_t all = its_shape_count(&s->tensor[i]->shape), channels = channels_of(s->tensor[i]);
        its_range_count(&o->range[s->group[i]], w->seen[i], all);
        int64_t each = all / channels;
        for (int64_t c = 0; c < channels; c++) {
            double sum = 0;
            for (int64_t k = 0; k < each; k++)
                sum += w->seen[i][c * each + k];
            o->mean[i][c] += sum / (double)each;
        }
    }
}

static int run_over(struct watch *w, const struct its_survey *s,
                    const struct its_quantise_settings *set, const struct its_quant_feed *feed,
                    int pass, struct its_observed *o, struct its_error *err)
{
    for (int i = 0; i < feed->count; i++) {
        if (set->progress)
            set->progress(set->ctx, "looking at values", pass * feed->count + i, 2 * feed->count);
        if (set->cancel && its_cancel_is_set(set->cancel))
            return its_error_set(err, ITS_ECANCELLED, "%s", its_strerror(ITS_ECANCELLED));
        int rc = feed->fill(feed->ctx, i, w->input, w->width, w->height);
        if (rc == 0)
            rc = its_context_run(w->context, NULL);
        if (rc < 0)
            return its_error_set(err, rc, "calibration picture %d: %s", i + 1, its_strerror(rc));
        if (pass == 0)
            widen(o, w, s);
        else
            count(o, w, s);
    }
    return 0;
}

static void begin(struct its_observed *o, const struct its_survey *s)
{
    o->count = s->tensor_count;
    o->range = its_calloc((size_t)s->tensor_count + 1, sizeof(*o->range));
    o->mean = its_calloc((size_t)s->tensor_count + 1, sizeof(*o->mean));
    for (int i = 0; i < s->tensor_count; i++) {
        its_range_init(&o->range[i]);
        o->mean[i] = its_calloc((size_t)channels_of(s->tensor[i]), sizeof(double));
    }
}

static void settle(struct its_observed *o, const struct its_survey *s, int pictures)
{
    for (int i = 0; i < s->tensor_count; i++) {
        o->range[i] = o->range[s->group[i]];
        for (int64_t c = 0; c < channels_of(s->tensor[i]); c++)
            o->mean[i][c] /= pictures;
    }
}

int its_observe(const struct its_graph *g, const struct its_survey *survey,
                const struct its_quantise_settings *settings, const struct its_quant_feed *feed,
                struct its_observed *out, struct its_error *err)
{
    struct watch w = {0};
    begin(out, survey);
    int rc = open_watch(&w, g, survey, settings->threads, err);
    for (int pass = 0; rc == 0 && pass < 2; pass++)
        rc = run_over(&w, survey, settings, feed, pass, out, err);
    settle(out, survey, feed->count);
    close_watch(&w);
    return rc;
}

void its_observed_fini(struct its_observed *o)
{
    for (int i = 0; i < o->count; i++)
        free(o->mean[i]);
    free(o->mean);
    free(o->range);
    *o = (struct its_observed){0};
}
