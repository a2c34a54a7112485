#include "base/opts.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/nearest.h"
#include "base/number.h"
#include "base/url.h"
#include "base/utf8.h"

#define EXCERPT 64

static void *field(const struct its_opt *o, void *settings)
{
    return (char *)settings + o->offset;
}

static const void *const_field(const struct its_opt *o, const void *settings)
{
    return (const char *)settings + o->offset;
}

static double us_per_unit(const struct its_opt *o)
{
    its_assert(o->unit && (strcmp(o->unit, "ms") == 0 || strcmp(o->unit, "s") == 0));
    return o->unit[0] == 'm' ? 1e3 : 1e6;
}

/* "low, normal or high" */
static void describe_choices(const struct its_opt *o, struct its_str *out)
{
    for (int i = 0; o->choices[i]; i++) {
        if (i > 0)
            its_str_puts(out, o->choices[i + 1] ? ", " : " or ");
        its_str_puts(out, o->choices[i]);
    }
}

void its_opt_describe(const struct its_opt *o, struct its_str *out)
{
    char min[ITS_NUMBER_CHARS], max[ITS_NUMBER_CHARS];
    switch (o->type) {
    case ITS_OPT_BOOL:
        its_str_puts(out, "true or false");
        break;
    case ITS_OPT_CHOICE:
        describe_choices(o, out);
        break;
    case ITS_OPT_STRING:
    case ITS_OPT_LIST:
        its_str_puts(out, "text");
        break;
    case ITS_OPT_URL:
        its_str_puts(out, "an address");
        break;
    default:
        its_str_printf(out, "%s to %s", its_number_format(o->min, min),
                       its_number_format(o->max, max));
        if (o->unit)
            its_str_printf(out, " %s", o->unit);
    }
}

/* "VALUE what (expected …)", where the value is excerpted and, if need be, masked. */
static int refuse(const struct its_opt *o, struct its_error *err, const char *text,
                  const char *what)
{
    char shown[EXCERPT], masked[ITS_URL_MAX];
    if (o->type == ITS_OPT_URL || o->type == ITS_OPT_LIST) /* lists hold "ID=URL" */
        text = its_url_mask(text, masked, sizeof(masked));
    its_utf8_excerpt(text, shown, sizeof(shown));

    struct its_str expected = {0};
    its_opt_describe(o, &expected);
    its_error_set(err, -EINVAL, "'%s' %s (expected %s)", shown, what, its_str_get(&expected));
    its_str_fini(&expected);
    return -EINVAL;
}

static int set_bool(const struct its_opt *o, bool *field, const char *text, struct its_error *err)
{
    static const char *const words[][2] = {
        {"false", "true"}, {"no", "yes"}, {"off", "on"}, {"0", "1"}};
    for (size_t i = 0; i < ITS_ARRAY_LEN(words); i++)
        for (int value = 0; value < 2; value++)
            if (strcasecmp(text, words[i][value]) == 0) {
                *field = value;
                return 0;
            }
    return refuse(o, err, text, "is not a truth value");
}

/* A number within the row's range. */
static int parse_number(const struct its_opt *o, const char *text, double *value,
                        struct its_error *err)
{
    int code = its_number_parse(text, value);
    if (code == -EINVAL)
        return refuse(o, err, text, "is not a number");
    if (code < 0 || *value < o->min || *value > o->max)
        return refuse(o, err, text, "is out of range");
    return 0;
}

static int set_number(const struct its_opt *o, void *field, const char *text, struct its_error *err)
{
    double value = 0;
    int code = parse_number(o, text, &value, err);
    if (code < 0)
        return code;

    switch (o->type) {
    case ITS_OPT_INT:
        its_assert(o->min >= INT_MIN && o->max <= INT_MAX);
        if (value != floor(value))
            return refuse(o, err, text, "is not a whole number");
        *(int *)field = (int)value;
        break;
    case ITS_OPT_FLOAT:
        *(float *)field = (float)value;
        break;
    case ITS_OPT_TIME:
        its_assert(fabs(o->min) < 1e9 && fabs(o->max) < 1e9);
        *(int64_t *)field = llround(value * us_per_unit(o));
        break;
    default:
        *(double *)field = value;
    }
    return 0;
}

static int set_choice(const struct its_opt *o, int *field, const char *text, struct its_error *err)
{
    struct its_nearest nearest = its_nearest_to(text);
    for (int i = 0; o->choices[i]; i++) {
        if (strcasecmp(text, o->choices[i]) == 0) {
            *field = i;
            return 0;
        }
        its_nearest_offer(&nearest, o->choices[i]);
    }
    const char *meant = its_nearest_name(&nearest);
    char what[EXCERPT + 32] = "is not known";
    if (meant)
        snprintf(what, sizeof(what), "is not known; did you mean '%s'?", meant);
    return refuse(o, err, text, what);
}

static size_t string_max(const struct its_opt *o)
{
    return o->type == ITS_OPT_URL ? ITS_URL_MAX - 1 : ITS_OPT_STRING_MAX;
}

