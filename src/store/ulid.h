/* Names of events: ULIDs, 48 bits of wall-clock milliseconds and 80 random bits, so that they sort
 * by the time they were made. https://github.com/ulid/spec */
#pragma once

#include <stdint.h>

#define ITS_ULID_TEXT 26

struct its_ulid {
    uint8_t bytes[16]; /* most significant first: memcmp sorts by time */
};

/* Makes them. Zero-initialise, or start with the last one known. One thread at a time. */
struct its_ulid_source {
    struct its_ulid last;
};

/* Always above the one before: within a millisecond, and while the clock stands before the last
 * one, it counts on instead of drawing anew. */
struct its_ulid its_ulid_next(struct its_ulid_source *source, int64_t wall_us);

/* As memcmp. */
int its_ulid_compare(const struct its_ulid *a, const struct its_ulid *b);

/* 26 characters of Crockford's base 32, upper case. Returns text. */
char *its_ulid_format(const struct its_ulid *id, char text[ITS_ULID_TEXT + 1]);

/* Reads what format wrote, lower case too. 0, or -EINVAL. */
int its_ulid_parse(const char *text, struct its_ulid *id);
