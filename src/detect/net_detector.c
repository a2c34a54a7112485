/* A YOLO head is read from its raw maps where the network can give them: decoding 8400 boxes and
 * 80 x 8400 scores to throw nearly all of them away costs more than the rest of this file.
 *
 * Letterboxers plan for a size of picture; cameras of a few sizes take turns here, so a few are
 * kept, the one used longest ago makes room. */
#include "detect/net_detector.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "detect/label.h"
#include "detect/nms.h"
#include "frame/frame.h"
#include "tensor/letterboxer.h"

#define LETTERBOXERS 8
#define BATCH_MAX    32

struct kernel {
    struct its_letterboxer *letterboxer;
    int w, h, rotation;
    enum its_pixels pixels;
    uint64_t used; /* prepares ago: the larger, the newer */
};

struct its_net_detector {
    struct its_network *network;
    enum its_head head;
    int batch;
    struct its_input input;
    const struct its_head_level *levels;
    int level_count; /* 0: the head is read from output 0 */

    struct kernel kernel[LETTERBOXERS];
    uint64_t prepared;
    struct its_letterbox box[BATCH_MAX];

    struct its_head_want want;
    struct its_nms nms;
    int8_t road_user[ITS_HEAD_CLASSES_MAX]; /* enum its_class by class id; -1: none */
    struct its_candidates candidates;
};

void its_net_detector_defaults(struct its_net_detector_settings *s)
{
    *s = (struct its_net_detector_settings){
        .score = 0.25f, .iou = 0.45f, .kin_iou = 0.7f, .candidates = 1000};
    its_network_defaults(&s->network);
}

/* --- making one */

/* Car, bus and lorry; bicycle and motorcycle. */
static uint8_t kin_of(int road_user)
{
    if (road_user == ITS_CLASS_CAR || road_user == ITS_CLASS_BUS || road_user == ITS_CLASS_TRUCK)
        return 1;
    return road_user == ITS_CLASS_BICYCLE || road_user == ITS_CLASS_MOTORCYCLE ? 2 : 0;
}

/* The road user's own limit, where it has one. */
static float limit_of(const float *own, int road_user, float otherwise)
{
    return road_user >= 0 && own[road_user] > 0 ? own[road_user] : otherwise;
}

static void choose_classes(struct its_net_detector *d, const struct its_model_info *info,
                           const struct its_net_detector_settings *s)
{
    its_nms_set_all(&d->nms, s->iou);
    d->nms.kin_iou = s->kin_iou;
    d->want.every = s->every_class;
    for (int c = 0; c < info->classes; c++) {
        int road_user = info->class_names ? its_label_class(info->class_names[c]) : -1;
        d->road_user[c] = (int8_t)road_user;
        d->nms.kin[c] = kin_of(road_user);
        if (road_user >= 0 || s->all_classes)
            its_head_want_add(&d->want, c, limit_of(s->class_score, road_user, s->score));
        d->nms.iou[c] = limit_of(s->class_iou, road_user, s->iou);
    }
}

static int check_model(const struct its_model_info *info, struct its_error *err)
{
    if (info->head == ITS_HEAD_NONE)
        return its_error_set(err, ITS_EUNSUPPORTED,
                             "%s is not a detector we know: expected an export of YOLOv8, YOLO11, "
                             "YOLOX or an NMS-free YOLO",
                             info->path);
    if (info->classes < 1 || info->classes > ITS_HEAD_CLASSES_MAX)
        return its_error_set(err, ITS_EUNSUPPORTED, "%s has %d classes (1 to %d are supported)",
                             info->path, info->classes, ITS_HEAD_CLASSES_MAX);
    return 0;
}

static int make_network(struct its_net_detector *d, const struct its_model *m,
                        const struct its_network_settings *wanted, struct its_error *err)
{
    struct its_network_settings settings = *wanted;
    settings.head_maps = d->head == ITS_HEAD_YOLO;
    int rc = its_network_create(m, &settings, &d->network, err);
    if (rc == 0)
        d->level_count = its_network_head(d->network, &d->levels);
    return rc;
}

