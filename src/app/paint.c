/* The letterbox kernel brings the frame onto the canvas: asked for bytes in the canvas' own order
 * and for the picture's own size, it turns, squares and converts it and adds no border.
 *
 * Everything is drawn for any background: boxes have a dark rim, labels stand on a plate of the
 * class's colour in whichever of black and white is easier to read on it. */
#include "app/paint.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "detect/label.h"
#include "tensor/letterboxer.h"

struct its_painter {
    struct its_canvas *canvas;
    struct its_letterboxer *letterboxer;
    uint32_t *pixels; /* of the picture, as the canvas has them */
    int w, h;
    struct its_box plate[ITS_DETECTIONS_MAX];
    int plates;
};

struct its_painter *its_painter_create(void)
{
    return its_malloc(sizeof(struct its_painter));
}

static void forget(struct its_painter *p)
{
    its_canvas_destroy(&p->canvas);
    its_letterboxer_destroy(&p->letterboxer);
    free(p->pixels);
    p->pixels = NULL;
    p->w = p->h = 0;
}

void its_painter_destroy(struct its_painter **pp)
{
    struct its_painter *p = *pp;
    if (!p)
        return;
    *pp = NULL;
    forget(p);
    free(p);
}

/* --- the picture */

static int resize(struct its_painter *p, int w, int h)
{
    if (p->w == w && p->h == h)
        return 0;
    forget(p);
    struct its_input in = {
        .w = w,
        .h = h,
        .element = ITS_ELEMENT_U8,
        .layout = ITS_LAYOUT_NHWC,
        .pitch = 4,
        .bgr = true, /* 0x00RRGGBB begins with its B */
        .scale = 1,
        .placement = ITS_PLACEMENT_TOP_LEFT,
    };
    int rc = its_letterboxer_create(&in, its_cpu_best(), &p->letterboxer);
    if (rc == 0)
        rc = its_canvas_create(w, h, &p->canvas);
    if (rc < 0)
        return rc;
    p->pixels = its_try_aligned((size_t)w * (size_t)h * sizeof(*p->pixels));
    if (!p->pixels)
        return -ENOMEM;
    p->w = w;
    p->h = h;
    return 0;
}

static int show_frame(struct its_painter *p, const struct its_frame *frame)
{
    int rc = resize(p, frame->display_w, frame->display_h);
    if (rc == 0)
        rc = its_letterboxer_frame(p->letterboxer, frame, p->pixels, NULL);
    if (rc < 0)
        return rc;
    int stride;
    uint32_t *to = its_canvas_pixels(p->canvas, &stride);
    for (int y = 0; y < p->h; y++)
        memcpy(to + (ptrdiff_t)y * stride, p->pixels + (ptrdiff_t)y * p->w,
               (size_t)p->w * sizeof(*to));
    its_canvas_pixels_changed(p->canvas);
    return 0;
}

/* --- what was found */

/* Road users have colours of their own, the same in every picture; other classes take theirs from
 * round the colour wheel, neighbours far apart (steps of the golden angle). */
static struct its_colour colour_of(int class_id, const char *name)
{
    static const struct its_colour road_user[ITS_CLASS_COUNT] = {
        [ITS_CLASS_VEHICLE] = {0.80f, 0.80f, 0.80f, 1},
        [ITS_CLASS_PERSON] = {1.00f, 0.30f, 0.35f, 1},
        [ITS_CLASS_BICYCLE] = {0.30f, 0.85f, 1.00f, 1},
        [ITS_CLASS_MOTORCYCLE] = {0.95f, 0.35f, 0.95f, 1},
        [ITS_CLASS_CAR] = {0.25f, 0.90f, 0.35f, 1},
        [ITS_CLASS_BUS] = {0.35f, 0.55f, 1.00f, 1},
        [ITS_CLASS_TRUCK] = {1.00f, 0.75f, 0.10f, 1},
    };
    int known = its_label_class(name);
    if (known >= 0)
        return road_user[known];
    float hue = fmodf((float)class_id * 2.399963f, 6.2831853f);
    return (struct its_colour){0.6f + 0.4f * cosf(hue), 0.6f + 0.4f * cosf(hue - 2.0943951f),
                               0.6f + 0.4f * cosf(hue + 2.0943951f), 1};
}

/* Black or white, whichever contrasts more (relative luminance, ITU-R BT.709). */
static struct its_colour ink_on(struct its_colour plate)
{
    float luminance = 0.2126f * plate.r + 0.7152f * plate.g + 0.0722f * plate.b;
    return luminance > 0.45f ? (struct its_colour){0, 0, 0, 1} : (struct its_colour){1, 1, 1, 1};
}

static bool is_free(const struct its_painter *p, struct its_box box)
{
    if (box.x < 0 || box.y < 0 || box.x + box.w > (float)p->w || box.y + box.h > (float)p->h)
        return false;
    for (int i = 0; i < p->plates; i++)
        if (its_box_intersection(box, p->plate[i]) > 0)
            return false;
    return true;
}

/* Above the box, in its corner, below it, above it at the right: the first that is free. */
static struct its_point place_label(const struct its_painter *p, struct its_box b, float w, float h)
{
    const struct its_point spot[] = {
        {b.x, b.y - h},       {b.x, b.y},           {b.x, b.y + b.h},
        {b.x + b.w - w, b.y - h}, {b.x + b.w, b.y}, {b.x - w, b.y},
    };
    for (unsigned i = 0; i < ITS_ARRAY_LEN(spot); i++)
        if (is_free(p, (struct its_box){spot[i].x, spot[i].y, w, h}))
            return spot[i];
    return (struct its_point){ITS_MAX(0, ITS_MIN(b.x, (float)p->w - w)), ITS_MAX(0, b.y - h)};
}

static void draw_label(struct its_painter *p, const struct its_candidate *c, const char *name,
                       float size)
{
    char text[80];
    snprintf(text, sizeof(text), "%.60s %.2f", name, c->score);
    struct its_colour plate = colour_of(c->class_id, name);
    /* How large the plate is shows where nobody sees it. */
    struct its_box trial =
        its_canvas_label(p->canvas, (struct its_point){(float)p->w + 10, 0}, size, text, plate, plate);
    struct its_point at = place_label(p, c->box, trial.w, trial.h);
    its_canvas_label(p->canvas, at, size, text, ink_on(plate), plate);
    p->plate[p->plates++] = (struct its_box){at.x, at.y, trial.w, trial.h};
}

int its_painter_paint(struct its_painter *p, const struct its_frame *frame,
                      const struct its_candidates *found, const char *const *names,
                      struct its_canvas **out)
{
    int rc = show_frame(p, frame);
    if (rc < 0)
        return rc;
    float line = ITS_MAX(1.5f, (float)ITS_MAX(p->w, p->h) / 640);
    float size = ITS_MAX(11, (float)ITS_MAX(p->w, p->h) / 72);
    int count = ITS_MIN(found->count, ITS_DETECTIONS_MAX);
    const struct its_colour rim = {0, 0, 0, 0.6f};
    for (int i = count - 1; i >= 0; i--) {
        const struct its_candidate *c = &found->item[i];
        its_canvas_box(p->canvas, c->box, line + 2, rim);
        its_canvas_box(p->canvas, c->box, line, colour_of(c->class_id, names[c->class_id]));
    }
    p->plates = 0;
    for (int i = 0; i < count; i++) /* the best choose their places first */
        draw_label(p, &found->item[i], names[found->item[i].class_id], size);
    *out = p->canvas;
    return 0;
}
