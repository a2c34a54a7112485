/* SHA-256 (FIPS 180-4): what a file is, in 64 characters. Not for secrets: no effort is made to
 * take the same time for all input. */
#pragma once

#include <stddef.h>

#define ITS_SHA256_CHARS 65

/* The digest in lower-case hexadecimal, terminated. Any thread. */
void its_sha256_hex(const void *data, size_t bytes, char out[ITS_SHA256_CHARS]);
