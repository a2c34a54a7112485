/* For tests: a clip of a simulated scene, with everything that must be counted in it. */
#pragma once

#include "sim/scene.h"

#define MADE_CLIP_CROSSINGS_MAX 512

struct made_clip {
    int frames;
    int lines;
    struct its_scene_line line[ITS_SCENE_LINES_MAX];
    int crossings; /* in the order they happen */
    struct its_scene_crossing crossing[MADE_CLIP_CROSSINGS_MAX];
};

/* Writes `frames` frames of the scene to `path` (.mp4, H.264) and fills `out` with the truth. Fails
 * the running test when it cannot; skips it (exit code 77) where there is no H.264 encoder. */
void make_clip(const struct its_scene_settings *settings, int frames, const char *path,
               struct made_clip *out);

/* How many crossings of that line go that way: +1 forward, -1 backward. */
int made_clip_count(const struct made_clip *clip, int line, int direction);
