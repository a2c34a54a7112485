/* The counted truth of real clips (counts/crossings.json of the test data) and how well a list of
 * events agrees with it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "traffic/event.h"
#include "traffic/line.h"

#define ITS_TRUTH_LINES_MAX   32
#define ITS_TRUTH_EVENTS_MAX  64
#define ITS_TRUTH_CLASSES_MAX 4

struct its_truth_event {
    int64_t frame; /* index of the first frame with the anchor on the new side */
    enum its_direction direction;
    bool ignore; /* neither a hit nor a false alarm */
    bool hard;   /* hardly supported by the detector */
    char cls[16];
    char accept[ITS_TRUTH_CLASSES_MAX][16]; /* what may be said instead; "" behind the last */
};

struct its_truth_line {
    char name[ITS_NAME_MAX + 1]; /* "junction_crosswalk/centre" */
    char clip[ITS_NAME_MAX + 1]; /* "junction_crosswalk" */
    char video[128];             /* below the test data: "videos/junction_crosswalk.mp4" */
    double fps;
    int64_t frames;
    int64_t window[2];    /* first and last frame that was watched */
    struct its_line line; /* pixels */
    int count;
    struct its_truth_event event[ITS_TRUTH_EVENTS_MAX];
};

struct its_truth {
    int count;
    struct its_truth_line line[ITS_TRUTH_LINES_MAX];
};

/* Reads TESTDATA/counts/crossings.json. 0, or negative with a sentence in err. */
int its_truth_read(const char *testdata, struct its_truth *truth, struct its_error *err);

/* An event somebody reported. */
struct its_truth_report {
    char line[ITS_NAME_MAX + 1];
    enum its_direction direction;
    int64_t frame;
    char cls[16]; /* "": not known, which is wrong */
};

struct its_truth_score {
    int hits, false_alarms, misses;
    int of_class;       /* hits whose class is one that people accept */
    double frame_error; /* mean absolute difference of the hits, frames */
};

/* Events of line l among `reports` against its truth: pairs of equal direction at most `tolerance`
 * frames apart, as many pairs as can be made, then the closest. Reports that match an ignored event
 * or lie outside the window say nothing. Where `verbose`, prints what disagrees. */
struct its_truth_score its_truth_compare(const struct its_truth_line *l,
                                         const struct its_truth_report *reports, int n,
                                         int64_t tolerance, bool verbose);

/* Adds up; frame_error becomes the mean over all hits. */
void its_truth_add(struct its_truth_score *sum, const struct its_truth_score *s);

/* 2·hits / (2·hits + false alarms + misses); 1 when there was nothing to count and nothing was. */
double its_truth_f1(const struct its_truth_score *s);
/* The same where a hit of another class is a false alarm and a miss. */
double its_truth_f1_by_class(const struct its_truth_score *s);
