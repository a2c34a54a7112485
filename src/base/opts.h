/* Options as data. A module that can be tuned keeps, beside its settings struct, a const table with
 * one row per option; from the row come the reading of YAML, environment and flags, the checks, the
 * error texts, --help, `config print` and the reference.
 *
 *     static const struct its_opt gate_opts[] = {
 *         {"min_area", ITS_OPT_FLOAT, offsetof(struct gate_settings, min_area_px), .min = 1,
 *          .max = 1e6, .unit = "px", .live = true, .doc = "Smaller blobs are noise."},
 *     };
 *
 * Defaults are not in the row: they are what the module's defaults function writes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum its_opt_type {
    ITS_OPT_BOOL,   /* bool */
    ITS_OPT_INT,    /* int; unsigned where min >= 0 */
    ITS_OPT_FLOAT,  /* float */
    ITS_OPT_DOUBLE, /* double */
    ITS_OPT_TIME,   /* int64_t microseconds; written in the row's unit, "ms" or "s" */
    ITS_OPT_CHOICE, /* int or enum of the same size: index into choices */
    ITS_OPT_STRING, /* const char *; one line of printable UTF-8 */
    ITS_OPT_URL,    /* like STRING; user names and secrets in it are masked wherever it is shown */
    ITS_OPT_LIST,   /* struct its_opt_list: strings; every setting appends one (repeatable flags) */
};

struct its_opt {
    const char *name;
    enum its_opt_type type;
    size_t offset;              /* of the field in the settings struct */
    double min, max;            /* numbers and times (in the row's unit), inclusive; strings: bytes,
                                 * max 0 = ITS_OPT_STRING_MAX, for an address ITS_URL_MAX - 1 */
    const char *const *choices; /* CHOICE: names, NULL at the end; the index is the value */
    const char *unit;           /* for people: "ms", "px", "frames/s"; NULL: none */
    const char *doc;            /* sentences of the reference and of --help */
    const char *default_text;   /* in the reference instead of the value, where that depends on the
                                 * machine; NULL: the value */
    bool required;              /* a string that has no default */
    bool live;                  /* a changed value takes effect without a restart */
};

#define ITS_OPT_STRING_MAX 4096

struct its_opt_list {
    const char *const *items;
    unsigned count;
};

/* What a person may write, as it stands in errors and in the reference: "0.1 to 60", "10 to 10000
 * ms", "true or false", "low, normal or high", "text". */
void its_opt_describe(const struct its_opt *o, struct its_str *out);

/* Reads text into the row's field of settings; strings are copied into arena. 0, or -EINVAL with a
 * sentence in err that begins with the value ("'fast' is not a number (expected 0.1 to 60)"), the
 * field untouched. */
int its_opt_set(const struct its_opt *o, void *settings, const char *text, struct its_arena *arena,
                struct its_error *err);

/* How a value is shown. */
enum its_opt_show {
    ITS_OPT_MASKED, /* secrets as "***" */
    ITS_OPT_SECRETS /* as its_opt_set reads it back */
};

/* Appends the value of the row's field. Not for lists. */
void its_opt_show(const struct its_opt *o, const void *settings, enum its_opt_show how,
                  struct its_str *out);

/* True when showing it masked hides something. */
bool its_opt_has_secret(const struct its_opt *o, const void *settings);

/* The row of that name; NULL: none. */
const struct its_opt *its_opt_find(const struct its_opt *opts, unsigned count, const char *name);

/* Where a value came from. Later layers win. */
enum its_layer { ITS_LAYER_DEFAULT, ITS_LAYER_FILE, ITS_LAYER_ENV, ITS_LAYER_FLAG };

struct its_origin {
    enum its_layer layer;
    const char *name; /* file, variable or flag; borrowed */
    int line, column; /* FILE, from 1 */
};

/* For comments: "default", "its.yaml:12", "env ITS__LOG__LEVEL", "flag --state". */
void its_origin_describe(const struct its_origin *o, struct its_str *out);

/* Before errors: "its.yaml:12:5", "environment variable ITS__LOG__LEVEL", "--state". */
const char *its_origin_place(const struct its_origin *o, char *out, size_t size);
