/* camera probe | list */
#include <string.h>

#include "app/cmd.h"
#include "base/json.h"
#include "base/url.h"
#include "camera/averror.h"
#include "camera/probe.h"
#include "cli/config_flags.h"

/* --- probe */

struct probe_settings {
    bool json;
    int transport;
    int64_t timeout_us;
};

static const struct probe_settings probe_defaults = {.timeout_us = 10000000};

static const char *const transports[] = {
    [ITS_TRANSPORT_TCP] = "tcp", [ITS_TRANSPORT_UDP] = "udp", NULL};

static const struct its_flag probe_flags[] = {
    {{"json", ITS_OPT_BOOL, offsetof(struct probe_settings, json),
      .doc = "Print one JSON object on one line, also for a failure."}},
    {{"timeout", ITS_OPT_TIME, offsetof(struct probe_settings, timeout_us), .min = 0.1, .max = 600,
      .unit = "s", .doc = "Give up when no picture comes for so long."},
     "SECONDS"},
    {{"transport", ITS_OPT_CHOICE, offsetof(struct probe_settings, transport),
      .choices = transports, .doc = "How RTSP brings the pictures."},
     "WAY"},
};

static const struct its_flag_set probe_sets[] = {{probe_flags, ITS_ARRAY_LEN(probe_flags), 0}};

static const char *clock_name(enum its_capture_source clock)
{
    static const char *const names[] = {
        [ITS_CAPTURE_ARRIVAL] = "arrival",
        [ITS_CAPTURE_RTCP] = "rtcp",
        [ITS_CAPTURE_FILE] = "file",
    };
    return names[clock];
}

static void json_text(struct its_json *j, const char *key, const char *text)
{
    its_json_key(j, key);
    its_json_string(j, text[0] ? text : NULL);
}

/* 0 = not known: null. */
static void json_number(struct its_json *j, const char *key, double v, int decimals)
{
    its_json_key(j, key);
    if (v > 0)
        its_json_number(j, v, decimals);
    else
        its_json_null(j);
}

static void print_json(const struct its_probe *p, const char *url, struct its_str *out)
{
    struct its_json j = its_json_on(out);
    its_json_object(&j);
    json_number(&j, "v", 1, 0);
    json_text(&j, "url", url);
    json_text(&j, "codec", p->codec);
    json_text(&j, "profile", p->profile);
    json_number(&j, "width", p->width, 0);
    json_number(&j, "height", p->height, 0);
    json_number(&j, "fps", p->declared_fps, 3);
    json_number(&j, "measured_fps", p->measured_fps, 3);
    json_number(&j, "bitrate_kbps", p->bitrate_kbps, 1);
    json_number(&j, "key_interval_s", p->key_interval_s, 3);
    its_json_key(&j, "b_frames");
    its_json_bool(&j, p->b_frames);
    json_number(&j, "first_frame_ms", (double)p->first_picture_us * 1e-3, 1);
    json_text(&j, "clock", clock_name(p->clock));
    its_json_object_end(&j);
    its_str_putc(out, '\n');
}

static void print_json_error(const struct its_error *err, const char *url, struct its_str *out)
{
    struct its_json j = its_json_on(out);
    its_json_object(&j);
    json_number(&j, "v", 1, 0);
    json_text(&j, "url", url);
    its_json_key(&j, "error");
    its_json_object(&j);
    json_text(&j, "code", its_err_word(err->code));
    json_text(&j, "text", err->text);
    its_json_object_end(&j);
    its_json_object_end(&j);
    its_str_putc(out, '\n');
}

/* "NAME  12.5 UNIT", or that it is not known. */
static void print_number(struct its_str *out, const char *name, double v, const char *unit)
{
    if (v > 0)
        its_str_printf(out, "%-15s %.4g %s\n", name, v, unit);
    else
        its_str_printf(out, "%-15s not known\n", name);
}

static void print_table(const struct its_probe *p, const char *url, struct its_str *out)
{
    its_str_printf(out, "%s\n", url);
    its_str_printf(out, "%-15s %s", "codec", p->codec);
    its_str_printf(out, p->profile[0] ? " (%s)\n" : "%s\n", p->profile);
    its_str_printf(out, "%-15s %dx%d\n", "size", p->width, p->height);
    print_number(out, "frame rate", p->measured_fps, "frames/s measured");
    print_number(out, "", p->declared_fps, "frames/s declared");
    print_number(out, "bit rate", p->bitrate_kbps, "kbit/s");
    if (p->key_interval_s > 0)
        its_str_printf(out, "%-15s every %.4g s\n", "key frames", p->key_interval_s);
    else
        its_str_printf(out, "%-15s less than two seen\n", "key frames");
    its_str_printf(out, "%-15s %s\n", "B-frames", p->b_frames ? "yes" : "no");
    print_number(out, "first picture", (double)p->first_picture_us * 1e-3, "ms after the start");
    its_str_printf(out, "%-15s %s\n", "clock", clock_name(p->clock));
    if (p->read_errors)
        its_str_printf(out, "%-15s %llu damaged stretches\n", "errors",
                       (unsigned long long)p->read_errors);
}

