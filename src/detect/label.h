/* Labels: what a model calls its classes, and which of our road users that is. */
#pragma once

#include "detect/detection.h"

/* The road user that a label names ("car", "motorbike", "pedestrian"; case does not matter), or -1
 * for what is none (COCO's "train" and "dog" too). */
int its_label_class(const char *label);
