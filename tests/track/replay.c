#include "tests/track/replay.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"
#include "tests/track/degrade.h"

#define KITTI_SEQUENCES 21
#define KITTI_FPS       10

void its_replay_ours(const void *arg, const struct its_boxes *seen, double fps,
                     struct its_boxes *said)
{
    struct its_tracker *tracker = its_tracker_create(arg, 1);
    static _Thread_local struct its_detections detections;
    static _Thread_local struct its_tracks tracks;
    for (int f = 0; f < seen->frames; f++) {
        its_boxes_detections(seen, f, &detections);
        its_tracker_update(tracker, (int64_t)(f * 1e6 / fps), &detections, &tracks);
        for (int i = 0; i < tracks.count; i++) {
            const struct its_track *t = &tracks.item[i];
            if (t->confirmed && !t->predicted)
                its_boxes_add(said, &(struct its_boxes_item){f, (int64_t)t->id, t->box, t->score,
                                                             t->cls});
        }
    }
    its_tracker_destroy(&tracker);
}

static void judge(const struct its_boxes *truth, const struct its_boxes *seen, double fps,
                  its_replay_fn *track, const void *arg, struct its_replay_result *out)
{
    struct its_boxes said = {0};
    int64_t begin = its_thread_cpu_us();
    track(arg, seen, fps, &said);
    out->spent_us += its_thread_cpu_us() - begin;
    its_eval_add(&out->eval, truth, &said);
    out->frames += truth->frames;
    out->boxes += truth->count;
    out->sequences++;
    its_boxes_fini(&said);
}

void its_replay_kitti(const char *testdata, uint64_t seed, its_replay_fn *track, const void *arg,
                      struct its_replay_result *out)
{
    *out = (struct its_replay_result){0};
    for (int i = 0; i < KITTI_SEQUENCES; i++) {
        char path[4096];
        struct its_boxes truth = {0}, seen = {0};
        snprintf(path, sizeof(path), "%s/tracking/kitti/label_02/%04d.txt", testdata, i);
        if (its_boxes_read_kitti(path, &truth) == 0) {
            its_degrade(&truth, seed + (uint64_t)i, &seen);
            judge(&truth, &seen, KITTI_FPS, track, arg, out);
        }
        its_boxes_fini(&truth);
        its_boxes_fini(&seen);
    }
}

static double read_fps(const char *folder)
{
    char path[4096], text[256];
    double fps = 0;
    snprintf(path, sizeof(path), "%s/seqinfo.ini", folder);
    FILE *f = fopen(path, "re");
    while (f && fgets(text, sizeof(text), f))
        sscanf(text, "frameRate=%lf", &fps);
    if (f)
        fclose(f);
    return fps;
}

/* The benchmark does not judge boxes marked 0. */
static void keep_marked(struct its_boxes *truth)
{
    int kept = 0;
    for (int i = 0; i < truth->count; i++)
        if (truth->item[i].score != 0)
            truth->item[kept++] = truth->item[i];
    truth->count = kept;
}

void its_replay_mot15(const char *testdata, its_replay_fn *track, const void *arg,
                      struct its_replay_result *out)
{
    static const char *const names[] = {"ADL-Rundle-6", "ETH-Bahnhof",  "ETH-Pedcross2",
                                        "ETH-Sunnyday", "KITTI-13",     "PETS09-S2L1",
                                        "TUD-Campus"};
    *out = (struct its_replay_result){0};
    for (size_t i = 0; i < ITS_ARRAY_LEN(names); i++) {
        char folder[2048], path[4096];
        struct its_boxes truth = {0}, seen = {0};
        snprintf(folder, sizeof(folder), "%s/tracking/mot15/%s", testdata, names[i]);
        double fps = read_fps(folder);
        snprintf(path, sizeof(path), "%s/gt/gt.txt", folder);
        int rc = its_boxes_read_mot(path, false, &truth);
        snprintf(path, sizeof(path), "%s/det/det.txt", folder);
        if (rc == 0 && fps > 0 && its_boxes_read_mot(path, false, &seen) == 0) {
            keep_marked(&truth);
            judge(&truth, &seen, fps, track, arg, out);
        }
        its_boxes_fini(&truth);
        its_boxes_fini(&seen);
    }
}
