/* The reference of the configuration in Markdown, from the same tables that read it. */
#include <ctype.h>
#include <string.h>

#include "config/table.h"

static const char intro[] =
    "# Configuration\n"
    "\n"
    "Written by `its-camera-ai config docs` from the tables the program reads its options with.\n"
    "\n"
    "Options come from four layers; later ones win:\n"
    "\n"
    "1. the defaults below;\n"
    "2. one YAML file: `--config FILE`, else `$ITS_CONFIG`, else\n"
    "   `" ITS_CONFIG_SYSTEM_FILE "` when it is there;\n"
    "3. the environment: the path of the option in capitals behind `ITS__`, with two underscores\n"
    "   between the levels and `_` for the `-` in a camera's name:\n"
    "   `ITS__CAMERAS__NORTH_GATE__URL`. Options of `performance` also go without the prefix:\n"
    "   `PERFORMANCE__TARGET_LATENCY_MS`;\n"
    "4. the command line: `--set PATH=VALUE` for any option, `--state`, `--log-level` and\n"
    "   `--camera ID=URL` for the frequent ones.\n"
    "\n"
    "Unknown names, values out of range and keys given twice are errors, in the environment too.\n"
    "`its-camera-ai config check` lists them all with line and column; `its-camera-ai config "
    "print`\n"
    "shows every value in effect and where it comes from.\n"
    "\n"
    "SIGHUP makes `its-camera-ai run` read all of it again. Cameras that are new, differ or are "
    "gone are\n"
    "added, changed and removed while the others run on; what needs a restart is named in the "
    "log; a\n"
    "configuration with mistakes changes nothing.\n"
    "\n"
    "```yaml\n"
    "performance:\n"
    "  target_latency_ms: 80\n"
    "cameras:\n"
    "  north-gate:\n"
    "    url: rtsp://viewer:secret@192.0.2.17/stream2\n"
    "    analysis_fps: 10\n"
    "    lines:\n"
    "      inbound: [0.1, 0.6, 0.9, 0.6]\n"
    "```\n";

static const char camera_intro[] =
    "\n## cameras\n"
    "\n"
    "A map from the id of a camera (1 to 63 small letters, digits and `-`) to its options.\n";

static const char line_docs[] =
    "\n### cameras.ID.lines\n"
    "\n"
    "Counting lines: a map from the name of a line (1 to 63 letters, digits, `-`, `_`, `/`, `.`) "
    "to "
    "its two ends, `[x1, y1, x2, y2]`, also written `[[x1, y1], [x2, y2]]`, `\"x1,y1,x2,y2\"` or "
    "as a "
    "map with the key `points`. When all four numbers are at most 1 they are fractions of width "
    "and "
    "height, else pixels of the picture as it is displayed; the origin is top left. A road user "
    "that crosses to the left-hand side of the line, seen from its first end towards its second, "
    "goes forward.\n"
    "\n"
    "- Value: up to 64 lines\n"
    "- Default: none\n"
    "- Environment: `ITS__CAMERAS__ID__LINES__NAME`\n"
    "- A change takes effect: on reload\n";

_Static_assert(ITS_CAMERA_LINES_MAX == 64 && ITS_CAMERA_ID_MAX == 63 && ITS_NAME_MAX == 63,
               "the texts above say so");

static void print_env_name(const char *path, const char *name, struct its_str *out)
{
    its_str_puts(out, "ITS__");
    for (; *path; path++) {
        if (*path == '.')
            its_str_puts(out, "__");
        else
            its_str_putc(out, (char)toupper((unsigned char)*path));
    }
    if (out->data[out->len - 1] != '_')
        its_str_puts(out, "__");
    for (; *name; name++)
        its_str_putc(out, (char)toupper((unsigned char)*name));
}

static void print_default(const struct its_opt *o, const void *settings, struct its_str *out)
{
    if (o->required) {
        its_str_puts(out, "none, must be given");
    } else if (o->default_text) {
        its_str_puts(out, o->default_text);
    } else {
        its_str_putc(out, '`');
        its_opt_show(o, settings, ITS_OPT_MASKED, out);
        its_str_putc(out, '`');
    }
}

static void print_option(const struct its_config_section *s, const struct its_opt *o,
                         struct its_str *out)
{
    its_str_printf(out, "\n### %s%s%s\n\n%s\n\n- Value: ", s->path, s->path[0] ? "." : "", o->name,
                   o->doc);
    its_opt_describe(o, out);
    its_str_puts(out, "\n- Default: ");
    print_default(o, s->settings, out);
    its_str_puts(out, "\n- Environment: `");
    print_env_name(s->path, o->name, out);
    its_str_printf(out, "`\n- A change takes effect: %s\n",
                   o->live ? "on reload" : "after a restart");
}

static void print_section(const struct its_config_section *s, struct its_str *out)
{
    for (unsigned i = 0; i < s->count; i++)
        print_option(s, &s->opts[i], out);
}

void its_config_print_docs(struct its_str *out)
{
    struct its_config defaults = {.arena = its_arena_create(0)};
    struct its_camera_config camera = {.id = "ID"};
    its_config_set_defaults(&defaults);
    its_camera_config_set_defaults(&camera);

    its_str_puts(out, intro);
    for (unsigned i = 0; i < its_config_group_count; i++) {
        const struct its_config_group *g = &its_config_groups[i];
        struct its_config_section s = its_config_group_section(&defaults, i);
        its_str_printf(out, "\n## %s\n\n%s\n", g->path[0] ? g->path : "Top level", g->doc);
        print_section(&s, out);
    }
    struct its_config_section s = its_config_camera_section(&defaults, &camera);
    its_str_puts(out, camera_intro);
    print_section(&s, out);
    its_str_puts(out, line_docs);
    its_arena_destroy(&defaults.arena);
}
