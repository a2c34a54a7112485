/* model quantize: an f32 network into one of eight-bit integers. */
#include <string.h>
#include <unistd.h>

#include "app/calibration.h"
#include "app/cmd.h"
#include "app/interrupt.h"
#include "base/clock.h"
#include "base/cpu.h"
#include "base/json.h"
#include "camera/averror.h"
#include "nn/quant/quantise.h"

struct settings {
    struct its_opt_list calib;
    const char *out;
    int method, pictures, wide, threads;
    bool json;
};

static const struct settings defaults = {.method = 0, .pictures = 96, .wide = 0};

static const char *const methods[] = {"best",
#define X(name, text) text,
                                      ITS_RANGE_METHODS(X)
#undef X
                                          NULL};

static const struct its_flag flags[] = {
    {{"calib", ITS_OPT_LIST, offsetof(struct settings, calib), .min = 1,
      .doc = "Pictures like those the network will see: a folder of photographs, a photograph, or "
             "a clip. May be given again. Needed."},
     "INPUT"},
    {{"o", ITS_OPT_STRING, offsetof(struct settings, out), .min = 1,
      .default_text = "MODEL with -int8 in its name", .doc = "The file to write."},
     "OUT.onnx"},
    {{"pictures", ITS_OPT_INT, offsetof(struct settings, pictures), .min = 1, .max = 2000,
      .doc = "Take so many pictures at most, spread over all the inputs."},
     "N"},
    {{"ranges", ITS_OPT_CHOICE, offsetof(struct settings, method), .choices = methods,
      .doc = "How the range of each activation is chosen: its ends (min-max), what remains when "
             "the rarest values are cut off (percentile), or the clipping with the least error "
             "(mse). best: all are tried, and the one whose answers stay nearest is taken."},
     "METHOD"},
    {{"wide", ITS_OPT_INT, offsetof(struct settings, wide), .min = 0, .max = ITS_QUANT_WIDE_MAX,
      .doc = "Leave at most so many convolutions as they are: those that suffer most, found by "
             "trying each, which takes a minute or two. Answers come nearer to those of MODEL, and "
             "every layer left costs time: with 5 of YOLO11n's 87, about a fifth more. 0: all "
             "are quantised."},
     "N"},
    {{"threads", ITS_OPT_INT, offsetof(struct settings, threads), .min = 0, .max = 256,
      .default_text = "all cores", .doc = "Threads to calculate with."},
     "N"},
    {{"json", ITS_OPT_BOOL, offsetof(struct settings, json),
      .doc = "The report as one JSON object."}},
};

static const struct its_flag_set sets[] = {{flags, ITS_ARRAY_LEN(flags), 0}};

/* --- progress, on a terminal only */

struct progress {
    bool shown;
    int64_t next_us;
};

static void progress(void *ctx, const char *stage, int done, int of)
{
    struct progress *p = ctx;
    int64_t now = its_mono_us();
    if (!p->shown || now < p->next_us)
        return;
    p->next_us = now + 100000;
    fprintf(stderr, "\r%-32s %3d of %3d ", stage, done, of);
}

/* --- the report */

static void print_text(FILE *out, const char *path, const struct its_quantise_report *r)
{
    fprintf(out,
            "%s: %d of %d convolutions and %d tensors in eight bits, %.1f MB instead of %.1f\n",
            path, r->quantised, r->convs, r->tensors, (double)r->bytes_after * 1e-6,
            (double)r->bytes_before * 1e-6);
    fprintf(out, "calibrated on %d pictures; mean change of an answer (score and box):\n",
            r->pictures);
    for (int i = 0; i < ITS_RANGE_METHOD_COUNT; i++)
        if (r->error[i] >= 0)
            fprintf(out, "  ranges by %-11s %.4f%s\n", its_range_method_name(i), r->error[i],
                    i == (int)r->method ? "  taken" : "");
    if (r->wide_count > 0)
        fprintf(out, "  %d kept wide           %.4f\n", r->wide_count, r->error_final);
    for (int i = 0; i < r->wide_count; i++)
        fprintf(out, "    %s\n", r->wide[i]);
}

static void print_json(FILE *out, const char *path, const struct its_quantise_report *r)
{
    struct its_str text = {0};
    struct its_json j = its_json_on(&text);
    its_json_object(&j);
    its_json_key(&j, "v"), its_json_int(&j, 1);
    its_json_key(&j, "out"), its_json_string(&j, path);
    its_json_key(&j, "convolutions"), its_json_int(&j, r->convs);
    its_json_key(&j, "quantised"), its_json_int(&j, r->quantised);
    its_json_key(&j, "pictures"), its_json_int(&j, r->pictures);
    its_json_key(&j, "ranges"), its_json_string(&j, its_range_method_name(r->method));
    its_json_key(&j, "error"), its_json_object(&j);
    for (int i = 0; i < ITS_RANGE_METHOD_COUNT; i++)
        if (r->error[i] >= 0)
            its_json_key(&j, its_range_method_name(i)), its_json_number(&j, r->error[i], 6);
    its_json_key(&j, "final"), its_json_number(&j, r->error_final, 6);
    its_json_object_end(&j);
    its_json_key(&j, "wide"), its_json_array(&j);
    for (int i = 0; i < r->wide_count; i++)
        its_json_string(&j, r->wide[i]);
    its_json_array_end(&j);
    its_json_key(&j, "bytes"), its_json_int(&j, r->bytes_after);
    its_json_object_end(&j);
    fprintf(out, "%s\n", text.data);
    its_str_fini(&text);
}

