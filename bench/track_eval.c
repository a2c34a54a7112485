/* How good and how fast the tracker is: one table on KITTI (detections made up from the truth, see
 * tests/track/degrade.h) and MOT15 (real detections), against itself without the second round and
 * against the simplest thing that could work; then the time of an update by number of objects.
 *
 * usage: track_eval [TESTDATA] (default: $ITS_TESTDATA; without data only the times are printed) */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/mem.h"
#include "tests/track/replay.h"

#define SEED 1

/* --- the simplest thing: no motion, the best overlap first, gone after half a second */

#define GREEDY_SCORE 0.4f
#define GREEDY_IOU   0.3f
#define GREEDY_LOST  0.5 /* s */
#define GREEDY_HITS  3

struct greedy {
    int64_t id;
    struct its_box box;
    int hits, seen; /* frame */
    bool taken;
};

static struct greedy *best_for(struct greedy *list, int n, struct its_box box)
{
    struct greedy *best = NULL;
    float most = GREEDY_IOU;
    for (int i = 0; i < n; i++) {
        float iou = its_box_iou(list[i].box, box);
        if (!list[i].taken && iou > most) {
            most = iou;
            best = &list[i];
        }
    }
    return best;
}

static int forget(struct greedy *list, int n, int frame, double fps)
{
    int kept = 0;
    for (int i = 0; i < n; i++) {
        list[i].taken = false;
        if (frame - list[i].seen <= GREEDY_LOST * fps)
            list[kept++] = list[i];
    }
    return kept;
}

static void greedy(const void *arg, const struct its_boxes *seen, double fps,
                   struct its_boxes *said)
{
    struct greedy *list = its_calloc((size_t)seen->count + 1, sizeof(*list));
    int n = 0;
    int64_t id = 0;
    for (int i = 0, frame = 0; i < seen->count; i++) {
        const struct its_boxes_item *d = &seen->item[i];
        if (d->frame != frame) {
            frame = d->frame;
            n = forget(list, n, frame, fps);
        }
        if (d->score < GREEDY_SCORE)
            continue;
        struct greedy *g = best_for(list, n, d->box);
        if (!g) {
            g = &list[n++];
            *g = (struct greedy){.id = ++id};
        }
        g->box = d->box;
        g->seen = frame;
        g->taken = true;
        if (++g->hits >= GREEDY_HITS)
            its_boxes_add(said, &(struct its_boxes_item){frame, g->id, d->box, d->score, d->cls});
    }
    free(list);
}

/* --- accuracy */

static void row(const char *set, const char *name, const struct its_replay_result *r)
{
    struct its_eval_scores s = its_eval_scores(&r->eval);
    printf("%-8s %-14s %6.2f %6.2f %6.2f %6.2f %6.2f %6lld %7lld %7lld %9.0f\n", set, name,
           100 * s.hota, 100 * s.deta, 100 * s.assa, 100 * s.mota, 100 * s.idf1,
           (long long)r->eval.switches, (long long)r->eval.fp, (long long)r->eval.fn,
           1e6 * (double)r->frames / (double)ITS_MAX(r->spent_us, 1));
}

/* ByteTrack's own thresholds and noise at 30 fps, as far as our settings can say them: no second try
 * by distance, no parts, no duplicates, a track from its second sight on. */
static void as_published(struct its_tracker_settings *s)
{
    its_tracker_defaults(s);
    s->high_score = 0.6f;
    s->new_score = 0.7f;
    s->duplicate = 1.1f;
    s->whole = false;
    s->overlap = 0.2f;
    s->overlap_low = 0.5f;
    s->reach_sizes = 0;
    s->measure_noise = 1.0f / 20;
    s->drift = 1.0f / 20 * sqrtf(30);
    s->accel = 1.0f / 160 * 30 * sqrtf(30);
    s->speed = 10.0f / 160 * 30;
    s->confirm_hits = 2;
    s->confirm_us = 0;
    s->tentative_lost_us = 0;
    s->lost_us = 1000000;
}

static void compare(const char *testdata)
{
    struct its_tracker_settings ours, one_round, paper;
    struct its_replay_result r;
    its_tracker_defaults(&ours);
    one_round = ours;
    one_round.second_round = false;
    as_published(&paper);
    const struct {
        const char *name;
        its_replay_fn *track;
        const void *arg;
    } trackers[] = {{"ours", its_replay_ours, &ours},
                    {"one round", its_replay_ours, &one_round},
                    {"as published", its_replay_ours, &paper},
                    {"greedy overlap", greedy, NULL}};

    printf("%-8s %-14s %6s %6s %6s %6s %6s %6s %7s %7s %9s\n", "data", "tracker", "HOTA", "DetA",
           "AssA", "MOTA", "IDF1", "IDSW", "FP", "FN", "frames/s");
    for (size_t i = 0; i < ITS_ARRAY_LEN(trackers); i++) {
        its_replay_kitti(testdata, SEED, trackers[i].track, trackers[i].arg, &r);
        row("kitti*", trackers[i].name, &r);
    }
    for (size_t i = 0; i < ITS_ARRAY_LEN(trackers); i++) {
        its_replay_mot15(testdata, trackers[i].track, trackers[i].arg, &r);
        row("mot15", trackers[i].name, &r);
    }
    printf("* label_02 vehicles, detections degraded with seed %d\n", SEED);
}

/* --- time */

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* n objects that drive about a 1920 × 1080 picture, a tenth of them missed in each frame. */
static void fill(struct its_detections *seen, int n, int frame)
{
    seen->count = 0;
    for (int i = 0; i < n; i++) {
        float speed = (float)(20 + i * 37 % 100), phase = (float)(i * 211 % 1900);
        if ((i * 7 + frame * 3) % 10 == 0)
            continue;
        seen->item[seen->count++] = (struct its_detection){
            .box = {fmodf(phase + speed * (float)frame / 30, 1900), (float)(i * 131 % 1000), 70, 45},
            .score = (float)(3 + (i + frame) % 7) / 10,
            .cls = ITS_CLASS_CAR,
        };
    }
}

static void time_updates(int n)
{
    enum { FRAMES = 2000 };
    static struct its_detections seen;
    static struct its_tracks out;
    static int64_t spent[FRAMES];
    struct its_tracker_settings s;
    its_tracker_defaults(&s);
    struct its_tracker *t = its_tracker_create(&s, 1);
    for (int f = 0; f < FRAMES; f++) {
        fill(&seen, n, f);
        int64_t begin = its_mono_us();
        its_tracker_update(t, (int64_t)f * 1000000 / 30, &seen, &out);
        spent[f] = its_mono_us() - begin;
    }
    qsort(spent, FRAMES, sizeof(spent[0]), by_value);
    printf("update_%d_objects median %lld p95 %lld us\n", n, (long long)spent[FRAMES / 2],
           (long long)spent[FRAMES * 95 / 100]);
    its_tracker_destroy(&t);
}

int main(int argc, char **argv)
{
    const char *testdata = argc > 1 ? argv[1] : getenv("ITS_TESTDATA");
    if (testdata && *testdata)
        compare(testdata);
    else
        printf("no test data: accuracy is not measured\n");
    static const int counts[] = {10, 50, 100, 300};
    for (size_t i = 0; i < ITS_ARRAY_LEN(counts); i++)
        time_updates(counts[i]);
    return 0;
}
