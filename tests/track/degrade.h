/* A detector that is not there: turns true boxes into what a detector might have seen. Scores fall
 * with what is hidden, also during occlusions made up on top; boxes jitter; some are missed, some
 * are false. The same seed gives the same detections. */
#pragma once

#include <stdint.h>

#include "tests/track/boxes.h"

void its_degrade(const struct its_boxes *truth, uint64_t seed, struct its_boxes *seen);
