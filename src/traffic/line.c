#include "traffic/line.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const ordinal[4] = {"x1", "y1", "x2", "y2"};

/* One finite number without surrounding blanks; strtof alone would take "0x10", "nan" and " 1". */
static const char *parse_number(const char *p, float *v)
{
    if (!isdigit((unsigned char)*p) && *p != '-' && *p != '+' && *p != '.')
        return NULL;
    if (tolower((unsigned char)p[strspn(p, "+-.0123456789eE")]) == 'x')
        return NULL;
    char *end;
    *v = strtof(p, &end);
    return end != p && isfinite(*v) ? end : NULL;
}

/* Beyond any picture; below, nobody can cross it knowingly. */
#define PIXELS_MAX    100000.0f
#define SHORTEST_PX   1.0f
#define SHORTEST_PART 0.001f

static int check_points(const char *text, const float v[4], bool fractions, struct its_error *err)
{
    for (int i = 0; i < 4; i++)
        if (v[i] < 0 || v[i] > PIXELS_MAX)
            return its_error_set(err, -EINVAL,
                                 "line \"%s\": %s is %g, but points lie in the picture: expected "
                                 "pixels >= 0 or fractions 0..1",
                                 text, ordinal[i], (double)v[i]);
    if (hypotf(v[2] - v[0], v[3] - v[1]) < (fractions ? SHORTEST_PART : SHORTEST_PX))
        return its_error_set(err, -EINVAL,
                             "line \"%s\": both ends are the same point, or nearly; expected two "
                             "different ones, as in \"%s\"",
                             text, fractions ? "0.1,0.5,0.9,0.5" : "100,400,900,400");
    return 0;
}

static int parse_points(const char *text, struct its_line *line, struct its_error *err)
{
    float v[4];
    const char *p = text;
    for (int i = 0; i < 4; i++) {
        const char *end = parse_number(p, &v[i]);
        if (!end || *end != (i < 3 ? ',' : 0))
            return its_error_set(err, -EINVAL,
                                 "line \"%s\": %s is not a number followed by %s; expected "
                                 "x1,y1,x2,y2 in pixels, or in fractions of the picture when all "
                                 "are at most 1",
                                 text, ordinal[i], i < 3 ? "a comma" : "the end");
        p = end + 1;
    }
    bool fractions = v[0] <= 1 && v[1] <= 1 && v[2] <= 1 && v[3] <= 1;
    int rc = check_points(text, v, fractions, err);
    if (rc < 0)
        return rc;
    line->a = (struct its_point){v[0], v[1]};
    line->b = (struct its_point){v[2], v[3]};
    line->fractions = fractions;
    return 0;
}

static bool name_char(char c)
{
    return isalnum((unsigned char)c) || strchr("-_/.", c);
}

int its_line_parse(const char *text, struct its_line *line, struct its_error *err)
{
    const char *colon = strchr(text, ':');
    if (!colon)
        return its_error_set(err, -EINVAL,
                             "line \"%s\": no colon after a name; expected NAME:x1,y1,x2,y2", text);
    size_t n = (size_t)(colon - text);
    if (n == 0 || n > ITS_NAME_MAX)
        return its_error_set(err, -EINVAL,
                             "line \"%s\": the name has %zu characters; expected 1 to %d", text, n,
                             ITS_NAME_MAX);
    for (size_t i = 0; i < n; i++)
        if (!name_char(text[i]))
            return its_error_set(
                err, -EINVAL,
                "line \"%s\": character %zu of the name; expected letters, digits, "
                "'-', '_', '/', '.'",
                text, i + 1);

    struct its_line parsed = {.revision = 1};
    memcpy(parsed.name, text, n);
    int rc = parse_points(colon + 1, &parsed, err);
    if (rc < 0)
        return its_error_prefix(err, "%s", parsed.name), rc;
    *line = parsed;
    return 0;
}

/* To 1/64 px: 0.1 of 640 is 64, and a line in fractions counts to the millisecond like the same
 * line in pixels. */
static float to_pixels(float fraction, int size)
{
    return roundf(fraction * (float)size * 64) / 64;
}

struct its_line its_line_in_pixels(const struct its_line *line, int display_w, int display_h)
{
    struct its_line l = *line;
    if (l.fractions) {
        l.a = (struct its_point){to_pixels(line->a.x, display_w), to_pixels(line->a.y, display_h)};
        l.b = (struct its_point){to_pixels(line->b.x, display_w), to_pixels(line->b.y, display_h)};
        l.fractions = false;
    }
    return l;
}

float its_line_side(const struct its_line *line, struct its_point p)
{
    float dx = line->b.x - line->a.x, dy = line->b.y - line->a.y;
    return ((p.x - line->a.x) * dy - (p.y - line->a.y) * dx) / hypotf(dx, dy);
}
