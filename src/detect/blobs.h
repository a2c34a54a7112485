/* Connected regions of the motion mask. One thread; memory is sized once and kept. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "detect/background.h"

/* Regions beyond this many are left out, the smallest first to go as rows run down. */
#define ITS_BLOBS_MAX 1024

/* Working pixels; x1 and y1 lie just outside. */
struct its_rect {
    int x0, y0, x1, y1;
};

struct its_blob {
    struct its_rect box; /* of the solid part if there is one, else of all */
    int area, solid;     /* pixels */
    int changed;         /* pixels that differ from a moment ago */
    int first_run;       /* list of its runs; only what lies in box belongs to the blob */
    int hint;            /* 1 + index of the hint it answers to; 0: none (hints.h) */
    bool ghost;          /* its outline is an edge of the background, not of the picture */
};

/* A stretch of one row. */
struct its_run {
    int16_t x0, x1, y; /* x1 just outside */
    int parent;        /* union-find; itself for a root */
    int next;          /* next run of the same blob, -1 at the end */
    int tail;          /* of a root: the last run of the list */
};

struct its_blobs {
    int count;
    struct its_blob item[ITS_BLOBS_MAX];
    int run_count, run_max;
    struct its_run *run;
    int *row_first;     /* h + 1: index of each row's first run */
    int *column, *line; /* scratch: profiles, w and h long */
    int w, h;
};

int its_blobs_init(struct its_blobs *, int w, int h);
void its_blobs_fini(struct its_blobs *);

/* Finds the blobs of at least min_area pixels of the background's mask. px is the picture that the
 * mask was made from, before the picture a moment ago. */
void its_blobs_find(struct its_blobs *, const struct its_background *, const uint8_t *px,
                    const uint8_t *before, int min_area);

/* Fills column[] and line[] over the blob's box: moving pixels of the blob by column and row. */
void its_blobs_profile(struct its_blobs *, const struct its_blob *, const struct its_background *);

/* Restricts a blob to a part of its box and measures it anew. */
void its_blobs_clip(struct its_blobs *, struct its_blob *, const struct its_background *,
                    struct its_rect part);

/* Holds the background at the blob's pixels and up to margin pixels round them. */
void its_blobs_hold(const struct its_blobs *, const struct its_blob *, struct its_background *,
                    int margin);

/* Accepts the blob's pixels as background. */
void its_blobs_accept(const struct its_blobs *, const struct its_blob *, struct its_background *,
                      const uint8_t *px);
