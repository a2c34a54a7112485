/* Two passes over a copy: first "user:password@", then "name=value" pairs whose name sounds like a
 * secret. Both work on the text, not on a grammar: people paste passwords with '@', '/', '?' and '#'
 * in them, and a parser that believes RFC 3986 would take half of such a password for the path. */
#include "base/url.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "base/str.h"

static const char mask[] = "***";

/* Where "user:password@" may begin: after "scheme://". A path of the file system has none. */
static const char *authority_of(const char *url)
{
    const char *p = strstr(url, "://");
    if (p)
        return p + 3;
    return *url == '/' || *url == '.' ? NULL : url;
}

/* Everything from the first ':' to the last '@'. */
static void mask_userinfo(const char *url, struct its_str *out)
{
    const char *start = authority_of(url);
    const char *at = start ? strrchr(start, '@') : NULL;
    const char *colon = at ? memchr(start, ':', (size_t)(at - start)) : NULL;
    if (!colon) {
        its_str_puts(out, url);
        return;
    }
    its_str_append(out, url, (size_t)(colon + 1 - url));
    its_str_puts(out, mask);
    its_str_puts(out, at);
}

static int hex_value(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* A name as the server will read it: percent escapes decoded, small letters. Its end is what
 * counts when it is too long. */
static void plain_name(const char *name, size_t len, char *out, size_t size)
{
    size_t n = 0;
    if (len >= size)
        name += len - (size - 1), len = size - 1;
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        if (c == '%' && i + 2 < len && isxdigit((unsigned char)name[i + 1]) &&
            isxdigit((unsigned char)name[i + 2])) {
            c = (char)(hex_value(name[i + 1]) << 4 | hex_value(name[i + 2]));
            i += 2;
        }
        out[n++] = c ? (char)tolower((unsigned char)c) : '?';
    }
    out[n] = 0;
}

static bool is_secret_name(const char *name, size_t len)
{
    static const char *const words[] = {"pass", "pwd",  "psw",  "secret",  "token", "key",
                                        "auth", "sign", "cred", "session", "sig"};
    char plain[64];
    plain_name(name, len, plain, sizeof(plain));
    for (size_t i = 0; i < ITS_ARRAY_LEN(words); i++)
        if (strstr(plain, words[i]))
            return true;
    return false;
}

static void mask_values(const char *s, struct its_str *out)
{
    static const char name_ends[] = "/?&;#=,:@ ";
    const char *name = s;
    for (; *s; s++) {
        its_str_putc(out, *s);
        if (*s == '=' && is_secret_name(name, (size_t)(s - name))) {
            its_str_puts(out, mask);
            s += strcspn(s + 1, "&;");
        }
        if (strchr(name_ends, *s))
            name = s + 1;
    }
}

const char *its_url_mask(const char *url, char *out, size_t size)
{
    its_assert(size > 0);
    struct its_str user = {0}, all = {0};
    mask_userinfo(url ? url : "", &user);
    mask_values(its_str_get(&user), &all);

    size_t n = ITS_MIN(all.len, size - 1);
    for (size_t i = 0; i < n; i++)
        out[i] = (unsigned char)all.data[i] < 0x20 || all.data[i] == 0x7f ? '?' : all.data[i];
    out[n] = 0;
    its_str_fini(&user);
    its_str_fini(&all);
    return out;
}
