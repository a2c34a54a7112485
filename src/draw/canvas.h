/* A picture one can draw on: anti-aliased shapes, lines and labels, and its way into I420.
 * Coordinates are pixels, origin top left, y down; the middle of the first pixel is (0.5, 0.5).
 * One thread at a time. Drawing does not fail: what does not fit is cut off at the edge. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/geom.h"

/* Not premultiplied; every part 0..1. */
struct its_colour {
    float r, g, b, a;
};

/* a at t = 0, b at t = 1; opaque. */
static inline struct its_colour its_colour_mix(struct its_colour a, struct its_colour b, float t)
{
    return (struct its_colour){a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t, a.b + (b.b - a.b) * t,
                               1};
}

/* k times as bright; opaque. Parts above 1 are cut off where they are drawn. */
static inline struct its_colour its_colour_scale(struct its_colour c, float k)
{
    return (struct its_colour){c.r * k, c.g * k, c.b * k, 1};
}

/* Part by part, as a filter does; opaque. */
static inline struct its_colour its_colour_times(struct its_colour a, struct its_colour b)
{
    return (struct its_colour){a.r * b.r, a.g * b.g, a.b * b.b, 1};
}

/* 8-bit planar YUV, chroma halved both ways (rounded up), BT.709, luma 16..235. Whoever created
 * it owns it; a literal round somebody else's planes serves as well. */
struct its_i420 {
    int w, h;
    uint8_t *plane[3]; /* Y, U, V */
    int stride[3];     /* bytes */
};

/* One block for all planes, rows aligned to 64 bytes. 0, -EINVAL for a size below 1x1 or above
 * 16384x16384, -ENOMEM. Release with its_i420_fini, which accepts a zeroed struct. */
ITS_MUST_CHECK int its_i420_init(struct its_i420 *p, int w, int h);
void its_i420_fini(struct its_i420 *p);

struct its_canvas;

/* Black. 0, -EINVAL for a size as above, -ENOMEM. */
ITS_MUST_CHECK int its_canvas_create(int w, int h, struct its_canvas **out);
void its_canvas_destroy(struct its_canvas **c);

int its_canvas_width(const struct its_canvas *c);
int its_canvas_height(const struct its_canvas *c);

/* Everything drawn from now on lands this much further right and down. Start: 0, 0. */
void its_canvas_set_origin(struct its_canvas *c, float x, float y);

void its_canvas_fill(struct its_canvas *c, struct its_colour colour);

/* The whole of `from` with its corner at x, y (before the origin is added); between pixels it is
 * interpolated. The two canvases are different ones. */
void its_canvas_paint(struct its_canvas *c, const struct its_canvas *from, float x, float y);

/* Filled, closed by itself, even-odd not needed: the winding rule. n >= 3. */
void its_canvas_polygon(struct its_canvas *c, const struct its_point *corner, int n,
                        struct its_colour colour);

/* Filled, axes parallel to the picture's. */
void its_canvas_ellipse(struct its_canvas *c, struct its_point centre, float rx, float ry,
                        struct its_colour colour);

/* Light in the shape of an ellipse, strongest at its centre, none at its edge. `u` and `v` lead
 * from the centre to the edge; they need not be at right angles. A glow lies over the picture, `a`
 * is how opaque; a beam falls on what is in it and makes it up to 1 + a times as bright, so that
 * dark things stay darker than bright ones. */
void its_canvas_glow(struct its_canvas *c, struct its_point centre, struct its_point u,
                     struct its_point v, struct its_colour colour);
void its_canvas_beam(struct its_canvas *c, struct its_point centre, struct its_point u,
                     struct its_point v, struct its_colour colour);

void its_canvas_line(struct its_canvas *c, struct its_point a, struct its_point b, float width_px,
                     struct its_colour colour);

/* The outline of a box, `width_px` thick, centred on its edge. */
void its_canvas_box(struct its_canvas *c, struct its_box box, float width_px,
                    struct its_colour colour);

/* One line of text (UTF-8) on a plate, the plate's top left corner at `at`; returns the plate, so
 * that the next label can stand clear of it. The typeface is the system's sans: pixels differ
 * from machine to machine. */
struct its_box its_canvas_label(struct its_canvas *c, struct its_point at, float size_px,
                                const char *text, struct its_colour ink, struct its_colour plate);

/* The pixels themselves, 0x00RRGGBB in the machine's byte order, `*stride` pixels from row to row.
 * Write to them between this call and its_canvas_pixels_changed, with no drawing in between. */
uint32_t *its_canvas_pixels(struct its_canvas *c, int *stride);
void its_canvas_pixels_changed(struct its_canvas *c);

/* Copies the picture into planes of the same size. Chroma is the mean of each 2x2 pixels. */
void its_canvas_to_i420(struct its_canvas *c, const struct its_i420 *to);

/* 0, -ENOMEM or the errno of the file. */
int its_canvas_write_png(struct its_canvas *c, const char *path, struct its_error *err);
