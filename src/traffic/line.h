/* A counting line: a directed segment in displayed pixels or in fractions of the picture. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/geom.h"

#define ITS_NAME_MAX 63

struct its_line {
    char name[ITS_NAME_MAX + 1]; /* unique per camera: letters, digits, '-', '_', '/', '.' */
    struct its_point a, b;
    bool fractions; /* a and b are 0..1 of width and height */
    int revision;   /* raised on every edit */
};

/* Reads "NAME:x1,y1,x2,y2"; fractions when all four are <= 1; revision 1. The ends must be at least
 * 1 px (0.001 of the picture) apart and not negative. 0, or -EINVAL with a sentence in err; the
 * line is then as it was. */
int its_line_parse(const char *text, struct its_line *line, struct its_error *err);

/* The same line in pixels of a picture of that size. */
struct its_line its_line_in_pixels(const struct its_line *line, int display_w, int display_h);

/* Signed distance of p to the infinite line in pixels; positive = left-hand side of a→b as seen on
 * the screen (y down): forward of the line. The line must not be a point. */
float its_line_side(const struct its_line *line, struct its_point p);
