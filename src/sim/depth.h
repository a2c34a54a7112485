/* Who stands in front of whom. */
#pragma once

#include "base/geom.h"
#include "sim/body.h"

#define ITS_DEPTH_MAX 200

/* Sorts n <= ITS_DEPTH_MAX bodies so that whoever may hide another comes after it; box[i] is that
 * of body i in the picture. Exact as long as footprints do not overlap and nobody hides in a
 * circle. `order` receives indices, the first to be painted first. */
void its_depth_order(const struct its_view *view, const struct its_body_pose *const *pose,
                     const struct its_box *box, int n, int *order);
