/* Two kinds of secrets are looked for in the same text, and what either finds is hidden:
 * "user:password@", and the values of names that sound like a secret. Both work on the text, not on
 * a grammar: people paste passwords with '@', '/', '?' and '#' in them, and a parser that believes
 * RFC 3986 would take half of such a password for the path. */
#include "base/url.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"

/* Where "user:password@" may begin: after "scheme://". A path of the file system has none. */
static const char *authority_of(const char *url)
{
    const char *p = strstr(url, "://");
    if (p)
        return p + 3;
    return *url == '/' || *url == '.' ? NULL : url;
}

/* The password: everything from behind the first ':' to the last '@'. Empty when there is none. */
static void find_password(const char *url, const char **begin, const char **end)
{
    const char *start = authority_of(url);
    const char *at = start ? strrchr(start, '@') : NULL;
    const char *colon = at ? memchr(start, ':', (size_t)(at - start)) : NULL;
    *begin = colon ? colon + 1 : url;
    *end = colon ? at : url;
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

/* The text being written, as much of it as fits. */
struct sink {
    char *out;
    size_t used, size;
};

static void put(struct sink *sink, const char *text, size_t n)
{
    for (size_t i = 0; i < n && sink->used + 1 < sink->size; i++) {
        unsigned char c = (unsigned char)text[i];
        sink->out[sink->used++] = c < 0x20 || c == 0x7f ? '?' : (char)c;
    }
}

const char *its_url_mask(const char *url, char *out, size_t size)
{
    static const char name_ends[] = "/?&;#=,:@ ";
    struct sink sink = {out, 0, size};
    its_assert(size > 0);

    const char *password, *password_end;
    url = url ? url : "";
    find_password(url, &password, &password_end);
    const char *name = url, *value_end = url; /* of the last "name=value" that is a secret */
    bool was_hidden = false;
    for (const char *s = url; *s; s++) {
        bool hidden = (s >= password && s < password_end) || s < value_end;
        if (!hidden)
            put(&sink, s, 1);
        else if (!was_hidden)
            put(&sink, "***", 3);
        was_hidden = hidden;
        if (*s == '=' && is_secret_name(name, (size_t)(s - name)))
            value_end = s + 1 + strcspn(s + 1, "&;");
        if (strchr(name_ends, *s))
            name = s + 1;
    }
    out[sink.used] = 0;
    return out;
}
