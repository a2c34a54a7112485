/* The network detector: road users as a detection network sees them. Pictures in, detections out;
 * between them the letterbox kernel, the network, its head and the suppression of doubles.
 *
 * One per worker thread, for frames of any camera. The model is borrowed and must outlive it. After
 * the first frame of each size nothing is allocated. */
#pragma once

#include <stdbool.h>

#include "base/stamps.h"
#include "detect/candidate.h"
#include "detect/detection.h"
#include "nn/model.h"

struct its_frame;
struct its_net_detector;

struct its_net_detector_settings {
    struct its_network_settings network; /* head_maps is the detector's own business */
    float score;                         /* least score of a detection, 0..1 */
    float class_score[ITS_CLASS_COUNT];  /* of a class; 0: `score` */
    float iou;                           /* more overlap within a class is one road user */
    float kin_iou; /* the same between car, bus and lorry, and between two-wheelers; 1: never */
    bool all_classes; /* also what is no road user: for its_net_detector_candidates */
    bool every_class; /* a box for each class an anchor has a score for: COCO's measure */
    int candidates;   /* room before suppression, >= 1 */
};

/* Score 0.25, overlap 0.45 and 0.7 (see nms.h), room for 1000. */
void its_net_detector_defaults(struct its_net_detector_settings *s);

/* 0; ITS_EUNSUPPORTED for a model that is no detector of road users; the network's errors. With a
 * sentence for people. */
int its_net_detector_create(const struct its_model *m, const struct its_net_detector_settings *s,
                            struct its_net_detector **out, struct its_error *err);
void its_net_detector_destroy(struct its_net_detector **d);

/* The network inside, for its statistics; borrowed. */
struct its_network *its_net_detector_network(struct its_net_detector *d);

/* --- the three stages, for whoever fills a batch himself */

/* Writes the frame into a slot of the batch, 0..batch - 1; the frame is not needed afterwards. 0;
 * -EINVAL for a frame without pixels or beyond the kernel's limits, -ENOMEM. */
int its_net_detector_prepare(struct its_net_detector *d, int slot, const struct its_frame *frame);
/* Runs the first `count` slots. 0, or the network's code. */
int its_net_detector_infer(struct its_net_detector *d, int count);
/* Road users of a slot, best score first, inside the displayed picture, in its pixels. */
void its_net_detector_post(struct its_net_detector *d, int slot, struct its_detections *out);

/* What the last post kept, of all classes wanted, in displayed pixels; good until the next. */
const struct its_candidates *its_net_detector_candidates(const struct its_net_detector *d);

/* --- all at once */

/* Any number of frames, in batches. stamps[i], where stamps is given, gets the ends of prepare,
 * infer and post. 0, or the first error: what belongs to frames not done is empty then. */
int its_net_detector_frames(struct its_net_detector *d, const struct its_frame *const *frames,
                            int count, struct its_detections *out, struct its_stamps *const *stamps);
