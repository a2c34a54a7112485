/* Global movement and exposure, both robust against the traffic in the picture.
 *
 * Movement: one Gauss-Newton step of the translation that makes the picture fit the background
 * (Lucas and Kanade 1981) over a grid of textured pixels whose difference is small enough to come
 * from sway. Exposure: the median ratio of picture to background over the grid; it counts when most
 * of the grid agrees with it. */
#include "detect/sway.h"

#include <math.h>
#include <stdlib.h>

#include "base/attr.h"

/* The grid: every third row, every second column. */
#define GRID_X 2
#define GRID_Y 3
/* A difference beyond this is a road user. */
#define RESIDUAL_MAX 40
/* A gradient (over two pixels) below this says nothing. */
#define GRADIENT_MIN 12
/* Textured grid pixels needed. */
#define TEXTURED_MIN 60

struct its_sway its_sway_estimate(const struct its_background *b, const uint8_t *px)
{
    int64_t xx = 0, xy = 0, yy = 0, xe = 0, ye = 0;
    int used = 0;
    for (int y = 1; y < b->h - 1; y += GRID_Y) {
        const uint8_t *v = b->value[0] + (size_t)y * b->stride;
        const uint8_t *p = px + (size_t)y * b->stride;
        const uint8_t *m = b->mask + (ptrdiff_t)y * b->mask_stride;
        for (int x = 1; x < b->w - 1; x += GRID_X) {
            int gx = v[x + 1] - v[x - 1], gy = v[x + b->stride] - v[x - b->stride];
            int e = p[x] - v[x];
            if (abs(gx) + abs(gy) < GRADIENT_MIN || abs(e) > RESIDUAL_MAX || m[x])
                continue;
            xx += gx * gx;
            xy += gx * gy;
            yy += gy * gy;
            xe += gx * e;
            ye += gy * e;
            used++;
        }
    }
    double det = (double)xx * (double)yy - (double)xy * (double)xy;
    /* Texture in one direction only leaves the other one open. */
    if (used < TEXTURED_MIN || det < 0.02 * (double)xx * (double)yy)
        return (struct its_sway){0};
    double scale = -2 / det; /* gradients are over two pixels; the picture moves against e */
    return (struct its_sway){
        .dx = (float)(scale * ((double)yy * (double)xe - (double)xy * (double)ye)),
        .dy = (float)(scale * ((double)xx * (double)ye - (double)xy * (double)xe)),
        .sure = true,
    };
}

float its_exposure_estimate(const struct its_background *b, const uint8_t *px)
{
    enum { ONE = 128, BINS = 4 * ONE };
    int bin[BINS] = {0}, total = 0;
    for (int y = 0; y < b->h; y += GRID_Y)
        for (int x = 0; x < b->w; x += GRID_X) {
            int v = b->value[0][(size_t)y * b->stride + x], p = px[(size_t)y * b->stride + x];
            if (v < 24 || v > 224 || p > 250)
                continue;
            int ratio = (p * ONE + v / 2) / v;
            bin[ITS_MIN(ratio, BINS - 1)]++;
            total++;
        }
    int median = 0, sum = 0, near = 0, still = 0;
    while (median < BINS - 1 && (sum += bin[median]) * 2 < total)
        median++;
    for (int i = ITS_MAX(0, median - 5); i <= ITS_MIN(BINS - 1, median + 5); i++)
        near += bin[i];
    for (int i = ONE - 5; i <= ONE + 5; i++)
        still += bin[i];
    bool agreed = total > 0 && near * 2 > total && near > 2 * still;
    return agreed && abs(median - ONE) > 4 ? (float)median / ONE : 1;
}
