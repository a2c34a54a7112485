/* Perspective from traffic.
 *
 * On a plane seen by a level camera the width of a given thing grows linearly with the row its foot
 * stands on. Every blob that moves votes for its width in its band of rows with its area, so that a
 * vehicle outweighs its own fragments; the expectation is the line through the bands that most
 * votes agree with, found by trying them all. A mode and not a mean: lorries, pedestrians and
 * merged boxes vote for other lines and lose while ordinary vehicles are most of what moves. A view
 * from straight above gives a flat line, which is right too. */
#include "detect/perspective.h"

#include <math.h>
#include <string.h>

#include "base/attr.h"

#define SIZE_MIN  2.0f
#define SHAPE_MIN 0.25f
/* Shapes below this are doubted, and how many of the votes "most" are. */
#define FLAT 1.0f
#define MOST 0.65f
/* Votes are halved when they exceed this many picture areas: the scene may change. */
#define MEMORY 20.0f
/* Blobs between two fits. */
#define FIT_EVERY 32
/* Candidate widths at the bottom row and, as a share of it, at the top row. */
#define BOTTOMS 36
#define TOPS    14
/* A vehicle at the bottom row usually has about this share of the width of the picture: decides
 * while few votes do. */
#define BOTTOM_USUAL 0.15f

void its_perspective_init(struct its_perspective *s, int w, int h)
{
    memset(s, 0, sizeof *s);
    s->w = w;
    s->h = h;
    s->shape = 0.9f;
}

static void vote(float *cells, int n, float at, float weight)
{
    int cell = (int)lrintf(at);
    if (cell >= 0 && cell < n)
        cells[cell] += weight;
}

/* What one vote is worth in each band: those where much passes, or broad things do, weigh more than
 * others, but only by the square root. */
static void weigh_bands(const struct its_perspective *s, float worth[ITS_PERSPECTIVE_BANDS])
{
    for (int i = 0; i < ITS_PERSPECTIVE_BANDS; i++) {
        float sum = 0;
        for (int k = 0; k < ITS_PERSPECTIVE_SIZES; k++)
            sum += s->votes[i][k];
        worth[i] = sum > 0 ? 1 / sqrtf(sum) : 0;
    }
}

static float agreement(const struct its_perspective *s, const float worth[ITS_PERSPECTIVE_BANDS],
                       float top, float bottom)
{
    float sum = 0;
    for (int i = 0; i < ITS_PERSPECTIVE_BANDS; i++) {
        float w = top + (bottom - top) * ((float)i + 0.5f) / ITS_PERSPECTIVE_BANDS;
        if (w < SIZE_MIN)
            continue;
        float at = 4 * log2f(w / SIZE_MIN);
        int cell = (int)at;
        float part = at - (float)cell;
        if (cell < 1 || cell > ITS_PERSPECTIVE_SIZES - 3)
            continue;
        const float *v = s->votes[i] + cell;
        sum += worth[i] *
               ((1 - part) * (v[0] + 0.5f * (v[-1] + v[1])) + part * (v[1] + 0.5f * (v[0] + v[2])));
    }
    return sum;
}

static float shape_of(int cell)
{
    return SHAPE_MIN * exp2f((float)cell / 4);
}

/* The commonest. Unless that is flat: the pieces of a vehicle (a bonnet, a roof) are as broad as it
 * is and flatter, and two of them outvote it; then one that most are flatter than. */
static float usual_shape(const struct its_perspective *s)
{
    float all = 0, sum = 0;
    int mode = 0, cell = 0;
    for (int i = 0; i < ITS_PERSPECTIVE_SHAPES; i++) {
        all += s->shapes[i];
        if (s->shapes[i] > s->shapes[mode])
            mode = i;
    }
    while (cell < ITS_PERSPECTIVE_SHAPES - 1 && (sum += s->shapes[cell]) < MOST * all)
        cell++;
    return fmaxf(shape_of(mode), fminf(shape_of(cell), FLAT));
}

static void fit(struct its_perspective *s)
{
    float best = 0, worth[ITS_PERSPECTIVE_BANDS];
    weigh_bands(s, worth);
    for (int i = 0; i < BOTTOMS; i++) {
        float bottom = SIZE_MIN * exp2f(1 + (float)i / 6);
        float odd = log2f(bottom / (BOTTOM_USUAL * (float)s->w)) / 2, prior = 1 / (1 + odd * odd);
        for (int k = 0; k < TOPS; k++) {
            float top = bottom * (1 - (float)k / 8); /* 1 … -0.625 */
            float a = prior * agreement(s, worth, top, bottom);
            if (a > best) {
                best = a;
                s->top = top;
                s->bottom = bottom;
            }
        }
    }
    s->shape = usual_shape(s);
    s->known = best > 0;
}

static void fade(struct its_perspective *s)
{
    s->total /= 2;
    for (int i = 0; i < ITS_PERSPECTIVE_BANDS; i++)
        for (int k = 0; k < ITS_PERSPECTIVE_SIZES; k++)
            s->votes[i][k] /= 2;
    for (int k = 0; k < ITS_PERSPECTIVE_SHAPES; k++)
        s->shapes[k] /= 2;
}

void its_perspective_learn(struct its_perspective *s, const struct its_blob *b)
{
    int w = b->box.x1 - b->box.x0, h = b->box.y1 - b->box.y0;
    bool cut = b->box.x0 <= 0 || b->box.y0 <= 0 || b->box.x1 >= s->w || b->box.y1 >= s->h;
    if (cut || b->ghost || w < 3 || h < 3 || h > 3 * w || w > 4 * h || b->area * 5 < w * h * 2 ||
        b->changed * 4 < b->area)
        return;
    float weight = (float)b->area;
    int band = ITS_MIN(b->box.y1 * ITS_PERSPECTIVE_BANDS / (s->h + 1), ITS_PERSPECTIVE_BANDS - 1);
    vote(s->votes[band], ITS_PERSPECTIVE_SIZES, 4 * log2f((float)w / SIZE_MIN), weight);
    vote(s->shapes, ITS_PERSPECTIVE_SHAPES, 4 * log2f((float)h / (float)w / SHAPE_MIN), weight);
    s->total += weight;
    if (s->total > MEMORY * (float)s->w * (float)s->h)
        fade(s);
    if (++s->since_fit >= FIT_EVERY) {
        fit(s);
        s->since_fit = 0;
    }
}

struct its_size its_perspective_expect(const struct its_perspective *s, int bottom)
{
    if (!s->known)
        return (struct its_size){0};
    float w = fmaxf(s->top + (s->bottom - s->top) * (float)bottom / (float)s->h, 3);
    return (struct its_size){w, w * s->shape};
}

enum its_class its_perspective_classify(const struct its_perspective *s, struct its_rect r)
{
    struct its_size e = its_perspective_expect(s, r.y1);
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
