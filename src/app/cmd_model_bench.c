/* model bench: how fast a network is here. */
#include <stdlib.h>

#include "app/cmd.h"
#include "app/interrupt.h"
#include "app/model_flags.h"
#include "app/model_text.h"
#include "base/clock.h"
#include "base/mem.h"

/* First runs touch memory for the first time and wake the processor up. */
#define WARM_UP_RUNS 3
#define RUNS_MIN     5
#define RUNS_MAX     1000000

struct settings {
    bool layers, json;
    float seconds;
    struct its_model_flags network;
};

static const struct settings defaults = {.seconds = 3, .network = ITS_MODEL_FLAGS_DEFAULT};

static const struct its_flag flags[] = {
    {{"layers", ITS_OPT_BOOL, offsetof(struct settings, layers),
      .doc = "Also time every step of the network (which costs a little) and list them, as means "
             "over all runs."}},
    {{"seconds", ITS_OPT_FLOAT, offsetof(struct settings, seconds), .min = 0.1, .max = 3600,
      .unit = "s", .doc = "Measure for so long."},
     "S"},
    {{"json", ITS_OPT_BOOL, offsetof(struct settings, json),
      .doc = "One JSON object on standard output, and nothing else."}},
};

static const struct its_flag_set sets[] = {
    {flags, ITS_ARRAY_LEN(flags), 0},
    {its_model_flag_rows, ITS_MODEL_FLAG_COUNT, offsetof(struct settings, network)},
};

struct bench {
    const struct settings *set;
    const struct its_model *model;
    struct its_network_settings network_settings;
    struct its_network *network;
    double *ms; /* of each run */
    int runs;
    struct its_layer_time *layers; /* ms: sum over the runs, in the end their mean */
    int layer_count;
    struct its_str text;
};

/* Numbers without structure: no run is faster for an input of zeros. */
static void fill(float *input, size_t count)
{
    for (size_t i = 0; i < count; i++)
        input[i] = (float)((uint32_t)i * 2654435761u >> 24) / 255.0f;
}

static int prepare(struct bench *b, struct its_error *err)
{
    struct its_network_settings *s = &b->network_settings;
    const struct its_model_info *info = its_model_info(b->model);
    int rc = its_network_create(b->model, s, &b->network, err);
    if (rc < 0)
        return rc;
    s->width = s->width ? s->width : info->native_w;
    s->height = s->height ? s->height : info->native_h;
    fill(its_network_input(b->network),
         (size_t)s->batch * 3 * (size_t)s->width * (size_t)s->height);
    its_network_time_layers(b->network, b->set->layers);
    return 0;
}

static void add_layers(struct bench *b)
{
    const struct its_layer_time *now;
    int count = its_network_layers(b->network, &now);
    if (!b->layers) {
        b->layers = its_calloc((size_t)count + 1, sizeof(*b->layers));
        b->layer_count = count;
    }
    for (int i = 0; i < b->layer_count; i++) {
        double sum = b->layers[i].ms + now[i].ms;
        b->layers[i] = now[i];
        b->layers[i].ms = sum;
    }
}

static int one_run(struct bench *b, double *ms, struct its_error *err)
{
    int64_t start_us = its_mono_us();
    int rc = its_network_run(b->network, b->network_settings.batch);
    *ms = (double)(its_mono_us() - start_us) * 1e-3;
    return rc < 0 ? its_error_set(err, rc, "the network failed: %s", its_strerror(rc)) : 0;
}

static int measure(struct bench *b, const struct its_cancel *cancel, struct its_error *err)
{
    double ms;
    int rc = 0, room = 0;
    for (int i = 0; i < WARM_UP_RUNS && rc == 0; i++)
        rc = one_run(b, &ms, err);
    int64_t end_us = its_mono_us() + (int64_t)(b->set->seconds * 1e6);
    while (rc == 0 && !its_cancel_is_set(cancel) && b->runs < RUNS_MAX &&
           (b->runs < RUNS_MIN || its_mono_us() < end_us)) {
        rc = one_run(b, &ms, err);
        if (b->runs == room) {
            room = room ? 2 * room : 1024;
            b->ms = its_realloc(b->ms, (size_t)room * sizeof(*b->ms));
        }
        b->ms[b->runs++] = ms;
        if (b->set->layers)
            add_layers(b);
    }
    if (rc == 0 && b->runs == 0)
        return its_error_set(err, ITS_ECANCELLED, "cancelled");
    for (int i = 0; i < b->layer_count; i++)
        b->layers[i].ms /= b->runs;
    return rc;
}

/* --- what came of it */

static int by_size(const void *pa, const void *pb)
{
    const double *a = pa, *b = pb;
    return (*a > *b) - (*a < *b);
}

/* Nearest rank; the times are sorted. */
static double percentile(const struct bench *b, int percent)
{
    int rank = (b->runs * percent + 99) / 100;
    return b->ms[ITS_MAX(rank, 1) - 1];
}

static double images_per_s(const struct bench *b)
{
    double sum = 0;
    for (int i = 0; i < b->runs; i++)
        sum += b->ms[i];
    return 1e3 * b->runs * b->network_settings.batch / sum;
}

