/* The form of a network's input: what lies in one slot of a batch, and what its numbers mean.
 * Plain data; nobody owns anything here. tensor/letterbox.h writes slots from frames, nn/ reads
 * them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One list: element, bytes, name ("bf16" in plans, logs and reports). */
#define ITS_ELEMENTS(X)                                                                            \
    X(F32, 4, "f32")                                                                               \
    X(BF16, 2, "bf16")                                                                             \
    X(F16, 2, "f16")                                                                               \
    X(U8, 1, "u8")                                                                                 \
    X(S8, 1, "s8")

enum its_element {
#define X(name, bytes, text) ITS_ELEMENT_##name,
    ITS_ELEMENTS(X)
#undef X
        ITS_ELEMENT_COUNT
};

enum its_input_layout {
    ITS_INPUT_NCHW, /* (3, h, w): a plane per colour */
    ITS_INPUT_NHWC, /* (h, w, pitch): three colours, then zeros up to the pitch */
};

/* Where the picture lies in the input; the rest is padding. */
enum its_placement {
    ITS_PLACEMENT_CENTRE,   /* YOLOv8, YOLO11 */
    ITS_PLACEMENT_TOP_LEFT, /* YOLOX */
};

#define ITS_INPUT_SIDE_MAX  8192
#define ITS_INPUT_SCALE_MAX 1e6

struct its_input {
    int w, h; /* pixels, 1..ITS_INPUT_SIDE_MAX */
    enum its_element element;
    enum its_input_layout layout;
    int pitch; /* NHWC: elements from pixel to pixel, 3..16; NCHW: not looked at */
    bool bgr;  /* blue first */

    /* An element is pixel * scale + offset, pixel 0..255. Integers are rounded to the nearest (even
     * when half way) and saturate: {U8, 1, 0} are the pixels, {S8, 1, -128} the pixels less 128. */
    double scale, offset;

    enum its_placement placement;
    uint8_t pad; /* pixel value round the picture, all three colours */
};

/* What Ultralytics' YOLOv8 and YOLO11 were trained on: f32, NCHW, RGB, 0..1, centred on 114. */
void its_input_yolo11(struct its_input *in, int w, int h);
/* YOLOX: f32, NCHW, BGR, 0..255, top left on 114. */
void its_input_yolox(struct its_input *in, int w, int h);

/* -EINVAL for a form that cannot be made: sides, pitch or an enum out of range, a scale or offset
 * beyond ITS_INPUT_SCALE_MAX either way or not a number. */
int its_input_check(const struct its_input *in);

/* Bytes of one slot, without gaps; slot n of a batch begins at n times this. */
size_t its_input_bytes(const struct its_input *in);

size_t its_element_bytes(enum its_element element);
const char *its_element_name(enum its_element element);
