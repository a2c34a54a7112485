/* Perspective from traffic.
 *
 * On a plane seen by a level camera the width of a given thing grows linearly with the row its foot
 * stands on. Each of a few bands of rows keeps a running median of the widths seen there: medians
 * shrug off trucks, pedestrians and merged boxes as long as ordinary vehicles are most of the
 * traffic. A weighted line through the medians is the expectation. A view from straight above
 * gives a flat line, which is right too. */
#include "detect/scene.h"

#include <math.h>
#include <string.h>

#include "base/attr.h"

/* A band's median is worth at most this many votes, so that it keeps learning. */
#define VOTES_MAX 200
/* Votes in all before the expectation is used. */
#define VOTES_KNOWN 25
#define SHAPE_START 0.9f

void its_scene_init(struct its_scene *s, int w, int h)
{
    memset(s, 0, sizeof *s);
    s->w = w;
    s->h = h;
    s->shape = SHAPE_START;
}

/* One vote: a step towards the value, smaller the more votes there are, at most the value. */
static void vote(float *median, float *votes, float value)
{
    if (*votes == 0)
        *median = value;
    float step = *median * ITS_MAX(0.02f, 0.5f / (1 + *votes));
    *median += value > *median ? fminf(step, value - *median) : -fminf(step, *median - value);
    *votes = fminf(*votes + 1, VOTES_MAX);
}

void its_scene_learn(struct its_scene *s, const struct its_blob *b)
{
    int w = b->box.x1 - b->box.x0, h = b->box.y1 - b->box.y0;
    bool cut = b->box.x0 <= 0 || b->box.y0 <= 0 || b->box.x1 >= s->w || b->box.y1 >= s->h;
    if (cut || b->ghost || w < 3 || h < 3 || h > 3 * w || w > 4 * h || b->area * 2 < w * h)
        return;
    int bin = ITS_MIN(b->box.y1 * ITS_SCENE_BINS / (s->h + 1), ITS_SCENE_BINS - 1);
    vote(&s->width[bin], &s->votes[bin], (float)w);
    vote(&s->shape, &s->shape_votes, (float)h / (float)w);
}

void its_scene_fit(struct its_scene *s)
{
    double n = 0, y = 0, v = 0, yy = 0, yv = 0;
    for (int i = 0; i < ITS_SCENE_BINS; i++) {
        /* Errors grow with the size: weigh by its inverse square. */
        double row = (i + 0.5) * s->h / ITS_SCENE_BINS;
        double k = s->votes[i] > 0 ? s->votes[i] / (s->width[i] * s->width[i]) : 0;
        n += k;
        y += k * row;
        v += k * s->width[i];
        yy += k * row * row;
        yv += k * row * s->width[i];
    }
    float votes = 0;
    for (int i = 0; i < ITS_SCENE_BINS; i++)
        votes += s->votes[i];
    s->known = votes >= VOTES_KNOWN;
    double det = n * yy - y * y;
    /* All in one band says nothing about the slope. */
    bool spread = n > 0 && det > n * n * s->h * s->h / 400.0;
    s->slope = spread ? (float)((n * yv - y * v) / det) : 0;
    s->slope = fmaxf(s->slope, 0);
    s->offset = n > 0 ? (float)((v - s->slope * y) / n) : 0;
}

struct its_size its_scene_expect(const struct its_scene *s, int bottom)
{
    if (!s->known)
        return (struct its_size){0};
    float w = fmaxf(s->slope * (float)bottom + s->offset, 3);
    return (struct its_size){w, w * s->shape};
}

enum its_class its_scene_classify(const struct its_scene *s, struct its_rect r)
{
    struct its_size e = its_scene_expect(s, r.y1);
    if (e.w == 0)
        return ITS_CLASS_VEHICLE;
    float w = (float)(r.x1 - r.x0) / e.w, h = (float)(r.y1 - r.y0) / e.h;
    if (w < 0.55f && h > 0.45f && h * s->shape > 1.3f * w)
        return w < 0.35f ? ITS_CLASS_PERSON : ITS_CLASS_MOTORCYCLE;
    if (w * h > 2.6f && h > 1.4f)
        return ITS_CLASS_TRUCK;
    if (w > 0.6f && w < 1.6f && h > 0.5f && h < 1.7f)
        return ITS_CLASS_CAR;
    return ITS_CLASS_VEHICLE;
}
