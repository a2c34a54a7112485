/* Every pixel is taken back to the unit circle; the light there is (1 - r²)², which is level at the
 * centre and at the edge and needs no root.
 *
 * Pixels are worked on in blocks of a fixed size, one channel after the other: that is what the
 * compiler vectorises at -O2. */
#include "draw/glow.h"

#include <math.h>

#include "base/attr.h"

/* Many beams on one spot add up, but the camera's exposure sees to it that nothing burns out. */
#define LIT_MAX 190.f

#define BLOCK 8

struct glow {
    float centre_x, centre_y;
    float sx, sy, tx, ty; /* from the picture to the unit circle */
    float colour[3];      /* 0..255 for a glow, gain for a beam */
    float strength;
    bool beam;
};

static inline float lit(float v, float colour, float light, bool beam)
{
    float more =
        beam ? v * colour * light * ITS_MAX(0.f, 1 - v * (1 / LIT_MAX)) : (colour - v) * light;
    return ITS_MIN(255.f, v + more + .5f);
}

/* n pixels, each under its own light. `n` and `beam` are known where this is called. */
static inline void shine(uint32_t *restrict px, const float *restrict light, int n,
                         const float colour[3], bool beam)
{
    int32_t out[BLOCK];
    for (int i = 0; i < n; i++)
        out[i] = (int32_t)lit((float)(int32_t)(px[i] & 255), colour[2], light[i], beam);
    for (int i = 0; i < n; i++)
        out[i] |= (int32_t)lit((float)(int32_t)(px[i] >> 8 & 255), colour[1], light[i], beam) << 8;
    for (int i = 0; i < n; i++)
        px[i] =
            (uint32_t)(out[i] |
                       (int32_t)lit((float)(int32_t)(px[i] >> 16 & 255), colour[0], light[i], beam)
                           << 16);
}

static inline void shine_run(const struct glow *g, uint32_t *px, const float *light, int n)
{
    if (g->beam)
        shine(px, light, n, g->colour, true);
    else
        shine(px, light, n, g->colour, false);
}

/* Light on n pixels whose first is dx from the centre, where a·dx² + 2b·dx + c < 0. */
static inline void light_of(const struct glow *g, float a, float b, float c, float dx,
                            float *restrict light, int n)
{
    for (int i = 0; i < n; i++) {
        float at = dx + (float)i;
        float rest = ITS_MAX(0.f, -(a * at + 2 * b) * at - c);
        light[i] = g->strength * rest * rest;
    }
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
    float light[BLOCK], left = .5f - g->centre_x;
    int x = from;
    for (; x + BLOCK <= to; x += BLOCK) {
        light_of(g, a, b, c, (float)x + left, light, BLOCK);
        shine_run(g, row + x, light, BLOCK);
    }
    light_of(g, a, b, c, (float)x + left, light, to - x);
    shine_run(g, row + x, light, to - x);
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
