/* Values are compared as they are written: one way for every type of option, old ones and new. */
#include "config/diff.h"

#include <stdio.h>
#include <string.h>

#include "config/table.h"

/* A list of names in a text of fixed size. */
struct names {
    char *text;
    size_t size;
    bool any, full;
};

static struct names names_in(char *text, size_t size)
{
    text[0] = 0;
    return (struct names){.text = text, .size = size};
}

static void add_name(struct names *n, const char *path, const char *name)
{
    static const char more[] = ", …";
    size_t used = strlen(n->text);
    size_t need = (n->any ? 2 : 0) + strlen(path) + (path[0] ? 1 : 0) + strlen(name);
    if (!n->full && used + need + sizeof(more) <= n->size) {
        snprintf(n->text + used, n->size - used, "%s%s%s%s", n->any ? ", " : "", path,
                 path[0] ? "." : "", name);
    } else if (!n->full) {
        snprintf(n->text + used, n->size - used, "%s", more);
        n->full = true;
    }
    n->any = true;
}

static bool same_value(const struct its_opt *o, const void *a, const void *b)
{
    struct its_str left = {0}, right = {0};
    its_opt_show(o, a, ITS_OPT_SECRETS, &left);
    its_opt_show(o, b, ITS_OPT_SECRETS, &right);
    bool same = strcmp(its_str_get(&left), its_str_get(&right)) == 0;
    its_str_fini(&left);
    its_str_fini(&right);
    return same;
}

static const struct its_line *find_line(const struct its_camera_config *c, const char *name)
{
    for (unsigned i = 0; i < c->line_count; i++)
        if (strcmp(c->lines[i].line.name, name) == 0)
            return &c->lines[i].line;
    return NULL;
}

bool its_camera_config_same_lines(const struct its_camera_config *a,
                                  const struct its_camera_config *b)
{
    if (a->line_count != b->line_count)
        return false;
    for (unsigned i = 0; i < a->line_count; i++) {
        const struct its_line *x = &a->lines[i].line, *y = find_line(b, x->name);
        if (!y || x->a.x != y->a.x || x->a.y != y->a.y || x->b.x != y->b.x || x->b.y != y->b.y ||
            x->fractions != y->fractions)
            return false;
    }
    return true;
}

bool its_camera_config_diff(const struct its_camera_config *a, const struct its_camera_config *b,
                            char *what, size_t size)
{
    struct names names = names_in(what, size);
    for (unsigned i = 0; i < its_camera_opt_count; i++)
        if (!same_value(&its_camera_opts[i], a, b))
            add_name(&names, "", its_camera_opts[i].name);
    if (!its_camera_config_same_lines(a, b))
        add_name(&names, "", "lines");
    return names.any;
}

bool its_config_diff_restart(const struct its_config *a, const struct its_config *b, char *what,
                             size_t size)
{
    struct names names = names_in(what, size);
    for (unsigned g = 0; g < its_config_group_count; g++) {
        struct its_config_section x = its_config_group_section(a, g);
        struct its_config_section y = its_config_group_section(b, g);
        for (unsigned i = 0; i < x.count; i++)
            if (!x.opts[i].live && !same_value(&x.opts[i], x.settings, y.settings))
                add_name(&names, x.path, x.opts[i].name);
    }
    return names.any;
}

const struct its_camera_config *its_camera_config_copy(const struct its_camera_config *config,
                                                       struct its_arena *arena)
{
    struct its_camera_config *c = its_arena_alloc(arena, sizeof(*c));
    *c = *config;
    c->id = its_arena_strdup(arena, config->id);
    c->url = its_arena_strdup(arena, config->url);
    c->lines = its_arena_alloc(arena, (config->line_count + 1) * sizeof(*c->lines));
    for (unsigned i = 0; i < config->line_count; i++)
        c->lines[i] = (struct its_line_config){.line = config->lines[i].line};
    c->origin = (struct its_origin){0};
    memset(c->origins, 0, sizeof(c->origins));
    return c;
}
