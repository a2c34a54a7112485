/* Dividing blobs among hints.
 *
 * Vehicles in a queue overlap in the picture and make one region without a valley between them; but
 * they arrived one by one, and were followed. A hint has a say in a blob when most of it lies in
 * the blob's box and enough of it moves. When two or more have, each moving pixel goes to the hint
 * in whose box it lies deepest, measured in half sizes of the box from its centre. */
#include "detect/hints.h"

#include <math.h>
#include <stdlib.h>

#include "base/attr.h"

/* Hints that may share one blob; further ones are passed over. */
#define SHARERS_MAX 16
/* A pixel this many half sizes from every centre belongs to nobody known. */
#define FAR 1.3f
/* What nobody claimed is a road user when it is this much of the expected vehicle's area. */
#define NEWCOMER 0.2f

struct sharer {
    int hint;
    struct its_rect rect;
    float cx, cy, per_w, per_h; /* centre, one over half sizes */
    int first, last;            /* its runs */
};

static int area(struct its_rect r)
{
    return (r.x1 - r.x0) * (r.y1 - r.y0);
}

static int common(struct its_rect a, struct its_rect b)
{
    int w = ITS_MIN(a.x1, b.x1) - ITS_MAX(a.x0, b.x0),
        h = ITS_MIN(a.y1, b.y1) - ITS_MAX(a.y0, b.y0);
    return w > 0 && h > 0 ? w * h : 0;
}

static int moving(const struct its_background *bg, struct its_rect r)
{
    int n = 0;
    for (int y = ITS_MAX(r.y0, 0); y < ITS_MIN(r.y1, bg->h); y++)
        for (int x = ITS_MAX(r.x0, 0); x < ITS_MIN(r.x1, bg->w); x++)
            n += bg->mask[(ptrdiff_t)y * bg->mask_stride + x] & ITS_MASK_MOVING;
    return n;
}

static bool has_say(const struct its_blob *blob, const struct its_background *bg,
                    const struct its_perspective *perspective, struct its_rect r)
{
    struct its_size e = its_perspective_expect(perspective, r.y1);
    bool small = (float)(r.x1 - r.x0) < 0.3f * e.w || (float)(r.y1 - r.y0) < 0.4f * e.h;
    return !small && common(blob->box, r) * 2 > area(r) && moving(bg, r) * 3 > area(r);
}

/* Larger hints come first to stay: a smaller one mostly inside another repeats it. */
static int gather(struct sharer *s, const struct its_blob *blob, const struct its_background *bg,
                  const struct its_perspective *perspective, const struct its_hints *hints)
{
    int n = 0;
    for (int i = 0; i < hints->count && n < SHARERS_MAX; i++) {
        struct its_rect r = hints->item[i].box;
        if (!has_say(blob, bg, perspective, r))
            continue;
        int k = 0;
        while (k < n && common(s[k].rect, r) * 2 < ITS_MIN(area(s[k].rect), area(r)))
            k++;
        if (k < n && area(s[k].rect) >= area(r))
            continue;
        n += k == n;
        s[k] = (struct sharer){.hint = i + 1,
                               .rect = r,
                               .cx = 0.5f * (float)(r.x0 + r.x1 - 1),
                               .cy = 0.5f * (float)(r.y0 + r.y1 - 1),
                               .per_w = 2 / (float)(r.x1 - r.x0),
                               .per_h = 2 / (float)(r.y1 - r.y0)};
    }
    return n;
}

/* n when the pixel belongs to nobody. */
static int owner(const struct sharer *s, int n, int x, int y)
{
    int best = n;
    float least = FAR;
    for (int i = 0; i < n; i++) {
        float d =
            fmaxf(fabsf((float)x - s[i].cx) * s[i].per_w, fabsf((float)y - s[i].cy) * s[i].per_h);
        if (d < least) {
            least = d;
            best = i;
        }
    }
    return best;
}

static void give(struct its_blobs *b, struct sharer *s, int y, int x0, int x1)
{
    int id = b->run_count++;
    b->run[id] = (struct its_run){.x0 = (int16_t)x0,
                                  .x1 = (int16_t)x1,
                                  .y = (int16_t)y,
                                  .parent = id,
                                  .next = -1,
                                  .tail = id};
    if (s->first < 0)
        s->first = id;
    else
        b->run[s->last].next = id;
    s->last = id;
}

static void share_out(struct its_blobs *b, int first, struct sharer *s, int n)
{
    for (int i = 0; i <= n; i++)
        s[i].first = -1;
    for (int i = first; i >= 0; i = b->run[i].next) {
        int y = b->run[i].y, x0 = b->run[i].x0, end = b->run[i].x1;
        int who = owner(s, n, x0, y);
        for (int x = x0 + 1; x <= end; x++) {
            int next = x < end ? owner(s, n, x, y) : -1;
            if (next == who || b->run_count == b->run_max)
                continue;
            give(b, &s[who], y, x0, x);
            x0 = x;
            who = next;
        }
    }
}

static struct its_rect bounds(const struct its_blobs *b, int first)
{
    struct its_rect r = {b->w, b->h, 0, 0};
    for (int i = first; i >= 0; i = b->run[i].next) {
        r.x0 = ITS_MIN(r.x0, b->run[i].x0);
        r.x1 = ITS_MAX(r.x1, b->run[i].x1);
        r.y0 = ITS_MIN(r.y0, b->run[i].y);
        r.y1 = ITS_MAX(r.y1, b->run[i].y + 1);
    }
    return r;
}

static void divide_one(struct its_blobs *b, int i, const struct its_background *bg,
                       const struct its_perspective *perspective, const struct its_hints *hints)
{
    struct sharer s[SHARERS_MAX + 1];
    int n = gather(s, &b->item[i], bg, perspective, hints);
    if (n == 1)
        b->item[i].hint = s[0].hint;
    if (n < 2)
        return;
    struct its_blob whole = b->item[i];
    share_out(b, whole.first_run, s, n);
    int at = i; /* the first part takes the whole's place */
    for (int k = 0; k <= n && at < ITS_BLOBS_MAX; k++) {
        if (s[k].first < 0)
            continue;
        struct its_blob part = {.first_run = s[k].first, .ghost = whole.ghost};
        part.hint = k < n ? s[k].hint : 0;
        its_blobs_clip(b, &part, bg, bounds(b, part.first_run));
        struct its_size e = its_perspective_expect(perspective, part.box.y1);
        if (k == n && (float)part.area < NEWCOMER * e.w * e.h)
            continue;
        part.changed = (int)((int64_t)whole.changed * part.area / ITS_MAX(whole.area, 1));
        b->item[at] = part;
        b->count = ITS_MAX(b->count, at + 1);
        at = b->count;
    }
}

void its_blobs_divide(struct its_blobs *b, const struct its_background *bg,
                      const struct its_perspective *perspective, const struct its_hints *hints)
{
    if (!perspective->known)
        return;
    for (int i = 0, found = b->count; i < found; i++)
        divide_one(b, i, bg, perspective, hints);
}
