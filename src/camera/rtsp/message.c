#include "camera/rtsp/message.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

/* The end of the line at p, and behind its line break. Cameras send CR LF, some LF. */
static const char *line_end(const char *p, const char *end, const char **next)
{
    const char *lf = memchr(p, '\n', (size_t)(end - p));
    if (!lf)
        return NULL;
    *next = lf + 1;
    return lf > p && lf[-1] == '\r' ? lf - 1 : lf;
}

/* Behind the empty line that ends the headers; NULL: not there yet. */
static const char *find_body(const char *p, const char *end)
{
    for (const char *next, *stop; (stop = line_end(p, end, &next)); p = next)
        if (stop == p)
            return next;
    return NULL;
}

static bool parse_status(const char *buf, size_t len, int *status)
{
    *status = 0;
    if (len < 12 || memcmp(buf, "RTSP/", 5) != 0)
        return memmem(buf, len, " RTSP/", 6) != NULL; /* a request */
    const char *p = memchr(buf, ' ', 12);
    if (!p || buf + len - p < 4)
        return false;
    for (int i = 1; i <= 3; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        *status = *status * 10 + (p[i] - '0');
    }
    return *status >= 100 && *status <= 599;
}

static int body_length(const struct its_rtsp_message *m, size_t *len)
{
    char text[16], *end;
    *len = 0;
    if (!its_rtsp_message_header(m, "Content-Length", 0, text, sizeof(text)))
        return 0;
    if (text[0] < '0' || text[0] > '9')
        return ITS_EDAMAGED;
    unsigned long n = strtoul(text, &end, 10);
    if (*end)
        return ITS_EDAMAGED;
    *len = n;
    return n > ITS_RTSP_BODY_MAX ? ITS_ETOOBIG : 0;
}

/* Both kinds of first line begin with a letter and hold printable characters. */
static bool looks_right(const char *buf, size_t len)
{
    for (size_t i = 0; i < len && buf[i] != '\r' && buf[i] != '\n'; i++)
        if ((unsigned char)buf[i] < ' ' || (i == 0 && (buf[i] < 'A' || buf[i] > 'Z')))
            return false;
    return len == 0 || (buf[0] != '\r' && buf[0] != '\n');
}

int its_rtsp_message_parse(const char *buf, size_t len, struct its_rtsp_message *out)
{
    *out = (struct its_rtsp_message){0};
    const char *end = buf + len, *headers = end;
    if (!looks_right(buf, len))
        return ITS_EDAMAGED;
    const char *body = find_body(buf, end);
    if (!body)
        return len >= ITS_RTSP_HEAD_MAX ? ITS_ETOOBIG : 0;
    if (body - buf > ITS_RTSP_HEAD_MAX)
        return ITS_ETOOBIG;
    const char *stop = line_end(buf, end, &headers);
    if (!parse_status(buf, (size_t)(stop - buf), &out->status))
        return ITS_EDAMAGED;
    out->headers = headers;
    out->headers_len = (size_t)(body - headers);
    int rc = body_length(out, &out->body_len);
    if (rc < 0)
        return rc;
    if ((size_t)(end - body) < out->body_len)
        return 0;
    out->body = body;
    return (int)(body - buf + (ptrdiff_t)out->body_len);
}

static bool take_value(const char *from, const char *to, char *out, size_t size)
{
    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    size_t n = (size_t)(to - from);
    if (n >= size || memchr(from, 0, n))
        return false;
    memcpy(out, from, n);
    out[n] = 0;
    return true;
}

bool its_rtsp_message_header(const struct its_rtsp_message *m, const char *name, unsigned nth,
                             char *out, size_t size)
{
    const char *p = m->headers, *end = p + m->headers_len, *next;
    size_t name_len = strlen(name);
    for (const char *stop; p < end && (stop = line_end(p, end, &next)); p = next) {
        if ((size_t)(stop - p) <= name_len || p[name_len] != ':' ||
            strncasecmp(p, name, name_len) != 0 || nth-- > 0)
            continue;
        return take_value(p + name_len + 1, stop, out, size);
    }
    return false;
}
