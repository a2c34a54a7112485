/* From a network's output to boxes: one picture of 640 x 640, 8400 anchors, 80 classes, 40 road
 * users in it. `rows` is the exported output, `maps` the raw logits in planes or in blocks of 16
 * channels; then suppression alone, with as many candidates as there can be. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "detect/nms.h"

enum { CLASSES = 80, ANCHORS = 8400, RUNS = 201, ROAD_USERS = 40, LEVELS = 3 };

static uint32_t rng = 1; /* fixed */

static float uniform(float lo, float hi)
{
    rng = rng * 1664525 + 1013904223;
    return lo + (hi - lo) * (float)(rng >> 8) / (float)(1 << 24);
}

static const int road_users[] = {0, 1, 2, 3, 5, 7};

struct bench {
    struct its_output rows;
    struct its_head_level planes[LEVELS], blocks[LEVELS];
    struct its_head_want want;
    struct its_nms nms;
    struct its_candidates candidates;
};

static struct its_head_map make_map(int channels, int cells, int block)
{
    float *data = its_calloc((size_t)channels * (size_t)cells, sizeof(*data));
    for (int i = 0; i < channels * cells; i++)
        data[i] = uniform(-12, -4);
    return (struct its_head_map){data, (int64_t)channels * cells, (int64_t)block * cells, block,
                                 block};
}

static void make_levels(struct its_head_level *levels, int block)
{
    for (int i = 0; i < LEVELS; i++) {
        int stride = 8 << i, side = 640 / stride;
        levels[i] = (struct its_head_level){stride, side, side, make_map(64, side * side, block),
                                            make_map(CLASSES, side * side, block)};
        for (int n = 0; n < (i == 0 ? ROAD_USERS : 0); n++) {
            int cell = (int)uniform(0, (float)(side * side)), c = road_users[n % 6];
            const struct its_head_map *m = &levels[i].score;
            ((float *)m->data)[c / block * m->block_stride + cell * m->pixel_stride + c % block] =
                2;
        }
    }
}

static void make_rows(struct bench *b)
{
    float *data = its_calloc((4 + CLASSES) * ANCHORS, sizeof(*data));
    for (int i = 0; i < 4 * ANCHORS; i++)
        data[i] = uniform(10, 600);
    for (int i = 4 * ANCHORS; i < (4 + CLASSES) * ANCHORS; i++)
        data[i] = uniform(0, 0.01f);
    for (int n = 0; n < ROAD_USERS; n++)
        data[(4 + road_users[n % 6]) * ANCHORS + (int)uniform(0, ANCHORS)] = 0.8f;
    b->rows = (struct its_output){"output0", 3, {1, 4 + CLASSES, ANCHORS}, data};
}

static void crowd(struct bench *b)
{
    its_candidates_clear(&b->candidates);
    for (int i = 0; i < b->candidates.room; i++) {
        struct its_candidate one = {{uniform(0, 600), uniform(0, 600), uniform(10, 60), 40},
                                    uniform(0, 1),
                                    road_users[i % 6],
                                    i};
        its_candidates_add(&b->candidates, &one);
    }
}

static void from_rows(struct bench *b)
{
    its_head_read_yolo(&b->rows, 0, &b->want, &b->candidates);
}

static void from_planes(struct bench *b)
{
    its_head_read_maps(b->planes, LEVELS, 0, &b->want, &b->candidates);
}

static void from_blocks(struct bench *b)
{
    its_head_read_maps(b->blocks, LEVELS, 0, &b->want, &b->candidates);
}

static void suppress(struct bench *b)
{
    its_nms_run(&b->nms, &b->candidates, 300);
}

static int by_size(const void *a, const void *b)
{
    double d = *(const double *)a - *(const double *)b;
    return (d > 0) - (d < 0);
}

static void time_it(struct bench *b, const char *name, void (*step)(struct bench *), bool crowded)
{
    double us[RUNS];
    int found = 0;
    for (int i = 0; i < RUNS; i++) {
        its_candidates_clear(&b->candidates);
        if (crowded)
            crowd(b);
        int64_t start_us = its_mono_us();
        step(b);
        us[i] = (double)(its_mono_us() - start_us);
        found = b->candidates.count;
    }
    qsort(us, RUNS, sizeof(*us), by_size);
    printf("%-26s median %7.0f us  p95 %7.0f us  (%d boxes)\n", name, us[RUNS / 2],
           us[RUNS * 95 / 100], found);
}

int main(void)
{
    static struct bench b;
    make_rows(&b);
    make_levels(b.planes, 1);
    make_levels(b.blocks, 16);
    its_nms_set_all(&b.nms, 0.45f);
    if (its_candidates_init(&b.candidates, 1000) < 0)
        return 1;
    for (int all = 0; all <= 1; all++) {
        b.want.count = 0;
        for (unsigned i = 0; !all && i < ITS_ARRAY_LEN(road_users); i++)
            its_head_want_add(&b.want, road_users[i], 0.25f);
        if (all)
            its_head_want_all(&b.want, CLASSES, 0.25f);
        time_it(&b, all ? "rows, 80 classes" : "rows, road users", from_rows, false);
        time_it(&b, all ? "planes, 80 classes" : "planes, road users", from_planes, false);
        time_it(&b, all ? "blocks, 80 classes" : "blocks, road users", from_blocks, false);
    }
    time_it(&b, "suppression of 1000", suppress, true);
    return 0;
}