static int check_head(const struct its_net_detector *d, const struct its_model_info *info,
                      struct its_error *err)
{
    if (d->level_count > 0)
        return 0;
    if (its_network_output_count(d->network) < 1)
        return its_error_set(err, ITS_EUNSUPPORTED, "%s has no output", info->path);
    struct its_output o = its_network_output(d->network, 0);
    int rc = its_head_check(d->head, info->classes, &o, d->input.w, d->input.h, err);
    return rc < 0 ? its_error_prefix(err, "%s", info->path) : 0;
}

static int build(struct its_net_detector *d, const struct its_model *m,
                 const struct its_net_detector_settings *s, struct its_error *err)
{
    const struct its_model_info *info = its_model_info(m);
    int rc = check_model(info, err);
    if (rc < 0)
        return rc;
    d->head = info->head;
    d->batch = s->network.batch > 0 ? s->network.batch : 1;
    if (d->batch > BATCH_MAX)
        return its_error_set(err, -EINVAL, "a batch of %d (1 to %d)", d->batch, BATCH_MAX);
    (d->head == ITS_HEAD_YOLOX ? its_input_yolox : its_input_yolo11)(
        &d->input, s->network.width ? s->network.width : info->native_w,
        s->network.height ? s->network.height : info->native_h);
    choose_classes(d, info, s);
    if (d->want.count == 0)
        return its_error_set(err, ITS_EUNSUPPORTED,
                             "%s knows no road users (car, person, …) by name", info->path);
    rc = its_candidates_init(&d->candidates, s->candidates);
    if (rc < 0)
        return its_error_set(err, rc, "no memory for %d candidates", s->candidates);
    rc = make_network(d, m, &s->network, err);
    return rc < 0 ? rc : check_head(d, info, err);
}

int its_net_detector_create(const struct its_model *m, const struct its_net_detector_settings *s,
                            struct its_net_detector **out, struct its_error *err)
{
    struct its_net_detector *d = its_malloc(sizeof(*d));
    int rc = build(d, m, s, err);
    if (rc < 0)
        its_net_detector_destroy(&d);
    *out = d;
    return rc;
}

void its_net_detector_destroy(struct its_net_detector **pd)
{
    struct its_net_detector *d = *pd;
    if (!d)
        return;
    *pd = NULL;
    for (int i = 0; i < LETTERBOXERS; i++)
        its_letterboxer_destroy(&d->kernel[i].letterboxer);
    its_candidates_fini(&d->candidates);
    its_network_destroy(&d->network);
    free(d);
}

struct its_network *its_net_detector_network(struct its_net_detector *d)
{
    return d->network;
}

/* --- prepare */

static bool fits(const struct kernel *k, const struct its_frame *f)
{
    return k->letterboxer && k->w == f->coded_w && k->h == f->coded_h && k->pixels == f->pixels &&
           k->rotation == f->rotation;
}

static struct kernel *kernel_for(struct its_net_detector *d, const struct its_frame *f)
{
    struct kernel *oldest = &d->kernel[0];
    for (int i = 0; i < LETTERBOXERS; i++) {
        if (fits(&d->kernel[i], f))
            return &d->kernel[i];
        if (d->kernel[i].used < oldest->used)
            oldest = &d->kernel[i];
    }
    if (!oldest->letterboxer &&
        its_letterboxer_create(&d->input, its_cpu_best(), &oldest->letterboxer) < 0)
        return NULL;
    oldest->w = f->coded_w;
    oldest->h = f->coded_h;
    oldest->pixels = f->pixels;
    oldest->rotation = f->rotation;
    return oldest;
}

int its_net_detector_prepare(struct its_net_detector *d, int slot, const struct its_frame *frame)
{
    its_assert(slot >= 0 && slot < d->batch);
    struct kernel *k = kernel_for(d, frame);
    if (!k)
        return -ENOMEM;
    k->used = ++d->prepared;
    size_t floats = its_input_bytes(&d->input) / sizeof(float);
    return its_letterboxer_frame(k->letterboxer, frame,
                                 its_network_input(d->network) + (size_t)slot * floats,
                                 &d->box[slot]);
}