/* --- the work */

static const char *name_of(const struct its_call *call, const char *model)
{
    const struct settings *s = call->settings;
    if (s->out)
        return s->out;
    size_t n = strlen(model);
    int stem = n > 5 && strcmp(model + n - 5, ".onnx") == 0 ? (int)n - 5 : (int)n;
    return its_arena_printf(call->arena, "%.*s-int8.onnx", stem, model);
}

static int quantise(const struct its_call *call, const char *model, const char *out,
                    struct its_cancel *cancel, struct its_error *err)
{
    const struct settings *s = call->settings;
    struct progress p = {.shown = isatty(STDERR_FILENO)};
    struct its_quantise_settings set;
    its_quantise_defaults(&set);
    set.model = model;
    set.out = out;
    set.method = s->method - 1;
    set.wide_most = s->wide;
    set.threads = s->threads ? s->threads : its_cpu_count();
    set.cancel = cancel;
    set.progress = progress;
    set.ctx = &p;

    struct its_model *m;
    int rc = its_quantise_check(&set, err);
    if (rc == 0)
        rc = its_model_open(model, &m, err);
    if (rc < 0)
        return rc;
    struct its_calibration *calibration = NULL;
    progress(&p, "reading pictures", 0, s->pictures);
    rc = its_calibration_open(s->calib.items, s->calib.count, s->pictures, its_model_info(m),
                              cancel, &calibration, err);
    its_model_close(&m);
    struct its_quantise_report *report = its_arena_alloc(call->arena, sizeof(*report));
    if (rc == 0) {
        struct its_quant_feed feed = its_calibration_feed(calibration);
        rc = its_quantise(&set, &feed, report, err);
    }
    if (p.shown)
        fprintf(stderr, "\r%50s\r", "");
    if (rc == 0)
        (s->json ? print_json : print_text)(call->out, out, report);
    its_calibration_close(&calibration);
    return rc;
}

static int run(const struct its_call *call)
{
    const struct settings *s = call->settings;
    const char *model = call->operands.items[0];
    if (s->calib.count == 0) {
        fprintf(call->err, "its-camera-ai model quantize: no pictures to calibrate with: give "
                           "--calib FOLDER or --calib CLIP, with scenes like those of your "
                           "cameras\n");
        return ITS_EXIT_USAGE;
    }
    its_av_log_adopt();
    struct its_error err = {0};
    struct its_cancel *cancel = its_cancel_create(NULL);
    struct its_interrupt interrupt;
    its_interrupt_start(&interrupt, cancel);
    int rc = quantise(call, model, name_of(call, model), cancel, &err);
    its_interrupt_stop(&interrupt);
    if (rc < 0 && its_cancel_is_set(cancel))
        its_error_set(&err, ITS_ECANCELLED, "stopped; nothing was written");
    its_cancel_destroy(&cancel);
    if (rc < 0)
        fprintf(call->err, "its-camera-ai model quantize: %s\n", err.text);
    return rc < 0 ? ITS_EXIT_FAILED : ITS_EXIT_OK;
}

const struct its_command its_cmd_model_quantize = {
    .name = "model quantize",
    .summary = "make an eight-bit model of an f32 one",
    .operands = "MODEL",
    .operands_min = 1,
    .operands_max = 1,
    .description =
        "Writes a copy of MODEL whose convolutions multiply eight-bit integers: about three\n"
        "times as fast on processors with VNNI, and a quarter of the size. It looks at the\n"
        "values inside the network while it sees the calibration pictures; a hundred of them,\n"
        "from cameras like yours, by day and by night, are enough. They should not be the\n"
        "ones that accuracy is judged on afterwards.\n"
        "\n"
        "The result is an ONNX file in the usual form (QuantizeLinear, DequantizeLinear),\n"
        "which other runtimes run too. The report tells how far its answers are from those\n"
        "of MODEL: 0.01 is a hundredth of a score and of a box's size together.\n",
    .examples = "its-camera-ai model quantize yolo11n.onnx --calib pictures/\n"
                "its-camera-ai model quantize yolo11n.onnx --calib day.mp4 --calib night.mp4 "
                "-o street-int8.onnx\n",
    .sets = sets,
    .set_count = ITS_ARRAY_LEN(sets),
    .settings_bytes = sizeof(struct settings),
    .defaults = &defaults,
    .run = run,
};
