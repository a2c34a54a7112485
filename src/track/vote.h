/* Which class a track is, decided over its whole life, and which classes may be one object. */
#pragma once

#include "detect/detection.h"

/* Sum of scores by class. Zero-initialise. */
struct its_vote {
    float sum[ITS_CLASS_COUNT];
};

void its_vote_add(struct its_vote *v, enum its_class cls, float score);

/* The class with the most votes; `vehicle` only where no detection said which. On a tie the class
 * listed first, so that the answer does not depend on the order of the votes. */
enum its_class its_vote_winner(const struct its_vote *v);

/* How well two reports can be one object, 0..1: 1 for one class; a little less within a family
 * (car, bus, truck; bicycle, motorcycle); `vehicle` goes with all that has wheels; 0 = never. */
float its_class_likeness(enum its_class a, enum its_class b);
