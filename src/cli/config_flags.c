#include "cli/config_flags.h"

#include <string.h>

#include "base/url.h"
#include "base/utf8.h"

/* Values are checked where the option is set, so that --state and ITS__STATE fail alike. */
const struct its_flag its_config_flag_rows[ITS_CONFIG_FLAG_COUNT] = {
    {{"config", ITS_OPT_STRING, offsetof(struct its_config_flags, config), .min = 1,
      .doc = "The YAML file to read. Default: $ITS_CONFIG, else " ITS_CONFIG_SYSTEM_FILE
             " when it is there."},
     "FILE"},
    {{"state", ITS_OPT_STRING, offsetof(struct its_config_flags, state), .min = 1,
      .doc = "Directory of the database and whatever else outlives the process."},
     "DIR"},
    {{"log-level", ITS_OPT_STRING, offsetof(struct its_config_flags, log_level), .min = 1,
      .doc = "error, warn, info or debug."},
     "LEVEL"},
    {{"model", ITS_OPT_STRING, offsetof(struct its_config_flags, model), .min = 1,
      .doc = "The network that finds the road users, an ONNX file; the same as --set "
             "detector.model=FILE. Default: the motion detector."},
     "FILE"},
    {{"precision", ITS_OPT_STRING, offsetof(struct its_config_flags, precision), .min = 1,
      .doc = "In what numbers the network calculates: auto, f32, bf16 or int8. Default: auto, int8 "
             "for a quantised model, else f32."},
     "P"},
    {{"camera", ITS_OPT_LIST, offsetof(struct its_config_flags, cameras), .min = 1,
      .doc = "Adds a camera, or gives one of the file another address."},
     "ID=URL"},
    {{"set", ITS_OPT_LIST, offsetof(struct its_config_flags, set), .min = 1,
      .doc = "Sets any option of the configuration, by its path: "
             "performance.target_latency_ms=80."},
     "PATH=VALUE"},
};

const char its_config_environment[] =
    "ITS_CONFIG\n"
    "    The YAML file to read when --config is not given.\n"
    "ITS__SECTION__KEY, PERFORMANCE__KEY\n"
    "    Any option of the configuration; its-camera-ai config docs names them.\n"
    "STATE_DIRECTORY, XDG_STATE_HOME, HOME\n"
    "    Decide the default of --state.\n";

/* Overrides being listed; capacity: the number of flags. */
struct overrides {
    struct its_config_override *items;
    unsigned count;
    struct its_arena *arena;
    struct its_report *report;
};

static void add(struct overrides *o, const char *path, const char *value, const char *flag)
{
    o->items[o->count++] = (struct its_config_override){path, value, flag};
}

/* "NAME=VALUE" becomes {before NAME behind, VALUE}. */
static void add_pair(struct overrides *o, const char *pair, const char *before, const char *behind,
                     const char *flag, const char *form)
{
    const char *equals = strchr(pair, '=');
    if (!equals || equals == pair) {
        char masked[ITS_URL_MAX], shown[64];
        its_url_mask(pair, masked, sizeof(masked)); /* --camera with the address alone */
        its_report_add(o->report, "%s: '%s' is not of the form %s", flag,
                       its_utf8_excerpt(masked, shown, sizeof(shown)), form);
        return;
    }
    add(o, its_arena_printf(o->arena, "%s%.*s%s", before, (int)(equals - pair), pair, behind),
        equals + 1, flag);
}

static void list_overrides(struct overrides *o, const struct its_config_flags *flags)
{
    unsigned most = 4 + flags->cameras.count + flags->set.count;
    o->items = its_arena_alloc(o->arena, most * sizeof(*o->items));
    if (flags->state)
        add(o, "state", flags->state, "--state");
    if (flags->log_level)
        add(o, "log.level", flags->log_level, "--log-level");
    if (flags->model)
        add(o, "detector.model", flags->model, "--model");
    if (flags->precision)
        add(o, "detector.precision", flags->precision, "--precision");
    for (unsigned i = 0; i < flags->cameras.count; i++)
        add_pair(o, flags->cameras.items[i], "cameras.", ".url", "--camera", "ID=URL");
    for (unsigned i = 0; i < flags->set.count; i++)
        add_pair(o, flags->set.items[i], "", "", "--set", "PATH=VALUE");
}

int its_config_load_flags(const struct its_config_flags *flags, const char *const *env,
                          struct its_config **config, struct its_report *report)
{
    *config = NULL;
    struct its_str text = {0};
    struct its_error err;
    struct its_config_sources sources = {.file = its_config_file(flags->config, env), .env = env};
    if (sources.file) {
        int code = its_config_read_file(sources.file, &text, &err);
        if (code < 0) {
            its_report_add(report, "%s", err.text);
            its_str_fini(&text);
            return code;
        }
        sources.yaml = its_str_get(&text);
        sources.yaml_bytes = text.len;
    }
    unsigned errors_before = report->count;
    struct overrides o = {.arena = its_arena_create(0), .report = report};
    list_overrides(&o, flags);
    sources.overrides = o.items;
    sources.override_count = o.count;
    int code = its_config_load(&sources, config, report);
    if (code == 0 && report->count > errors_before) {
        its_config_destroy(config);
        code = ITS_ECONFIG;
    }
    its_arena_destroy(&o.arena);
    its_str_fini(&text);
    return code;
}
