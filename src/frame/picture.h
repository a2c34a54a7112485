/* What can be said of a picture from about a tenth of its luma: how bright it is, how much there is
 * to see in it, whether it is any other than the one before. One thread; memory is taken with the
 * first picture of a size and kept. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "frame/frame.h"

/* The picture is cut into so many tiles across and down. */
#define ITS_PICTURE_TILES 8
/* Those not at the picture's edge. Cameras write date and name along the edge: that is no view. */
#define ITS_PICTURE_INNER_TILES ((ITS_PICTURE_TILES - 2) * (ITS_PICTURE_TILES - 2))

struct its_picture_measure {
    float brightness; /* mean luma as coded, 0..255 */
    float contrast;   /* standard deviation of luma, noise averaged out */
    int tiles;        /* of the inner ones, those in which something has an edge */
    bool changed;     /* one sampled pixel at least is another than in the picture before */
};

/* Zeroed memory is ready for use. */
struct its_picture {
    int coded_w, coded_h; /* of the pictures it is made for; 0: none yet */
    int step;             /* every so many rows one is looked at */
    uint8_t *rows;        /* those of the last picture, coded_w bytes each */
};

/* Measures one picture after the other. The first one of a size has always changed. 0; -EINVAL for
 * one without pixels; -ENOMEM. */
int its_picture_measure(struct its_picture *p, const struct its_frame *f,
                        struct its_picture_measure *out);

void its_picture_fini(struct its_picture *p);
