/* The pass that writes pictures into a network's input: letterbox, bilinear resize, colour, scale,
 * element and layout at once. No picture in between, only rows. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"
#include "tensor/letterbox.h"
#include "tensor/tensor.h"

struct its_frame;

/* Longest side of a picture. */
#define ITS_PICTURE_SIDE_MAX 32767

/* Writes pictures into slots. Made for one form of input; plans itself for the first picture and
 * again whenever the picture's size, layout or colours change, and allocates only then. One thread
 * at a time; one per camera, so that cameras of different sizes do not take turns planning. */
struct its_letterboxer;

/* `cpu` is the highest level to use, its_cpu_best() but in tests. -EINVAL: its_input_check refuses
 * the form. */
int its_letterboxer_create(const struct its_input *in, enum its_cpu cpu,
                           struct its_letterboxer **out);
void its_letterboxer_destroy(struct its_letterboxer **l);

/* Writes the whole slot (its_input_bytes, aligned to its element), border included, and nothing
 * beyond; *box, if asked for, is where the picture went. The frame is borrowed.
 *
 * Every element is within 0.1 / 255 of the range of exact arithmetic: bilinear interpolation of
 * each plane at half-pixel centres, borders repeated, then the colour matrix, cut to 0..255,
 * scaled. Integer elements are rounded once, at the end. A picture that is shrunk is not smoothed
 * first: OpenCV's INTER_LINEAR does not either, and that is what the networks were trained on. The
 * result is the same to the bit at every CPU level.
 *
 * -EINVAL for a picture without pixels, with a side beyond ITS_PICTURE_SIDE_MAX or a rotation that
 * is not a quarter turn; -ENOMEM; the slot is as it was then. */
int its_letterboxer_frame(struct its_letterboxer *l, const struct its_frame *frame, void *slot,
                          struct its_letterbox *box);

/* Packed 8-bit R, G, B, square pixels, upright: a decoded PNG or JPEG. */
struct its_rgb24 {
    const uint8_t *px;
    ptrdiff_t stride; /* bytes; may be negative */
    int w, h;
};

/* The same for such a picture. Where nothing is scaled an element is exactly the nearest to
 * pixel * scale + offset: pixel / 255.0f for YOLO11. */
int its_letterboxer_rgb24(struct its_letterboxer *l, const struct its_rgb24 *picture, void *slot,
                          struct its_letterbox *box);
