/* Detections drawn into their picture, for people to look at. */
#pragma once

#include "base/err.h"
#include "detect/candidate.h"
#include "draw/canvas.h"
#include "frame/frame.h"

struct its_painter;

struct its_painter *its_painter_create(void);
void its_painter_destroy(struct its_painter **p);

/* The frame, upright and with square pixels, and round each detection a box with its class and
 * score; the best lie on top. `names` by class id. The canvas is the painter's, good until the next
 * call. 0, -ENOMEM, or -EINVAL for a picture of more than 8192 pixels either way. */
int its_painter_paint(struct its_painter *p, const struct its_frame *frame,
                      const struct its_candidates *found, const char *const *names,
                      struct its_canvas **out);
