/* Puts the layers of a configuration together and checks what only the whole can show. The layers
 * themselves are file.c, env.c and path.c; the options are table.c. */
#include "config/config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "config/build.h"

void its_config_complain(struct its_config_build *b, const struct its_origin *origin,
                         const char *path, const char *fmt, ...)
{
    char place[256], text[640], shown[128] = "";
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    its_origin_place(origin, place, sizeof(place));
    if (path)
        its_utf8_excerpt(path, shown, sizeof(shown));
    its_report_add(b->report, "%s: %s%s%s", place, shown, path ? ": " : "", text);
}

void its_config_put(struct its_config_build *b, const struct its_config_section *section,
                    const struct its_opt *opt, const char *text, const struct its_origin *origin)
{
    const char *dot = section->path[0] ? "." : "";
    char path[160];
    snprintf(path, sizeof(path), "%s%s%s", section->path, dot, opt->name);

    struct its_origin *of = &section->origins[opt - section->opts];
    if (origin->layer == ITS_LAYER_ENV && of->layer == ITS_LAYER_ENV) {
        its_config_complain(b, origin, path, "given twice, also by %s", of->name);
        return;
    }
    struct its_error err;
    if (its_opt_set(opt, section->settings, text, b->config->arena, &err) < 0) {
        its_config_complain(b, origin, path, "%s", err.text);
        return;
    }
    *of = *origin;
}

bool its_camera_id_is_valid(const char *id)
{
    size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return n > 0 && n <= ITS_CAMERA_ID_MAX && id[n] == 0;
}

/* Room for one more in an array of the arena: doubles, so the arena holds at most twice as much. */
static void *grow(struct its_arena *arena, void *items, unsigned count, size_t bytes)
{
    if (count & (count - 1))
        return items;
    void *bigger = its_arena_alloc(arena, (count ? count * 2 : 1) * bytes);
    if (count > 0)
        memcpy(bigger, items, count * bytes);
    return bigger;
}

struct its_camera_config *its_config_put_camera(struct its_config_build *b, const char *id,
                                                const struct its_origin *origin)
{
    struct its_config *c = b->config;
    for (unsigned i = 0; i < c->camera_count; i++)
        if (strcmp(c->cameras[i].id, id) == 0)
            return &c->cameras[i];
    if (!its_camera_id_is_valid(id)) {
        char shown[ITS_CAMERA_ID_MAX + 8];
        its_config_complain(b, origin, "cameras",
                            "'%s' is not a camera id (1 to %d small letters, digits and '-')",
                            its_utf8_excerpt(id, shown, sizeof(shown)), ITS_CAMERA_ID_MAX);
        return NULL;
    }
    if (c->camera_count == ITS_CAMERAS_MAX) {
        its_config_complain(b, origin, "cameras", "more than %d cameras", ITS_CAMERAS_MAX);
        return NULL;
    }
    c->cameras = grow(c->arena, c->cameras, c->camera_count, sizeof(*c->cameras));
    struct its_camera_config *camera = &c->cameras[c->camera_count++];
    *camera = (struct its_camera_config){.id = its_arena_strdup(c->arena, id), .origin = *origin};
    its_camera_config_set_defaults(camera);
    return camera;
}

static struct its_line_config *find_line(struct its_camera_config *camera, const char *name)
{
    for (unsigned i = 0; i < camera->line_count; i++)
        if (strcmp(camera->lines[i].line.name, name) == 0)
            return &camera->lines[i];
    return NULL;
}

/* "NAME:x1,y1,x2,y2" without the spaces people put after commas. False: too long to be one. */
static bool join_line(const char *name, const char *points, char *out, size_t size)
{
    size_t n = (size_t)snprintf(out, size, "%s:", name);
    for (; *points && n + 1 < size; points++)
        if (*points != ' ')
            out[n++] = *points;
    if (n + 1 >= size)
        return false;
    out[n] = 0;
    return true;
}

void its_config_put_line(struct its_config_build *b, struct its_camera_config *camera,
                         const char *name, const char *points, const struct its_origin *origin)
{
    char path[ITS_CAMERA_ID_MAX + ITS_NAME_MAX + 32], text[256];
    snprintf(path, sizeof(path), "cameras.%s.lines.%s", camera->id, name);
    if (!join_line(name, points, text, sizeof(text)) || !its_utf8_is_printable(text)) {
        its_config_complain(b, origin, path, "not a line (expected x1,y1,x2,y2)");
        return;
    }
    struct its_line_config parsed = {.origin = *origin};
    struct its_error err;
    if (its_line_parse(text, &parsed.line, &err) < 0) {
        its_config_complain(b, origin, path, "%s", err.text);
        return;
    }
    struct its_line_config *old = find_line(camera, name);
    if (old) {
        *old = parsed;
        return;
    }
    if (camera->line_count == ITS_CAMERA_LINES_MAX) {
        its_config_complain(b, origin, path, "more than %d lines", ITS_CAMERA_LINES_MAX);
        return;
    }
    camera->lines = grow(b->config->arena, camera->lines, camera->line_count, sizeof(parsed));
    camera->lines[camera->line_count++] = parsed;
}

