/* The perspective of a scene as learned from what drives through it: how large a vehicle looks
 * whose wheels are on a given row. Plain data, one thread. */
#pragma once

#include <stdbool.h>

#include "detect/blobs.h"
#include "detect/detection.h"

#define ITS_PERSPECTIVE_BANDS  16 /* of rows */
#define ITS_PERSPECTIVE_SIZES  32 /* four to the octave, from 2 working pixels on */
#define ITS_PERSPECTIVE_SHAPES 16 /* height / width, four to the octave, from 1/4 on */

struct its_perspective {
    int w, h; /* working picture */
    /* Votes: working pixels that moved, by the band the blob's foot is in and the blob's width. */
    float votes[ITS_PERSPECTIVE_BANDS][ITS_PERSPECTIVE_SIZES];
    float shapes[ITS_PERSPECTIVE_SHAPES];
    float total;
    int since_fit;     /* blobs learned */
    float top, bottom; /* expected width at row 0 and row h; may be < 0 at the top */
    float shape;       /* expected height / width */
    bool known;        /* enough was seen to rely on it */
};

/* Width and height of a typical vehicle, working pixels; 0 while unknown. */
struct its_size {
    float w, h;
};

void its_perspective_init(struct its_perspective *, int w, int h);

/* Learns from a blob; those that cannot be one whole road user are passed over. */
void its_perspective_learn(struct its_perspective *, const struct its_blob *);

struct its_size its_perspective_expect(const struct its_perspective *, int bottom);

/* Coarse class by size and shape against the expected vehicle. */
enum its_class its_perspective_classify(const struct its_perspective *, struct its_rect);
