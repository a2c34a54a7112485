#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void its_str_fini(struct its_str *s)
{
    free(s->data);
    *s = (struct its_str){0};
}

void its_str_clear(struct its_str *s)
{
    s->len = 0;
    if (s->data)
        s->data[0] = 0;
}

static void reserve(struct its_str *s, size_t more)
{
    size_t need = s->len + more + 1;
    if (need <= s->cap)
        return;
    s->cap = ITS_MAX(need, ITS_MAX(s->cap * 2, 64));
    s->data = its_realloc(s->data, s->cap);
}

void its_str_append(struct its_str *s, const char *bytes, size_t n)
{
    reserve(s, n);
    memcpy(s->data + s->len, bytes, n);
    s->len += n;
    s->data[s->len] = 0;
}

void its_str_puts(struct its_str *s, const char *text)
{
    its_str_append(s, text, strlen(text));
}

void its_str_putc(struct its_str *s, char c)
{
    its_str_append(s, &c, 1);
}

void its_str_printf(struct its_str *s, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    its_assert(n >= 0);

    reserve(s, (size_t)n);
    va_start(args, fmt);
    vsnprintf(s->data + s->len, (size_t)n + 1, fmt, args);
    va_end(args);
    s->len += (size_t)n;
}

const char *its_str_get(const struct its_str *s)
{
    return s->data ? s->data : "";
}
