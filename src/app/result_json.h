/* Results as JSON Lines: the one place that knows the field names of `analyze --json`, which the
 * server's sockets will speak too. Every function appends one line with its newline. */
#pragma once

#include "app/analysis.h"
#include "base/json.h"
#include "base/str.h"
#include "traffic/result.h"

/* {"v":1,"type":"crossing",…} */
void its_crossing_json(struct its_str *out, const struct its_crossing *c);

/* {"v":1,"type":"view","valid":false,"reason":"frozen",…}: what the camera's sight is from this
 * frame on; without reason when it is clear. */
void its_view_json(struct its_str *out, const struct its_result *r);

/* {"v":1,"type":"frame",…} with every track of the frame that is in the picture, its
 * box cut at the edges. */
void its_frame_json(struct its_str *out, const struct its_result *r);

/* Crossings by line, direction and class. */
struct its_tally {
    int line_count;
    char name[ITS_COUNTER_LINES_MAX][ITS_NAME_MAX + 1];
    uint64_t count[ITS_COUNTER_LINES_MAX][2][ITS_CLASS_COUNT];
};

void its_tally_init(struct its_tally *t, const struct its_line *lines, int line_count);
void its_tally_add(struct its_tally *t, const struct its_crossing *c);

/* What `analyze` says at the end. */
struct its_summary {
    const char *input;    /* credentials masked */
    const char *detector; /* "motion", "network" */
    const char *model;    /* of a network; NULL: none */
    uint64_t frames, analysed, skipped, errors;
    double wall_s;
    double blind_s; /* stream time in which the camera saw nothing */
    const struct its_tally *tally;
    const struct its_latency *latency;
};

/* {"v":1,"type":"summary",…} */
void its_summary_json(struct its_str *out, const struct its_summary *s);

/* The same for people: a table of counts and one of times. */
void its_summary_text(struct its_str *out, const struct its_summary *s);

/* --- the parts, for who writes the same objects from elsewhere (the simulator's truth) */

/* {"v":1,"type":TYPE, … and the end of the line. */
struct its_json its_line_json_begin(struct its_str *out, const char *type);
void its_line_json_end(struct its_json *j);

/* A frame line up to its objects, and what closes it. */
struct its_json its_frame_json_begin(struct its_str *out, uint64_t frame, int64_t time_us);
void its_frame_json_end(struct its_json *j);

/* The fields of an object of a frame, within an object that is open. */
void its_track_json_fields(struct its_json *j, const struct its_track *t, struct its_box box);

/* {"LINE":{"forward":{"car":1,…},"backward":{…}},…} */
void its_tally_json(struct its_json *j, const struct its_tally *t);
