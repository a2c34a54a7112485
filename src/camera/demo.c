#include "camera/demo.h"

#include <stdio.h>
#include <unistd.h>

#include "camera/clip.h"

/* What a newcomer sees first. A change here raises ITS_SCENE_VERSION: the clips lie about in state
 * directories under that number. */
static const struct {
    double density;
    int seconds;
} demonstration[ITS_SCENE_COUNT] = {
    [ITS_SCENE_HIGHWAY] = {.density = 0.75, .seconds = 24},
    [ITS_SCENE_JUNCTION] = {.density = 0.6, .seconds = 38}, /* one cycle of the signals */
};

static void settings_of(enum its_scene_kind kind, struct its_scene_settings *s)
{
    its_scene_settings_default(s);
    s->kind = kind;
    s->density = demonstration[kind].density;
}

static int encode(struct its_scene *scene, struct its_clip *clip, int frames, struct its_i420 *p,
                  struct its_error *err)
{
    for (int i = 0; i < frames; i++) {
        its_scene_next(scene);
        its_scene_draw(scene, p);
        int code = its_clip_add(clip, p, err);
        if (code < 0)
            return code;
    }
    return 0;
}

static int film(struct its_scene *scene, const struct its_demo *demo, struct its_error *err)
{
    struct its_clip_settings s;
    its_clip_settings_default(&s);
    s.path = demo->path;
    s.width = demo->width;
    s.height = demo->height;
    s.fps = demo->fps;
    struct its_i420 picture = {0};
    struct its_clip *clip = NULL;
    int code = its_i420_init(&picture, s.width, s.height);
    if (code < 0)
        return its_error_set(err, code, "cannot draw %s: %s", s.path, its_strerror(code));
    code = its_clip_create(&s, &clip, err);
    if (code == 0)
        code = encode(scene, clip, demo->frames, &picture, err);
    if (code == 0)
        code = its_clip_finish(&clip, err);
    its_clip_destroy(&clip);
    its_i420_fini(&picture);
    return code;
}

int its_demo_make(const char *dir, enum its_scene_kind kind, struct its_demo *out,
                  struct its_error *err)
{
    struct its_scene_settings s;
    int seconds = demonstration[kind].seconds;
    settings_of(kind, &s);
    *out = (struct its_demo){
        .width = s.width, .height = s.height, .fps = s.fps, .frames = seconds * s.fps};
    int n =
        snprintf(out->path, sizeof(out->path), "%s/demo-%s-v%d-%dx%d-%dfps-%ds.mp4", dir,
                 its_scene_kind_name(kind), ITS_SCENE_VERSION, s.width, s.height, s.fps, seconds);
    if (n < 0 || n >= (int)sizeof(out->path))
        return its_error_set(err, -EINVAL, "%s: the path is too long", dir);
    out->lines = its_scene_plan_lines(&s, out->line);
    if (access(out->path, R_OK) == 0)
        return 0;
    struct its_scene *scene;
    int code = its_scene_create(&s, &scene, err);
    if (code < 0)
        return code;
    code = film(scene, out, err);
    its_scene_destroy(&scene);
    return code;
}
