/* An instance is busy while it is made or used: then only its taker looks into it, and nothing slow
 * happens under the lock. */
#include "app/detectors.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/model_flags.h"
#include "base/log.h"
#include "base/mem.h"

/* Instances kept; with more shapes than that the longest unused makes room. */
#define INSTANCES_MAX 64

/* The network's input comes in steps of its coarsest stride. */
#define STRIDE 32

struct instance {
    struct its_net_detector *detector;
    int w, h; /* of its input */
    bool busy;
    uint64_t used; /* when it was last given back */
};

struct its_detectors {
    struct its_detectors_settings set;
    struct its_model *model;
    char *cache_dir; /* NULL: none */
    char name[160];

    pthread_mutex_t lock;
    /* --- under lock */
    struct instance instance[INSTANCES_MAX];
    uint64_t clock;
};

struct its_detectors_settings its_detectors_settings_of(const struct its_detector_config *c)
{
    return (struct its_detectors_settings){
        .model = c->model,
        .precision = c->precision,
        .input_size = c->input_size,
        .confidence = (float)c->confidence,
        .iou = (float)c->iou,
        .threads = 1,
    };
}

bool its_detector_config_is_network(const struct its_detector_config *c)
{
    return c->kind == ITS_DETECTOR_NETWORK || (c->kind == ITS_DETECTOR_AUTO && c->model && *c->model);
}

static int round_up(int n)
{
    return (n + STRIDE - 1) / STRIDE * STRIDE;
}

void its_detectors_input_size(int size, int display_w, int display_h, int *w, int *h)
{
    int64_t longer = ITS_MAX(display_w, display_h);
    *w = round_up((int)(((int64_t)size * display_w + longer - 1) / longer));
    *h = round_up((int)(((int64_t)size * display_h + longer - 1) / longer));
}

static void input_size(const struct its_detectors *d, int display_w, int display_h, int *w, int *h)
{
    const struct its_model_info *info = its_model_info(d->model);
    its_detectors_input_size(d->set.input_size, display_w, display_h, w, h);
    if (!info->resizable) {
        *w = info->native_w;
        *h = info->native_h;
    }
}

static int make(const struct its_detectors *d, int w, int h, struct its_net_detector **out,
                struct its_error *err)
{
    struct its_net_detector_settings set;
    its_net_detector_defaults(&set);
    set.network.batch = 1;
    set.network.width = w;
    set.network.height = h;
    set.network.precision = d->set.precision;
    set.network.threads = d->set.threads;
    set.network.cache_dir = d->cache_dir;
    set.score = d->set.confidence;
    set.iou = d->set.iou;
    return its_net_detector_create(d->model, &set, out, err);
}

/* --- who has which, with the lock held */

static struct instance *find_free(struct its_detectors *d, int w, int h)
{
    for (int i = 0; i < INSTANCES_MAX; i++) {
        struct instance *n = &d->instance[i];
        if (n->detector && !n->busy && n->w == w && n->h == h)
            return n;
    }
    return NULL;
}

/* An empty place, or that of the longest unused one; NULL: all are busy. */
static struct instance *find_place(struct its_detectors *d)
{
    struct instance *oldest = NULL;
    for (int i = 0; i < INSTANCES_MAX; i++) {
        struct instance *n = &d->instance[i];
        if (n->busy)
            continue;
        if (!n->detector)
            return n;
        if (!oldest || n->used < oldest->used)
            oldest = n;
    }
    return oldest;
}

/* Busy now, the caller's: one that suits, or a place for a new one (without a detector; *old is
 * what was in it). NULL: all are busy. */
static struct instance *reserve(struct its_detectors *d, int w, int h,
                                struct its_net_detector **old)
{
    struct instance *n = find_free(d, w, h);
    if (!n && (n = find_place(d))) {
        *old = n->detector;
        n->detector = NULL;
    }
    if (n)
        n->busy = true;
    return n;
}

/* --- for everybody */

