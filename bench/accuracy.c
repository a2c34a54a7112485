/* How good a network's detections are: COCO's measure over a folder of pictures with YOLO labels.
 *
 * Pictures take our own road (libavcodec, letterbox kernel, engine, head, suppression); or the
 * network's outputs come from files that another engine wrote, and only what follows is ours.
 *
 * usage: accuracy --pictures DIR --labels DIR (--model FILE | --tensors DIR --size S) [flags] */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/film.h"
#include "base/clock.h"
#include "base/mem.h"
#include "camera/averror.h"
#include "cli/flags.h"
#include "detect/head.h"
#include "detect/nms.h"
#include "tensor/letterbox.h"
#include "tests/detect/coco_eval.h"

#define CLASSES 80
#define KEPT    300 /* detections of a picture, before COCO takes 100 of a class */

struct settings {
    const char *pictures, *labels, *tensors;
    int size, first, count;
    float conf, iou, kin_iou, show;
    bool single, road_users;
};

static const struct its_flag flags[] = {
    {{"pictures", ITS_OPT_STRING, offsetof(struct settings, pictures), .min = 1}, "DIR"},
    {{"labels", ITS_OPT_STRING, offsetof(struct settings, labels), .min = 1}, "DIR"},
    {{"tensors", ITS_OPT_STRING, offsetof(struct settings, tensors), .min = 1}, "DIR"},
    {{"size", ITS_OPT_INT, offsetof(struct settings, size), .min = 32, .max = 4096}, "PX"},
    {{"count", ITS_OPT_INT, offsetof(struct settings, count), .min = 1, .max = 1e6}, "N"},
    {{"conf", ITS_OPT_FLOAT, offsetof(struct settings, conf), .min = 0, .max = 1}, "SCORE"},
    {{"iou", ITS_OPT_FLOAT, offsetof(struct settings, iou), .min = 0, .max = 1}, "IOU"},
    {{"kin-iou", ITS_OPT_FLOAT, offsetof(struct settings, kin_iou), .min = 0, .max = 1}, "IOU"},
    {{"show", ITS_OPT_FLOAT, offsetof(struct settings, show), .min = 0, .max = 1}, "SCORE"},
    {{"single", ITS_OPT_BOOL, offsetof(struct settings, single)}},
    {{"road-users", ITS_OPT_BOOL, offsetof(struct settings, road_users)}},
};

struct run {
    const struct settings *set;
    struct its_head_want want;
    struct its_nms nms;
    struct its_candidates candidates;
    struct its_coco_items truth, found;
};

static const int road_users[] = {0, 1, 2, 3, 5, 7};

static bool is_wanted(const struct run *r, int class_id)
{
    for (int i = 0; i < r->want.count; i++)
        if (r->want.id[i] == class_id)
            return true;
    return false;
}

static void keep(struct run *r, int image, const struct its_letterbox *box)
{
    its_nms_run(&r->nms, &r->candidates, KEPT);
    for (int i = 0; i < r->candidates.count; i++) {
        const struct its_candidate *c = &r->candidates.item[i];
        struct its_box b = its_letterbox_box_to_display(box, c->box);
        float x = ITS_MAX(b.x, 0), y = ITS_MAX(b.y, 0);
        b.w = ITS_MIN(b.x + b.w, (float)box->display_w) - x;
        b.h = ITS_MIN(b.y + b.h, (float)box->display_h) - y;
        b.x = x;
        b.y = y;
        its_coco_add(&r->found, &(struct its_coco_item){c->class_id, image, c->score, b});
    }
}

