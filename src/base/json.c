#include "base/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static void before_value(struct its_json *j)
{
    if (j->comma)
        its_str_putc(j->out, ',');
    j->comma = true;
}

static void open_with(struct its_json *j, char c)
{
    before_value(j);
    its_str_putc(j->out, c);
    j->comma = false;
}

static void close_with(struct its_json *j, char c)
{
    its_str_putc(j->out, c);
    j->comma = true;
}

void its_json_object(struct its_json *j)
{
    open_with(j, '{');
}

void its_json_object_end(struct its_json *j)
{
    close_with(j, '}');
}

void its_json_array(struct its_json *j)
{
    open_with(j, '[');
}

void its_json_array_end(struct its_json *j)
{
    close_with(j, ']');
}

static void quoted(struct its_str *out, const char *text)
{
    its_str_putc(out, '"');
    for (const char *s = text; *s;) {
        int n = its_utf8_length(s);
        if (n == 0) {
            its_str_puts(out, "\xef\xbf\xbd"); /* U+FFFD */
            s++;
        } else if (*s == '"' || *s == '\\') {
            its_str_putc(out, '\\');
            its_str_putc(out, *s++);
        } else if ((unsigned char)*s < 0x20) {
            its_str_printf(out, "\\u%04x", *s++);
        } else {
            its_str_append(out, s, (size_t)n);
            s += n;
        }
    }
    its_str_putc(out, '"');
}

void its_json_key(struct its_json *j, const char *key)
{
    before_value(j);
    quoted(j->out, key);
    its_str_putc(j->out, ':');
    j->comma = false;
}

void its_json_string(struct its_json *j, const char *s)
{
    if (!s) {
        its_json_null(j);
        return;
    }
    before_value(j);
    quoted(j->out, s);
}

static void bare(struct its_json *j, const char *text)
{
    before_value(j);
    its_str_puts(j->out, text);
}

void its_json_int(struct its_json *j, int64_t v)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRId64, v);
    bare(j, text);
}

void its_json_bool(struct its_json *j, bool v)
{
    bare(j, v ? "true" : "false");
}

void its_json_null(struct its_json *j)
{
    bare(j, "null");
}

void its_json_number(struct its_json *j, double v, int decimals)
{
    char text[352]; /* the longest double in %f has 309 digits before the point */
    if (!isfinite(v)) {
        its_json_null(j);
        return;
    }
    int n = snprintf(text, sizeof(text), "%.*f", decimals, v);
    if (decimals > 0) {
        while (text[n - 1] == '0')
            n--;
        if (text[n - 1] == '.')
            n--;
        text[n] = 0;
    }
    bare(j, strcmp(text, "-0") == 0 ? "0" : text);
}
