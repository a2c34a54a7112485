#include "camera/address.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* RFC 3986 2.1. A '%' that begins no escape stands for itself: people type passwords as they are.
 * NUL cannot be part of a name. */
static bool decode(const char *from, size_t len, char *out, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        int c = (unsigned char)from[i];
        if (c == '%' && i + 2 < len && hex(from[i + 1]) >= 0 && hex(from[i + 2]) >= 0) {
            c = hex(from[i + 1]) << 4 | hex(from[i + 2]);
            i += 2;
        }
        if (c < ' ' || c == 0x7f || n + 1 >= size)
            return false;
        out[n++] = (char)c;
    }
    out[n] = 0;
    return true;
}

static bool copy(const char *from, size_t len, char *out, size_t size)
{
    if (len >= size)
        return false;
    memcpy(out, from, len);
    out[len] = 0;
    return true;
}

static int parse_user(const char *from, size_t len, struct its_address *out, struct its_error *err)
{
    const char *colon = memchr(from, ':', len);
    size_t user = colon ? (size_t)(colon - from) : len;
    out->has_user = true;
    if (!decode(from, user, out->user, sizeof(out->user)) ||
        (colon && !decode(colon + 1, len - user - 1, out->password, sizeof(out->password))))
        return its_error_set(err, -EINVAL,
                             "the user name or password in the address is longer than 255 bytes "
                             "or holds control characters");
    return 0;
}

static bool parse_port(const char *from, size_t len, int *port)
{
    if (len < 1 || len > 5)
        return false;
    *port = 0;
    for (size_t i = 0; i < len; i++) {
        if (!isdigit((unsigned char)from[i]))
            return false;
        *port = *port * 10 + (from[i] - '0');
    }
    return *port >= 1 && *port <= 65535;
}

static bool is_host(const char *host)
{
    for (const char *c = host; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr("\"<>[\\]^`{|}", *c))
            return false;
    return *host != 0;
}

static int parse_host(const char *from, size_t len, struct its_address *out, struct its_error *err)
{
    size_t host = len;
    const char *port = NULL;
    if (len && *from == '[') {
        const char *close = memchr(from, ']', len);
        if (!close)
            return its_error_set(err, -EINVAL, "the address has a '[' without its ']'");
        if (close + 1 < from + len)
            port = close + 1;
        from++;
        host = (size_t)(close - from);
        len--;
    } else if ((port = memchr(from, ':', len))) {
        host = (size_t)(port - from);
    }
    if (!copy(from, host, out->host, sizeof(out->host)) || !is_host(out->host))
        return its_error_set(err, -EINVAL, "the address names no host");
    if (port &&
        (*port != ':' || !parse_port(port + 1, (size_t)(from + len - port - 1), &out->port)))
        return its_error_set(err, -EINVAL,
                             "the port in the address is not a number from 1 to 65535");
    return 0;
}

static bool parse_path(const char *from, struct its_address *out)
{
    for (const char *c = from; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f)
            return false;
    int n = snprintf(out->path, sizeof(out->path), "%s%s", *from == '?' ? "/" : "", from);
    return n < (int)sizeof(out->path);
}

int its_address_parse(const char *url, struct its_address *out, struct its_error *err)
{
    *out = (struct its_address){0};
    const char *authority = strstr(url, "://");
    if (!authority || !copy(url, (size_t)(authority - url), out->scheme, sizeof(out->scheme)))
        return its_error_set(err, -EINVAL, "not an address: scheme://host/path is expected");
    for (char *c = out->scheme; *c; c++) {
        *c = (char)tolower((unsigned char)*c);
        if (!isalnum((unsigned char)*c) && !strchr("+-.", *c))
            return its_error_set(err, -EINVAL, "not an address: its scheme is no word");
    }
    authority += 3;

    size_t len = strcspn(authority, "/?#");
    const char *at = memrchr(authority, '@', len);
    if (at) {
        int rc = parse_user(authority, (size_t)(at - authority), out, err);
        if (rc < 0)
            return rc;
        len -= (size_t)(at + 1 - authority);
        authority = at + 1;
    }
    int rc = parse_host(authority, len, out, err);
    if (rc == 0 && !parse_path(authority + len, out))
        rc = its_error_set(err, -EINVAL, "the path in the address holds spaces or is too long");
    return rc;
}

int its_address_format(const struct its_address *a, char *out, size_t size)
{
    bool v6 = strchr(a->host, ':');
    char port[8] = "";
    if (a->port)
        snprintf(port, sizeof(port), ":%d", a->port);
    int n = snprintf(out, size, "%s://%s%s%s%s%s", a->scheme, v6 ? "[" : "", a->host, v6 ? "]" : "",
                     port, a->path);
    return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}
