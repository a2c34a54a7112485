/* A growing string. Zero-initialise it, or reuse it: clearing keeps the memory, so a reused string
 * stops allocating once it has seen its longest text. */
#pragma once

#include <stddef.h>

#include "base/attr.h"

struct its_str {
    char *data; /* NUL-terminated once something was appended; NULL before */
    size_t len, cap;
};

void its_str_fini(struct its_str *s);
void its_str_clear(struct its_str *s);
void its_str_append(struct its_str *s, const char *bytes, size_t n);
void its_str_puts(struct its_str *s, const char *text);
void its_str_putc(struct its_str *s, char c);
void its_str_printf(struct its_str *s, const char *fmt, ...) ITS_PRINTF(2, 3);

/* The text so far; "" for an empty one. Good until the next change. */
const char *its_str_get(const struct its_str *s);
