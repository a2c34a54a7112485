/* Non-maximum suppression: of several boxes round one road user the best-scored stays. Greedy, by
 * falling score.
 *
 * Boxes of one class are one road user from an overlap on that may differ from class to class.
 * Boxes of two classes are, if these are kin and the overlap is higher: a pick-up seen as car and
 * as lorry has nearly the same box twice, a car in front of a bus has not. On our twelve test clips
 * (YOLO11n, 52,160 vehicles of score 0.25 and more) 2,029 pairs of car, bus and lorry overlap by
 * more than 0.7, nearly all of them by more than 0.9, and between 0.3 and 0.7 there are 47: any
 * limit in that gap takes out the doubles and nobody else. */
#pragma once

#include <stdint.h>

#include "detect/head.h"

struct its_nms {
    float iou[ITS_HEAD_CLASSES_MAX];   /* by class id: more overlap than this is one; 1: never */
    uint8_t kin[ITS_HEAD_CLASSES_MAX]; /* classes of the same number > 0 are kin */
    float kin_iou;                     /* between kin; 1: never */
};

/* One limit for every class, no kin. */
void its_nms_set_all(struct its_nms *n, float iou);

/* Sorts, takes out the doubles and keeps at most `most`. No memory is taken. */
void its_nms_run(const struct its_nms *n, struct its_candidates *c, int most);
