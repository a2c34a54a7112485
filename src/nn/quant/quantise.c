/* Trials are whole: every choice is written as the file it would become, opened and run as any
 * other model, and judged by what comes out. So what is measured is what will run. */
#include "nn/quant/quantise.h"

#include <fcntl.h>
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

/* A convolution's numbers as eight bits; the same in every trial. */
struct rounded {
    int8_t *weights;
    float *scale, *bias;
};

struct work {
    const struct its_quantise_settings *set;
    const struct its_quant_feed *feed;
    struct its_quantise_report *report;
    struct its_graph *file, *graph; /* as read; bound to its own size */
    struct its_survey survey;       /* of everything */
    struct its_observed observed;
    struct rounded *rounded;    /* by convolution of the survey */
    struct its_range_u8 *range; /* by tensor of the survey, of the method in hand */
    struct its_judge *judge;
    bool *wide; /* by value id of the convolution's output */
    char trial[4096];
};

void its_quantise_defaults(struct its_quantise_settings *s)
{
    *s = (struct its_quantise_settings){.threads = 1, .method = -1, .wide_most = 0, .judges = 16};
}

static void tell(const struct work *w, const char *stage, int done, int of)
{
    if (w->set->progress)
        w->set->progress(w->set->ctx, stage, done, of);
}

static bool is_cancelled(const struct work *w)
{
    return w->set->cancel && its_cancel_is_set(w->set->cancel);
}

static int open_graph(struct work *w, struct its_error *err)
{
    int rc = its_onnx_import(w->set->model, NULL, &w->file, err);
    if (rc == 0)
        rc = its_graph_bind(w->file, 1, 0, 0, &w->graph, err);
    for (int i = 0; rc == 0 && i < w->graph->node_count; i++)
        if (strcmp(w->graph->node[i]->op->name, "QuantizeLinear") == 0)
            rc = its_error_set(err, -EINVAL, "%s is quantised already", w->set->model);
    if (rc == 0 && w->file->opset < ITS_QDQ_OPSET_MIN)
        rc = its_error_set(err, ITS_EUNSUPPORTED,
                           "%s is of opset %d; weights with a scale for every channel need %d: "
                           "export the model again with a newer opset",
                           w->set->model, w->file->opset, ITS_QDQ_OPSET_MIN);
    if (rc < 0)
        return rc;
    w->wide = its_calloc((size_t)w->graph->value_count + 1, sizeof(*w->wide));
    its_survey_make(w->graph, NULL, &w->survey);
    w->range = its_calloc((size_t)w->survey.tensor_count + 1, sizeof(*w->range));
    if (w->survey.conv_count == 0)
        return its_error_set(err, ITS_EUNSUPPORTED, "%s has no convolutions to quantise",
                             w->set->model);
    return 0;
}

/* --- what does not change from trial to trial */

static void round_conv(const struct work *w, const struct its_survey_conv *v, struct rounded *out)
{
    size_t channels = (size_t)v->channels, ins = (size_t)v->ins * (size_t)v->groups;
    float *mean = its_calloc(ins, sizeof(*mean));
    *out = (struct rounded){
        .weights = its_calloc(channels * (size_t)v->each, sizeof(*out->weights)),
        .scale = its_calloc(channels, sizeof(*out->scale)),
        .bias = its_calloc(channels, sizeof(*out->bias)),
    };
    its_quant_weights(v->weights->data, v->channels, v->each, out->weights, out->scale);
    const double *seen = w->observed.mean[its_survey_find(&w->survey, v->input)];
    for (size_t i = 0; i < ins; i++)
        mean[i] = (float)seen[i];
    its_quant_bias_shift(v->weights->data, out->weights, out->scale, v->channels, v->ins, v->taps,
                         v->groups, mean, out->bias);
    const struct its_value *was = its_node_in(v->node, 2);
    for (size_t i = 0; was && i < channels; i++)
        out->bias[i] += ((const float *)was->data)[i];
    free(mean);
}

static int round_weights(struct work *w, struct its_error *err)
{
    w->rounded = its_calloc((size_t)w->survey.conv_count, sizeof(*w->rounded));
    for (int i = 0; i < w->survey.conv_count; i++) {
        if (is_cancelled(w))
            return its_error_set(err, ITS_ECANCELLED, "%s", its_strerror(ITS_ECANCELLED));
        tell(w, "rounding weights", i, w->survey.conv_count);
        round_conv(w, &w->survey.conv[i], &w->rounded[i]);
    }
    return 0;
}

/* Pixels are bytes already: 0..1 in steps of 1/255 loses nothing. */
static bool is_picture(const struct work *w, const struct its_value *v, const struct its_range *r)
{
    return v == w->graph->input[0] && r->low >= 0 && r->high <= 1 && r->high > 0.5f;
}

static void choose_ranges(struct work *w, enum its_range_method method)
{
    for (int i = 0; i < w->survey.tensor_count; i++) {
        const struct its_range *r = &w->observed.range[i];
        w->range[i] = is_picture(w, w->survey.tensor[i], r)
                          ? (struct its_range_u8){1.0f / 255.0f, 0}
                          : its_range_choose(r, method);
    }
}

/* --- writing one candidate */

static struct its_range_u8 range_of(const struct work *w, const struct its_value *v)
{
    return w->range[its_survey_find(&w->survey, v)];
}

