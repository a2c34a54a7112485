/* The truth about a simulated scene as JSON Lines: `analyze`'s own frame and crossing objects, each
 * road user with what only the simulator knows behind it. Every function appends one line with its
 * newline. */
#pragma once

#include "app/result_json.h"
#include "sim/scene.h"

/* {"v":1,"type":"header",…}: the settings, the lines, the way from ground to picture. */
void its_truth_header_json(struct its_str *out, const struct its_scene *s);

/* {"v":1,"type":"crossing",…} for each crossing of the frame, then {"v":1,"type":"frame",…}. The
 * crossings go into the tally, whose lines are those of the scene. */
void its_truth_frame_json(struct its_str *out, const struct its_scene *s,
                          const struct its_scene_truth *t, struct its_tally *tally);

/* {"v":1,"type":"summary","frames":…,"lines":{…}} */
void its_truth_summary_json(struct its_str *out, uint64_t frames, const struct its_tally *tally);

/* An empty tally for the lines of the scene. */
void its_truth_tally_init(struct its_tally *tally, const struct its_scene *s);
