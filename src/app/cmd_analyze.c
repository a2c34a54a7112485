/* analyze: one input from its first frame to its last. */
#include <string.h>
#include <unistd.h>

#include "app/analyze.h"
#include "app/cmd.h"
#include "app/interrupt.h"
#include "base/cpu.h"
#include "camera/averror.h"
#include "cli/config_flags.h"

struct settings {
    const char *config, *model, *precision;
    struct its_opt_list lines, set;
    bool frames, json, realtime;
    int max_frames;
};

static const struct its_flag flags[] = {
    {{"line", ITS_OPT_LIST, offsetof(struct settings, lines), .min = 1,
      .doc = "A counting line from (X1,Y1) to (X2,Y2), in displayed pixels, or in fractions of the "
             "picture when all four are at most 1. May be given again."},
     "NAME:X1,Y1,X2,Y2"},
    {{"json", ITS_OPT_BOOL, offsetof(struct settings, json),
      .doc = "JSON Lines on standard output, and nothing else."}},
    {{"frames", ITS_OPT_BOOL, offsetof(struct settings, frames),
      .doc = "With --json: a line for every frame, with all its road users."}},
    {{"realtime", ITS_OPT_BOOL, offsetof(struct settings, realtime),
      .doc = "Play the input at its own speed and, like a live camera, leave frames out when the "
             "machine does not keep up."}},
    {{"max-frames", ITS_OPT_INT, offsetof(struct settings, max_frames), .min = 0, .max = 2e9,
      .default_text = "all", .doc = "Stop after so many frames."},
     "N"},
    {{"config", ITS_OPT_STRING, offsetof(struct settings, config), .min = 1,
      .doc = "Take detector, latency target and, when INPUT is the id of a camera in it, that "
             "camera's address and lines from this YAML file."},
     "FILE"},
    {{"model", ITS_OPT_STRING, offsetof(struct settings, model), .min = 1,
      .doc = "The network that finds the road users, an ONNX file; the same as --set "
             "detector.model=FILE. Default: the motion detector."},
     "FILE"},
    {{"precision", ITS_OPT_STRING, offsetof(struct settings, precision), .min = 1,
      .doc = "In what numbers the network calculates: auto, f32, bf16 or int8. Default: auto, int8 "
             "for a quantised model, else f32."},
     "P"},
    {{"set", ITS_OPT_LIST, offsetof(struct settings, set), .min = 1,
      .doc = "Sets any option of the configuration, by its path: detector.input_size=320."},
     "PATH=VALUE"},
};

static const struct its_flag_set sets[] = {{flags, ITS_ARRAY_LEN(flags), 0}};

/* What the flags, the configuration and the operand add up to. */
struct plan {
    struct its_line lines[ITS_COUNTER_LINES_MAX];
    int line_count;
    struct its_analyze_settings analyze;
};

static int add_line(struct plan *p, const struct its_line *line, struct its_error *err)
{
    for (int i = 0; i < p->line_count; i++)
        if (strcmp(p->lines[i].name, line->name) == 0)
            return its_error_set(err, -EINVAL, "the line '%s' is there twice", line->name);
    if (p->line_count == ITS_COUNTER_LINES_MAX)
        return its_error_set(err, ITS_ETOOBIG, "more than %d lines", ITS_COUNTER_LINES_MAX);
    p->lines[p->line_count++] = *line;
    return 0;
}

static int take_lines(struct plan *p, const struct settings *settings, struct its_error *err)
{
    for (unsigned i = 0; i < settings->lines.count; i++) {
        struct its_line line;
        int rc = its_line_parse(settings->lines.items[i], &line, err);
        if (rc == 0)
            rc = add_line(p, &line, err);
        if (rc < 0)
            return its_error_prefix(err, "--line %s", settings->lines.items[i]);
    }
    return 0;
}

