/* For tests: the JSON Lines of `analyze --json`, and of `simulate --truth`, read and taken apart.
 */
#pragma once

#include <stdbool.h>

#include <jansson.h>

#include "tests/traffic/truth.h"

#define LINES_CROSSINGS_MAX 4096

struct lines {
    int count, frames, views; /* lines in all; of type frame; of type view */
    json_t **line;            /* in order */
    json_t *summary;          /* the last one, borrowed from `line`; NULL: the text is empty */
    int crossings;
    struct its_truth_report crossing[LINES_CROSSINGS_MAX];
};

/* Reads the text. False, with a sentence in why[200], unless it is empty, or every line is a JSON
 * object of a known type and the last one, and no other, is the summary; a header may only be the
 * first. */
bool lines_read(const char *text, struct lines *out, char why[200]);
void lines_free(struct lines *l);

/* Fields of an object; the running test fails where one is missing or of another type. */
const char *lines_string(const json_t *object, const char *key);
long long lines_int(const json_t *object, const char *key);
double lines_number(const json_t *object, const char *key);
