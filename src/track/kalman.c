#include "track/kalman.h"

#include <math.h>

#include "base/attr.h"

/* How fast boxes grow compared with how fast they move: slowly, which keeps their edges steady. */
#define GROWTH 0.2f

/* 1/s. Faster growth is noise of the box, or a crash. */
#define GROWTH_MAX 1.0f

static float square(float x)
{
    return x * x;
}

float its_kalman_size(const struct its_kalman *k)
{
    return fmaxf(fmaxf(k->w.x, k->h.x), 1);
}

static float box_size(struct its_box b)
{
    return fmaxf(fmaxf(b.w, b.h), 1);
}

static void start(struct its_kalman_axis *a, float x, float measure, float speed)
{
    *a = (struct its_kalman_axis){.x = x, .pxx = square(measure), .pvv = square(speed)};
}

void its_kalman_start(struct its_kalman *k, const struct its_kalman_noise *n, struct its_box box)
{
    float size = box_size(box);
    struct its_point c = its_box_centre(box);
    start(&k->cx, c.x, n->measure * size, n->speed * size);
    start(&k->cy, c.y, n->measure * size, n->speed * size);
    start(&k->w, box.w, n->measure * size, GROWTH * n->speed * size);
    start(&k->h, box.h, n->measure * size, GROWTH * n->speed * size);
}

/* Who comes nearer at a steady pace speeds up in the picture: with distance z, sizes go with 1/z
 * and speeds with 1/z², so that dv/dt = 2 g v where g is the rate of growth, 1/s. Between frames of
 * a full rate this is nothing; over a gap of half a second it is a box length. */
static float growth_rate(const struct its_kalman *k)
{
    float g = 0.5f * (k->w.v / fmaxf(k->w.x, 1) + k->h.v / fmaxf(k->h.x, 1));
    return fminf(fmaxf(g, -GROWTH_MAX), GROWTH_MAX);
}

static void predict(struct its_kalman_axis *a, float dt, float g, float drift2, float accel2)
{
    a->x += a->v * dt * (1 + g * dt);
    a->v *= fmaxf(1 + 2 * g * dt, 0);
    a->pxx += dt * (2 * a->pxv + dt * a->pvv) + accel2 * dt * dt * dt / 3 + drift2 * dt;
    a->pxv += dt * a->pvv + accel2 * dt * dt / 2;
    a->pvv += accel2 * dt;
}

void its_kalman_predict(struct its_kalman *k, const struct its_kalman_noise *n, float dt_s)
{
    its_assert(dt_s >= 0);
    float size = its_kalman_size(k), g = growth_rate(k);
    float drift2 = square(n->drift * size), accel2 = square(n->accel * size);
    predict(&k->cx, dt_s, g, drift2, accel2);
    predict(&k->cy, dt_s, g, drift2, accel2);
    predict(&k->w, dt_s, 0, drift2, square(GROWTH) * accel2);
    predict(&k->h, dt_s, 0, drift2, square(GROWTH) * accel2);
    k->w.x = fmaxf(k->w.x, 1);
    k->h.x = fmaxf(k->h.x, 1);
}

static void correct(struct its_kalman_axis *a, float seen, float var)
{
    float gain_x = a->pxx / (a->pxx + var), gain_v = a->pxv / (a->pxx + var);
    float off = seen - a->x;
    a->x += gain_x * off;
    a->v += gain_v * off;
    a->pvv -= gain_v * a->pxv;
    a->pxv -= gain_x * a->pxv;
    a->pxx -= gain_x * a->pxx;
}

void its_kalman_correct(struct its_kalman *k, const struct its_kalman_noise *n, struct its_box box,
                        float doubt)
{
    float var = square(n->measure * doubt * its_kalman_size(k));
    struct its_point c = its_box_centre(box);
    correct(&k->cx, c.x, var);
    correct(&k->cy, c.y, var);
    correct(&k->w, box.w, var);
    correct(&k->h, box.h, var);
}

void its_kalman_freeze_size(struct its_kalman *k)
{
    k->w.v = k->h.v = 0;
}

struct its_box its_kalman_box(const struct its_kalman *k)
{
    float w = fmaxf(k->w.x, 1), h = fmaxf(k->h.x, 1);
    return (struct its_box){k->cx.x - w * 0.5f, k->cy.x - h * 0.5f, w, h};
}

float its_kalman_distance2(const struct its_kalman *k, const struct its_kalman_noise *n,
                           struct its_point centre)
{
    float var = square(n->measure * its_kalman_size(k));
    return square(centre.x - k->cx.x) / (k->cx.pxx + var) +
           square(centre.y - k->cy.x) / (k->cy.pxx + var);
}
