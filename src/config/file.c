/* The YAML layer: walks the document beside the tables. */
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/yaml.h"
#include "config/build.h"

static struct its_origin origin_of(const struct its_config_build *b, const struct its_yaml *node)
{
    return (struct its_origin){ITS_LAYER_FILE, b->file, node->line, node->column};
}

static const char *join(struct its_config_build *b, const char *path, const char *key)
{
    return its_arena_printf(b->config->arena, "%s%s%s", path, path[0] ? "." : "", key);
}

/* Nothing at all is an empty map: a section whose lines are all comments. */
static bool is_map(struct its_config_build *b, const char *path, const struct its_yaml *node)
{
    if (node->kind == ITS_YAML_MAP || node->is_null)
        return true;
    struct its_origin at = origin_of(b, node);
    its_config_complain(b, &at, path[0] ? path : NULL, "expected a map of options, found %s",
                        its_yaml_kind_name(node));
    return false;
}

static void put_option(struct its_config_build *b, const struct its_config_section *s,
                       const struct its_opt *opt, const struct its_yaml *node)
{
    struct its_origin at = origin_of(b, node);
    if (node->kind != ITS_YAML_TEXT)
        its_config_complain(b, &at, join(b, s->path, opt->name), "expected one value, found %s",
                            its_yaml_kind_name(node));
    else if (node->is_null)
        its_config_complain(b, &at, join(b, s->path, opt->name),
                            "has no value; leave the key out for the default");
    else
        its_config_put(b, s, opt, node->text, &at);
}

static void complain_unknown(struct its_config_build *b, const char *path,
                             const struct its_yaml *node, const struct its_nearest *nearest)
{
    struct its_origin at = origin_of(b, node);
    const char *full = join(b, path, node->key), *meant = its_nearest_name(nearest);
    if (its_config_is_planned(full))
        its_config_complain(b, &at, full, "not supported by this version");
    else if (meant)
        its_config_complain(b, &at, full, "there is no such option (did you mean '%s'?)", meant);
    else
        its_config_complain(b, &at, full, "there is no such option");
}

/* --- lines */

/* [x1, y1, x2, y2], [[x1, y1], [x2, y2]] or "x1,y1,x2,y2" as the last. False: neither. */
static bool append_points(const struct its_yaml *node, int depth, struct its_str *out)
{
    if (node->kind == ITS_YAML_TEXT) {
        if (out->len > 0)
            its_str_putc(out, ',');
        its_str_puts(out, node->text);
        return !node->is_null;
    }
    if (node->kind != ITS_YAML_LIST || depth == 2)
        return false;
    for (const struct its_yaml *c = node->first; c; c = c->next)
        if (!append_points(c, depth + 1, out))
            return false;
    return true;
}

/* A line in one of the forms above, or a map that holds it under "points". */
static void load_line(struct its_config_build *b, struct its_camera_config *camera,
                      const struct its_yaml *node)
{
    const char *path =
        join(b, its_arena_printf(b->config->arena, "cameras.%s.lines", camera->id), node->key);
    struct its_origin at = origin_of(b, node);
    const struct its_yaml *points = node;
    if (node->kind == ITS_YAML_MAP) {
        points = NULL;
        for (const struct its_yaml *c = node->first; c; c = c->next) {
            struct its_nearest nearest = its_nearest_to(c->key);
            its_nearest_offer(&nearest, "points");
            if (strcmp(c->key, "points") == 0)
                points = c;
            else
                complain_unknown(b, path, c, &nearest);
        }
    }
    struct its_str text = {0};
    if (!points)
        its_config_complain(b, &at, path, "'points' is missing");
    else if (!append_points(points, 0, &text))
        its_config_complain(b, &at, path, "expected [x1, y1, x2, y2]");
    else
        its_config_put_line(b, camera, node->key, its_str_get(&text), &at);
    its_str_fini(&text);
}

static void load_lines(struct its_config_build *b, struct its_camera_config *camera,
                       const char *path, const struct its_yaml *node)
{
    if (!is_map(b, path, node))
        return;
    for (const struct its_yaml *c = node->first; c; c = c->next)
        load_line(b, camera, c);
}