/* The value of a variable; NULL when it is not set or empty. */
static const char *env_get(const char *const *env, const char *name)
{
    size_t n = strlen(name);
    for (; env && *env; env++)
        if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
            return (*env)[n + 1] ? *env + n + 1 : NULL;
    return NULL;
}

static void default_state(struct its_config *c, const char *const *env)
{
    const char *dir;
    if ((dir = env_get(env, "STATE_DIRECTORY"))) /* systemd may name several, parted by ':' */
        c->state = its_arena_printf(c->arena, "%.*s", (int)strcspn(dir, ":"), dir);
    else if ((dir = env_get(env, "XDG_STATE_HOME")))
        c->state = its_arena_printf(c->arena, "%s/its-camera-ai", dir);
    else if ((dir = env_get(env, "HOME")))
        c->state = its_arena_printf(c->arena, "%s/.local/state/its-camera-ai", dir);
}

/* The default of `state` came from the environment past its row: held to the row here, when no
 * layer gave another. */
static void check_state(struct its_config_build *b)
{
    struct its_config_section s = its_config_group_section(b->config, 0);
    const struct its_opt *opt = its_opt_find(s.opts, s.count, "state");
    struct its_error err;
    its_assert(opt);
    if (s.origins[opt - s.opts].layer == ITS_LAYER_DEFAULT &&
        its_opt_set(opt, s.settings, b->config->state, b->config->arena, &err) < 0)
        its_report_add(b->report,
                       "state: the default from HOME, XDG_STATE_HOME or "
                       "STATE_DIRECTORY: %s; give --state",
                       err.text);
}

/* What only the whole can show, and the defaults that hang on other options. */
static void complete(struct its_config_build *b)
{
    struct its_config *c = b->config;
    check_state(b);
    if (!c->store.path) /* the limit on `state` leaves room for it */
        c->store.path = its_arena_printf(c->arena, "%s/its.db", c->state);
    for (unsigned i = 0; i < c->camera_count; i++) {
        struct its_config_section s = its_config_camera_section(c, &c->cameras[i]);
        for (unsigned j = 0; j < s.count; j++)
            if (s.opts[j].required && s.origins[j].layer == ITS_LAYER_DEFAULT)
                its_config_complain(b, &c->cameras[i].origin, s.path, "'%s' is missing",
                                    s.opts[j].name);
    }
}

int its_config_load(const struct its_config_sources *sources, struct its_config **config,
                    struct its_report *report)
{
    struct its_arena *arena = its_arena_create(0);
    struct its_config *c = its_arena_alloc(arena, sizeof(*c));
    c->arena = arena;
    c->origins = its_arena_alloc(arena, its_config_origin_count() * sizeof(*c->origins));
    its_config_set_defaults(c);
    default_state(c, sources->env);

    struct its_config_build b = {c, report, "configuration"};
    unsigned errors_before = report->count;
    if (sources->file) {
        c->file = its_arena_strdup(arena, sources->file);
        b.file = c->file;
    }
    int code = 0;
    if (sources->yaml)
        code = its_config_build_file(&b, sources->yaml, sources->yaml_bytes);
    its_config_build_env(&b, sources->env);
    for (unsigned i = 0; i < sources->override_count; i++)
        its_config_build_override(&b, &sources->overrides[i]);
    complete(&b);

    *config = c;
    if (report->count == errors_before)
        return 0;
    its_config_destroy(config);
    return code < 0 ? code : ITS_ECONFIG;
}

void its_config_destroy(struct its_config **config)
{
    struct its_config *c = *config;
    if (!c)
        return;
    *config = NULL;
    struct its_arena *arena = c->arena; /* c lies in it */
    its_arena_destroy(&arena);
}

const char *its_config_file(const char *flag, const char *const *env)
{
    const char *file = flag ? flag : env_get(env, "ITS_CONFIG");
    if (file)
        return file;
    return access(ITS_CONFIG_SYSTEM_FILE, F_OK) == 0 ? ITS_CONFIG_SYSTEM_FILE : NULL;
}

int its_config_read_file(const char *path, struct its_str *text, struct its_error *err)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return its_error_set(err, -errno, "cannot open %s: %s", path, its_strerror(-errno));

    char block[16384];
    size_t n;
    int code = 0;
    while (code == 0 && (n = fread(block, 1, sizeof(block), f)) > 0) {
        its_str_append(text, block, n);
        if (text->len > ITS_CONFIG_BYTES_MAX)
            code = its_error_set(err, ITS_ETOOBIG, "%s: more than %d bytes", path,
                                 ITS_CONFIG_BYTES_MAX);
    }
    if (ferror(f))
        code = its_error_set(err, -errno, "cannot read %s: %s", path, its_strerror(-errno));
    fclose(f);
    return code;
}

const struct its_camera_config *its_config_camera(const struct its_config *config, const char *id)
{
    for (unsigned i = 0; i < config->camera_count; i++)
        if (strcmp(config->cameras[i].id, id) == 0)
            return &config->cameras[i];
    return NULL;
}
