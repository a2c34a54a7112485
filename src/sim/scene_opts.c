#include "sim/scene_opts.h"

#include <stdio.h>
#include <string.h>

const char *const its_scene_weathers[] = {
#define X(id, text) text,
    ITS_WEATHERS(X)
#undef X
        NULL,
};

const char *const its_scene_events[] = {
#define X(id, text) text,
    ITS_SCENE_EVENTS(X)
#undef X
        NULL,
};

int its_scene_set_size(struct its_scene_settings *settings, const char *text, struct its_error *err)
{
    int w, h, end = 0;
    if (sscanf(text, "%4dx%4d%n", &w, &h, &end) != 2 || text[end] || w < 64 || h < 64 || w > 4096 ||
        h > 4096 || w % 2 || h % 2)
        return its_error_set(
            err, -EINVAL, "'%s' is not a size (expected WxH like 960x540, even, 64 to 4096)", text);
    settings->width = w;
    settings->height = h;
    return 0;
}

int its_scene_kind_from_name(const char *name)
{
    for (int i = 0; i < ITS_SCENE_COUNT; i++)
        if (strcmp(name, its_scene_kind_name((enum its_scene_kind)i)) == 0)
            return i;
    return -1;
}