static int take_config(struct plan *p, const struct its_config *config, struct its_error *err)
{
    p->analyze.budget_us = (int64_t)(config->performance.target_latency_ms * 1000);
    const struct its_camera_config *camera = its_config_camera(config, p->analyze.input);
    if (!camera)
        return 0;
    p->analyze.input = camera->url;
    p->analyze.transport = camera->transport;
    p->analyze.analysis_fps = camera->analysis_fps;
    p->analyze.analysis.blind_us = camera->blind_us;
    for (unsigned i = 0; i < camera->line_count; i++) {
        int rc = add_line(p, &camera->lines[i].line, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int analyse(const struct its_call *call, struct plan *p)
{
    const struct settings *settings = call->settings;
    struct its_error err = {0};
    if (p->line_count == 0 && !(settings->json && settings->frames))
        fprintf(call->err, "its-camera-ai analyze: no line is given, so nothing will be counted; "
                           "try --line main:0.1,0.6,0.9,0.6\n");
    p->analyze.analysis.lines = p->lines;
    p->analyze.analysis.line_count = p->line_count;

    struct its_cancel *cancel = its_cancel_create(NULL);
    struct its_interrupt interrupt;
    its_interrupt_start(&interrupt, cancel);
    int rc = its_analyze(&p->analyze, cancel, &err);
    its_interrupt_stop(&interrupt);
    its_cancel_destroy(&cancel);
    if (rc < 0)
        fprintf(call->err, "its-camera-ai analyze: %s\n", err.text);
    return rc < 0 ? ITS_EXIT_FAILED : ITS_EXIT_OK;
}

static struct its_config *load_config(const struct its_call *call)
{
    const struct settings *settings = call->settings;
    struct its_config_flags config_flags = {.config = settings->config,
                                            .model = settings->model,
                                            .precision = settings->precision,
                                            .set = settings->set};
    struct its_report report = {0};
    struct its_config *config;
    if (its_config_load_flags(&config_flags, call->env, &config, &report) < 0)
        fputs(its_report_text(&report), call->err);
    its_report_fini(&report);
    return config;
}

/* One camera has the machine to itself: its network runs on all cores. */
static int open_detectors(const struct its_call *call, const struct its_config *config,
                          struct plan *p, struct its_error *err)
{
    its_analysis_use(&p->analyze.analysis, NULL);
    if (!its_detector_config_is_network(&config->detector))
        return 0;
    struct its_detectors_settings set = its_detectors_settings_of(&config->detector);
    set.threads = its_cpu_count();
    set.cache_dir = its_arena_printf(call->arena, "%s/plans", config->state);
    struct its_detectors *detectors;
    int rc = its_detectors_create(&set, &detectors, err);
    its_analysis_use(&p->analyze.analysis, detectors);
    return rc;
}

static int run(const struct its_call *call)
{
    const struct settings *settings = call->settings;
    struct its_error err = {0};
    its_av_log_adopt();

    struct its_config *config = load_config(call);
    if (!config)
        return ITS_EXIT_FAILED;
    its_log_set_level(config->log.level);
    struct plan *p = its_arena_alloc(call->arena, sizeof(*p));
    p->analyze = (struct its_analyze_settings){
        .input = call->operands.items[0],
        .json = settings->json,
        .frames = settings->frames,
        .realtime = settings->realtime,
        .progress = isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO),
        .max_frames = (uint64_t)settings->max_frames,
        .out = call->out,
    };
    its_analysis_defaults(&p->analyze.analysis);
    p->analyze.analysis.camera = "input";
    p->analyze.analysis.first_track = 1;

    int rc = take_lines(p, settings, &err), exit_code = ITS_EXIT_USAGE;
    if (rc == 0)
        rc = take_config(p, config, &err);
    if (rc == 0 && (rc = open_detectors(call, config, p, &err)) < 0)
        exit_code = ITS_EXIT_FAILED;
    if (rc < 0)
        fprintf(call->err, "its-camera-ai analyze: %s\n", err.text);
    else
        exit_code = analyse(call, p);
    its_detectors_destroy(&p->analyze.analysis.detectors);
    its_config_destroy(&config);
    return exit_code;
}

const struct its_command its_cmd_analyze = {
    .name = "analyze",
    .summary = "count the road users of one clip",
    .operands = "INPUT",
    .operands_min = 1,
    .operands_max = 1,
    .description =
        "Reads INPUT from its first frame to its last, as fast as the machine can, and\n"
        "counts road users over the given lines. No frame is left out, and the output is the\n"
        "same on every run (but for the times in the summary). INPUT is a file, or with\n"
        "--config the id of a camera.\n"
        "\n"
        "A crossing is forward when the road user passes to the left-hand side of the line\n"
        "from (X1,Y1) to (X2,Y2) as seen on the screen: for a line drawn from left to right,\n"
        "upwards, away from the camera. Else it is backward.\n"
        "\n"
        "With --json every line of the output is an object: of type crossing, of type view\n"
        "(the camera began or ceased to see nothing: frozen, covered), of type frame (with\n"
        "--frames), and last of type summary.\n"
        "\n"
        "Without --model road users are found by their motion: classes are rough then, and who\n"
        "stands still is not seen. With a network, packed weights are kept in the state\n"
        "directory, where that is there and writable, so that the next start is faster.\n",
    .environment = its_config_environment,
    .examples = "its-camera-ai analyze clip.mp4 --line main:0.1,0.6,0.9,0.6\n"
                "its-camera-ai analyze clip.mp4 --line main:150,420,1100,420 --json >counts.jsonl\n"
                "its-camera-ai analyze clip.mp4 --model yolo11n.onnx --line "
                "main:0.1,0.6,0.9,0.6\n"
                "its-camera-ai analyze north --config its.yaml --json --frames\n",
    .sets = sets,
    .set_count = ITS_ARRAY_LEN(sets),
    .settings_bytes = sizeof(struct settings),
    .run = run,
};
