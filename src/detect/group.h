/* From regions of motion to one region per road user. */
#pragma once

#include "detect/blobs.h"
#include "detect/perspective.h"

/* Splits blobs in which several road users drive side by side or one behind the other. */
void its_blobs_split(struct its_blobs *, const struct its_background *,
                     const struct its_perspective *);

/* Joins the fragments of one road user: bonnet and roof, lorry and load. */
void its_blobs_merge(struct its_blobs *, const struct its_perspective *);
