/* Counts road users over lines so that a count can be believed.
 *
 * The path of a track is its anchor, the bottom centre of the box (where it touches the road), from
 * one sight to the next. A crossing is where the path cuts the segment a–b, not the infinite line:
 *   - it counts when the anchor was clear of the line on the old side and is clear of it on the new
 *     one, by the band; who stands on the line and jitters counts once it has left, or never;
 *   - a track that was born within the band has to travel the band's whole width instead;
 *   - of several passages within the band the last one, which held, is the crossing: its place, its
 *     time (interpolated), and its frame (the first one on the new side);
 *   - once per track and line. An unconfirmed track does not count, but when it is confirmed later
 *     its crossing counts with the time at which it happened;
 *   - predicted boxes are not evidence: a track that is lost before the line and seen again behind
 *     it crossed on the straight way between; one that is not seen again did not cross;
 *   - a second track over the same place at the same time, box on box, is the same road user.
 *
 * One counter per camera, one thread at a time. All memory is taken at creation. */
#pragma once

#include <stdint.h>

#include "track/track.h"
#include "traffic/event.h"
#include "traffic/line.h"

#define ITS_COUNTER_LINES_MAX 64

struct its_counter_settings {
    float band_px;      /* half width of the band round the line: at least this, px, and … */
    float band_size;    /* … at least this part of the box's size (square root of its area) */
    float end_size;     /* a passage counts up to this part of the box's width beyond an end */
    int64_t keep_us;    /* a track that was not reported for so long is forgotten; longer than the
                           tracker's lost_us */
    int64_t same_us;    /* a crossing of the same line so soon after another, and … */
    float same_overlap; /* … with boxes that overlap more than this (IoU) is a repetition */
};
void its_counter_defaults(struct its_counter_settings *s);

struct its_counter;

/* `lines` (n <= ITS_COUNTER_LINES_MAX) are in pixels, not points, and copied. Never NULL. */
struct its_counter *its_counter_create(const struct its_counter_settings *settings,
                                       const struct its_line *lines, int n);
void its_counter_destroy(struct its_counter **c);

/* Counts over other lines from now on. What is known of a line that stays as it was (name, ends) is
 * kept, so that nobody is missed or counted twice on it; crossings of lines that go and were not
 * handed out yet are lost: drain first. -ENOMEM leaves everything as it was. */
int its_counter_change_lines(struct its_counter *c, const struct its_line *lines, int n);

/* The tracks of the next frame, by rising id. Writes at most max (> 0) crossings, the earliest
 * first, and returns how many; what finds no room is kept for the next call, never lost.
 * `frame` must rise; time_us must not fall, except after a reset. */
int its_counter_update(struct its_counter *c, const struct its_tracks *tracks, uint64_t frame,
                       int64_t time_us, int64_t capture_us, struct its_crossing *out, int max);

/* What earlier calls had no room for, as update writes it; 0 when there is no more. */
int its_counter_drain(struct its_counter *c, struct its_crossing *out, int max);

/* A discontinuity: forgets all paths (but not what waits to be handed out). Ids must not be used
 * again. */
void its_counter_reset(struct its_counter *c);

/* Passages of a segment, by what became of them. */
struct its_counter_stats {
    uint64_t counted;
    uint64_t unconfirmed; /* the track ended before it was confirmed */
    uint64_t unsettled;   /* the track ended within the band */
    uint64_t unseen;   /* a prediction carried a confirmed track over, but it was not seen again */
    uint64_t outside;  /* went by within a box width of an end */
    uint64_t repeated; /* the track had counted on this line before */
    uint64_t doubled;  /* another track of the same road user had counted */
};
void its_counter_read_stats(const struct its_counter *c, struct its_counter_stats *stats);
