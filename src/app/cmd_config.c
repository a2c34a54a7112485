/* config check | print | docs */
#include "app/cmd.h"
#include "cli/config_flags.h"

struct settings {
    struct its_config_flags config;
    bool secrets;
};

static const struct its_flag print_flags[] = {
    {{"secrets", ITS_OPT_BOOL, offsetof(struct settings, secrets),
      .doc = "Print passwords and tokens instead of hiding them: what is printed then loads "
             "again."}},
};

static const struct its_flag_set sets[] = {
    {its_config_flag_rows, ITS_CONFIG_FLAG_COUNT, offsetof(struct settings, config)},
    {print_flags, ITS_ARRAY_LEN(print_flags), 0},
};

/* The configuration that the flags and the operand name; NULL after its mistakes were printed. */
static struct its_config *load(const struct its_call *call, const char **file)
{
    struct its_config_flags flags = ((const struct settings *)call->settings)->config;
    if (call->operands.count > 0)
        flags.config = call->operands.items[0];
    *file = its_config_file(flags.config, call->env);

    struct its_report report = {0};
    struct its_config *config;
    if (its_config_load_flags(&flags, call->env, &config, &report) < 0)
        fputs(its_report_text(&report), call->err);
    its_report_fini(&report);
    return config;
}

static int run_check(const struct its_call *call)
{
    const char *file;
    struct its_config *config = load(call, &file);
    if (!config)
        return ITS_EXIT_FAILED;
    unsigned n = config->camera_count;
    fprintf(call->out, "%s: OK, %u camera%s\n", file ? file : "defaults (there is no file)", n,
            n == 1 ? "" : "s");
    its_config_destroy(&config);
    return ITS_EXIT_OK;
}

static int run_print(const struct its_call *call)
{
    const char *file;
    struct its_config *config = load(call, &file);
    if (!config)
        return ITS_EXIT_FAILED;
    const struct settings *settings = call->settings;
    struct its_str text = {0};
    its_config_print(config, settings->secrets ? ITS_OPT_SECRETS : ITS_OPT_MASKED, &text);
    fputs(its_str_get(&text), call->out);
    its_str_fini(&text);
    its_config_destroy(&config);
    return ITS_EXIT_OK;
}

static int run_docs(const struct its_call *call)
{
    struct its_str text = {0};
    its_config_print_docs(&text);
    fputs(its_str_get(&text), call->out);
    its_str_fini(&text);
    return ITS_EXIT_OK;
}

const struct its_command its_cmd_config_check = {
    .name = "config check",
    .summary = "check a configuration",
    .operands = "[FILE]",
    .operands_max = 1,
    .description =
        "Reads the configuration as the server would: the file, the environment and the\n"
        "flags. Prints one line when all is well, else every mistake with its line and\n"
        "column, unknown names with the nearest known one. Nothing else is touched: no\n"
        "camera is opened and no directory made.\n"
        "\n"
        "FILE is another way to write --config.\n",
    .environment = its_config_environment,
    .examples = "its-camera-ai config check its.yaml\n"
                "its-camera-ai config check && systemctl restart its-camera-ai\n",
    .sets = sets,
    .set_count = 1,
    .settings_bytes = sizeof(struct settings),
    .run = run_check,
};

const struct its_command its_cmd_config_print = {
    .name = "config print",
    .summary = "print the configuration in effect",
    .operands = "[FILE]",
    .operands_max = 1,
    .description =
        "Prints every option with its value in effect, as YAML, and behind it where the\n"
        "value comes from: default, FILE:LINE, env NAME or flag --NAME. Passwords and\n"
        "tokens in addresses are hidden unless --secrets is given.\n"
        "\n"
        "FILE is another way to write --config.\n",
    .environment = its_config_environment,
    .examples = "its-camera-ai config print\n"
                "its-camera-ai config print --set performance.target_latency_ms=80\n"
                "its-camera-ai config print --secrets old.yaml >new.yaml\n",
    .sets = sets,
    .set_count = ITS_ARRAY_LEN(sets),
    .settings_bytes = sizeof(struct settings),
    .run = run_print,
};

const struct its_command its_cmd_config_docs = {
    .name = "config docs",
    .summary = "print the reference of all options",
    .description = "Prints the reference of the configuration in Markdown: every option with its\n"
                   "meaning, range, default and environment variable.\n",
    .examples = "its-camera-ai config docs | less\n",
    .run = run_docs,
};
