/* A drawn street for tests of the motion detector: textured ground, cars as textured rectangles,
 * shadows, noise, light and sway. The same street gives the same pixels. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/geom.h"
#include "frame/frame.h"

struct street {
    int w, h; /* upright */
    uint8_t *ground, *px, *stored;
    uint32_t rng;
    struct its_frame frame;
};

/* rotation: of the stored picture against the upright one, as struct its_frame has it. */
void street_init(struct street *, int w, int h, int rotation);
void street_fini(struct street *);

/* Starts the next picture: the ground, moved by (dx, dy), at time_us. */
void street_begin(struct street *, int64_t time_us, int dx, int dy);
/* A car: a body of that luma with windows, lights and a number plate. */
void street_car(struct street *, struct its_box, int luma);
/* Darkens the ground to a share. */
void street_shadow(struct street *, struct its_box, float share);
/* Multiplies the picture by gain and adds noise of about that standard deviation; then the frame is
 * ready. */
const struct its_frame *street_end(struct street *, float gain, float noise);
