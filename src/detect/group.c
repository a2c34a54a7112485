/* Splitting and merging by what the perspective expects.
 *
 * A blob much wider (taller) than a vehicle is cut at the deepest valley of its column (row)
 * profile if that valley is deep: lorries have none. Two fragments become one when their union is
 * no larger than a vehicle and what lies between them is narrow. Until the perspective is known,
 * nothing is split, and only fragments that nearly touch are merged. */
#include "detect/group.h"

#include <math.h>
#include <string.h>

#include "base/attr.h"

static int width(struct its_rect r)
{
    return r.x1 - r.x0;
}

static int height(struct its_rect r)
{
    return r.y1 - r.y0;
}

static struct its_rect rect_union(struct its_rect a, struct its_rect b)
{
    return (struct its_rect){ITS_MIN(a.x0, b.x0), ITS_MIN(a.y0, b.y0), ITS_MAX(a.x1, b.x1),
                             ITS_MAX(a.y1, b.y1)};
}

/* --- splitting */

/* Where to cut the profile lo..hi so that both parts are at least `least` long: the deepest valley,
 * or -1 when none is deeper than half of the lower of the peaks beside it. */
static int valley(const int *profile, int lo, int hi, int least)
{
    int best = -1;
    float depth = 0.5f;
    for (int cut = lo + least; cut <= hi - least; cut++) {
        int left = 0, right = 0;
        for (int i = lo; i < cut; i++)
            left = ITS_MAX(left, profile[i]);
        for (int i = cut + 1; i < hi; i++)
            right = ITS_MAX(right, profile[i]);
        float d = (float)profile[cut] / (float)ITS_MAX(1, ITS_MIN(left, right));
        if (d < depth) {
            depth = d;
            best = cut;
        }
    }
    return best;
}

static bool split_one(struct its_blobs *b, int i, const struct its_background *bg,
                      const struct its_perspective *perspective)
{
    struct its_blob *blob = &b->item[i];
    struct its_size e = its_perspective_expect(perspective, blob->box.y1);
    bool wide = (float)width(blob->box) > 1.35f * e.w, tall = (float)height(blob->box) > 1.4f * e.h;
    if (b->count >= ITS_BLOBS_MAX || (!wide && !tall))
        return false;
    its_blobs_profile(b, blob, bg);
    struct its_rect r = blob->box, first = r, second = r;
    int cut = wide ? valley(b->column, r.x0, r.x1, (int)(0.5f * e.w) + 1) : -1;
    if (cut >= 0) {
        first.x1 = second.x0 = cut;
    } else {
        cut = tall ? valley(b->line, r.y0, r.y1, (int)(0.4f * e.h) + 1) : -1;
        if (cut < 0)
            return false;
        first.y1 = second.y0 = cut;
    }
    struct its_blob *other = &b->item[b->count++];
    blob->changed /= 2; /* either half may have changed; each may still vote */
    *other = *blob;
    its_blobs_clip(b, blob, bg, first);
    its_blobs_clip(b, other, bg, second);
    return true;
}

void its_blobs_split(struct its_blobs *b, const struct its_background *bg,
                     const struct its_perspective *perspective)
{
    if (!perspective->known)
        return;
    /* Parts are appended, and looked at again themselves. */
    for (int i = 0; i < b->count; i++)
        for (int n = 0; n < 8 && split_one(b, i, bg, perspective); n++)
            ;
}

/* --- merging */

static int overlap(int a0, int a1, int b0, int b1)
{
    return ITS_MIN(a1, b1) - ITS_MAX(a0, b0);
}

/* Most of the smaller box lies in the larger one. */
static bool covers(struct its_rect a, struct its_rect b)
{
    int w = overlap(a.x0, a.x1, b.x0, b.x1), h = overlap(a.y0, a.y1, b.y0, b.y1);
    int smaller = ITS_MIN(width(a) * height(a), width(b) * height(b));
    return w > 0 && h > 0 && w * h * 10 > smaller * 6;
}

/* Two pieces, both wider than a car, one on top of the other: cab and load. */
static bool lorry(struct its_rect a, struct its_rect b, struct its_size e)
{
    int over = overlap(a.x0, a.x1, b.x0, b.x1), gap = -overlap(a.y0, a.y1, b.y0, b.y1);
    return (float)ITS_MIN(width(a), width(b)) > 1.25f * e.w && (float)gap < 0.3f * e.h &&
           over * 10 > ITS_MAX(width(a), width(b)) * 6;
}

static bool belong(struct its_rect a, struct its_rect b, const struct its_perspective *perspective)
{
    struct its_rect u = rect_union(a, b);
    int over_x = overlap(a.x0, a.x1, b.x0, b.x1), over_y = overlap(a.y0, a.y1, b.y0, b.y1);
    int narrower = ITS_MIN(width(a), width(b)), lower = ITS_MIN(height(a), height(b));
    struct its_size e = its_perspective_expect(perspective, u.y1);
    if (e.w == 0) /* touching, one above the other */
        return over_y >= -2 && over_x > narrower / 2;
    if (covers(a, b) || lorry(a, b, e))
        return true;
    if ((float)width(u) > 1.25f * e.w || (float)height(u) > 1.35f * e.h)
        return false;
    bool above = over_x >= narrower / 3 && (float)-over_y <= 0.4f * e.h;
    bool beside = over_y >= lower / 3 && (float)-over_x <= 0.25f * e.w;
    return above || beside;
}

/* Known to be two. */
static bool different(const struct its_blob *a, const struct its_blob *b)
{
    return a->hint && b->hint && a->hint != b->hint;
}

static bool apart(struct its_rect a, struct its_rect b, int reach)
{
    return a.x0 > b.x1 + reach || b.x0 > a.x1 + reach || a.y0 > b.y1 + reach || b.y0 > a.y1 + reach;
}

void its_blobs_merge(struct its_blobs *b, const struct its_perspective *perspective)
{
    /* Further apart than any gap that may be bridged: most pairs end here. */
    struct its_size largest = its_perspective_expect(perspective, b->h);
    int reach = 2 + (int)fmaxf(0.4f * largest.h, 0.25f * largest.w);
    for (bool again = true; again;) {
        again = false;
        for (int i = 0; i < b->count; i++)
            for (int j = i + 1; j < b->count; j++) {
                struct its_blob *a = &b->item[i], *c = &b->item[j];
                if (apart(a->box, c->box, reach) || different(a, c) ||
                    !belong(a->box, c->box, perspective))
                    continue;
                a->box = rect_union(a->box, c->box);
                a->area += c->area;
                a->solid += c->solid;
                a->changed += c->changed;
                a->ghost = a->ghost && c->ghost;
                a->hint = a->hint ? a->hint : c->hint;
                *c = b->item[--b->count];
                j--;
                again = true;
            }
    }
}
