#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *its_strerror(int code)
{
    switch (code) {
    case 0:
        return "no error";
#define X(name, value, word, text)                                                                 \
    case name:                                                                                     \
        return text;
        ITS_ERRORS(X)
#undef X
    }
    if (code < 0 && code > -4096)
        return strerrordesc_np(-code) ? strerrordesc_np(-code) : "unknown system error";
    return "unknown error";
}

const char *its_err_word(int code)
{
    switch (code) {
#define X(name, value, word, text)                                                                 \
    case name:                                                                                     \
        return word;
        ITS_ERRORS(X)
#undef X
#define X(name, word)                                                                              \
    case -name:                                                                                    \
        return word;
        ITS_SYSTEM_ERRORS(X)
#undef X
    }
    return "failed";
}

int its_error_set(struct its_error *err, int code, const char *fmt, ...)
{
    if (err) {
        va_list args;
        va_start(args, fmt);
        vsnprintf(err->text, sizeof(err->text), fmt, args);
        va_end(args);
        err->code = code;
    }
    return code;
}

int its_error_prefix(struct its_error *err, const char *fmt, ...)
{
    if (!err)
        return -EINVAL;

    char old[sizeof(err->text)];
    memcpy(old, err->text, sizeof(old));

    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(err->text, sizeof(err->text), fmt, args);
    va_end(args);
    if (n >= 0 && (size_t)n < sizeof(err->text))
        snprintf(err->text + n, sizeof(err->text) - (size_t)n, ": %s", old);
    return err->code;
}

void its_assert_failed(const char *cond, const char *file, int line)
{
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, cond);
    abort();
}
