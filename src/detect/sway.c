/* Global movement and exposure, both robust against the traffic in the picture.
 *
 * Landmarks are textured pixels of the background on a grid. Whole pixels first: from where it is,
 * the picture is moved by single steps as long as that lowers the sum of clipped differences at the
 * landmarks; clipped, so that a lorry or a burnt-in caption weighs no more than its area. Then one
 * Gauss-Newton step (Lucas and Kanade 1981) for the fraction, in which every landmark has the same
 * say however strong its edge is. Exposure: the median ratio of picture to background over the
 * grid; it counts when most of the grid agrees with it. */
#include "detect/sway.h"

#include <math.h>
#include <stdlib.h>

#include "base/attr.h"

/* The grid: every third row, every fourth column, shifted from row to row so that no pattern of
 * the scene can hide between its points. */
#define GRID_X 4
#define GRID_Y 3
/* Differences are clipped here. */
#define CLIP 24
/* A gradient (over two pixels) below this is no landmark. */
#define GRADIENT_MIN 14
#define PRIOR        0.03f
/* Fewer landmarks are not trusted. */
#define LANDMARKS_MIN 60

static void find_landmarks(struct its_landmarks *l, const struct its_background *b)
{
    const int edge = ITS_SWAY_REACH + 1;
    l->count = 0;
    for (int y = edge; y < b->h - edge; y += GRID_Y)
        for (int x = edge + y * 7 % 11 % GRID_X; x < b->w - edge; x += GRID_X) {
            const uint8_t *v = b->value[0] + (size_t)y * b->stride + x;
            int gx = v[1] - v[-1], gy = v[b->stride] - v[-b->stride];
            if (abs(gx) + abs(gy) < GRADIENT_MIN || l->count == ITS_LANDMARKS_MAX)
                continue;
            l->item[l->count++] = (struct its_landmark){
                .at = y * b->stride + x, .gx = (int16_t)gx, .gy = (int16_t)gy, .value = *v};
        }
}

/* Sum of clipped differences when the picture is read at an offset. */
static int misfit(const struct its_landmarks *l, const uint8_t *px, int offset)
{
    int sum = 0;
    for (int i = 0; i < l->count; i++) {
        int e = abs(px[l->item[i].at + offset] - l->item[i].value);
        sum += e < CLIP ? e : CLIP;
    }
    return sum;
}

/* Walks downhill over whole pixels. A step has to gain two parts in a hundred: noise does not
 * walk. */
static void descend(const struct its_landmarks *l, const uint8_t *px, int stride, int *dx, int *dy)
{
    static const struct {
        int x, y;
    } way[8] = {{1, 0}, {-1, 0}, {0, 1}, {0, -1}, {1, 1}, {-1, -1}, {1, -1}, {-1, 1}};
    int x = 0, y = 0, here = misfit(l, px, 0);
    for (int step = 0; step < 2 * ITS_SWAY_REACH; step++) {
        int best = here - here / 50, to = -1;
        for (int i = 0; i < 8; i++) {
            int nx = x + way[i].x, ny = y + way[i].y;
            if (abs(nx) > ITS_SWAY_REACH || abs(ny) > ITS_SWAY_REACH)
                continue;
            int m = misfit(l, px, ny * stride + nx);
            if (m < best) {
                best = m;
                to = i;
            }
        }
        if (to < 0)
            break;
        x += way[to].x;
        y += way[to].y;
        here = best;
    }
    *dx = x;
    *dy = y;
}

/* What remains after the whole pixels: weighted least squares over landmarks whose difference a
 * shift of less than a pixel explains. */
static bool refine(const struct its_landmarks *l, const uint8_t *px, int offset, float *dx,
                   float *dy)
{
    float xx = 0, xy = 0, yy = 0, xe = 0, ye = 0;
    int used = 0;
    for (int i = 0; i < l->count; i++) {
        const struct its_landmark *m = &l->item[i];
        int e = px[m->at + offset] - m->value, gx = m->gx, gy = m->gy;
        if (2 * abs(e) > abs(gx) + abs(gy) + CLIP)
            continue;
        float k = 1.0f / (float)(gx * gx + gy * gy + 200);
        xx += k * (float)(gx * gx);
        xy += k * (float)(gx * gy);
        yy += k * (float)(gy * gy);
        xe += k * (float)(gx * e);
        ye += k * (float)(gy * e);
        used++;
    }
    if (used < LANDMARKS_MIN || used * 3 < l->count)
        return false;
    /* A prior of "no movement", worth a few landmarks: where texture lies in one direction only,
     * the other one stays put. */
    xx += PRIOR * (float)used;
    yy += PRIOR * (float)used;
    float det = xx * yy - xy * xy;
    float scale = -2 / det; /* gradients are over two pixels; the picture moves against e */
    *dx = scale * (yy * xe - xy * ye);
    *dy = scale * (xx * ye - xy * xe);
    return true;
}

int its_sway_misfit(const struct its_landmarks *l, const uint8_t *px)
{
    return misfit(l, px, 0);
}

struct its_sway its_sway_estimate(struct its_landmarks *l, const struct its_background *b,
                                  const uint8_t *px)
{
    find_landmarks(l, b);
    if (l->count < LANDMARKS_MIN)
        return (struct its_sway){0};
    int x, y;
    float fx, fy;
    descend(l, px, b->stride, &x, &y);
    if (!refine(l, px, y * b->stride + x, &fx, &fy))
        return (struct its_sway){0};
    fx = fmaxf(-1, fminf(1, fx));
    fy = fmaxf(-1, fminf(1, fy));
    return (struct its_sway){(float)x + fx, (float)y + fy, true};
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
