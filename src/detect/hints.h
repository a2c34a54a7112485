/* Where road users are expected by whoever follows them: regions of motion that touch are divided
 * among them. Plain data, one thread. */
#pragma once

#include "detect/blobs.h"
#include "detect/perspective.h"

#define ITS_HINTS_MAX 256

struct its_hint {
    struct its_rect box; /* working pixels */
    bool stays;          /* as in struct its_motion_hint */
};

struct its_hints {
    int count;
    struct its_hint item[ITS_HINTS_MAX];
};

/* Divides blobs that cover several hints, pixel by pixel; what is far from all of them is a blob of
 * its own. Notes in every blob the hint it answers to. Hints much smaller than the expected
 * vehicle, or that repeat another, have no say. */
void its_blobs_divide(struct its_blobs *, const struct its_background *,
                      const struct its_perspective *, const struct its_hints *);
