/* Connected regions by runs: each row's stretches of moving pixels are joined with those they touch
 * (also diagonally) in the row above, with union-find; the runs of a region form a list, so that
 * later steps cost what the region covers and not what the picture covers.
 *
 * The box of a region leaves out what only a shadow adds: columns and rows whose solid pixels are
 * few against the best column's and row's. */
#include "detect/blobs.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

int its_blobs_init(struct its_blobs *b, int w, int h)
{
    memset(b, 0, sizeof *b);
    b->w = w;
    b->h = h;
    /* A row of w pixels has at most (w + 1) / 2 runs; after the vote they are far fewer. */
    b->run_max = ((w + 1) / 2) * h;
    b->run = its_try_calloc((size_t)b->run_max, sizeof *b->run);
    b->row_first = its_try_calloc((size_t)h + 1, sizeof *b->row_first);
    b->column = its_try_calloc((size_t)w + 1, sizeof *b->column);
    b->line = its_try_calloc((size_t)h + 1, sizeof *b->line);
    if (b->run && b->row_first && b->column && b->line)
        return 0;
    its_blobs_fini(b);
    return -ENOMEM;
}

void its_blobs_fini(struct its_blobs *b)
{
    free(b->run);
    free(b->row_first);
    free(b->column);
    free(b->line);
    memset(b, 0, sizeof *b);
}

/* --- runs */

static void add_run(struct its_blobs *b, int y, int x0, int x1)
{
    int id = b->run_count++;
    b->run[id] = (struct its_run){.x0 = (int16_t)x0,
                                  .x1 = (int16_t)x1,
                                  .y = (int16_t)y,
                                  .parent = id,
                                  .next = -1,
                                  .tail = id};
}

static void find_runs(struct its_blobs *b, const struct its_background *bg)
{
    b->run_count = 0;
    for (int y = 0; y < b->h; y++) {
        const uint8_t *row = bg->mask + (ptrdiff_t)y * bg->mask_stride;
        b->row_first[y] = b->run_count;
        for (int x = 0; x < b->w;) {
            uint64_t eight;
            memcpy(&eight, row + x, sizeof eight); /* rows end in zeros beyond w */
            if (!eight) {
                x += 8;
                continue;
            }
            if (!row[x]) {
                x++;
                continue;
            }
            int x0 = x;
            while (row[x])
                x++;
            add_run(b, y, x0, x);
        }
    }
    b->row_first[b->h] = b->run_count;
}

static int root(struct its_run *run, int i)
{
    while (run[i].parent != i)
        i = run[i].parent = run[run[i].parent].parent;
    return i;
}

/* The smaller index becomes the root: the one that starts higher up. */
static void join(struct its_run *run, int a, int b)
{
    a = root(run, a);
    b = root(run, b);
    if (a == b)
        return;
    if (a > b) {
        int c = a;
        a = b;
        b = c;
    }
    run[b].parent = a;
    run[run[a].tail].next = b;
    run[a].tail = run[b].tail;
}

static void join_rows(struct its_blobs *b)
{
    struct its_run *run = b->run;
    for (int y = 1; y < b->h; y++) {
        int above = b->row_first[y - 1], here = b->row_first[y];
        while (above < b->row_first[y] && here < b->row_first[y + 1]) {
            if (run[above].x0 <= run[here].x1 && run[here].x0 <= run[above].x1)
                join(run, above, here);
            if (run[above].x1 < run[here].x1)
                above++;
            else
                here++;
        }
    }
}

/* --- measuring */

/* Luma differences up to this are noise. */
#define CHANGE_MIN 10

struct extent {
    struct its_rect all;
    int area, changed;
    int edge_now, edge_then; /* luma steps across the outline, in the picture and the background */
};

static int step(const uint8_t *px, int stride, const struct its_run *r, int x, int w)
{
    int in = x + 1 < w ? x + 1 : w - 1, out = x > 1 ? x - 2 : 0;
    return abs(px[(size_t)r->y * stride + in] - px[(size_t)r->y * stride + out]);
}

static struct extent measure(const struct its_blobs *b, int first, const struct its_background *bg,
                             const uint8_t *px, const uint8_t *before)
{
    struct extent e = {.all = {b->w, b->h, 0, 0}};
    for (int i = first; i >= 0; i = b->run[i].next) {
        const struct its_run *r = &b->run[i];
        e.all.x0 = ITS_MIN(e.all.x0, r->x0);
        e.all.x1 = ITS_MAX(e.all.x1, r->x1);
        e.all.y0 = ITS_MIN(e.all.y0, r->y);
        e.all.y1 = ITS_MAX(e.all.y1, r->y + 1);
        e.area += r->x1 - r->x0;
        size_t at = (size_t)r->y * bg->stride;
        for (int x = r->x0; x < r->x1; x++)
            e.changed += abs(px[at + x] - before[at + x]) > CHANGE_MIN;
        e.edge_now += step(px, bg->stride, r, r->x0, b->w) + step(px, bg->stride, r, r->x1, b->w);
        e.edge_then += step(bg->value[0], bg->stride, r, r->x0, b->w) +
                       step(bg->value[0], bg->stride, r, r->x1, b->w);
    }
    return e;
}

