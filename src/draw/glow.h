/* Soft light in the shape of an ellipse, painted straight into pixels: a gradient of the drawing
 * library costs ten times as much, and a street by night has a hundred of them in every frame. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/geom.h"
#include "draw/canvas.h"

/* `rgb` as in its_i420_from_rgb, w x h. The rest as its_canvas_glow, or with `beam` as
 * its_canvas_beam; `centre` in pixels of the picture. */
void its_glow_paint(uint32_t *rgb, int stride, int w, int h, struct its_point centre,
                    struct its_point u, struct its_point v, struct its_colour colour, bool beam);
