/* Trials are whole: every choice is written as the file it would become, opened and run as any
 * other model, and judged by what comes out. So what is measured is what will run. */
#include "nn/quant/quantise.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "nn/bind.h"
#include "nn/model.h"
#include "nn/onnx/import.h"
#include "nn/onnx/qdq.h"
#include "nn/op.h"
#include "nn/quant/judge.h"
#include "nn/quant/observe.h"
#include "nn/quant/survey.h"
#include "nn/quant/weights.h"

/* A convolution is kept wide when that takes at least this part of the error away. */
#define WORTH_KEEPING 0.02

struct work {
    const struct its_quantise_settings *set;
    const struct its_quant_feed *feed;
    struct its_quantise_report *report;
    struct its_graph *file, *graph; /* as read; bound to its own size */
    struct its_survey survey;       /* of everything */
    struct its_observed observed;
    struct its_judge *judge;
    bool *wide; /* by value id of the convolution's output */
    char trial[4096];
};

void its_quantise_defaults(struct its_quantise_settings *s)
{
    *s = (struct its_quantise_settings){.threads = 1, .method = -1, .wide_most = 8, .judges = 16};
}

static void tell(const struct work *w, const char *stage, int done, int of)
{
    if (w->set->progress)
        w->set->progress(w->set->ctx, stage, done, of);
}

static int open_graph(struct work *w, struct its_error *err)
{
    int rc = its_onnx_import(w->set->model, NULL, &w->file, err);
    if (rc == 0)
        rc = its_graph_bind(w->file, 1, 0, 0, &w->graph, err);
    for (int i = 0; rc == 0 && i < w->graph->node_count; i++)
        if (strcmp(w->graph->node[i]->op->name, "QuantizeLinear") == 0)
            rc = its_error_set(err, -EINVAL, "%s is quantised already", w->set->model);
    if (rc < 0)
        return rc;
    w->wide = its_calloc((size_t)w->graph->value_count + 1, sizeof(*w->wide));
    its_survey_make(w->graph, NULL, &w->survey);
    if (w->survey.conv_count == 0)
        return its_error_set(err, ITS_EUNSUPPORTED, "%s has no convolutions to quantise",
                             w->set->model);
    return 0;
}

/* --- writing one candidate */

/* What a write needs and frees again. */
struct candidate {
    struct its_survey survey;
    struct its_qdq_tensor *tensors;
    struct its_qdq_conv *convs;
    void **owned;
    int owned_count;
};

static void *own(struct candidate *c, size_t bytes)
{
    return c->owned[c->owned_count++] = its_calloc(bytes, 1);
}

/* Pixels are bytes already: 0..1 in steps of 1/255 loses nothing. */
static bool is_picture(const struct work *w, const struct its_value *v, const struct its_range *r)
{
    return v == w->graph->input[0] && r->low >= 0 && r->high <= 1 && r->high > 0.5f;
}

static struct its_range_u8 range_of(const struct work *w, const struct its_value *v,
                                    enum its_range_method method)
{
    const struct its_range *r = &w->observed.range[its_survey_find(&w->survey, v)];
    return is_picture(w, v, r) ? (struct its_range_u8){1.0f / 255.0f, 0}
                               : its_range_choose(r, method);
}

static void add_conv(const struct work *w, struct candidate *c, const struct its_survey_conv *v,
                     enum its_range_method method, struct its_qdq_conv *out)
{
    int8_t *q = own(c, (size_t)v->channels * (size_t)v->each);
    float *scale = own(c, (size_t)v->channels * sizeof(float));
    float *bias = own(c, (size_t)v->channels * sizeof(float));
    float *mean = own(c, (size_t)v->ins * (size_t)v->groups * sizeof(float));
    its_quant_weights(v->weights->data, v->channels, v->each, q, scale);
    const double *seen = w->observed.mean[its_survey_find(&w->survey, v->input)];
    for (int i = 0; i < v->ins * v->groups; i++)
        mean[i] = (float)seen[i];
    its_quant_bias_shift(v->weights->data, q, scale, v->channels, v->ins, v->taps, v->groups, mean,
                         bias);
    const struct its_value *was = its_node_in(v->node, 2);
    for (int i = 0; was && i < v->channels; i++)
        bias[i] += ((const float *)was->data)[i];
    *out = (struct its_qdq_conv){.name = v->node->name,
                                 .weights = q,
                                 .scale = scale,
                                 .bias = bias,
                                 .input_scale = range_of(w, v->input, method).scale};
}

static int write_candidate(const struct work *w, const char *to, enum its_range_method method,
                           const char *note, struct its_error *err)
{
    struct candidate c = {0};
    its_survey_make(w->graph, w->wide, &c.survey);
    c.tensors = its_calloc((size_t)c.survey.tensor_count + 1, sizeof(*c.tensors));
    c.convs = its_calloc((size_t)c.survey.conv_count + 1, sizeof(*c.convs));
    c.owned = its_calloc((size_t)c.survey.conv_count * 4 + 1, sizeof(*c.owned));
    for (int i = 0; i < c.survey.tensor_count; i++) {
        struct its_range_u8 as = range_of(w, c.survey.tensor[i], method);
        c.tensors[i] = (struct its_qdq_tensor){c.survey.tensor[i]->name, as.scale, as.zero};
    }
    for (int i = 0; i < c.survey.conv_count; i++)
        add_conv(w, &c, &c.survey.conv[i], method, &c.convs[i]);
    struct its_qdq_edit edit = {
        .tensors = c.tensors,
        .tensor_count = c.survey.tensor_count,
        .convs = c.convs,
        .conv_count = c.survey.conv_count,
        .note = note,
    };
    int rc = its_qdq_write(w->set->model, to, &edit, err);
    w->report->quantised = c.survey.conv_count;
    w->report->tensors = c.survey.tensor_count;
    for (int i = 0; i < c.owned_count; i++)
        free(c.owned[i]);
    free(c.owned);
    free(c.tensors);
    free(c.convs);
    its_survey_fini(&c.survey);
    return rc;
}

