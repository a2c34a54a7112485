/* The demonstration: clips that the program draws itself, for a first run without a camera. */
#pragma once

#include "base/err.h"
#include "sim/scene.h"

#define ITS_DEMO_PATH_MAX 1024

struct its_demo {
    char path[ITS_DEMO_PATH_MAX]; /* of the clip */
    int width, height, fps, frames;
    int lines;
    struct its_scene_line line[ITS_SCENE_LINES_MAX]; /* to count at; displayed pixels */
};

/* Sees to it that the clip of that kind lies in `dir` (which exists): drawn and encoded the first
 * time, about 3 s, found there afterwards. Its name carries what it was made from, so that a newer
 * version of the program draws its own. 0; -EINVAL for too long a path; what its_clip_create and
 * its_clip_add return. */
ITS_MUST_CHECK int its_demo_make(const char *dir, enum its_scene_kind kind, struct its_demo *out,
                                 struct its_error *err);