int its_net_detector_infer(struct its_net_detector *d, int count)
{
    return its_network_run(d->network, count);
}

/* --- post */

static void read_head(struct its_net_detector *d, int slot)
{
    its_candidates_clear(&d->candidates);
    if (d->level_count > 0) {
        its_head_read_maps(d->levels, d->level_count, slot, &d->want, &d->candidates);
        return;
    }
    struct its_output o = its_network_output(d->network, 0);
    if (d->head == ITS_HEAD_YOLOX)
        its_head_read_yolox(&o, slot, d->input.w, d->input.h, &d->want, &d->candidates);
    else if (d->head == ITS_HEAD_TOP)
        its_head_read_top(&o, slot, &d->want, &d->candidates);
    else
        its_head_read_yolo(&o, slot, &d->want, &d->candidates);
}

/* The part of the box inside the displayed picture; empty when there is none. */
static struct its_box clip(struct its_box b, const struct its_letterbox *box)
{
    float right = ITS_MIN(b.x + b.w, (float)box->display_w);
    float bottom = ITS_MIN(b.y + b.h, (float)box->display_h);
    b.x = ITS_MAX(b.x, 0);
    b.y = ITS_MAX(b.y, 0);
    b.w = right - b.x;
    b.h = bottom - b.y;
    return b;
}

static void map_back(struct its_net_detector *d, int slot)
{
    struct its_candidates *c = &d->candidates;
    int kept = 0;
    for (int i = 0; i < c->count; i++) {
        struct its_candidate one = c->item[i];
        one.box = clip(its_letterbox_box_to_display(&d->box[slot], one.box), &d->box[slot]);
        if (one.box.w > 0 && one.box.h > 0)
            c->item[kept++] = one;
    }
    c->count = kept;
}

void its_net_detector_post(struct its_net_detector *d, int slot, struct its_detections *out)
{
    its_assert(slot >= 0 && slot < d->batch);
    read_head(d, slot);
    its_nms_run(&d->nms, &d->candidates, ITS_DETECTIONS_MAX);
    map_back(d, slot);
    out->count = 0;
    for (int i = 0; i < d->candidates.count; i++) {
        const struct its_candidate *c = &d->candidates.item[i];
        if (d->road_user[c->class_id] >= 0)
            out->item[out->count++] =
                (struct its_detection){c->box, c->score, (enum its_class)d->road_user[c->class_id]};
    }
}

const struct its_candidates *its_net_detector_candidates(const struct its_net_detector *d)
{
    return &d->candidates;
}

/* --- all at once */

static void stamp(struct its_stamps *const *stamps, int first, int count, enum its_stage stage)
{
    for (int i = first; stamps && i < first + count; i++)
        stamps[i]->end_us[stage] = its_mono_us();
}

static int run_batch(struct its_net_detector *d, const struct its_frame *const *frames, int first,
                     int count, struct its_detections *out, struct its_stamps *const *stamps)
{
    int rc = 0;
    for (int i = 0; i < count && rc == 0; i++) {
        rc = its_net_detector_prepare(d, i, frames[first + i]);
        stamp(stamps, first + i, 1, ITS_STAGE_PREPARE);
    }
    if (rc == 0)
        rc = its_net_detector_infer(d, count);
    if (rc < 0)
        return rc;
    stamp(stamps, first, count, ITS_STAGE_INFER);
    for (int i = 0; i < count; i++) {
        its_net_detector_post(d, i, &out[first + i]);
        stamp(stamps, first + i, 1, ITS_STAGE_POST);
    }
    return 0;
}

int its_net_detector_frames(struct its_net_detector *d, const struct its_frame *const *frames,
                            int count, struct its_detections *out, struct its_stamps *const *stamps)
{
    for (int i = 0; i < count; i++)
        out[i].count = 0;
    for (int first = 0; first < count; first += d->batch) {
        int rc = run_batch(d, frames, first, ITS_MIN(d->batch, count - first), out, stamps);
        if (rc < 0)
            return rc;
    }
    return 0;
}