static const struct rounded *rounded_of(const struct work *w, const struct its_node *n)
{
    int i = 0;
    while (w->survey.conv[i].node != n)
        i++;
    return &w->rounded[i];
}

static int write_candidate(const struct work *w, const char *to, const char *note,
                           struct its_error *err)
{
    struct its_survey s;
    its_survey_make(w->graph, w->wide, &s);
    struct its_qdq_tensor *tensors = its_calloc((size_t)s.tensor_count + 1, sizeof(*tensors));
    struct its_qdq_conv *convs = its_calloc((size_t)s.conv_count + 1, sizeof(*convs));
    for (int i = 0; i < s.tensor_count; i++) {
        struct its_range_u8 as = range_of(w, s.tensor[i]);
        tensors[i] = (struct its_qdq_tensor){s.tensor[i]->name, as.scale, as.zero};
    }
    for (int i = 0; i < s.conv_count; i++) {
        const struct rounded *r = rounded_of(w, s.conv[i].node);
        convs[i] = (struct its_qdq_conv){s.conv[i].node->name, r->weights, r->scale, r->bias,
                                         range_of(w, s.conv[i].input).scale};
    }
    struct its_qdq_edit edit = {tensors, s.tensor_count, convs, s.conv_count, note};
    int rc = its_qdq_write(w->set->model, to, &edit, err);
    w->report->quantised = s.conv_count;
    w->report->tensors = s.tensor_count;
    free(tensors);
    free(convs);
    its_survey_fini(&s);
    return rc;
}

static int try(const struct work *w, double *error, struct its_error *err)
{
    int rc = write_candidate(w, w->trial, NULL, err);
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
        choose_ranges(w, (enum its_range_method)i);
        int rc = try(w, &r->error[i], err);
        if (rc < 0)
            return rc;
        if (r->error[i] < r->error_final) {
            r->error_final = r->error[i];
            r->method = (enum its_range_method)i;
        }
    }
    choose_ranges(w, r->method);
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
        int rc = try(w, &gains[i].error, err);
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
        int rc = try(w, &error, err);
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
    int rc = write_candidate(w, w->set->out, note, err);
    r->bytes_before = bytes_of(w->set->model);
    r->bytes_after = bytes_of(w->set->out);
    return rc;
}

/* Minutes of work should not end in front of a closed door. */
static int check_output(const struct work *w, struct its_error *err)
{
    const char *out = w->set->out;
    struct stat is, was;
    if (stat(out, &is) == 0 && stat(w->set->model, &was) == 0 && is.st_dev == was.st_dev &&
        is.st_ino == was.st_ino)
        return its_error_set(err, -EINVAL, "%s is the model itself: write to another file", out);
    if (stat(out, &is) == 0 && S_ISDIR(is.st_mode))
        return its_error_set(err, -EISDIR, "cannot write %s: %s", out, its_strerror(-EISDIR));
    int fd = open(w->trial, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return its_error_set(err, -errno, "cannot write %s: %s", out, its_strerror(-errno));
    close(fd);
    unlink(w->trial);
    return 0;
}

static int work_through(struct work *w, struct its_error *err)
{
    int rc = its_observe(w->graph, &w->survey, w->set, w->feed, &w->observed, err);
    if (rc == 0)
        rc = round_weights(w, err);
    if (rc == 0)
        rc = its_judge_create(w->set, w->feed, &w->judge, err);
    if (rc == 0)
        rc = choose_method(w, err);
    if (rc == 0)
        rc = scan(w, err);
    return rc == 0 ? write_result(w, err) : rc;
}

static int begin(struct work *w, const struct its_quantise_settings *settings,
                 struct its_error *err)
{
    *w = (struct work){.set = settings};
    if (snprintf(w->trial, sizeof(w->trial), "%s.trial", settings->out) >= (int)sizeof(w->trial))
        return its_error_set(err, -ENAMETOOLONG, "%s: %s", settings->out,
                             its_strerror(-ENAMETOOLONG));
    int rc = open_graph(w, err);
    return rc == 0 ? check_output(w, err) : rc;
}

static void end(struct work *w)
{
    for (int i = 0; w->rounded && i < w->survey.conv_count; i++) {
        free(w->rounded[i].weights);
        free(w->rounded[i].scale);
        free(w->rounded[i].bias);
    }
    free(w->rounded);
    free(w->range);
    free(w->wide);
    its_judge_destroy(&w->judge);
    its_observed_fini(&w->observed);
    its_survey_fini(&w->survey);
    its_graph_destroy(&w->graph);
    its_graph_destroy(&w->file);
}

int its_quantise_check(const struct its_quantise_settings *settings, struct its_error *err)
{
    struct work w;
    int rc = begin(&w, settings, err);
    end(&w);
    return rc;
}

int its_quantise(const struct its_quantise_settings *settings, const struct its_quant_feed *feed,
                 struct its_quantise_report *report, struct its_error *err)
{
    struct work w;
    *report = (struct its_quantise_report){.pictures = feed->count};
    int rc = begin(&w, settings, err);
    w.feed = feed;
    w.report = report;
    if (rc == 0)
        rc = work_through(&w, err);
    report->convs = w.survey.conv_count;
    end(&w);
    return rc;
}
