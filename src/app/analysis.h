/* One camera's analysis: frame → detections → tracks → crossings → a published result. While the
 * camera sees nothing (frame/sight.h) it rests, and begins anew when the sight is back.
 * Everything in it belongs to the camera's lane: one thread at a time, no allocation per frame, no
 * lock but for lines that were changed. `run` and `analyze` both go through here. */
#pragma once

#include <stdint.h>

#include "app/bus.h"
#include "app/detectors.h"
#include "base/err.h"
#include "detect/motion.h"
#include "frame/frame.h"
#include "track/tracker.h"
#include "traffic/counter.h"
#include "traffic/line.h"
#include "watch/latency.h"

struct its_analysis_settings {
    const char *camera;              /* id, at most 63 characters; must outlive the analysis */
    const struct its_line *lines;    /* copied; none of them a point */
    int line_count;                  /* <= ITS_COUNTER_LINES_MAX */
    uint64_t first_track;            /* > 0 */
    int64_t blind_us;                /* see its_sight_follow */
    struct its_detectors *detectors; /* borrowed; NULL: the motion detector */
    struct its_motion_settings motion;
    struct its_tracker_settings tracker;
    struct its_counter_settings counter;
};

/* The defaults of every part; camera, lines and first_track stay empty. */
void its_analysis_defaults(struct its_analysis_settings *settings);

struct its_analysis;

/* Detections come from these networks (NULL: from the motion detector), and the tracker's settings
 * are those for such detections. */
void its_analysis_use(struct its_analysis_settings *settings, struct its_detectors *detectors);

/* The bus is borrowed. -ENOMEM, or 0. */
int its_analysis_create(const struct its_analysis_settings *settings, const struct its_bus *bus,
                        struct its_analysis **out);
void its_analysis_destroy(struct its_analysis **a);

/* Counts over other lines from the next frame on (copied; as in the settings). Any thread. */
void its_analysis_change_lines(struct its_analysis *a, const struct its_line *lines, int count);

/* Another blind_us from the next frame on. Any thread. */
void its_analysis_change_blind(struct its_analysis *a, int64_t blind_us);

/* Analyses the frame, publishes its result, drops the frame (the reference is given away). */
void its_analysis_frame(struct its_analysis *a, struct its_frame *frame);

/* Latency of all results so far; any thread may read it while frames run. */
const struct its_latency *its_analysis_latency(const struct its_analysis *a);

/* Counters of the analysis; each may be read by any thread. */
struct its_analysis_stats {
    _Atomic uint64_t frames;   /* results published */
    _Atomic uint64_t analysed; /* of them, looked at by a detector */
    _Atomic uint64_t failed;   /* frames given up for lack of memory */
    _Atomic int tracks;        /* in the newest result */
    _Atomic int sight;         /* enum its_sight, of the newest result */
};
const struct its_analysis_stats *its_analysis_stats(const struct its_analysis *a);
