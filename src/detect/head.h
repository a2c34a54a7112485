/* Heads: from what a detection network puts out to candidates, one file per kind of head. Formulas
 * stand with each. Nothing is allocated; outputs are read, never trusted: shapes are checked once
 * (its_head_check) and odd numbers passed over. */
#pragma once

#include <stdbool.h>

#include "detect/candidate.h"
#include "nn/model.h"

#define ITS_HEAD_CLASSES_MAX 1024

/* Which candidates are wanted. */
struct its_head_want {
    int count; /* classes wanted */
    int id[ITS_HEAD_CLASSES_MAX];
    float threshold[ITS_HEAD_CLASSES_MAX]; /* by class id: least score, 0..1 */

    /* Every class of an anchor that reaches its threshold, instead of only the best wanted one:
     * what COCO's measure is taken with. */
    bool every;
};

/* All `classes` of the model, at one threshold. */
void its_head_want_all(struct its_head_want *w, int classes, float threshold);
/* Adds one class. */
void its_head_want_add(struct its_head_want *w, int class_id, float threshold);
/* The lowest threshold of the classes wanted; above 1 when there are none. */
float its_head_want_lowest(const struct its_head_want *w);

/* Whether the output has the shape that this head has for pictures of w x h. 0, or
 * ITS_EUNSUPPORTED with a sentence. */
int its_head_check(enum its_head head, int classes, const struct its_output *o, int w, int h,
                   struct its_error *err);

/* Each adds the candidates of one image of the batch, boxes in input pixels.
 * its_head_check has accepted the output. */

/* ITS_HEAD_YOLO: (N, 4 + classes, anchors); rows cx, cy, w, h px, then scores. */
void its_head_read_yolo(const struct its_output *o, int image, const struct its_head_want *want,
                        struct its_candidates *out);

/* The same head before its decoding: only anchors with a score to show are decoded. */
void its_head_read_maps(const struct its_head_level *levels, int level_count, int image,
                        const struct its_head_want *want, struct its_candidates *out);

/* ITS_HEAD_YOLOX: (N, anchors, 5 + classes) for pictures of w x h. */
void its_head_read_yolox(const struct its_output *o, int image, int w, int h,
                         const struct its_head_want *want, struct its_candidates *out);

/* ITS_HEAD_TOP: (N, boxes, 6); x1, y1, x2, y2 px, score, class. */
void its_head_read_top(const struct its_output *o, int image, const struct its_head_want *want,
                       struct its_candidates *out);
