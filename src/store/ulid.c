#include "store/ulid.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/attr.h"

#define TIME_BYTES 6

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static uint64_t read_ms(const struct its_ulid *id)
{
    uint64_t ms = 0;
    for (int i = 0; i < TIME_BYTES; i++)
        ms = ms << 8 | id->bytes[i];
    return ms;
}

static void count_on(struct its_ulid *id)
{
    for (int i = 15; i >= 0 && ++id->bytes[i] == 0; i--)
        ;
}

static void draw(struct its_ulid *id, uint64_t ms)
{
    for (int i = TIME_BYTES - 1; i >= 0; i--, ms >>= 8)
        id->bytes[i] = (uint8_t)ms;
    size_t random_bytes = sizeof(id->bytes) - TIME_BYTES;
    ssize_t got = getrandom(id->bytes + TIME_BYTES, random_bytes, 0);
    its_assert(got == (ssize_t)random_bytes); /* so few bytes are never interrupted */
}

struct its_ulid its_ulid_next(struct its_ulid_source *source, int64_t wall_us)
{
    uint64_t ms = wall_us > 0 ? (uint64_t)wall_us / 1000 : 0;
    if (ms > read_ms(&source->last))
        draw(&source->last, ms);
    else
        count_on(&source->last);
    return source->last;
}

int its_ulid_compare(const struct its_ulid *a, const struct its_ulid *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

/* 128 bits in 26 digits of 5 bits: the first digit holds only the top three. */
char *its_ulid_format(const struct its_ulid *id, char text[ITS_ULID_TEXT + 1])
{
    unsigned held = 0, bits = 2; /* two leading zero bits make it 130 */
    char *out = text;
    for (int i = 0; i < 16; i++) {
        held = held << 8 | id->bytes[i];
        for (bits += 8; bits >= 5; bits -= 5)
            *out++ = digits[held >> (bits - 5) & 31];
    }
    *out = 0;
    return text;
}

static int digit_value(char c)
{
    if (c >= 'a' && c <= 'z')
        c = (char)(c - 'a' + 'A');
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

int its_ulid_parse(const char *text, struct its_ulid *id)
{
    if (strlen(text) != ITS_ULID_TEXT || text[0] > '7')
        return -EINVAL;
    unsigned held = 0, bits = 0;
    uint8_t *out = id->bytes;
    for (int i = 0; i < ITS_ULID_TEXT; i++) {
        int v = digit_value(text[i]);
        if (v < 0)
            return -EINVAL;
        held = held << 5 | (unsigned)v;
        bits += i ? 5 : 3;
        if (bits >= 8) {
            bits -= 8;
            *out++ = (uint8_t)(held >> bits);
        }
    }
    return 0;
}
