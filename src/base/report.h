/* All that is wrong with a piece of input, one line each, so that a file is mended in one go.
 * Zero-initialise it. One thread. */
#pragma once

#include "base/str.h"

#define ITS_REPORT_LINES 20 /* more are counted, not kept: they are mostly echoes of the first */

struct its_report {
    struct its_str text; /* lines, each with its newline; read it with its_report_text */
    unsigned count;      /* of errors, kept or not */
    size_t kept_bytes;
};

/* Adds one line; the newline is added. */
void its_report_add(struct its_report *r, const char *fmt, ...) ITS_PRINTF(2, 3);

/* The lines, the last of them "… and N more" when not all were kept; "" when all is well. Good
 * until the next change. */
const char *its_report_text(const struct its_report *r);

void its_report_fini(struct its_report *r);
