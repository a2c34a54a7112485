/* How good a network's detections are: COCO's measure over a folder of pictures with YOLO labels.
 *
 * Pictures take our own road (libavcodec, letterbox kernel, engine, head, suppression); or with
 * --tensors the network's outputs come from files that another engine wrote, one for each picture,
 * and only what follows is ours. The two answers tell what engine and picture path cost.
 *
 * usage: accuracy --pictures DIR --labels DIR (--model FILE | --tensors DIR --size S) [flags] */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/film.h"
#include "app/model_flags.h"
#include "app/model_text.h"
#include "base/clock.h"
#include "base/mem.h"
#include "camera/averror.h"
#include "detect/head.h"
#include "detect/net_detector.h"
#include "detect/nms.h"
#include "tensor/letterbox.h"
#include "tests/detect/coco_eval.h"

#define CLASSES      80
#define CANDIDATES   30000
#define FOUND_BY_ALL 300 /* detections of a picture, before COCO takes 100 of a class */

struct settings {
    const char *pictures, *labels, *model, *tensors;
    int first, count;
    float conf, iou, kin_iou, show;
    bool single, road_users, json;
    struct its_model_flags network;
};

#define DIRECTORY(name)                                                                            \
    {                                                                                              \
        {#name, ITS_OPT_STRING, offsetof(struct settings, name), .min = 1}, "DIR"                  \
    }
#define PART(text, name)                                                                           \
    {                                                                                              \
        {text, ITS_OPT_FLOAT, offsetof(struct settings, name), .min = 0, .max = 1}, "PART"         \
    }

static const struct its_flag flags[] = {
    DIRECTORY(pictures),
    DIRECTORY(labels),
    DIRECTORY(tensors),
    {{"model", ITS_OPT_STRING, offsetof(struct settings, model), .min = 1}, "FILE"},
    {{"first", ITS_OPT_INT, offsetof(struct settings, first), .min = 0, .max = 1e6}, "N"},
    {{"count", ITS_OPT_INT, offsetof(struct settings, count), .min = 1, .max = 1e6}, "N"},
    PART("conf", conf),
    PART("iou", iou),
    PART("kin-iou", kin_iou), /* of car, bus and lorry; 1: they are no kin */
    PART("show", show),       /* counts are of detections of at least this score */
    {{"single", ITS_OPT_BOOL, offsetof(struct settings, single)}}, /* one class for an anchor */
    {{"road-users", ITS_OPT_BOOL, offsetof(struct settings, road_users)}},
    {{"json", ITS_OPT_BOOL, offsetof(struct settings, json)}},
};

static const int road_users[] = {0, 1, 2, 3, 5, 7}; /* of COCO's 80 */

struct run {
    const struct settings *set;
    struct its_coco_items truth, found;
    int pictures;
    int64_t prepare_us, infer_us, post_us;

    struct its_model *model;
    struct its_net_detector *detector;

    /* --- from tensors */
    int size;
    struct its_head_want want;
    struct its_nms nms;
    struct its_candidates candidates;
};

static void die(const char *what, const char *why)
{
    fprintf(stderr, "accuracy: %s%s%s\n", what, why ? ": " : "", why ? why : "");
    exit(1);
}

static bool is_wanted(const struct run *r, int class_id)
{
    for (unsigned i = 0; r->set->road_users && i < ITS_ARRAY_LEN(road_users); i++)
        if (road_users[i] == class_id)
            return true;
    return !r->set->road_users;
}

/* --- the two roads to candidates in displayed pixels */

static void by_network(struct run *r, int image, const struct its_frame *f)
{
    struct its_detections found;
    struct its_stamps now = {.arrived_us = its_mono_us()}, *stamps = &now;
    int rc = its_net_detector_frames(r->detector, &f, 1, &found, &stamps);
    if (rc < 0)
        die("the network failed", its_strerror(rc));
    r->prepare_us += its_stamps_spent_us(&now, ITS_STAGE_PREPARE);
    r->infer_us += its_stamps_spent_us(&now, ITS_STAGE_INFER);
    r->post_us += its_stamps_spent_us(&now, ITS_STAGE_POST);
    const struct its_candidates *c = its_net_detector_candidates(r->detector);
    for (int i = 0; i < c->count; i++)
        if (is_wanted(r, c->item[i].class_id))
            its_coco_add(&r->found, &(struct its_coco_item){c->item[i].class_id, image,
                                                            c->item[i].score, c->item[i].box});
}

static struct its_box clip(struct its_box b, const struct its_frame *f)
{
    float right = ITS_MIN(b.x + b.w, (float)f->display_w);
    float bottom = ITS_MIN(b.y + b.h, (float)f->display_h);
    float x = ITS_MAX(b.x, 0), y = ITS_MAX(b.y, 0);
    return (struct its_box){x, y, right - x, bottom - y};
}

static void by_tensor(struct run *r, int image, const char *name, const struct its_frame *f)
{
    struct its_error err;
    char path[4096];
    float *data;
    size_t count;
    snprintf(path, sizeof(path), "%s/%s.f32", r->set->tensors, name);
    if (its_floats_read(path, &data, &count, &err) < 0)
        die(err.text, NULL);
    struct its_output o = {"output0", 3, {1, 4 + CLASSES, (int64_t)count / (4 + CLASSES)}, data};
    if (its_head_check(ITS_HEAD_YOLO, CLASSES, &o, r->size, r->size, &err) < 0)
        die(path, err.text);
    struct its_input in;
    struct its_letterbox box;
    its_input_yolo11(&in, r->size, r->size);
    its_letterbox_fit(&box, f->display_w, f->display_h, &in);
    its_candidates_clear(&r->candidates);
    its_head_read_yolo(&o, 0, &r->want, &r->candidates);
    its_nms_run(&r->nms, &r->candidates, FOUND_BY_ALL);
    for (int i = 0; i < r->candidates.count; i++) {
        const struct its_candidate *c = &r->candidates.item[i];
        struct its_box b = clip(its_letterbox_box_to_display(&box, c->box), f);
        its_coco_add(&r->found, &(struct its_coco_item){c->class_id, image, c->score, b});
    }
    free(data);
}

/* --- picture by picture */

static struct its_frame *read_picture(const char *path)
{
    struct its_error err = {0};
    struct its_film *film;
    struct its_frame *f = NULL;
    int rc = its_film_open(path, NULL, &film, &err);
    if (rc == 0)
        rc = its_film_next(film, &f, &err);
    if (rc < 0)
        die(path, err.text);
    its_film_close(&film);
    return f;
}

static void add_truth(struct run *r, int image, const char *name, const struct its_frame *f)
{
    char path[4096];
    struct its_coco_items all = {0};
    snprintf(path, sizeof(path), "%s/%s.txt", r->set->labels, name);
    int rc = its_coco_read_labels(path, image, f->display_w, f->display_h, &all);
    if (rc < 0)
        die(path, its_strerror(rc));
    for (int i = 0; i < all.count; i++)
        if (is_wanted(r, all.item[i].class_id))
            its_coco_add(&r->truth, &all.item[i]);
    its_coco_fini(&all);
}

static int is_jpeg(const struct dirent *d)
{
    size_t n = strlen(d->d_name);
    return n > 4 && n < 256 && strcmp(d->d_name + n - 4, ".jpg") == 0;
}

static void look_at_all(struct run *r)
{
    struct dirent **list;
    int n = scandir(r->set->pictures, &list, is_jpeg, alphasort);
    if (n < 0) {
        printf("SKIPPED: no pictures in %s\n", r->set->pictures);
        exit(77);
    }
    for (int i = 0; i < n; free(list[i++])) {
        if (i < r->set->first || i - r->set->first >= r->set->count)
            continue;
        char path[4096], name[256];
        snprintf(path, sizeof(path), "%s/%s", r->set->pictures, list[i]->d_name);
        snprintf(name, sizeof(name), "%.*s", (int)strlen(list[i]->d_name) - 4, list[i]->d_name);
        struct its_frame *f = read_picture(path);
        add_truth(r, i, name, f);
        if (r->detector)
            by_network(r, i, f);
        else
            by_tensor(r, i, name, f);
        its_frame_unref(&f);
        r->pictures++;
    }
    free(list);
}

/* --- before and after */

static void start_network(struct run *r)
{
    struct its_error err;
    struct its_net_detector_settings s;
    its_net_detector_defaults(&s);
    s.score = r->set->conf;
    s.iou = r->set->iou;
    s.kin_iou = r->set->kin_iou;
    s.all_classes = !r->set->road_users;
    s.every_class = !r->set->single;
    s.candidates = CANDIDATES;
    if (its_model_flags_read(&r->set->network, &s.network, &err) < 0 ||
        its_model_open(r->set->model, &r->model, &err) < 0 ||
        its_net_detector_create(r->model, &s, &r->detector, &err) < 0)
        die(err.text, NULL);
}

static void start_tensors(struct run *r)
{
    r->size = r->set->network.size ? atoi(r->set->network.size) : 640;
    r->want.every = !r->set->single;
    for (int c = 0; c < CLASSES; c++)
        if (is_wanted(r, c))
            its_head_want_add(&r->want, c, r->set->conf);
    its_nms_set_all(&r->nms, r->set->iou);
    r->nms.kin_iou = r->set->kin_iou;
    r->nms.kin[2] = r->nms.kin[5] = r->nms.kin[7] = 1;
    if (its_candidates_init(&r->candidates, CANDIDATES) < 0)
        die("no memory", NULL);
}

static void report(struct run *r)
{
    struct its_coco_scores s = its_coco_evaluate(&r->truth, &r->found);
    struct its_coco_counts c = its_coco_count(&r->truth, &r->found, 0.5f, r->set->show);
    double precision = (double)c.right / ITS_MAX(c.right + c.wrong, 1);
    double recall = (double)c.right / ITS_MAX(c.right + c.missed, 1);
    double per_ms = 1e-3 / ITS_MAX(r->pictures, 1);
    double prepare = (double)r->prepare_us * per_ms, infer = (double)r->infer_us * per_ms;
    double post = (double)r->post_us * per_ms;
    if (r->set->json) {
        printf("{\"v\":1,\"pictures\":%d,\"truths\":%d,\"classes\":%d,\"map\":%.4f,\"map50\":%.4f,"
               "\"right\":%d,\"wrong\":%d,\"missed\":%d,\"prepare_ms\":%.3f,\"infer_ms\":%.3f,"
               "\"post_ms\":%.3f}\n",
               r->pictures, r->truth.count, s.classes, s.map, s.ap[0], c.right, c.wrong, c.missed,
               prepare, infer, post);
        return;
    }
    printf("%d pictures, %d truths, %d classes: mAP50-95 %.4f, mAP50 %.4f\n", r->pictures,
           r->truth.count, s.classes, s.map, s.ap[0]);
    printf("score >= %.2f: right %d, wrong %d, missed %d; precision %.3f, recall %.3f\n",
           r->set->show, c.right, c.wrong, c.missed, precision, recall);
    if (r->detector)
        printf("a picture: prepare %.2f ms, infer %.2f ms, post %.2f ms\n", prepare, infer, post);
}

int main(int argc, char **argv)
{
    static const struct its_flag_set sets[] = {
        {flags, ITS_ARRAY_LEN(flags), 0},
        {its_model_flag_rows, ITS_MODEL_FLAG_COUNT, offsetof(struct settings, network)},
    };
    struct settings set = {.conf = 0.001f,
                           .iou = 0.7f,
                           .kin_iou = 1,
                           .show = 0.25f,
                           .count = 1000000,
                           .network = ITS_MODEL_FLAGS_DEFAULT};
    struct its_arena *arena = its_arena_create(0);
    struct its_operands operands;
    struct its_error err = {.text = "see the top of bench/accuracy.c"};
    its_av_log_adopt();
    if (its_flags_parse(sets, ITS_ARRAY_LEN(sets), argc - 1, (const char *const *)argv + 1, &set,
                        &operands, arena, &err) != 0)
        die(err.text, NULL);
    if (!set.pictures || !set.labels || !set.model == !set.tensors)
        die("give --pictures, --labels and one of --model and --tensors", NULL);
    struct run r = {.set = &set};
    (set.model ? start_network : start_tensors)(&r);
    look_at_all(&r);
    report(&r);
    its_net_detector_destroy(&r.detector);
    its_model_close(&r.model);
    its_candidates_fini(&r.candidates);
    its_coco_fini(&r.truth);
    its_coco_fini(&r.found);
    its_arena_destroy(&arena);
    return 0;
}