/* A new instance for that busy place. Where it cannot be made the place is free again. */
static int fill(struct its_detectors *d, struct instance *n, int w, int h, struct its_error *err)
{
    struct its_net_detector *made = NULL;
    int rc = make(d, w, h, &made, err);
    pthread_mutex_lock(&d->lock);
    *n = (struct instance){.detector = made, .w = w, .h = h, .busy = rc == 0};
    pthread_mutex_unlock(&d->lock);
    return rc;
}

int its_detectors_take(struct its_detectors *d, int display_w, int display_h,
                       struct its_net_detector **out, struct its_error *err)
{
    int w, h;
    struct its_net_detector *old = NULL;
    input_size(d, display_w, display_h, &w, &h);
    pthread_mutex_lock(&d->lock);
    struct instance *n = reserve(d, w, h, &old);
    pthread_mutex_unlock(&d->lock);
    its_net_detector_destroy(&old);
    *out = NULL;
    if (!n)
        return its_error_set(err, -EBUSY, "more than %d frames at once", INSTANCES_MAX);
    int rc = n->detector ? 0 : fill(d, n, w, h, err);
    if (rc == 0)
        *out = n->detector;
    return rc;
}

void its_detectors_give(struct its_detectors *d, struct its_net_detector *detector)
{
    pthread_mutex_lock(&d->lock);
    for (int i = 0; i < INSTANCES_MAX; i++) {
        struct instance *n = &d->instance[i];
        if (n->detector == detector && n->busy) {
            n->busy = false;
            n->used = ++d->clock;
        }
    }
    pthread_mutex_unlock(&d->lock);
}

const char *its_detectors_name(const struct its_detectors *d)
{
    return d->name;
}

/* What it would calculate in if the processor could. */
static enum its_precision wanted_precision(const struct its_detectors *d)
{
    if (d->set.precision != ITS_PRECISION_AUTO)
        return d->set.precision;
    return its_model_info(d->model)->quantised ? ITS_PRECISION_INT8 : ITS_PRECISION_F32;
}

static int make_first(struct its_detectors *d, struct its_error *err)
{
    struct its_net_detector *first;
    int rc = its_detectors_take(d, 16, 9, &first, err);
    if (rc < 0)
        return rc;
    struct its_network_stats stats = its_network_stats(its_net_detector_network(first));
    its_detectors_give(d, first);
    const char *runs_in = its_precision_name(stats.precision);
    snprintf(d->name, sizeof(d->name), "%.120s %s", its_model_info(d->model)->name, runs_in);
    if (stats.precision != wanted_precision(d))
        its_log(ITS_LOG_WARN, "detector", "this processor has no %s: the network runs in %s",
                its_precision_name(wanted_precision(d)), runs_in);
    return 0;
}

int its_detectors_create(const struct its_detectors_settings *settings, struct its_detectors **out,
                         struct its_error *err)
{
    *out = NULL;
    if (!settings->model || !*settings->model)
        return its_error_set(err, ITS_ECONFIG,
                             "detector.kind is network, but there is no detector.model: give an "
                             "ONNX file (--model FILE), or take detector.kind motion");
    struct its_detectors *d = its_malloc(sizeof(*d));
    d->set = *settings;
    d->cache_dir = settings->cache_dir ? its_strdup(settings->cache_dir) : NULL;
    d->set.model = d->set.cache_dir = NULL; /* borrowed until here */
    pthread_mutex_init(&d->lock, NULL);
    int rc = its_model_open(settings->model, &d->model, err);
    if (rc == 0)
        rc = make_first(d, err);
    if (rc < 0)
        its_detectors_destroy(&d);
    *out = d;
    return rc;
}

void its_detectors_destroy(struct its_detectors **pd)
{
    struct its_detectors *d = *pd;
    if (!d)
        return;
    *pd = NULL;
    for (int i = 0; i < INSTANCES_MAX; i++) {
        its_assert(!d->instance[i].busy);
        its_net_detector_destroy(&d->instance[i].detector);
    }
    its_model_close(&d->model);
    pthread_mutex_destroy(&d->lock);
    free(d->cache_dir);
    free(d);
}
