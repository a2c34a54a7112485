#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

#include "base/attr.h"

int its_utf8_length(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    int n;
    if (s[0] < 0x80)
        return 1;
    if (s[0] >= 0xc2 && s[0] <= 0xdf)
        n = 2;
    else if (s[0] >= 0xe0 && s[0] <= 0xef)
        n = 3;
    else if (s[0] >= 0xf0 && s[0] <= 0xf4)
        n = 4;
    else
        return 0;
    for (int i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

/* The code point of a well-formed sequence of n bytes. */
static uint32_t decode(const char *text, int n)
{
    const unsigned char *s = (const unsigned char *)text;
    static const unsigned char lead_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t c = s[0] & lead_mask[n];
    for (int i = 1; i < n; i++)
        c = c << 6 | (s[i] & 0x3f);
    return c;
}

static bool is_printable(uint32_t c)
{
    if (c < 0x20 || (c >= 0x7f && c < 0xa0))
        return false;
    return c != 0x2028 && c != 0x2029 && c != 0xfeff && (c & 0xfffe) != 0xfffe;
}

bool its_utf8_is_printable(const char *s)
{
    while (*s) {
        int n = its_utf8_length(s);
        if (n == 0 || !is_printable(decode(s, n)))
            return false;
        s += n;
    }
    return true;
}

const char *its_utf8_excerpt(const char *s, char *out, size_t size)
{
    static const char ellipsis[] = "…";
    its_assert(size >= 8);

    size_t used = 0, fits = 0; /* fits: where the ellipsis can still be put */
    while (*s) {
        int n = its_utf8_length(s);
        bool good = n > 0 && is_printable(decode(s, n));
        size_t bytes = good ? (size_t)n : 1;
        if (used + bytes >= size) {
            memcpy(out + fits, ellipsis, sizeof(ellipsis));
            return out;
        }
        if (good)
            memcpy(out + used, s, bytes);
        else
            out[used] = '?';
        used += bytes;
        s += n > 0 ? n : 1;
        if (used + sizeof(ellipsis) <= size)
            fits = used;
    }
    out[used] = 0;
    return out;
}
