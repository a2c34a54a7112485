/* Where a picture lies in a network's input, and the way from one's pixels to the other's.
 * Arithmetic; nothing owned.
 *
 * The network sees displayed pictures: upright, with square pixels, scaled until they fit, on a
 * border. */
#pragma once

#include "base/geom.h"
#include "tensor/tensor.h"

struct its_letterbox {
    int display_w, display_h; /* the picture, displayed pixels */
    int input_w, input_h;     /* the network's input */
    int left, top, w, h;      /* the picture's place in the input, pixels of it; w, h >= 1 */
};

/* Fits a picture of that size into an input. The scale is the same both ways up to the rounding of
 * w and h to whole pixels.
 * Centred: sizes rounded, the odd pixel of border right and below (Ultralytics' LetterBox).
 * Top left: sizes cut (YOLOX' preproc).
 * -EINVAL when a side is < 1. */
int its_letterbox_fit(struct its_letterbox *box, int display_w, int display_h,
                      const struct its_input *in);

/* The same place in the other picture's pixels. Both have pixel centres at halves: the input's
 * (left, top) is the picture's (0, 0). Nothing is clipped. */
struct its_point its_letterbox_to_display(const struct its_letterbox *box, struct its_point p);
struct its_point its_letterbox_to_input(const struct its_letterbox *box, struct its_point p);
struct its_box its_letterbox_box_to_display(const struct its_letterbox *box, struct its_box b);
struct its_box its_letterbox_box_to_input(const struct its_letterbox *box, struct its_box b);