/* Narrows lo..hi to where the profile reaches a share of its largest value. */
static void trim(const int *profile, int *lo, int *hi)
{
    int most = 0;
    for (int i = *lo; i < *hi; i++)
        most = ITS_MAX(most, profile[i]);
    int need = ITS_MAX(1, most / 5);
    while (*lo < *hi - 1 && profile[*lo] < need)
        ++*lo;
    while (*hi > *lo + 1 && profile[*hi - 1] < need)
        --*hi;
}

static void profile(struct its_blobs *b, int first, const struct its_background *bg,
                    struct its_rect r, int solid)
{
    memset(b->column + r.x0, 0, (size_t)(r.x1 - r.x0) * sizeof *b->column);
    memset(b->line + r.y0, 0, (size_t)(r.y1 - r.y0) * sizeof *b->line);
    for (int i = first; i >= 0; i = b->run[i].next) {
        const struct its_run *run = &b->run[i];
        if (run->y < r.y0 || run->y >= r.y1)
            continue;
        const uint8_t *row = bg->mask + (ptrdiff_t)run->y * bg->mask_stride;
        for (int x = ITS_MAX(run->x0, r.x0); x < ITS_MIN(run->x1, r.x1); x++) {
            int v = row[x] >> solid;
            b->column[x] += v & 1;
            b->line[run->y] += v & 1;
        }
    }
}

void its_blobs_profile(struct its_blobs *b, const struct its_blob *blob,
                       const struct its_background *bg)
{
    profile(b, blob->first_run, bg, blob->box, 0);
}

static int sum(const int *profile, int lo, int hi)
{
    int n = 0;
    for (int i = lo; i < hi; i++)
        n += profile[i];
    return n;
}

/* Area, solid area and box of the part of the blob that lies in r. */
void its_blobs_clip(struct its_blobs *b, struct its_blob *blob, const struct its_background *bg,
                    struct its_rect r)
{
    profile(b, blob->first_run, bg, r, 1);
    blob->solid = sum(b->line, r.y0, r.y1);
    int x0 = r.x0, x1 = r.x1, y0 = r.y0, y1 = r.y1;
    trim(b->column, &x0, &x1);
    trim(b->line, &y0, &y1);
    profile(b, blob->first_run, bg, r, 0);
    blob->area = sum(b->line, r.y0, r.y1);
    if (blob->solid * 5 < blob->area) {
        x0 = r.x0, x1 = r.x1, y0 = r.y0, y1 = r.y1;
        trim(b->column, &x0, &x1);
        trim(b->line, &y0, &y1);
    }
    blob->box = (struct its_rect){x0, y0, x1, y1};
}

void its_blobs_find(struct its_blobs *b, const struct its_background *bg, const uint8_t *px,
                    const uint8_t *before, int min_area)
{
    find_runs(b, bg);
    join_rows(b);
    b->count = 0;
    for (int i = 0; i < b->run_count && b->count < ITS_BLOBS_MAX; i++) {
        if (b->run[i].parent != i)
            continue;
        struct extent e = measure(b, i, bg, px, before);
        if (e.area < min_area)
            continue;
        struct its_blob *blob = &b->item[b->count++];
        *blob = (struct its_blob){.first_run = i, .changed = e.changed};
        blob->ghost = e.edge_then > e.edge_now + e.edge_now / 2;
        its_blobs_clip(b, blob, bg, e.all);
    }
}

void its_blobs_hold(const struct its_blobs *b, const struct its_blob *blob,
                    struct its_background *bg, int margin)
{
    for (int i = blob->first_run; i >= 0; i = b->run[i].next) {
        const struct its_run *r = &b->run[i];
        int x0 = ITS_MAX(0, r->x0 - margin), x1 = ITS_MIN(bg->w, r->x1 + margin);
        int y0 = ITS_MAX(0, r->y - margin), y1 = ITS_MIN(bg->h - 1, r->y + margin);
        for (int y = y0; y <= y1; y++)
            memset(bg->hold + (size_t)y * bg->stride + x0, ITS_HOLD_SLOW, (size_t)(x1 - x0));
    }
}

void its_blobs_accept(const struct its_blobs *b, const struct its_blob *blob,
                      struct its_background *bg, const uint8_t *px)
{
    for (int i = blob->first_run; i >= 0; i = b->run[i].next)
        its_background_accept(bg, b->run[i].x0, b->run[i].x1, b->run[i].y, px);
}
