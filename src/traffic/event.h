/* What happened in traffic. Versioned: the JSON and the database carry these fields. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/geom.h"
#include "detect/detection.h"
#include "traffic/line.h"

enum its_direction {
    ITS_FORWARD,  /* to the left-hand side of the line a→b as seen on the screen */
    ITS_BACKWARD, /* to the right-hand side */
};

/* "forward" or "backward". */
const char *its_direction_name(enum its_direction d);

/* A road user crossed a counting line: once per track and line. */
struct its_crossing {
    char line[ITS_NAME_MAX + 1];
    int line_revision;
    enum its_direction direction;
    enum its_class cls;
    uint64_t track;
    uint64_t frame;     /* index of the first frame on the new side */
    int64_t time_us;    /* stream time of the crossing, interpolated between the two frames */
    int64_t capture_us; /* wall time of it */
    float score;
    struct its_point at; /* where on the line, displayed pixels */
};
