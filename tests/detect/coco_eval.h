/* COCO's measure of a detector: average precision over recall, overlap limits and classes, as
 * pycocotools' COCOeval computes it with area "all", 100 detections per image and class and no
 * crowds (cocodataset/cocoapi; Lin et al., "Microsoft COCO", 2014). */
#pragma once

#include "base/geom.h"

#define ITS_COCO_LIMITS 10 /* overlaps .50, .55, … .95 */

struct its_coco_item {
    int class_id, image;
    float score; /* of detections */
    struct its_box box;
};

/* Zero-initialise. */
struct its_coco_items {
    int count, room;
    struct its_coco_item *item;
};

void its_coco_add(struct its_coco_items *list, const struct its_coco_item *one);
void its_coco_fini(struct its_coco_items *list);

/* The boxes of a YOLO label file ("class cx cy w h", in fractions of the picture) as an image's
 * truth. 0, or negative errno; an absent file is a picture with nothing in it. */
int its_coco_read_labels(const char *path, int image, int w, int h, struct its_coco_items *out);

struct its_coco_scores {
    int classes; /* that occur in the truth */
    double ap[ITS_COCO_LIMITS];
    double map; /* their mean: mAP@.5:.95 */
};

/* Sorts both lists. */
struct its_coco_scores its_coco_evaluate(struct its_coco_items *truth,
                                         struct its_coco_items *found);

/* What is right and wrong at one overlap limit among detections of at least `score`. */
struct its_coco_counts {
    int right, wrong, missed;
};
struct its_coco_counts its_coco_count(struct its_coco_items *truth, struct its_coco_items *found,
                                      float limit, float score);
