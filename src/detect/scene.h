/* The perspective of a scene as learned from what drives through it: how large a vehicle looks
 * whose wheels are on a given row. Plain data, one thread. */
#pragma once

#include <stdbool.h>

#include "detect/blobs.h"
#include "detect/detection.h"

#define ITS_SCENE_BINS 16

struct its_scene {
    int w, h;                    /* working picture */
    float width[ITS_SCENE_BINS]; /* running median of widths by bottom row; working pixels */
    float votes[ITS_SCENE_BINS]; /* weight of that median */
    float shape;                 /* running median of height / width */
    float shape_votes;
    float slope, offset;         /* fitted: width = slope * row + offset */
    bool known;                  /* enough was seen to rely on it */
};

/* Width and height of a typical vehicle; 0 while unknown. */
struct its_size {
    float w, h;
};

void its_scene_init(struct its_scene *, int w, int h);

/* Learns from a blob that looks like one whole road user. */
void its_scene_learn(struct its_scene *, const struct its_blob *);
/* Refits; once per frame, after the learning. */
void its_scene_fit(struct its_scene *);

struct its_size its_scene_expect(const struct its_scene *, int bottom);

/* Coarse class by size and shape against the expected vehicle. */
enum its_class its_scene_classify(const struct its_scene *, struct its_rect);