static int check_string(const struct its_opt *o, const char *text, struct its_error *err)
{
    size_t max = o->max > 0 ? (size_t)o->max : string_max(o), bytes = strlen(text);
    if (!its_utf8_is_printable(text))
        return refuse(o, err, text, "is not one line of valid UTF-8");
    if (bytes == 0 && (o->required || o->min > 0))
        return its_error_set(err, -EINVAL, "is empty");
    if (bytes > max) {
        char shown[EXCERPT];
        its_utf8_excerpt(o->type == ITS_OPT_URL ? "…" : text, shown, sizeof(shown));
        return its_error_set(err, -EINVAL, "'%s' has %zu bytes (at most %zu)", shown, bytes, max);
    }
    return 0;
}

static void append(struct its_opt_list *list, const char *item, struct its_arena *arena)
{
    /* Copies each time: lists are what a person typed on a command line. */
    const char **items = its_arena_alloc(arena, (list->count + 1) * sizeof(*items));
    if (list->count > 0)
        memcpy(items, list->items, list->count * sizeof(*items));
    items[list->count] = item;
    *list = (struct its_opt_list){items, list->count + 1};
}

int its_opt_set(const struct its_opt *o, void *settings, const char *text, struct its_arena *arena,
                struct its_error *err)
{
    void *at = field(o, settings);
    int code;
    switch (o->type) {
    case ITS_OPT_BOOL:
        return set_bool(o, at, text, err);
    case ITS_OPT_CHOICE:
        return set_choice(o, at, text, err);
    case ITS_OPT_STRING:
    case ITS_OPT_URL:
        code = check_string(o, text, err);
        if (code == 0)
            *(const char **)at = its_arena_strdup(arena, text);
        return code;
    case ITS_OPT_LIST:
        code = check_string(o, text, err);
        if (code == 0)
            append(at, its_arena_strdup(arena, text), arena);
        return code;
    default:
        return set_number(o, at, text, err);
    }
}

static const char *string_of(const struct its_opt *o, const void *settings)
{
    const char *s = *(const char *const *)const_field(o, settings);
    return s ? s : "";
}

void its_opt_show(const struct its_opt *o, const void *settings, enum its_opt_show how,
                  struct its_str *out)
{
    const void *at = const_field(o, settings);
    char number[ITS_NUMBER_CHARS], masked[ITS_URL_MAX];
    switch (o->type) {
    case ITS_OPT_BOOL:
        its_str_puts(out, *(const bool *)at ? "true" : "false");
        break;
    case ITS_OPT_INT:
        its_str_printf(out, "%d", *(const int *)at);
        break;
    case ITS_OPT_FLOAT:
        its_str_puts(out, its_number_format_float(*(const float *)at, number));
        break;
    case ITS_OPT_DOUBLE:
        its_str_puts(out, its_number_format(*(const double *)at, number));
        break;
    case ITS_OPT_TIME:
        its_str_puts(out, its_number_format((double)*(const int64_t *)at / us_per_unit(o), number));
        break;
    case ITS_OPT_CHOICE:
        its_str_puts(out, o->choices[*(const int *)at]);
        break;
    case ITS_OPT_STRING:
        its_str_puts(out, string_of(o, settings));
        break;
    case ITS_OPT_URL:
        its_str_puts(out, how == ITS_OPT_SECRETS
                              ? string_of(o, settings)
                              : its_url_mask(string_of(o, settings), masked, sizeof(masked)));
        break;
    case ITS_OPT_LIST:
        its_assert(!"lists are not shown");
    }
}

bool its_opt_has_secret(const struct its_opt *o, const void *settings)
{
    if (o->type != ITS_OPT_URL)
        return false;
    char masked[ITS_URL_MAX];
    const char *url = string_of(o, settings);
    return strcmp(url, its_url_mask(url, masked, sizeof(masked))) != 0;
}

const struct its_opt *its_opt_find(const struct its_opt *opts, unsigned count, const char *name)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(opts[i].name, name) == 0)
            return &opts[i];
    return NULL;
}

void its_origin_describe(const struct its_origin *o, struct its_str *out)
{
    switch (o->layer) {
    case ITS_LAYER_DEFAULT:
        its_str_puts(out, "default");
        break;
    case ITS_LAYER_FILE:
        its_str_printf(out, "%s:%d", o->name, o->line);
        break;
    case ITS_LAYER_ENV:
        its_str_printf(out, "env %s", o->name);
        break;
    case ITS_LAYER_FLAG:
        its_str_printf(out, "flag %s", o->name);
        break;
    }
}

const char *its_origin_place(const struct its_origin *o, char *out, size_t size)
{
    switch (o->layer) {
    case ITS_LAYER_DEFAULT:
        snprintf(out, size, "default");
        break;
    case ITS_LAYER_FILE:
        snprintf(out, size, "%s:%d:%d", o->name, o->line, o->column);
        break;
    case ITS_LAYER_ENV:
        snprintf(out, size, "environment variable %s", o->name);
        break;
    case ITS_LAYER_FLAG:
        snprintf(out, size, "%s", o->name);
        break;
    }
    return out;
}
