/* The canvas on cairo: one RGB24 image surface and the context that draws on it.
 * cairo keeps errors sticky and drawing on a broken context is harmless, so only creation and
 * writing a file can fail. */
#include "draw/canvas.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include <cairo.h>

#include "base/mem.h"
#include "draw/glow.h"
#include "draw/i420.h"

#define SIZE_MAX_PX 16384

struct its_canvas {
    int w, h;
    float origin_x, origin_y;
    cairo_surface_t *surface;
    cairo_t *cr;
};

int its_canvas_create(int w, int h, struct its_canvas **out)
{
    if (w < 1 || h < 1 || w > SIZE_MAX_PX || h > SIZE_MAX_PX)
        return -EINVAL;
    struct its_canvas *c = its_malloc(sizeof(*c));
    c->w = w;
    c->h = h;
    c->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, w, h);
    c->cr = cairo_create(c->surface);
    if (cairo_status(c->cr) != CAIRO_STATUS_SUCCESS) {
        its_canvas_destroy(&c);
        return -ENOMEM;
    }
    *out = c;
    return 0;
}

void its_canvas_destroy(struct its_canvas **pc)
{
    struct its_canvas *c = *pc;
    if (!c)
        return;
    *pc = NULL;
    cairo_destroy(c->cr);
    cairo_surface_destroy(c->surface);
    free(c);
}

int its_canvas_width(const struct its_canvas *c)
{
    return c->w;
}

int its_canvas_height(const struct its_canvas *c)
{
    return c->h;
}

void its_canvas_set_origin(struct its_canvas *c, float x, float y)
{
    c->origin_x = x;
    c->origin_y = y;
    cairo_identity_matrix(c->cr);
    cairo_translate(c->cr, x, y);
}

static void set_colour(struct its_canvas *c, struct its_colour k)
{
    cairo_set_source_rgba(c->cr, k.r, k.g, k.b, k.a);
}

void its_canvas_fill(struct its_canvas *c, struct its_colour colour)
{
    set_colour(c, colour);
    cairo_paint(c->cr);
}

void its_canvas_paint(struct its_canvas *c, const struct its_canvas *from, float x, float y)
{
    its_assert(from != c);
    cairo_set_source_surface(c->cr, from->surface, x, y);
    cairo_pattern_set_filter(cairo_get_source(c->cr), CAIRO_FILTER_BILINEAR);
    cairo_paint(c->cr);
}

void its_canvas_polygon(struct its_canvas *c, const struct its_point *corner, int n,
                        struct its_colour colour)
{
    its_assert(n >= 3);
    cairo_new_path(c->cr);
    for (int i = 0; i < n; i++)
        cairo_line_to(c->cr, corner[i].x, corner[i].y);
    cairo_close_path(c->cr);
    set_colour(c, colour);
    cairo_fill(c->cr);
}

void its_canvas_ellipse(struct its_canvas *c, struct its_point centre, float rx, float ry,
                        struct its_colour colour)
{
    if (!(rx > 0 && ry > 0))
        return;
    cairo_new_path(c->cr);
    cairo_save(c->cr);
    cairo_translate(c->cr, centre.x, centre.y);
    cairo_scale(c->cr, rx, ry);
    cairo_arc(c->cr, 0, 0, 1, 0, 2 * M_PI);
    cairo_restore(c->cr);
    set_colour(c, colour);
    cairo_fill(c->cr);
}

static void shine(struct its_canvas *c, struct its_point centre, struct its_point u,
                  struct its_point v, struct its_colour colour, bool beam)
{
    int stride;
    uint32_t *rgb = its_canvas_pixels(c, &stride);
    centre.x += c->origin_x;
    centre.y += c->origin_y;
    its_glow_paint(rgb, stride, c->w, c->h, centre, u, v, colour, beam);
    its_canvas_pixels_changed(c);
}

void its_canvas_glow(struct its_canvas *c, struct its_point centre, struct its_point u,
                     struct its_point v, struct its_colour colour)
{
    shine(c, centre, u, v, colour, false);
}

void its_canvas_beam(struct its_canvas *c, struct its_point centre, struct its_point u,
                     struct its_point v, struct its_colour colour)
{
    shine(c, centre, u, v, colour, true);
}

void its_canvas_line(struct its_canvas *c, struct its_point a, struct its_point b, float width_px,
                     struct its_colour colour)
{
    cairo_new_path(c->cr);
    cairo_move_to(c->cr, a.x, a.y);
    cairo_line_to(c->cr, b.x, b.y);
    set_colour(c, colour);
    cairo_set_line_width(c->cr, width_px);
    cairo_set_line_cap(c->cr, CAIRO_LINE_CAP_ROUND);
    cairo_stroke(c->cr);
}

void its_canvas_box(struct its_canvas *c, struct its_box box, float width_px,
                    struct its_colour colour)
{
    cairo_new_path(c->cr);
    cairo_rectangle(c->cr, box.x, box.y, box.w, box.h);
    set_colour(c, colour);
    cairo_set_line_width(c->cr, width_px);
    cairo_set_line_join(c->cr, CAIRO_LINE_JOIN_MITER);
    cairo_stroke(c->cr);
}

struct its_box its_canvas_label(struct its_canvas *c, struct its_point at, float size_px,
                                const char *text, struct its_colour ink, struct its_colour plate)
{
    cairo_select_font_face(c->cr, "sans", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_BOLD);
    cairo_set_font_size(c->cr, size_px);
    cairo_text_extents_t text_size;
    cairo_font_extents_t font;
    cairo_text_extents(c->cr, text, &text_size);
    cairo_font_extents(c->cr, &font);
    float pad = size_px * 0.3f;
    struct its_box box = {
        .x = at.x,
        .y = at.y,
        .w = ceilf((float)text_size.x_advance + 2 * pad),
        .h = ceilf((float)(font.ascent + font.descent) + pad),
    };
    cairo_new_path(c->cr);
    cairo_rectangle(c->cr, box.x, box.y, box.w, box.h);
    set_colour(c, plate);
    cairo_fill(c->cr);
    cairo_move_to(c->cr, box.x + pad, box.y + pad * 0.5 + font.ascent);
    set_colour(c, ink);
    cairo_show_text(c->cr, text);
    return box;
}

uint32_t *its_canvas_pixels(struct its_canvas *c, int *stride)
{
    cairo_surface_flush(c->surface);
    *stride = cairo_image_surface_get_stride(c->surface) / 4;
    return (uint32_t *)(void *)cairo_image_surface_get_data(c->surface);
}

void its_canvas_pixels_changed(struct its_canvas *c)
{
    cairo_surface_mark_dirty(c->surface);
}

void its_canvas_to_i420(struct its_canvas *c, const struct its_i420 *to)
{
    its_assert(to->w == c->w && to->h == c->h);
    int stride;
    const uint32_t *rgb = its_canvas_pixels(c, &stride);
    its_i420_from_rgb(rgb, stride, to);
}

int its_canvas_write_png(struct its_canvas *c, const char *path, struct its_error *err)
{
    errno = 0;
    cairo_status_t status = cairo_surface_write_to_png(c->surface, path);
    if (status == CAIRO_STATUS_SUCCESS)
        return 0;
    int code = status == CAIRO_STATUS_NO_MEMORY ? -ENOMEM : errno ? -errno : -EIO;
    return its_error_set(err, code, "cannot write %s: %s", path, cairo_status_to_string(status));
}
