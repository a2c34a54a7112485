/* The effective configuration as YAML that loads again, each value with its origin. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/number.h"
#include "config/table.h"

/* Words that YAML readers of any version take for something else than text. */
static bool is_reserved(const char *s)
{
    static const char *const words[] = {"true", "false", "yes", "no", "on",
                                        "off",  "null",  "y",   "n"};
    for (size_t i = 0; i < ITS_ARRAY_LEN(words); i++)
        if (strcasecmp(s, words[i]) == 0)
            return true;
    return false;
}

static bool is_plain(const char *s)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";
    return (isalpha((unsigned char)*s) || *s == '/') && s[strspn(s, safe)] == 0 && !is_reserved(s);
}

/* Text as a YAML scalar; a JSON string is one. */
static void print_text(const char *text, struct its_str *out)
{
    struct its_json json = its_json_on(out);
    if (is_plain(text))
        its_str_puts(out, text);
    else
        its_json_string(&json, text);
}

static void print_value(const struct its_opt *o, const void *settings, enum its_opt_show how,
                        struct its_str *out)
{
    if (o->type != ITS_OPT_STRING && o->type != ITS_OPT_URL) {
        its_opt_show(o, settings, how, out);
        return;
    }
    struct its_str text = {0};
    its_opt_show(o, settings, how, &text);
    print_text(its_str_get(&text), out);
    its_str_fini(&text);
}

static void indent(int levels, struct its_str *out)
{
    for (int i = 0; i < levels; i++)
        its_str_puts(out, "  ");
}

static void print_origin(const struct its_origin *origin, bool masked, struct its_str *out)
{
    its_str_puts(out, "  # ");
    its_origin_describe(origin, out);
    its_str_puts(out, masked ? ", secret hidden\n" : "\n");
}

static void print_options(const struct its_config_section *s, int level, enum its_opt_show how,
                          struct its_str *out)
{
    for (unsigned i = 0; i < s->count; i++) {
        const struct its_opt *o = &s->opts[i];
        bool masked = how == ITS_OPT_MASKED && its_opt_has_secret(o, s->settings);
        indent(level, out);
        its_str_printf(out, "%s: ", o->name);
        print_value(o, s->settings, how, out);
        print_origin(&s->origins[i], masked, out);
    }
}

/* "a:" and below it "b:" for the levels of path that the group before did not open. Returns the
 * level of the group's options. */
static int print_heading(const char *before, const char *path, struct its_str *out)
{
    int level = 0;
    bool same = true;
    while (*path) {
        size_t n = strcspn(path, "."), m = strcspn(before, ".");
        same = same && n == m && memcmp(path, before, n) == 0;
        if (!same) {
            indent(level, out);
            its_str_append(out, path, n);
            its_str_puts(out, ":\n");
        }
        path += n + (path[n] == '.');
        before += m + (before[m] == '.');
        level++;
    }
    return level;
}

static void print_line(const struct its_line_config *l, struct its_str *out)
{
    const float v[4] = {l->line.a.x, l->line.a.y, l->line.b.x, l->line.b.y};
    indent(3, out);
    print_text(l->line.name, out);
    its_str_puts(out, ": [");
    for (int i = 0; i < 4; i++) {
        char number[ITS_NUMBER_CHARS];
        its_str_printf(out, "%s%s", i ? ", " : "", its_number_format_float(v[i], number));
    }
    its_str_putc(out, ']');
    print_origin(&l->origin, false, out);
}

static void print_camera(const struct its_config *config, struct its_camera_config *camera,
                         enum its_opt_show how, struct its_str *out)
{
    struct its_config_section s = its_config_camera_section(config, camera);
    indent(1, out);
    print_text(camera->id, out);
    its_str_puts(out, ":\n");
    print_options(&s, 2, how, out);
    if (camera->line_count > 0)
        its_str_puts(out, "    lines:\n");
    for (unsigned i = 0; i < camera->line_count; i++)
        print_line(&camera->lines[i], out);
}

void its_config_print(const struct its_config *config, enum its_opt_show how, struct its_str *out)
{
    const char *before = "";
    for (unsigned i = 0; i < its_config_group_count; i++) {
        struct its_config_section s = its_config_group_section(config, i);
        int level = print_heading(before, s.path, out);
        print_options(&s, level, how, out);
        before = s.path;
    }
    its_str_puts(out, config->camera_count > 0 ? "cameras:\n" : "cameras: {}\n");
    for (unsigned i = 0; i < config->camera_count; i++)
        print_camera(config, &config->cameras[i], how, out);
}