static void print_json(struct bench *b)
{
    const struct its_network_settings *s = &b->network_settings;
    struct its_network_stats stats = its_network_stats(b->network);
    struct its_json json = its_json_on(&b->text), *j = &json;
    its_json_object(j);
    its_json_key(j, "v"), its_json_int(j, 1);
    its_json_key(j, "model"), its_json_string(j, its_model_info(b->model)->path);
    its_json_key(j, "precision"), its_json_string(j, its_precision_name(stats.precision));
    its_json_key(j, "backend"), its_json_string(j, stats.backend);
    its_json_key(j, "threads"), its_json_int(j, s->threads);
    its_json_key(j, "batch"), its_json_int(j, s->batch);
    its_json_key(j, "size"), its_json_array(j);
    its_json_int(j, s->width), its_json_int(j, s->height), its_json_array_end(j);
    its_json_key(j, "runs"), its_json_int(j, b->runs);
    its_json_key(j, "ms"), its_json_object(j);
    its_json_key(j, "p50"), its_json_number(j, percentile(b, 50), 3);
    its_json_key(j, "p90"), its_json_number(j, percentile(b, 90), 3);
    its_json_key(j, "p99"), its_json_number(j, percentile(b, 99), 3);
    its_json_object_end(j);
    its_json_key(j, "images_per_s"), its_json_number(j, images_per_s(b), 2);
    its_json_key(j, "gflops"), its_json_number(j, stats.gflop * images_per_s(b), 1);
    its_json_key(j, "gflop_per_image"), its_json_number(j, stats.gflop, 4);
    if (b->set->layers)
        its_json_key(j, "layers"), its_layers_json(j, b->layers, b->layer_count);
    its_json_object_end(j);
    its_str_putc(&b->text, '\n');
}

static void print_text(struct bench *b)
{
    const struct its_network_settings *s = &b->network_settings;
    struct its_network_stats stats = its_network_stats(b->network);
    its_str_printf(&b->text, "%s, %s on %s, %dx%d, batch %d, %d thread%s, %d runs\n",
                   its_model_info(b->model)->name, its_precision_name(stats.precision),
                   stats.backend, s->width, s->height, s->batch, s->threads,
                   s->threads == 1 ? "" : "s", b->runs);
    its_str_printf(&b->text, "  a batch takes  p50 %.2f ms, p90 %.2f ms, p99 %.2f ms\n",
                   percentile(b, 50), percentile(b, 90), percentile(b, 99));
    its_str_printf(&b->text, "  that is        %.1f images per second, %.0f GFLOP/s\n",
                   images_per_s(b), stats.gflop * images_per_s(b));
    if (b->set->layers) {
        its_str_putc(&b->text, '\n');
        its_layers_text(&b->text, b->layers, b->layer_count);
    }
}

static void stop(struct bench *b)
{
    its_network_destroy(&b->network);
    free(b->ms);
    free(b->layers);
    its_str_fini(&b->text);
}

static int run(const struct its_call *call)
{
    struct bench b = {.set = call->settings};
    struct its_error err = {0};
    struct its_model *model = NULL;
    if (its_model_flags_read(&b.set->network, &b.network_settings, &err) < 0)
        return its_model_usage(call, "model bench", err.text);
    struct its_cancel *cancel = its_cancel_create(NULL);
    struct its_interrupt interrupt;
    its_interrupt_start(&interrupt, cancel);
    int rc = its_model_open(call->operands.items[0], &model, &err);
    b.model = model;
    if (rc == 0)
        rc = prepare(&b, &err);
    if (rc == 0)
        rc = measure(&b, cancel, &err);
    if (rc == 0) {
        qsort(b.ms, (size_t)b.runs, sizeof(*b.ms), by_size);
        (b.set->json ? print_json : print_text)(&b);
        fputs(its_str_get(&b.text), call->out);
    } else {
        fprintf(call->err, "its-camera-ai model bench: %s\n", err.text);
    }
    its_interrupt_stop(&interrupt);
    its_cancel_destroy(&cancel);
    stop(&b);
    its_model_close(&model);
    return rc < 0 ? ITS_EXIT_FAILED : ITS_EXIT_OK;
}

const struct its_command its_cmd_model_bench = {
    .name = "model bench",
    .summary = "how fast a network is on this machine",
    .operands = "MODEL",
    .operands_min = 1,
    .operands_max = 1,
    .description =
        "Runs the whole network, from the input tensor to its outputs, again and again and\n"
        "tells how long a batch takes. Reading pictures and choosing boxes is not in it.\n"
        "\n"
        "One thread for each camera or batch is the usual way to fill a machine, so --threads is\n"
        "1 unless told otherwise. Measure with nothing else running.\n",
    .examples = "its-camera-ai model bench yolo11n.onnx\n"
                "its-camera-ai model bench yolo11n.onnx --precision bf16 --size 640x384\n"
                "its-camera-ai model bench yolo11n.onnx --batch 8 --threads 2 --layers --json\n",
    .sets = sets,
    .set_count = ITS_ARRAY_LEN(sets),
    .settings_bytes = sizeof(struct settings),
    .defaults = &defaults,
    .run = run,
};
