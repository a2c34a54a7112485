/* Options by their dotted path: what environment variables and --set are turned into. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/nearest.h"
#include "base/utf8.h"
#include "config/build.h"

#define PATH_MAX_BYTES 256

bool its_config_is_planned(const char *path)
{
    static const char *const planned[] = {"performance.enabled", "performance.strategy",
                                          "performance.gpu_optimization_enabled",
                                          "performance.caching_enabled"};
    for (size_t i = 0; i < ITS_ARRAY_LEN(planned); i++)
        if (strcmp(planned[i], path) == 0)
            return true;
    return false;
}

/* How a path looks to whoever wrote origin: a variable for a variable, else the path. */
static void spell(const char *path, const struct its_origin *origin, struct its_str *out)
{
    if (origin->layer != ITS_LAYER_ENV) {
        its_str_puts(out, path);
        return;
    }
    bool bare = strncasecmp(origin->name, "ITS__", 5) != 0; /* PERFORMANCE__… */
    if (!bare || strncmp(path, "performance.", 12) != 0)
        its_str_puts(out, "ITS__");
    for (; *path; path++) {
        if (*path == '.')
            its_str_puts(out, "__");
        else
            its_str_putc(out, *path == '-' ? '_' : (char)toupper((unsigned char)*path));
    }
}

static void offer_all(struct its_nearest *nearest, struct its_arena *arena,
                      const struct its_config_section *s)
{
    for (unsigned i = 0; i < s->count; i++)
        its_nearest_offer(nearest, its_arena_printf(arena, "%s%s%s", s->path, s->path[0] ? "." : "",
                                                    s->opts[i].name));
}

/* camera: the one the path begins with; NULL: none. */
static void complain_unknown(struct its_config_build *b, const char *path,
                             enum its_config_spelling spelling, const struct its_origin *origin,
                             struct its_camera_config *camera)
{
    if (its_config_is_planned(path)) {
        its_config_complain(b, origin, path, "not supported by this version");
        return;
    }
    struct its_arena *names = its_arena_create(0);
    struct its_nearest nearest = its_nearest_to(path);
    for (unsigned i = 0; !camera && i < its_config_group_count; i++) {
        struct its_config_section s = its_config_group_section(b->config, i);
        offer_all(&nearest, names, &s);
    }
    if (camera) {
        struct its_config_section s = its_config_camera_section(b->config, camera);
        offer_all(&nearest, names, &s);
    }
    struct its_str meant = {0};
    if (its_nearest_name(&nearest)) {
        its_str_puts(&meant, " (did you mean '");
        spell(its_nearest_name(&nearest), origin, &meant);
        its_str_puts(&meant, "'?)");
    }
    its_config_complain(b, origin, spelling == ITS_SPELLING_EXACT ? path : NULL,
                        "there is no such option%s", its_str_get(&meant));
    its_str_fini(&meant);
    its_arena_destroy(&names);
}

/* Equal when written as in a variable's name. */
static bool same_in_env(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        char x = strchr("-/.", *a) ? '_' : (char)tolower((unsigned char)*a);
        char y = strchr("-/.", *b) ? '_' : (char)tolower((unsigned char)*b);
        if (x != y)
            return false;
    }
    return *a == *b;
}

/* The id meant: that of a camera that is there, else the text with '-' for '_'. Into id. */
static void camera_id(const struct its_config *c, enum its_config_spelling spelling, char *id)
{
    if (spelling == ITS_SPELLING_EXACT)
        return;
    for (unsigned i = 0; i < c->camera_count; i++)
        if (same_in_env(c->cameras[i].id, id)) {
            strcpy(id, c->cameras[i].id); /* as long as the text it equals */
            return;
        }
    for (; *id; id++)
        if (*id == '_')
            *id = '-';
}

static const char *line_name(const struct its_camera_config *camera,
                             enum its_config_spelling spelling, const char *name)
{
    for (unsigned i = 0; spelling == ITS_SPELLING_ENV && i < camera->line_count; i++)
        if (same_in_env(camera->lines[i].line.name, name))
            return camera->lines[i].line.name;
    return name;
}

/* rest: "north.url" or "north.lines.main" */
static void assign_camera(struct its_config_build *b, const char *path, const char *rest,
                          enum its_config_spelling spelling, const char *text,
                          const struct its_origin *origin)
{
    char id[PATH_MAX_BYTES];
    const char *dot = strchr(rest, '.');
    if (!dot) {
        its_config_complain(b, origin, spelling == ITS_SPELLING_EXACT ? path : NULL,
                            "names a camera but no option of it");
        return;
    }
    snprintf(id, sizeof(id), "%.*s", (int)(dot - rest), rest);
    camera_id(b->config, spelling, id);

    const char *name = dot + 1;
    bool is_line = strncmp(name, "lines.", 6) == 0;
    const struct its_opt *opt = its_opt_find(its_camera_opts, its_camera_opt_count, name);
    struct its_camera_config unborn = {.id = id};
    if (!is_line && !opt) {
        complain_unknown(b, path, spelling, origin, &unborn);
        return;
    }
    struct its_camera_config *camera = its_config_put_camera(b, id, origin);
    if (!camera)
        return;
    if (is_line) {
        its_config_put_line(b, camera, line_name(camera, spelling, name + 6), text, origin);
        return;
    }
    struct its_config_section s = its_config_camera_section(b->config, camera);
    its_config_put(b, &s, opt, text, origin);
}

void its_config_assign(struct its_config_build *b, const char *path,
                       enum its_config_spelling spelling, const char *text,
                       const struct its_origin *origin)
{
    char group[PATH_MAX_BYTES] = "";
    if (strlen(path) >= sizeof(group)) {
        its_config_complain(b, origin, NULL, "the name is too long");
        return;
    }
    if (strncmp(path, "cameras.", 8) == 0) {
        assign_camera(b, path, path + 8, spelling, text, origin);
        return;
    }
    const char *dot = strrchr(path, '.');
    if (dot)
        memcpy(group, path, (size_t)(dot - path));
    int index = its_config_group_find(group);
    if (index >= 0) {
        struct its_config_section s = its_config_group_section(b->config, (unsigned)index);
        const struct its_opt *opt = its_opt_find(s.opts, s.count, dot ? dot + 1 : path);
        if (opt) {
            its_config_put(b, &s, opt, text, origin);
            return;
        }
    }
    complain_unknown(b, path, spelling, origin, NULL);
}

void its_config_build_override(struct its_config_build *b, const struct its_config_override *o)
{
    const struct its_origin origin = {.layer = ITS_LAYER_FLAG,
                                      .name = its_arena_strdup(b->config->arena, o->flag)};
    its_config_assign(b, o->path, ITS_SPELLING_EXACT, o->value, &origin);
}
