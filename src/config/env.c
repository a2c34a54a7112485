/* The environment layer: ITS__SECTION__KEY, and PERFORMANCE__KEY without the prefix because that is
 * how the first descriptions of this product spell it. Two underscores part the levels, letter case
 * does not count. A variable with one of these prefixes that names no option is an error: a
 * misspelt setting must not look like one that works. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "config/build.h"

#define NAME_BYTES_MAX 240

/* "ITS__CAMERAS__NORTH_GATE__URL" → "cameras.north_gate.url", "PERFORMANCE__X" → "performance.x".
 */
static void path_of(const char *name, size_t bytes, struct its_str *path)
{
    its_str_clear(path);
    for (size_t i = 0; i < bytes; i++) {
        if (name[i] == '_' && i + 1 < bytes && name[i + 1] == '_') {
            its_str_putc(path, '.');
            i++;
        } else {
            its_str_putc(path, (char)tolower((unsigned char)name[i]));
        }
    }
}

static void read_variable(struct its_config_build *b, const char *variable, struct its_str *path)
{
    bool ours = strncasecmp(variable, "ITS__", 5) == 0;
    if (!ours && strncasecmp(variable, "PERFORMANCE__", 13) != 0)
        return;
    const char *equals = strchr(variable, '=');
    if (!equals)
        return;

    size_t bytes = (size_t)(equals - variable);
    char *name =
        its_arena_printf(b->config->arena, "%.*s", (int)ITS_MIN(bytes, NAME_BYTES_MAX), variable);
    struct its_origin origin = {.layer = ITS_LAYER_ENV, .name = name};
    if (bytes > NAME_BYTES_MAX || !its_utf8_is_printable(name)) {
        char shown[64];
        origin.name = its_utf8_excerpt(name, shown, sizeof(shown));
        its_config_complain(b, &origin, NULL, "there is no such option");
        return;
    }
    size_t skip = ours ? 5 : 0;
    path_of(name + skip, bytes - skip, path);
    its_config_assign(b, its_str_get(path), ITS_SPELLING_ENV, equals + 1, &origin);
}

void its_config_build_env(struct its_config_build *b, const char *const *env)
{
    struct its_str path = {0};
    for (; env && *env; env++)
        read_variable(b, *env, &path);
    its_str_fini(&path);
}
