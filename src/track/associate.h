/* Which detection is which track: a few rounds of optimal assignment, each over what the rounds
 * before left, from the sure to the less sure. Scratch memory of one tracker. */
#pragma once

#include <stdint.h>

#include "track/priv.h"

struct its_associate;

/* Never NULL. */
struct its_associate *its_associate_create(int max_tracks);
void its_associate_destroy(struct its_associate **a);

/* Pairs tracks (predicted to the time of the detections) with detections. Writes for each track the
 * index of its detection or -1 to detection_of (tracks), and for each detection what became of it
 * to use (detections). Scores in `seen` rise where a part lent its own (part.h). Returns how many
 * detections were second reports of an object. */
enum its_detection_use {
    ITS_DETECTION_FREE,  /* good enough to begin a track, should its score allow */
    ITS_DETECTION_TAKEN, /* by a track */
    ITS_DETECTION_WEAK,  /* of low score and nobody's */
    ITS_DETECTION_VOID,  /* unusable, or a second report of an object */
};
int its_associate_run(struct its_associate *a, const struct its_tracker_settings *s,
                      const struct its_tracklet *tracks, int track_count,
                      struct its_detections *seen, int *detection_of, uint8_t *use);