static void tensor_image(struct run *r, const char *name, int image, struct its_frame *f)
{
    int s = r->set->size;
    int64_t anchors = (int64_t)s * s / 64 + (int64_t)s * s / 256 + (int64_t)s * s / 1024;
    size_t n = (size_t)((4 + CLASSES) * anchors);
    float *data = its_calloc(n, sizeof(*data));
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s.f32", r->set->tensors, name);
    FILE *file = fopen(path, "rb");
    if (!file || fread(data, sizeof(*data), n, file) != n) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(1);
    }
    fclose(file);
    struct its_input in;
    its_input_yolo11(&in, s, s);
    struct its_letterbox box;
    its_letterbox_fit(&box, f->display_w, f->display_h, &in);
    its_candidates_clear(&r->candidates);
    its_head_read_yolo(&(struct its_output){"output0", 3, {1, 4 + CLASSES, anchors}, data}, 0,
                       &r->want, &r->candidates);
    keep(r, image, &box);
    free(data);
}

static void image(struct run *r, const char *file, int index)
{
    char path[4096], name[256];
    struct its_error err;
    snprintf(name, sizeof(name), "%.*s", (int)(strlen(file) - 4), file);
    snprintf(path, sizeof(path), "%s/%s", r->set->pictures, file);
    struct its_film *film;
    struct its_frame *frame;
    int rc = its_film_open(path, NULL, &film, &err);
    if (rc == 0)
        rc = its_film_next(film, &frame, &err);
    if (rc < 0) {
        fprintf(stderr, "%s: %s\n", path, err.text);
        exit(1);
    }
    snprintf(path, sizeof(path), "%s/%s.txt", r->set->labels, name);
    struct its_coco_items all = {0};
    its_coco_read_labels(path, index, frame->display_w, frame->display_h, &all);
    for (int i = 0; i < all.count; i++)
        if (is_wanted(r, all.item[i].class_id))
            its_coco_add(&r->truth, &all.item[i]);
    its_coco_fini(&all);
    tensor_image(r, name, index, frame);
    its_frame_unref(&frame);
    its_film_close(&film);
}

static int is_jpeg(const struct dirent *d)
{
    return strstr(d->d_name, ".jpg") != NULL;
}

int main(int argc, char **argv)
{
    its_av_log_adopt();
    struct settings set = {
        .conf = 0.001f, .iou = 0.7f, .kin_iou = 1, .show = 0.25f, .size = 640, .count = 1000000};
    struct its_flag_set sets[] = {{flags, ITS_ARRAY_LEN(flags), 0}};
    struct its_arena *arena = its_arena_create(0);
    struct its_operands operands;
    struct its_error err;
    if (its_flags_parse(sets, 1, argc - 1, (const char *const *)argv + 1, &set, &operands, arena,
                        &err) != 0) {
        fprintf(stderr, "accuracy: %s\n", err.text);
        return 2;
    }
    struct run r = {.set = &set};
    r.want.every = !set.single;
    if (set.road_users)
        for (unsigned i = 0; i < ITS_ARRAY_LEN(road_users); i++)
            its_head_want_add(&r.want, road_users[i], set.conf);
    else
        its_head_want_all(&r.want, CLASSES, set.conf);
    its_nms_set_all(&r.nms, set.iou);
    r.nms.kin_iou = set.kin_iou;
    r.nms.kin[2] = r.nms.kin[5] = r.nms.kin[7] = 1;
    if (its_candidates_init(&r.candidates, 30000) < 0)
        return 1;
    struct dirent **list;
    int n = scandir(set.pictures, &list, is_jpeg, alphasort);
    for (int i = 0; i < n && i < set.count; i++)
        image(&r, list[i]->d_name, i);
    struct its_coco_scores s = its_coco_evaluate(&r.truth, &r.found);
    printf("pictures %d truths %d classes %d mAP50-95 %.4f mAP50 %.4f\n", n, r.truth.count,
           s.classes, s.map, s.ap[0]);
    struct its_coco_counts c = its_coco_count(&r.truth, &r.found, 0.5f, set.show);
    double p = (double)c.right / (c.right + c.wrong), q = (double)c.right / (c.right + c.missed);
    printf("score >= %.2f: right %d wrong %d missed %d precision %.3f recall %.3f F1 %.3f\n",
           set.show, c.right, c.wrong, c.missed, p, q, 2 * p * q / (p + q));
    return 0;
}
