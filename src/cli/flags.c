#include "cli/flags.h"

#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/utf8.h"

#define NAME_MAX_BYTES 64

struct parser {
    const struct its_flag_set *sets;
    unsigned set_count;
    void *settings;
    struct its_arena *arena;
    struct its_error *err;
};

const char *its_flag_dashes(const char *name)
{
    return name[0] && !name[1] ? "-" : "--";
}

static const struct its_flag *find(const struct parser *p, const char *name, void **settings)
{
    for (unsigned i = 0; i < p->set_count; i++)
        for (unsigned j = 0; j < p->sets[i].count; j++)
            if (strcmp(p->sets[i].flags[j].opt.name, name) == 0) {
                *settings = (char *)p->settings + p->sets[i].offset;
                return &p->sets[i].flags[j];
            }
    return NULL;
}

static int refuse_unknown(const struct parser *p, const char *name)
{
    struct its_nearest nearest = its_nearest_to(name);
    for (unsigned i = 0; i < p->set_count; i++)
        for (unsigned j = 0; j < p->sets[i].count; j++)
            its_nearest_offer(&nearest, p->sets[i].flags[j].opt.name);
    its_nearest_offer(&nearest, "help");

    char shown[NAME_MAX_BYTES];
    const char *meant = its_nearest_name(&nearest);
    its_utf8_excerpt(name, shown, sizeof(shown));
    if (meant)
        return its_error_set(p->err, -EINVAL, "unknown flag --%s (did you mean %s%s?)", shown,
                             its_flag_dashes(meant), meant);
    return its_error_set(p->err, -EINVAL, "unknown flag --%s", shown);
}

/* arg: "--name" or "--name=value", "-n" or "-n=value". next: the argument after it, or NULL.
 * Returns how many arguments it took, or a negative code. */
static int take_flag(const struct parser *p, const char *arg, const char *next)
{
    size_t dashes = arg[1] == '-' ? 2 : 1;
    const char *equals = strchr(arg, '='), *value = equals ? equals + 1 : NULL;
    size_t bytes = equals ? (size_t)(equals - arg) - dashes : strlen(arg + dashes);
    char name[NAME_MAX_BYTES];
    void *settings;
    snprintf(name, sizeof(name), "%.*s", (int)ITS_MIN(bytes, sizeof(name) - 1), arg + dashes);
    const struct its_flag *flag = bytes < sizeof(name) ? find(p, name, &settings) : NULL;
    if (!flag || strlen(its_flag_dashes(name)) != dashes)
        return refuse_unknown(p, name);

    int taken = 1;
    if (!value && flag->opt.type == ITS_OPT_BOOL) {
        value = "true";
    } else if (!value) {
        if (!next)
            return its_error_set(p->err, -EINVAL, "%s needs a value: %s=%s", arg, arg, flag->arg);
        value = next;
        taken = 2;
    }
    int code = its_opt_set(&flag->opt, settings, value, p->arena, p->err);
    if (code < 0)
        return its_error_prefix(p->err, "%s%s", its_flag_dashes(name), name);
    return taken;
}

/* "-o" or "-o=…" where there is such a flag. */
static bool is_short_flag(const struct parser *p, const char *arg)
{
    void *settings;
    const char name[2] = {arg[0] == '-' ? arg[1] : 0};
    return name[0] && (arg[2] == 0 || arg[2] == '=') && find(p, name, &settings);
}

int its_flags_parse(const struct its_flag_set *sets, unsigned set_count, int argc,
                    const char *const *argv, void *settings, struct its_operands *operands,
                    struct its_arena *arena, struct its_error *err)
{
    const struct parser p = {sets, set_count, settings, arena, err};
    *operands = (struct its_operands){
        .items = its_arena_alloc(arena, ((size_t)argc + 1) * sizeof(*operands->items))};

    for (int i = 0; i < argc;) {
        if (strcmp(argv[i], "--") == 0) {
            while (++i < argc)
                operands->items[operands->count++] = argv[i];
        } else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return ITS_FLAGS_HELP;
        } else if (strncmp(argv[i], "--", 2) == 0 || is_short_flag(&p, argv[i])) {
            int taken = take_flag(&p, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
            if (taken < 0)
                return taken;
            i += taken;
        } else if (argv[i][0] == '-' && argv[i][1]) {
            char shown[NAME_MAX_BYTES];
            return its_error_set(err, -EINVAL, "unknown flag %s (flags are written --name)",
                                 its_utf8_excerpt(argv[i], shown, sizeof(shown)));
        } else {
            operands->items[operands->count++] = argv[i++];
        }
    }
    return 0;
}
