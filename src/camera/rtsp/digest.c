#include "camera/rtsp/digest.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include <libavutil/base64.h>
#include <libavutil/md5.h>
#include <libavutil/mem.h>
#include <libavutil/sha.h>

#include "base/str.h"

#define HASH_HEX_MAX 65

/* --- what the server says */

static const char *skip(const char *p, const char *chars)
{
    return p + strspn(p, chars);
}

/* name=value or name="value"; moves *p behind it. False: nothing of that shape is left. */
static bool next_parameter(const char **p, char name[32], char *value, size_t size)
{
    const char *at = skip(*p, ", \t");
    size_t n = strcspn(at, "= \t,");
    if (n == 0 || n >= 32 || at[n] != '=')
        return false;
    memcpy(name, at, n);
    name[n] = 0;
    at += n + 1;
    bool quoted = *at == '"';
    at += quoted;
    size_t len = 0;
    for (; *at && !(quoted ? *at == '"' : strchr(", \t", *at) != NULL); at++) {
        if (quoted && *at == '\\' && at[1])
            at++;
        if (len + 1 < size)
            value[len++] = *at;
    }
    value[len] = 0;
    *p = at + (quoted && *at == '"');
    return true;
}

static void set(char *out, size_t size, const char *value)
{
    snprintf(out, size, "%.*s", (int)size - 1, value);
}

static void take_parameter(struct its_challenge *c, const char *name, const char *value)
{
    if (strcasecmp(name, "realm") == 0)
        set(c->realm, sizeof(c->realm), value);
    else if (strcasecmp(name, "nonce") == 0)
        set(c->nonce, sizeof(c->nonce), value);
    else if (strcasecmp(name, "opaque") == 0)
        set(c->opaque, sizeof(c->opaque), value);
    else if (strcasecmp(name, "stale") == 0)
        c->stale = strcasecmp(value, "true") == 0;
    else if (strcasecmp(name, "qop") == 0)
        c->qop = strstr(value, "auth") != NULL;
    else if (strcasecmp(name, "algorithm") == 0)
        c->scheme = strcasecmp(value, "MD5") == 0       ? ITS_AUTH_MD5
                    : strcasecmp(value, "SHA-256") == 0 ? ITS_AUTH_SHA256
                                                        : ITS_AUTH_NONE;
}

void its_challenge_add(struct its_challenge *c, const char *value)
{
    struct its_challenge new = {0};
    value = skip(value, " \t");
    if (strncasecmp(value, "Basic", 5) == 0) {
        new.scheme = ITS_AUTH_BASIC;
        value += 5;
    } else if (strncasecmp(value, "Digest", 6) == 0) {
        new.scheme = ITS_AUTH_MD5;
        value += 6;
    } else {
        return;
    }
    char name[32], text[256];
    while (next_parameter(&value, name, text, sizeof(text)))
        take_parameter(&new, name, text);
    if (new.scheme > c->scheme)
        *c = new;
}

/* --- what we answer */

static void to_hex(const unsigned char *bytes, int n, char *out)
{
    for (int i = 0; i < n; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static bool hash(enum its_auth_scheme scheme, const struct its_str *text, char out[HASH_HEX_MAX])
{
    unsigned char sum[32];
    const unsigned char *data = (const unsigned char *)its_str_get(text);
    if (scheme == ITS_AUTH_MD5) {
        av_md5_sum(sum, data, text->len);
        to_hex(sum, 16, out);
        return true;
    }
    struct AVSHA *sha = av_sha_alloc();
    if (!sha)
        return false;
    av_sha_init(sha, 256);
    av_sha_update(sha, data, text->len);
    av_sha_final(sha, sum);
    av_free(sha);
    to_hex(sum, 32, out);
    return true;
}

static bool answer_basic(const char *user, const char *password, char *out, size_t size)
{
    char plain[600];
    int n = snprintf(plain, sizeof(plain), "%s:%s", user, password);
    char coded[AV_BASE64_SIZE(sizeof(plain))];
    av_base64_encode(coded, sizeof(coded), (const uint8_t *)plain, n);
    return snprintf(out, size, "Basic %s", coded) < (int)size;
}

/* RFC 7616 3.4.1, with RFC 2069's form for servers that offer no qop. */
static bool respond(struct its_challenge *c, const char *user, const char *password,
                    const char *method, const char *uri, const char *cnonce, char out[HASH_HEX_MAX])
{
    char ha1[HASH_HEX_MAX], ha2[HASH_HEX_MAX];
    struct its_str text = {0};
    its_str_printf(&text, "%s:%s:%s", user, c->realm, password);
    bool ok = hash(c->scheme, &text, ha1);
    its_str_clear(&text);
    its_str_printf(&text, "%s:%s", method, uri);
    ok = ok && hash(c->scheme, &text, ha2);
    its_str_clear(&text);
    if (ok && c->qop)
        its_str_printf(&text, "%s:%s:%08x:%s:auth:%s", ha1, c->nonce, c->uses, cnonce, ha2);
    else if (ok)
        its_str_printf(&text, "%s:%s:%s", ha1, c->nonce, ha2);
    ok = ok && hash(c->scheme, &text, out);
    its_str_fini(&text);
    return ok;
}

/* A quoted string must not be left by what is in it. */
static void put_quoted(struct its_str *s, const char *name, const char *value)
{
    its_str_printf(s, "%s=\"", name);
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            its_str_putc(s, '\\');
        if ((unsigned char)*value >= ' ')
            its_str_putc(s, *value);
    }
    its_str_puts(s, "\"");
}

bool its_challenge_answer(struct its_challenge *c, const char *user, const char *password,
                          const char *method, const char *uri, char *out, size_t size)
{
    if (c->scheme == ITS_AUTH_BASIC)
        return answer_basic(user, password, out, size);

    unsigned char dice[8] = {0};
    char cnonce[17], response[HASH_HEX_MAX];
    (void)!getrandom(dice, sizeof(dice), 0);
    to_hex(dice, sizeof(dice), cnonce);
    c->uses++;
    if (!respond(c, user, password, method, uri, cnonce, response))
        return false;

    struct its_str s = {0};
    put_quoted(&s, "Digest username", user);
    put_quoted(&s, ", realm", c->realm);
    put_quoted(&s, ", nonce", c->nonce);
    put_quoted(&s, ", uri", uri);
    put_quoted(&s, ", response", response);
    if (c->opaque[0])
        put_quoted(&s, ", opaque", c->opaque);
    if (c->scheme == ITS_AUTH_SHA256)
        its_str_puts(&s, ", algorithm=SHA-256");
    if (c->qop)
        its_str_printf(&s, ", qop=auth, nc=%08x, cnonce=\"%s\"", c->uses, cnonce);
    bool fits = s.len < size;
    if (fits)
        memcpy(out, s.data, s.len + 1);
    its_str_fini(&s);
    return fits;
}
