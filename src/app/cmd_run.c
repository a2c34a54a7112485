/* run: the server. Without a configured camera it plays a street that it draws itself. */
#include <string.h>

#include "app/cmd.h"
#include "app/run.h"
#include "base/log.h"
#include "camera/averror.h"
#include "cli/config_flags.h"
#include "sim/scene.h"

struct settings {
    struct its_config_flags config;
    bool plain;
    int64_t duration_us;
};

static const struct its_flag run_flags[] = {
    {{"plain", ITS_OPT_BOOL, offsetof(struct settings, plain),
      .doc = "Print lines instead of the live screen, also on a terminal."}},
    {{"duration", ITS_OPT_TIME, offsetof(struct settings, duration_us), .min = 0, .max = 1e7,
      .unit = "s", .default_text = "until it is told to stop",
      .doc = "Stop after so many seconds."},
     "SECONDS"},
};

static const struct its_flag_set sets[] = {
    {its_config_flag_rows, ITS_CONFIG_FLAG_COUNT, offsetof(struct settings, config)},
    {run_flags, ITS_ARRAY_LEN(run_flags), 0},
};

static struct its_config *load(const struct its_call *call, const struct its_config_flags *flags)
{
    struct its_report report = {0};
    struct its_config *config;
    if (its_config_load_flags(flags, call->env, &config, &report) < 0)
        fputs(its_report_text(&report), call->err);
    its_report_fini(&report);
    return config;
}

/* --- the demonstration: a configuration like any other, put together here */

static void append(struct its_opt_list *list, struct its_arena *arena, const char *text)
{
    const char **items = its_arena_alloc(arena, (list->count + 1) * sizeof(*items));
    for (unsigned i = 0; i < list->count; i++)
        items[i] = list->items[i];
    items[list->count] = text;
    *list = (struct its_opt_list){items, list->count + 1};
}

static void add_demo_camera(const struct its_call *call, enum its_scene_kind kind, double density,
                            struct its_config_flags *flags)
{
    const char *id = its_scene_kind_name(kind);
    struct its_scene_settings scene = ITS_SCENE_DEFAULTS;
    struct its_scene_line line[ITS_SCENE_LINES_MAX];
    scene.kind = kind;
    append(&flags->cameras, call->arena,
           its_arena_printf(call->arena, "%s=sim:%s?density=%g", id, id, density));
    int lines = its_scene_plan_lines(&scene, line);
    for (int i = 0; i < lines; i++)
        append(&flags->set, call->arena,
               its_arena_printf(call->arena, "cameras.%s.lines.%s=%.1f,%.1f,%.1f,%.1f", id,
                                line[i].name, (double)line[i].a.x, (double)line[i].a.y,
                                (double)line[i].b.x, (double)line[i].b.y));
}

static struct its_config *load_demo(const struct its_call *call, struct its_config_flags *flags)
{
    fprintf(call->err, "No camera is configured: playing a demonstration, two streets that the "
                       "program draws itself.\n"
                       "Your own: its-camera-ai run --camera NAME=FILE, or see "
                       "its-camera-ai run --help.\n");
    add_demo_camera(call, ITS_SCENE_HIGHWAY, 0.75, flags);
    add_demo_camera(call, ITS_SCENE_JUNCTION, 0.6, flags);
    return load(call, flags);
}

/* --- the start, and again */

/* What the configuration is read from, at the start and on every reload. */
struct origin {
    const struct its_call *call;
    const struct its_config_flags *flags;
    struct its_config_flags demo; /* the flags with the demonstration's cameras */
    bool is_demo;
};

/* The mistakes of a new configuration go into the log, which the screen shows. */
static void log_mistakes(const struct its_report *report)
{
    for (const char *line = its_report_text(report); *line;) {
        int length = (int)strcspn(line, "\n");
        its_log(ITS_LOG_ERROR, "reload", "%.*s", length, line);
        line += length + (line[length] == '\n');
    }
    its_log(ITS_LOG_ERROR, "reload", "nothing was changed");
}

/* A demonstration goes on until there is a camera to show instead. */
static struct its_config *load_again(void *ctx)
{
    struct origin *o = ctx;
    struct its_report report = {0};
    struct its_config *config;
    int rc = its_config_load_flags(o->flags, o->call->env, &config, &report);
    if (rc == 0 && o->is_demo && config->camera_count == 0) {
        its_config_destroy(&config);
        rc = its_config_load_flags(&o->demo, o->call->env, &config, &report);
    }
    if (rc < 0)
        log_mistakes(&report);
    its_report_fini(&report);
    return config;
}

static struct its_config *load_first(struct origin *o)
{
    struct its_config *config = load(o->call, o->flags);
    if (!config || config->camera_count > 0)
        return config;
    its_config_destroy(&config);
    o->is_demo = true;
    o->demo = *o->flags;
    return load_demo(o->call, &o->demo);
}

static int run(const struct its_call *call)
{
    const struct settings *settings = call->settings;
    its_run_block_signals();
    its_av_log_adopt();

    struct origin origin = {.call = call, .flags = &settings->config};
    struct its_config *config = load_first(&origin);
    if (!config)
        return ITS_EXIT_FAILED;

    its_log_set_level(config->log.level);
    struct its_error err = {0};
    struct its_run_settings run_settings = {
        .config = config,
        .reload = load_again,
        .ctx = &origin,
        .plain = settings->plain,
        .duration_us = settings->duration_us,
    };
    int rc = its_run(&run_settings, &err);
    if (rc < 0)
        fprintf(call->err, "its-camera-ai run: %s\n", err.text);
    its_config_destroy(&config);
    return rc < 0 ? ITS_EXIT_FAILED : ITS_EXIT_OK;
}

const struct its_command its_cmd_run = {
    .name = "run",
    .summary = "run the server",
    .description =
        "Reads all configured cameras, finds and follows road users, counts them over the\n"
        "lines and stores events and minute bins until it is told to stop (Ctrl-C, SIGTERM,\n"
        "or q on the live screen). A camera that fails is tried again and disturbs no other.\n"
        "\n"
        "SIGHUP makes it read its configuration again: cameras are added, changed and removed\n"
        "while the others run on. A configuration with mistakes changes nothing.\n"
        "\n"
        "On a terminal it shows a live screen: for each camera its state, frame rate, counts\n"
        "by class and latency; for each stage its part of the latency. Into a file or pipe it\n"
        "writes a line for every crossing and, every ten seconds, one for every camera.\n"
        "\n"
        "Without any camera it plays a demonstration that it draws itself.\n"
        "\n"
        "With --model a network looks at the pictures, one model for all cameras; without one,\n"
        "road users are found by their motion. The log says which, and in what precision the\n"
        "network runs.\n"
        "\n"
        "A camera's URL is rtsp://, http:// or v4l2:/dev/video0; a file, PATH or file:PATH,\n"
        "played at its own speed, with ?loop behind it to begin again at the end; or a\n"
        "simulated street, sim:highway or sim:junction, with the options of its-camera-ai\n"
        "simulate: sim:junction?seed=7&fps=25.\n",
    .environment = its_config_environment,
    .examples = "its-camera-ai run\n"
                "its-camera-ai run --config its.yaml\n"
                "its-camera-ai run --config its.yaml --model yolo11n-int8.onnx\n"
                "its-camera-ai run --camera north=file:north.mp4?loop "
                "--set cameras.north.lines.main=0.1,0.6,0.9,0.6\n",
    .sets = sets,
    .set_count = ITS_ARRAY_LEN(sets),
    .settings_bytes = sizeof(struct settings),
    .run = run,
};
