/* Sequences of boxes for the evaluation of trackers: truth, detections and what a tracker said,
 * all in one form. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "detect/detection.h"

struct its_boxes_item {
    int frame; /* from 0 */
    int64_t id; /* −1: none */
    struct its_box box;
    float score;
    enum its_class cls;
    float hidden; /* part of it that cannot be seen, 0..1, where the truth says so */
};

/* Sorted by frame, in the order of the file or of adding within one. Zero-initialise. */
struct its_boxes {
    int count, room;
    int frames; /* highest frame + 1; may be raised by hand when the end is empty */
    struct its_boxes_item *item;
};

void its_boxes_add(struct its_boxes *b, const struct its_boxes_item *item);
void its_boxes_sort(struct its_boxes *b);
void its_boxes_fini(struct its_boxes *b);

/* Index of the first item of `frame` or a later one; its end is the begin of the next frame. */
int its_boxes_find(const struct its_boxes *b, int frame);

/* The items of one frame as a detector would hand them over. */
void its_boxes_detections(const struct its_boxes *b, int frame, struct its_detections *out);

/* The vehicles (Car, Van, Truck) of a KITTI tracking label file. 0, or negative errno. */
int its_boxes_read_kitti(const char *path, struct its_boxes *out);

/* MOTChallenge lines "frame from 1,id,x,y,w,h,score,class,…". The class is COCO's where `coco` is
 * set and a person otherwise. 0, or negative errno. */
int its_boxes_read_mot(const char *path, bool coco, struct its_boxes *out);
