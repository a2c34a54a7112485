#include "tests/track/degrade.h"

#include <math.h>
#include <stdlib.h>

#include "base/attr.h"
#include "base/mem.h"

#define IDS_MAX 1024

/* Chosen to look like YOLO11n on roads: about one box in eight missed, half a false one a frame. */
#define OCCLUSION_RATE   0.02 /* begins, per object and frame */
#define OCCLUSION_FRAMES 10   /* at most, and 3 at least */
#define MISS_RATE        0.02 /* for no reason */
#define FALSE_RATE       0.5  /* per frame */
#define FALSE_STAYS      0.4  /* chance that a false box is there in the next frame too */

/* splitmix64 (Steele, Lea, Flood 2014). */
struct dice {
    uint64_t state;
};

static double roll(struct dice *d)
{
    uint64_t z = d->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static double roll_normal(struct dice *d)
{
    double u = roll(d), v = roll(d);
    return sqrt(-2 * log(1 - u)) * cos(2 * M_PI * v);
}

/* What goes on with one object. */
struct mood {
    double noise;         /* of its score, slowly changing */
    int length, left;     /* of the occlusion it is in, frames */
};

static double hidden_now(struct dice *d, struct mood *m, double hidden)
{
    if (m->left == 0 && roll(d) < OCCLUSION_RATE)
        m->left = m->length = 3 + (int)(roll(d) * (OCCLUSION_FRAMES - 2));
    if (m->left > 0) {
        double phase = (double)m->left-- / (m->length + 1); /* deepest in the middle */
        hidden = fmax(hidden, 1 - fabs(2 * phase - 1));
    }
    return hidden;
}

static void see(struct dice *d, struct mood *m, const struct its_boxes_item *truth,
                struct its_boxes *seen)
{
    double hidden = hidden_now(d, m, truth->hidden);
    double small = fmax(0, (25 - truth->box.h) / 25);
    m->noise = 0.8 * m->noise + 0.6 * roll_normal(d);
    double score = 0.88 - 0.75 * hidden - 0.4 * small + 0.08 * m->noise;
    double jitter = (0.02 + 0.04 * hidden) * sqrt(its_box_area(truth->box));
    struct its_boxes_item i = *truth;
    i.id = -1;
    i.box.x += (float)(jitter * roll_normal(d));
    i.box.y += (float)(jitter * roll_normal(d));
    i.box.w = fmaxf(2, i.box.w + (float)(jitter * roll_normal(d)));
    i.box.h = fmaxf(2, i.box.h + (float)(jitter * roll_normal(d)));
    i.score = (float)fmin(score, 0.98);
    if (roll(d) < 0.05)
        i.cls = i.cls == ITS_CLASS_CAR ? ITS_CLASS_TRUCK : ITS_CLASS_CAR;
    if (roll(d) >= MISS_RATE && score >= 0.1)
        its_boxes_add(seen, &i);
}

static void see_nothing(struct dice *d, int frame, struct its_boxes *seen)
{
    while (roll(d) < FALSE_RATE / (1 + FALSE_RATE)) {
        double u = roll(d), size = 20 + 100 * roll(d);
        struct its_boxes_item i = {
            .frame = frame,
            .id = -1,
            .box = {(float)(1200 * roll(d)), (float)(120 + 200 * roll(d)), (float)(1.4 * size),
                    (float)size},
            .score = (float)(0.1 + 0.6 * u * u * u),
            .cls = ITS_CLASS_CAR,
        };
        do
            its_boxes_add(seen, &i);
        while (roll(d) < FALSE_STAYS && ++i.frame < seen->frames);
    }
}

void its_degrade(const struct its_boxes *truth, uint64_t seed, struct its_boxes *seen)
{
    struct dice d = {seed};
    struct mood *moods = its_calloc(IDS_MAX, sizeof(*moods));
    *seen = (struct its_boxes){.frames = truth->frames};
    for (int i = 0, frame = 0; frame < truth->frames; frame++) {
        for (; i < truth->count && truth->item[i].frame == frame; i++) {
            its_assert(truth->item[i].id >= 0 && truth->item[i].id < IDS_MAX);
            see(&d, &moods[truth->item[i].id], &truth->item[i], seen);
        }
        see_nothing(&d, frame, seen);
    }
    its_boxes_sort(seen);
    free(moods);
}