/* --- cameras */

static void load_camera(struct its_config_build *b, const struct its_yaml *node)
{
    struct its_origin at = origin_of(b, node);
    struct its_camera_config *camera = its_config_put_camera(b, node->key, &at);
    if (!camera)
        return;
    struct its_config_section s = its_config_camera_section(b->config, camera);
    if (!is_map(b, s.path, node))
        return;
    for (const struct its_yaml *c = node->first; c; c = c->next) {
        const struct its_opt *opt = its_opt_find(s.opts, s.count, c->key);
        if (opt) {
            put_option(b, &s, opt, c);
        } else if (strcmp(c->key, "lines") == 0) {
            load_lines(b, camera, join(b, s.path, "lines"), c);
        } else {
            struct its_nearest nearest = its_nearest_to(c->key);
            for (unsigned i = 0; i < s.count; i++)
                its_nearest_offer(&nearest, s.opts[i].name);
            its_nearest_offer(&nearest, "lines");
            complain_unknown(b, s.path, c, &nearest);
        }
    }
}

static void load_cameras(struct its_config_build *b, const struct its_yaml *node)
{
    if (!is_map(b, "cameras", node))
        return;
    for (const struct its_yaml *c = node->first; c; c = c->next)
        load_camera(b, c);
}

/* --- groups */

/* The name of the level below path on the way to the group; NULL when it does not lie below. */
static const char *level_below(struct its_config_build *b, const char *path, const char *group)
{
    size_t n = strlen(path);
    if (strncmp(group, path, n) != 0 || !group[n] || (n > 0 && group[n++] != '.'))
        return NULL;
    return its_arena_printf(b->config->arena, "%.*s", (int)strcspn(group + n, "."), group + n);
}

/* Is there a group of that path, or one below it? */
static bool leads_to_group(struct its_config_build *b, const char *path)
{
    if (its_config_group_find(path) >= 0)
        return true;
    for (unsigned i = 0; i < its_config_group_count; i++)
        if (level_below(b, path, its_config_groups[i].path))
            return true;
    return false;
}

static void load_unknown(struct its_config_build *b, const char *path, const struct its_yaml *node)
{
    struct its_nearest nearest = its_nearest_to(node->key);
    int group = its_config_group_find(path);
    for (unsigned i = 0; group >= 0 && i < its_config_groups[group].count; i++)
        its_nearest_offer(&nearest, its_config_groups[group].opts[i].name);
    for (unsigned i = 0; i < its_config_group_count; i++) {
        const char *level = level_below(b, path, its_config_groups[i].path);
        if (level)
            its_nearest_offer(&nearest, level);
    }
    if (!path[0])
        its_nearest_offer(&nearest, "cameras");
    complain_unknown(b, path, node, &nearest);
}

/* Recursion is as deep as the paths of the groups. */
static void load_group(struct its_config_build *b, const char *path, const struct its_yaml *node)
{
    if (!is_map(b, path, node))
        return;
    int group = its_config_group_find(path);
    struct its_config_section s = {0};
    if (group >= 0)
        s = its_config_group_section(b->config, (unsigned)group);

    for (const struct its_yaml *c = node->first; c; c = c->next) {
        const struct its_opt *opt = its_opt_find(s.opts, s.count, c->key);
        const char *full = join(b, path, c->key);
        if (opt)
            put_option(b, &s, opt, c);
        else if (strcmp(full, "cameras") == 0)
            load_cameras(b, c);
        else if (c->key[0] && leads_to_group(b, full))
            load_group(b, full, c);
        else
            load_unknown(b, path, c);
    }
}

int its_config_build_file(struct its_config_build *b, const char *yaml, size_t bytes)
{
    struct its_arena *tree = its_arena_create(64 << 10);
    struct its_yaml *root;
    int code = its_yaml_parse(yaml, bytes, b->file, tree, &root, b->report);
    if (code == 0 && root)
        load_group(b, "", root);
    its_arena_destroy(&tree);
    return code;
}
