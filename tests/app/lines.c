#include "lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool add_crossing(struct lines *l, const json_t *j)
{
    const char *line = json_string_value(json_object_get(j, "line"));
    const char *direction = json_string_value(json_object_get(j, "direction"));
    if (!line || !direction || l->crossings == LINES_CROSSINGS_MAX)
        return false;
    struct its_truth_report *r = &l->crossing[l->crossings++];
    snprintf(r->line, sizeof(r->line), "%s", line);
    const char *cls = json_string_value(json_object_get(j, "class"));
    snprintf(r->cls, sizeof(r->cls), "%s", cls ? cls : "");
    r->direction = direction[0] == 'f' ? ITS_FORWARD : ITS_BACKWARD;
    r->frame = json_integer_value(json_object_get(j, "frame"));
    return true;
}

static bool add(struct lines *l, const char *text, size_t len, char why[200])
{
    json_error_t error;
    json_t *j = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
    if (!j)
        return snprintf(why, 200, "line %d: %s", l->count + 1, error.text), false;
    l->line = realloc(l->line, (size_t)(l->count + 1) * sizeof(json_t *));
    l->line[l->count++] = j;
    const char *type = json_string_value(json_object_get(j, "type"));
    if (l->summary)
        return snprintf(why, 200, "line %d comes after the summary", l->count), false;
    if (type && strcmp(type, "crossing") == 0 && add_crossing(l, j))
        return true;
    if (type && strcmp(type, "header") == 0 && l->count == 1)
        return true;
    if (type && strcmp(type, "frame") == 0)
        return l->frames++, true;
    if (type && strcmp(type, "view") == 0)
        return l->views++, true;
    if (type && strcmp(type, "summary") == 0)
        return l->summary = j, true;
    return snprintf(why, 200, "line %d is of no known type", l->count), false;
}

bool lines_read(const char *text, struct lines *l, char why[200])
{
    *l = (struct lines){0};
    while (*text) {
        const char *end = strchr(text, '\n');
        if (!end)
            return snprintf(why, 200, "the last line has no end"), false;
        if (!add(l, text, (size_t)(end - text), why))
            return false;
        text = end + 1;
    }
    if (l->count && !l->summary)
        return snprintf(why, 200, "no summary at the end"), false;
    return true;
}

void lines_free(struct lines *l)
{
    for (int i = 0; i < l->count; i++)
        json_decref(l->line[i]);
    free(l->line);
    *l = (struct lines){0};
}

static json_t *field(const json_t *object, const char *key, bool good, json_t *value)
{
    if (!good) {
        char *text = json_dumps(object, JSON_COMPACT);
        fail_msg("'%s' is missing or of another type in %s", key, text);
    }
    return value;
}

const char *lines_string(const json_t *object, const char *key)
{
    json_t *v = json_object_get(object, key);
    return json_string_value(field(object, key, json_is_string(v), v));
}

long long lines_int(const json_t *object, const char *key)
{
    json_t *v = json_object_get(object, key);
    return json_integer_value(field(object, key, json_is_integer(v), v));
}

double lines_number(const json_t *object, const char *key)
{
    json_t *v = json_object_get(object, key);
    return json_number_value(field(object, key, json_is_number(v), v));
}
