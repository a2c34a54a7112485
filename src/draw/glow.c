/* Every pixel is taken back to the unit circle; the light there is (1 - r²)², which is level at the
 * centre and at the edge and needs no root. */
#include "draw/glow.h"

#include <math.h>

#include "base/attr.h"

/* Many beams on one spot add up, but the camera's exposure sees to it that nothing burns out. */
#define LIT_MAX 190.f

struct glow {
    float centre_x, centre_y;
    float sx, sy, tx, ty; /* from the picture to the unit circle */
    float colour[3];      /* 0..255 for a glow, gain for a beam */
    float strength;
    bool beam;
};

static uint32_t channel(const struct glow *g, uint32_t pixel, int i, float light)
{
    int shift = 16 - 8 * i;
    float v = (float)(pixel >> shift & 255);
    if (g->beam)
        v += v * g->colour[i] * light * ITS_MAX(0.f, 1 - v * (1 / LIT_MAX));
    else
        v += (g->colour[i] - v) * light;
    return (uint32_t)ITS_MIN(255.f, v + .5f) << shift;
}

/* The row meets the ellipse where a·dx² + 2b·dx + c < 0. */
static void paint_row(const struct glow *g, uint32_t *row, int w, int y)
{
    float dy = (float)y + .5f - g->centre_y;
    float a = g->sx * g->sx + g->tx * g->tx, b = dy * (g->sx * g->sy + g->tx * g->ty);
    float c = dy * dy * (g->sy * g->sy + g->ty * g->ty) - 1, under = b * b - a * c;
    if (!(under > 0))
        return;
    float middle = g->centre_x - .5f - b / a, half = sqrtf(under) / a;
    int from = (int)ITS_MAX(0.f, ceilf(middle - half));
    int to = (int)ITS_MIN((float)w, floorf(middle + half) + 1);
    for (int x = from; x < to; x++) {
        float dx = (float)x + .5f - g->centre_x;
        float rest = ITS_MAX(0.f, -(a * dx + 2 * b) * dx - c);
        float light = g->strength * rest * rest;
        row[x] = channel(g, row[x], 0, light) | channel(g, row[x], 1, light) |
                 channel(g, row[x], 2, light);
    }
}

void its_glow_paint(uint32_t *rgb, int stride, int w, int h, struct its_point centre,
                    struct its_point u, struct its_point v, struct its_colour colour, bool beam)
{
    float det = u.x * v.y - u.y * v.x;
    if (!(fabsf(det) > 1e-3f))
        return; /* as thin as a line */
    float scale = beam ? 1 : 255;
    struct glow g = {
        .centre_x = centre.x,
        .centre_y = centre.y,
        .sx = v.y / det,
        .sy = -v.x / det,
        .tx = -u.y / det,
        .ty = u.x / det,
        .colour = {colour.r * scale, colour.g * scale, colour.b * scale},
        .strength = colour.a,
        .beam = beam,
    };
    float ry = hypotf(u.y, v.y);
    int y0 = (int)fmaxf(0, floorf(centre.y - ry)), y1 = (int)fminf((float)h, centre.y + ry + 1);
    for (int y = y0; y < y1; y++)
        paint_row(&g, rgb + (ptrdiff_t)y * stride, w, y);
}