static int run_probe(const struct its_call *call)
{
    const struct probe_settings *settings = call->settings;
    struct its_probe_settings set;
    struct its_probe probe;
    struct its_error err = {0};
    struct its_str text = {0};
    char url[ITS_URL_MAX];
    its_av_log_adopt();
    its_probe_defaults(&set);
    set.url = call->operands.items[0];
    set.transport = (enum its_transport)settings->transport;
    set.timeout_us = settings->timeout_us;
    its_url_mask(set.url, url, sizeof(url));

    struct its_cancel *cancel = its_cancel_create(NULL);
    int rc = its_probe(&set, cancel, &probe, &err);
    its_cancel_destroy(&cancel);
    if (rc < 0 && settings->json)
        print_json_error(&err, url, &text);
    else if (rc < 0)
        fprintf(call->err, "its-camera-ai camera probe: %s\n", err.text);
    else if (settings->json)
        print_json(&probe, url, &text);
    else
        print_table(&probe, url, &text);
    fputs(its_str_get(&text), call->out);
    its_str_fini(&text);
    return rc < 0 ? ITS_EXIT_FAILED : ITS_EXIT_OK;
}

const struct its_command its_cmd_camera_probe = {
    .name = "camera probe",
    .summary = "say what a camera sends",
    .operands = "URL",
    .operands_min = 1,
    .operands_max = 1,
    .description =
        "Opens URL as the server would, looks at five seconds of it and says what comes:\n"
        "codec, size, frame rate, bit rate, key frames, whether pictures are reordered\n"
        "(B-frames, which cost latency), how long the first picture took, and where its\n"
        "time of capture comes from: rtcp (the camera's own clock), arrival (this\n"
        "machine's) or file. Passwords are not printed.\n"
        "\n"
        "A failure says what is wrong and ends with code 1. With --json it is an object\n"
        "too: error.code is one word, such as unauthorised, not_found, refused, timed_out,\n"
        "no_host, unreachable, no_video, unsupported or damaged.\n",
    .examples = "its-camera-ai camera probe rtsp://user:password@192.0.2.17/stream2\n"
                "its-camera-ai camera probe clip.mp4 --json | jq .measured_fps\n",
    .sets = probe_sets,
    .set_count = ITS_ARRAY_LEN(probe_sets),
    .settings_bytes = sizeof(struct probe_settings),
    .defaults = &probe_defaults,
    .run = run_probe,
};

/* --- list */

struct list_settings {
    struct its_config_flags config;
    bool json;
};

static const struct its_flag list_flags[] = {
    {{"json", ITS_OPT_BOOL, offsetof(struct list_settings, json),
      .doc = "Print one JSON object per camera, each on a line."}},
};

static const struct its_flag_set list_sets[] = {
    {its_config_flag_rows, ITS_CONFIG_FLAG_COUNT, offsetof(struct list_settings, config)},
    {list_flags, ITS_ARRAY_LEN(list_flags), 0},
};

static void list_camera(const struct its_camera_config *c, bool json, struct its_str *out)
{
    char url[ITS_URL_MAX];
    its_url_mask(c->url, url, sizeof(url));
    if (!json) {
        its_str_printf(out, "%-20s %-8s %2u line%s  %s\n", c->id,
                       c->enabled ? "enabled" : "disabled", c->line_count,
                       c->line_count == 1 ? " " : "s", url);
        return;
    }
    struct its_json j = its_json_on(out);
    its_json_object(&j);
    json_number(&j, "v", 1, 0);
    json_text(&j, "id", c->id);
    json_text(&j, "url", url);
    its_json_key(&j, "enabled");
    its_json_bool(&j, c->enabled);
    its_json_key(&j, "lines");
    its_json_array(&j);
    for (unsigned i = 0; i < c->line_count; i++)
        its_json_string(&j, c->lines[i].line.name);
    its_json_array_end(&j);
    its_json_object_end(&j);
    its_str_putc(out, '\n');
}

static int run_list(const struct its_call *call)
{
    const struct list_settings *settings = call->settings;
    struct its_report report = {0};
    struct its_config *config;
    struct its_str text = {0};
    int rc = its_config_load_flags(&settings->config, call->env, &config, &report);
    if (rc < 0)
        fputs(its_report_text(&report), call->err);
    for (unsigned i = 0; rc == 0 && i < config->camera_count; i++)
        list_camera(&config->cameras[i], settings->json, &text);
    fputs(its_str_get(&text), call->out);
    its_str_fini(&text);
    its_report_fini(&report);
    its_config_destroy(&config);
    return rc < 0 ? ITS_EXIT_FAILED : ITS_EXIT_OK;
}

const struct its_command its_cmd_camera_list = {
    .name = "camera list",
    .summary = "list the configured cameras",
    .description = "Prints the cameras of the configuration, a line each: id, enabled or\n"
                   "disabled, how many counting lines, address without its password. Nothing\n"
                   "is opened.\n",
    .environment = its_config_environment,
    .examples = "its-camera-ai camera list --config its.yaml\n",
    .sets = list_sets,
    .set_count = ITS_ARRAY_LEN(list_sets),
    .settings_bytes = sizeof(struct list_settings),
    .run = run_list,
};