static int try(const struct work *w, enum its_range_method method, double *error,
               struct its_error *err)
{
    int rc = write_candidate(w, w->trial, method, NULL, err);
    if (rc == 0)
        rc = its_judge_file(w->judge, w->trial, error, err);
    unlink(w->trial);
    return rc;
}

/* --- the choice of ranges */

static int choose_method(struct work *w, struct its_error *err)
{
    struct its_quantise_report *r = w->report;
    for (int i = 0; i < ITS_RANGE_METHOD_COUNT; i++)
        r->error[i] = -1;
    r->error_final = INFINITY;
    for (int i = 0; i < ITS_RANGE_METHOD_COUNT; i++) {
        if (w->set->method >= 0 && w->set->method != i)
            continue;
        tell(w, "choosing ranges", i, ITS_RANGE_METHOD_COUNT);
        int rc = try(w, (enum its_range_method)i, &r->error[i], err);
        if (rc < 0)
            return rc;
        if (r->error[i] < r->error_final) {
            r->error_final = r->error[i];
            r->method = (enum its_range_method)i;
        }
    }
    return 0;
}

/* --- what stays wide */

struct gain {
    const struct its_survey_conv *conv;
    double error;
};

static int by_error(const void *a, const void *b)
{
    double x = ((const struct gain *)a)->error, y = ((const struct gain *)b)->error;
    return x < y ? -1 : x > y;
}

static bool *wide_of(const struct work *w, const struct its_survey_conv *c)
{
    return &w->wide[c->node->out[0]->id];
}

static int measure_gains(struct work *w, struct gain *gains, struct its_error *err)
{
    for (int i = 0; i < w->survey.conv_count; i++) {
        const struct its_survey_conv *c = &w->survey.conv[i];
        tell(w, "looking for sensitive layers", i, w->survey.conv_count);
        *wide_of(w, c) = true;
        gains[i].conv = c;
        int rc = try(w, w->report->method, &gains[i].error, err);
        *wide_of(w, c) = false;
        if (rc < 0)
            return rc;
    }
    qsort(gains, (size_t)w->survey.conv_count, sizeof(*gains), by_error);
    return 0;
}

/* One after the other, the most helpful first, each judged together with those before it. */
static int keep_wide(struct work *w, const struct gain *gains, struct its_error *err)
{
    struct its_quantise_report *r = w->report;
    int most = ITS_MIN(w->set->wide_most, ITS_QUANT_WIDE_MAX), tries = most * 2;
    for (int i = 0; i < ITS_MIN(tries, w->survey.conv_count) && r->wide_count < most; i++) {
        double error;
        tell(w, "keeping layers wide", r->wide_count, most);
        *wide_of(w, gains[i].conv) = true;
        int rc = try(w, r->method, &error, err);
        if (rc < 0)
            return rc;
        if (error > r->error_final * (1 - WORTH_KEEPING)) {
            *wide_of(w, gains[i].conv) = false;
            continue;
        }
        r->error_final = error;
        snprintf(r->wide[r->wide_count++], sizeof(r->wide[0]), "%s", gains[i].conv->node->name);
    }
    return 0;
}

static int scan(struct work *w, struct its_error *err)
{
    if (w->set->wide_most <= 0)
        return 0;
    struct gain *gains = its_calloc((size_t)w->survey.conv_count, sizeof(*gains));
    int rc = measure_gains(w, gains, err);
    if (rc == 0)
        rc = keep_wide(w, gains, err);
    free(gains);
    return rc;
}

/* --- all of it */

static long long bytes_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (long long)st.st_size : 0;
}

static int write_result(struct work *w, struct its_error *err)
{
    struct its_quantise_report *r = w->report;
    char note[200];
    snprintf(note, sizeof(note), "ranges by %s over %d pictures, %d of %d convolutions wide",
             its_range_method_name(r->method), w->feed->count, r->wide_count, r->convs);
    int rc = write_candidate(w, w->set->out, r->method, note, err);
    r->bytes_before = bytes_of(w->set->model);
    r->bytes_after = bytes_of(w->set->out);
    return rc;
}

static int work_through(struct work *w, struct its_error *err)
{
    int rc = open_graph(w, err);
    if (rc == 0)
        rc = its_observe(w->graph, &w->survey, w->set, w->feed, &w->observed, err);
    if (rc == 0)
        rc = its_judge_create(w->set, w->feed, &w->judge, err);
    if (rc == 0)
        rc = choose_method(w, err);
    if (rc == 0)
        rc = scan(w, err);
    return rc == 0 ? write_result(w, err) : rc;
}

int its_quantise(const struct its_quantise_settings *settings, const struct its_quant_feed *feed,
                 struct its_quantise_report *report, struct its_error *err)
{
    struct work w = {.set = settings, .feed = feed, .report = report};
    *report = (struct its_quantise_report){.pictures = feed->count};
    if (snprintf(w.trial, sizeof(w.trial), "%s.trial", settings->out) >= (int)sizeof(w.trial))
        return its_error_set(err, -ENAMETOOLONG, "%s: %s", settings->out,
                             its_strerror(-ENAMETOOLONG));
    int rc = work_through(&w, err);
    report->convs = w.survey.conv_count;
    its_judge_destroy(&w.judge);
    its_observed_fini(&w.observed);
    its_survey_fini(&w.survey);
    its_graph_destroy(&w.graph);
    its_graph_destroy(&w.file);
    free(w.wide);
    return rc;
}
