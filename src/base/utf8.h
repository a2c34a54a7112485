/* UTF-8 from outside: is it well formed, may it stand in a line of text, and an excerpt of it that
 * is safe to quote in a message. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the well-formed sequence at s (RFC 3629: no overlong forms, no surrogates), 1 for a NUL;
 * 0 when there is none. Reads no further than the first NUL. */
int its_utf8_length(const char *s);

/* True when all of s is well formed and a single line in YAML, JSON and on a terminal: no control
 * characters (C0, DEL, C1), no line or paragraph separators, no byte order marks. */
bool its_utf8_is_printable(const char *s);

/* Up to size - 1 bytes of s into out, cut between characters with "…" at the end when longer, what
 * is not printable as '?'. size: at least 8. Returns out. */
const char *its_utf8_excerpt(const char *s, char *out, size_t size);
