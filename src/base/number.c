#include "base/number.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The terminal view needs the user's locale, in which the decimal point may be a comma: numbers
 * are read and written in C's. Returns what leave_c_locale takes. */
static locale_t enter_c_locale(void)
{
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return c ? uselocale(c) : (locale_t)0;
}

static void leave_c_locale(locale_t before)
{
    if (before)
        freelocale(uselocale(before));
}

static bool has_number_grammar(const char *s)
{
    static const char digits[] = "0123456789";
    s += *s == '+' || *s == '-';
    size_t whole = strspn(s, digits), fraction = 0;
    s += whole;
    if (*s == '.') {
        s++;
        fraction = strspn(s, digits);
        s += fraction;
    }
    if (whole + fraction == 0)
        return false;
    if (*s == 'e' || *s == 'E') {
        s++;
        s += *s == '+' || *s == '-';
        size_t exponent = strspn(s, digits);
        if (exponent == 0)
            return false;
        s += exponent;
    }
    return *s == 0;
}

int its_number_parse(const char *text, double *value)
{
    if (!has_number_grammar(text))
        return -EINVAL;
    locale_t before = enter_c_locale();
    double v = strtod(text, NULL);
    leave_c_locale(before);
    if (!isfinite(v))
        return -ERANGE;
    *value = v;
    return 0;
}

static const char *format(double value, bool single, char out[ITS_NUMBER_CHARS])
{
    locale_t before = enter_c_locale();
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(out, ITS_NUMBER_CHARS, "%.*g", digits, value);
        double back = strtod(out, NULL);
        if (single ? (float)back == (float)value : back == value)
            break;
    }
    leave_c_locale(before);
    return out;
}

const char *its_number_format(double value, char out[ITS_NUMBER_CHARS])
{
    return format(value, false, out);
}

const char *its_number_format_float(float value, char out[ITS_NUMBER_CHARS])
{
    return format((double)value, true, out);
}
