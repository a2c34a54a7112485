/* Follows road users from frame to frame: detections in, tracks with ids out.
 *
 * The association of ByteTrack (Zhang et al., ECCV 2022) carried over to traffic cameras: first the
 * detections of good score, then those of low score for tracks that would otherwise be lost. Boxes
 * move by a Kalman filter whose clock is the stream's time, so the frame interval may change from
 * one frame to the next. What is new against the paper:
 *   - pairs that do not overlap are tried by distance, so that small fast objects at a low frame
 *     rate keep their track;
 *   - classes restrain pairs softly: car, bus, truck and vehicle are one family, a person another;
 *   - occlusions are measured in seconds, not frames.
 *
 * One tracker per camera; one thread at a time. All memory is taken at creation; an update
 * allocates nothing and is deterministic. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "detect/detection.h"
#include "track/track.h"

struct its_tracker_settings {
    /* --- which detections do what; scores 0..1 */
    float high_score;  /* from here on a detection takes part in the first round */
    float low_score;   /* from here on it may keep a track alive that the first round missed */
    float new_score;   /* from here on it may begin a track */
    bool second_round; /* use detections between low_score and high_score at all */
    float duplicate;   /* of two detections of one family that overlap more (IoU) the lower-scored
                          is ignored: one lorry reported as a car and a truck */
    bool whole;        /* riders, occupants and other parts belong to their vehicle (part.h) */

    /* --- when a detection and a track may be the same; costs are 1 − IoU × likeness of class */
    float overlap;      /* least similarity in the first round */
    float overlap_low;  /* least similarity in the second round */
    float reach_sigmas; /* by distance: at most so many standard deviations of the prediction … */
    float reach_sizes;  /* … and at most so many sizes (the longer side) of the box */
    float stranger;     /* where boxes overlap classes are alike by this at least; 0 = families
                           never mix */
    float size_ratio;   /* by distance: neither box's side is more than this times the other's */

    /* --- motion, relative to the size of the box; see kalman.h */
    float measure_noise; /* sizes */
    float drift;         /* sizes/√s */
    float accel;         /* sizes/s/√s */
    float speed;         /* sizes/s: spread of speeds of what was seen once */

    /* --- the life of a track; stream time */
    unsigned confirm_hits;     /* detections needed, and */
    int64_t confirm_us;        /* time needed between the first and the last of them */
    int64_t tentative_lost_us; /* an unconfirmed track ends when not seen for longer */
    int64_t lost_us;           /* a confirmed track ends when not seen for longer */
    int64_t predict_us;        /* a lost track is reported, extrapolated, for so long */
    float walk; /* heights/s: a person faster than that rides; 0 = not judged by speed */
    int picture_w, picture_h; /* a lost track whose centre leaves the picture ends; 0 = unknown */
};

/* For a network: boxes are steady, scores spread over 0..1. Nobody is confirmed in the first frame:
 * whatever happened before the confirmation counts afterwards (traffic/counter.h). */
void its_tracker_defaults(struct its_tracker_settings *s);

/* For the motion detector: boxes jitter, merge and split, the score says little. */
void its_tracker_defaults_motion(struct its_tracker_settings *s);

struct its_tracker;

/* Ids run from first_id (> 0), the number after the last one this camera ever gave out.
 * Never NULL. */
struct its_tracker *its_tracker_create(const struct its_tracker_settings *settings,
                                       uint64_t first_id);
void its_tracker_destroy(struct its_tracker **t);

/* A frame a detector looked at. time_us is stream time and should not run backwards; where it does
 * the interval counts as 0 (call reset at a discontinuity). Boxes that are not finite or are empty
 * are ignored. `out` gets, by rising id: tracks seen now, and confirmed ones not seen for at most
 * predict_us (`predicted`). */
void its_tracker_update(struct its_tracker *t, int64_t time_us,
                        const struct its_detections *detections, struct its_tracks *out);

/* A frame nobody looked at: the same tracks with their boxes extrapolated, all `predicted`.
 * Tracks seen in the last update are reported until they are lost_us old. */
void its_tracker_predict(struct its_tracker *t, int64_t time_us, struct its_tracks *out);

/* A discontinuity (loop wrap, reconnect, seek): all tracks end, ids go on, time may start anew. */
void its_tracker_reset(struct its_tracker *t);

/* The next id to give out: what to keep for first_id of the next start. */
uint64_t its_tracker_next_id(const struct its_tracker *t);

struct its_tracker_stats {
    int alive;           /* tracks held, lost ones included */
    uint64_t born;       /* tracks begun */
    uint64_t confirmed;  /* of them, confirmed */
    uint64_t duplicates; /* detections ignored as a second report of an object */
    uint64_t full;       /* detections that would have begun a track when there was no room */
};
void its_tracker_read_stats(const struct its_tracker *t, struct its_tracker_stats *stats);
