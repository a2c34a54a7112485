/* Candidates: what a network's head says may be there, before and after the doubles are taken out.
 * A fixed room, made once; when more come than fit, the best-scored stay. One thread at a time. */
#pragma once

#include <stdbool.h>

#include "base/attr.h"
#include "base/geom.h"

struct its_candidate {
    struct its_box box; /* pixels of the network's input, or of the picture once mapped back */
    float score;        /* 0..1 */
    int class_id;       /* the model's */
    int anchor;         /* where in the head it came from: decides between equal scores */
};

/* Zero-initialise; count and item are to be read, in no order until its_candidates_sort. */
struct its_candidates {
    int count, room;
    struct its_candidate *item;
};

/* Room for `room` >= 1 of them; 0 or -ENOMEM. */
ITS_MUST_CHECK int its_candidates_init(struct its_candidates *c, int room);
void its_candidates_fini(struct its_candidates *c);

void its_candidates_clear(struct its_candidates *c);

/* Takes it in, or leaves it or a worse one out when there is no room. Boxes that are empty or not
 * finite and scores that are not a number are passed over: a network may say anything. */
void its_candidates_add(struct its_candidates *c, const struct its_candidate *one);

/* Best score first; of equal ones the lower anchor, then the lower class. No memory is taken. */
void its_candidates_sort(struct its_candidates *c);
