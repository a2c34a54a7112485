/* A detection: a road user seen in one frame. */
#pragma once

#include "base/geom.h"

/* Road users, and `vehicle` for a detector that cannot tell which. One list: configuration, JSON,
 * metrics and the database use these names. */
#define ITS_CLASSES(X)                                                                             \
    X(VEHICLE, "vehicle")                                                                          \
    X(PERSON, "person")                                                                            \
    X(BICYCLE, "bicycle")                                                                          \
    X(MOTORCYCLE, "motorcycle")                                                                    \
    X(CAR, "car")                                                                                  \
    X(BUS, "bus")                                                                                  \
    X(TRUCK, "truck")

enum its_class {
#define X(name, text) ITS_CLASS_##name,
    ITS_CLASSES(X)
#undef X
        ITS_CLASS_COUNT
};

/* "car", … Static storage. */
const char *its_class_name(enum its_class cls);
/* The class of that name, or -1. */
int its_class_from_name(const char *name);

struct its_detection {
    struct its_box box; /* displayed pixels */
    float score;        /* 0..1 */
    enum its_class cls;
};

/* Enough for the densest junction; a detector keeps the best-scored ones. */
#define ITS_DETECTIONS_MAX 300

struct its_detections {
    int count;
    struct its_detection item[ITS_DETECTIONS_MAX];
};
