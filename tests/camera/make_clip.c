#include "make_clip.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "camera/clip.h"

static void must(int code, const struct its_error *err)
{
    if (code == ITS_EUNSUPPORTED) {
        fprintf(stderr, "SKIPPED: %s\n", err->text);
        exit(77);
    }
    if (code < 0)
        fail_msg("%s (%d)", err->text, code);
}

static void keep(struct made_clip *out, const struct its_scene_truth *t)
{
    for (int i = 0; i < t->crossings; i++) {
        assert_true(out->crossings < MADE_CLIP_CROSSINGS_MAX);
        out->crossing[out->crossings++] = t->crossing[i];
    }
}

void make_clip(const struct its_scene_settings *settings, int frames, const char *path,
               struct made_clip *out)
{
    struct its_error err = {0};
    struct its_scene *scene;
    struct its_clip *clip;
    struct its_clip_settings cs;
    its_clip_settings_default(&cs);
    cs.path = path;
    cs.encoder.width = settings->width;
    cs.encoder.height = settings->height;
    cs.encoder.fps = settings->fps;
    must(its_scene_create(settings, &scene, &err), &err);
    must(its_clip_create(&cs, &clip, &err), &err);
    *out = (struct made_clip){.frames = frames};
    out->lines = its_scene_plan_lines(settings, out->line);
    for (int i = 0; i < frames; i++) {
        struct its_i420 picture;
        must(its_clip_picture(clip, &picture, &err), &err);
        keep(out, its_scene_next(scene));
        its_scene_draw(scene, &picture);
        must(its_clip_add(clip, &err), &err);
    }
    must(its_clip_finish(&clip, &err), &err);
    its_scene_destroy(&scene);
}

int made_clip_count(const struct made_clip *clip, int line, int direction)
{
    int n = 0;
    for (int i = 0; i < clip->crossings; i++)
        n += clip->crossing[i].line == line && clip->crossing[i].direction == direction;
    return n;
}
