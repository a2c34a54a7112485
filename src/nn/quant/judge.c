#include "nn/quant/judge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/model.h"

#define SEES 0.05f

struct its_judge {
    struct its_quantise_settings set;
    struct its_quant_feed feed;
    enum its_head head;
    int count;      /* judging pictures */
    int64_t each;   /* values of one answer */
    int64_t dim[3]; /* of the first output */
    float *answers; /* (count, each) of the f32 model */
};

/* A model opened and made ready. */
struct runner {
    struct its_model *model;
    struct its_network *network;
    int width, height;
};

static int open_runner(struct runner *r, const char *path, enum its_precision precision,
                       int threads, struct its_error *err)
{
    int rc = its_model_open(path, &r->model, err);
    if (rc < 0)
        return rc;
    const struct its_model_info *info = its_model_info(r->model);
    struct its_network_settings set;
    its_network_defaults(&set);
    set.precision = precision;
    set.threads = threads;
    r->width = info->native_w;
    r->height = info->native_h;
    return its_network_create(r->model, &set, &r->network, err);
}

static void close_runner(struct runner *r)
{
    its_network_destroy(&r->network);
    its_model_close(&r->model);
}

static int answer(const struct its_judge *j, struct runner *r, int index, struct its_output *out,
                  struct its_error *err)
{
    if (j->set.cancel && its_cancel_is_set(j->set.cancel))
        return its_error_set(err, ITS_ECANCELLED, "%s", its_strerror(ITS_ECANCELLED));
    int picture = (int)((int64_t)index * j->feed.count / j->count);
    int rc = j->feed.fill(j->feed.ctx, picture, its_network_input(r->network), r->width, r->height);
    if (rc == 0)
        rc = its_network_run(r->network, 1);
    if (rc < 0)
        return its_error_set(err, rc, "calibration picture %d: %s", picture + 1, its_strerror(rc));
    *out = its_network_output(r->network, 0);
    return 0;
}

static int64_t values_of(const struct its_output *o)
{
    int64_t n = 1;
    for (int i = 0; i < o->rank; i++)
        n *= o->dim[i];
    return n;
}

static int keep(struct its_judge *j, int index, const struct its_output *o)
{
    if (!j->answers) {
        j->each = values_of(o);
        for (int i = 0; i < 3 && i < o->rank; i++)
            j->dim[i] = o->dim[i];
        j->answers = its_try_calloc((size_t)j->count * (size_t)j->each, sizeof(float));
        if (!j->answers)
            return -ENOMEM;
    }
    memcpy(j->answers + index * j->each, o->data, (size_t)j->each * sizeof(float));
    return 0;
}

int its_judge_create(const struct its_quantise_settings *settings,
                     const struct its_quant_feed *feed, struct its_judge **out,
                     struct its_error *err)
{
    struct its_judge *j = its_malloc(sizeof(*j));
    j->set = *settings;
    j->feed = *feed;
    j->count = ITS_MAX(1, ITS_MIN(settings->judges, feed->count));
    struct runner r = {0};
    int rc = open_runner(&r, settings->model, ITS_PRECISION_F32, settings->threads, err);
    if (rc == 0)
        j->head = its_model_info(r.model)->head;
    for (int i = 0; rc == 0 && i < j->count; i++) {
        struct its_output o = {0};
        rc = answer(j, &r, i, &o, err);
        if (rc == 0 && (rc = keep(j, i, &o)) < 0)
            its_error_set(err, rc, "%s", its_strerror(rc));
    }
    close_runner(&r);
    if (rc < 0)
        its_judge_destroy(&j);
    *out = j;
    return rc;
}

void its_judge_destroy(struct its_judge **pj)
{
    if (*pj)
        free((*pj)->answers);
    free(*pj);
    *pj = NULL;
}

/* --- the distance of two answers */

/* Of one anchor of a (4 + classes, anchors) answer: the class f32 believes in most. */
static int best_class(const float *a, int64_t rows, int64_t anchors, int64_t at)
{
    int best = 4;
    for (int r = 5; r < rows; r++)
        if (a[r * anchors + at] > a[best * anchors + at])
            best = r;
    return best;
}

static double anchor_error(const float *a, const float *b, int64_t anchors, int64_t at, int best)
{
    double score = fabs((double)a[best * anchors + at] - (double)b[best * anchors + at]), box = 0;
    for (int r = 0; r < 4; r++)
        box += fabs((double)a[r * anchors + at] - (double)b[r * anchors + at]);
    double size = (double)a[2 * anchors + at] + (double)a[3 * anchors + at];
    return score + box / (2 * fmax(size, 1));
}

static void add_yolo(const struct its_judge *j, const float *a, const float *b, double *sum,
                     double *weight)
{
    int64_t rows = j->dim[1], anchors = j->dim[2];
    for (int64_t i = 0; i < anchors; i++) {
        int best = best_class(a, rows, anchors, i);
        if (a[best * anchors + i] < SEES && b[best * anchors + i] < SEES)
            continue;
        *sum += anchor_error(a, b, anchors, i, best);
        *weight += 1;
    }
}

static void add_plain(const struct its_judge *j, const float *a, const float *b, double *sum,
                      double *weight)
{
    for (int64_t i = 0; i < j->each; i++) {
        double d = (double)a[i] - (double)b[i];
        *sum += d * d;
        *weight += (double)a[i] * a[i];
    }
}

int its_judge_file(struct its_judge *j, const char *path, double *error, struct its_error *err)
{
    struct runner r = {0};
    double sum = 0, weight = 0;
    int rc = open_runner(&r, path, ITS_PRECISION_INT8, j->set.threads, err);
    for (int i = 0; rc == 0 && i < j->count; i++) {
        struct its_output o = {0};
        rc = answer(j, &r, i, &o, err);
        if (rc == 0 && values_of(&o) != j->each)
            rc = its_error_set(err, -EINVAL, "%s answers in another shape", path);
        if (rc < 0)
            break;
        const float *was = j->answers + i * j->each;
        if (j->head == ITS_HEAD_YOLO)
            add_yolo(j, was, o.data, &sum, &weight);
        else
            add_plain(j, was, o.data, &sum, &weight);
    }
    close_runner(&r);
    *error = weight > 0 ? sum / weight : 0;
    return rc;
}
