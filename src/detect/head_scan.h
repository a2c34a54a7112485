/* The search for anchors worth decoding: among thousands, the few whose score reaches a threshold.
 */
#pragma once

#include "detect/head.h"

/* The box of an anchor, in input pixels. */
typedef struct its_box its_head_box_fn(const void *head, int anchor);

struct its_head_scan {
    const float *score; /* of the image's first anchor and class; strides as in its_head_map */
    int64_t block_stride;
    int block, pixel_stride;
    int anchors, first_anchor; /* first_anchor: what the first is called in the candidates */
    bool logits;               /* score = 1 / (1 + exp(-x)) */
    its_head_box_fn *box;      /* called for those found, and only for them */
    const void *head;
};

void its_head_scan(const struct its_head_scan *s, const struct its_head_want *want,
                   struct its_candidates *out);
