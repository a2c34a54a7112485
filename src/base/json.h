/* Writing JSON into an its_str: commas and escapes are its business, the order of calls is the
 * caller's. Output is the same bytes on every run and locale. Reading JSON is jansson's job. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct its_json {
    struct its_str *out;
    bool comma; /* the next value needs one in front */
};

static inline struct its_json its_json_on(struct its_str *out)
{
    return (struct its_json){.out = out};
}

void its_json_object(struct its_json *j); /* { */
void its_json_object_end(struct its_json *j);
void its_json_array(struct its_json *j); /* [ */
void its_json_array_end(struct its_json *j);

/* Inside an object: the name of the value that follows. */
void its_json_key(struct its_json *j, const char *key);

/* NULL becomes null; bad UTF-8 is replaced. */
void its_json_string(struct its_json *j, const char *s);
void its_json_int(struct its_json *j, int64_t v);
void its_json_bool(struct its_json *j, bool v);
void its_json_null(struct its_json *j);
/* At most `decimals` digits after the point, trailing zeros cut. NaN and infinity become null. */
void its_json_number(struct its_json *j, double v, int decimals);
