#include <errno.h>
#include <float.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/number.h"

static void reads_decimals_only(void **state)
{
    static const struct {
        const char *text;
        int code;
        double value;
    } cases[] = {
        {"0", 0, 0},           {"-1.5", 0, -1.5},   {"+.5", 0, 0.5},     {"5.", 0, 5},
        {"1e3", 0, 1000},      {"1E-2", 0, 0.01},   {"010", 0, 10},      {"1e999", -ERANGE, 0},
        {"", -EINVAL, 0},      {".", -EINVAL, 0},   {"-", -EINVAL, 0},   {"e5", -EINVAL, 0},
        {"1e", -EINVAL, 0},    {"1e+", -EINVAL, 0}, {" 1", -EINVAL, 0},  {"1 ", -EINVAL, 0},
        {"0x10", -EINVAL, 0},  {"nan", -EINVAL, 0}, {"inf", -EINVAL, 0}, {"1,5", -EINVAL, 0},
        {"1_000", -EINVAL, 0}, {"--1", -EINVAL, 0}, {"1e-999", 0, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        double value = -7;
        int code = its_number_parse(cases[i].text, &value);
        if (code != cases[i].code || (code == 0 && value != cases[i].value))
            fail_msg("'%s': code %d value %g, expected %d and %g", cases[i].text, code, value,
                     cases[i].code, cases[i].value);
        if (code < 0)
            assert_true(value == -7);
    }
}

static void shortest_text_reads_back(void **state)
{
    char out[ITS_NUMBER_CHARS];
    assert_string_equal(its_number_format(0.1, out), "0.1");
    assert_string_equal(its_number_format(100000, out), "100000");
    assert_string_equal(its_number_format(2000, out), "2000");
    assert_string_equal(its_number_format_float(0.1f, out), "0.1");
    assert_string_equal(its_number_format((double)0.1f, out), "0.10000000149011612");

    uint64_t seed = 0x9e3779b97f4a7c15u;
    for (int i = 0; i < 2000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        double value = (double)(int64_t)seed * 1e-9, back = 0;
        assert_int_equal(its_number_parse(its_number_format(value, out), &back), 0);
        if (back != value)
            fail_msg("step %d: %.17g came back from '%s' as %.17g", i, value, out, back);
    }
}

static void decimal_point_in_every_locale(void **state)
{
    static const char *const commas[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE"};
    const char *set = NULL;
    for (size_t i = 0; !set && i < sizeof(commas) / sizeof(commas[0]); i++)
        set = setlocale(LC_ALL, commas[i]);
    if (!set)
        print_message("no locale with a decimal comma is installed: only C's was tested\n");
    char out[ITS_NUMBER_CHARS];
    double value = 0;
    assert_string_equal(its_number_format(1.5, out), "1.5");
    assert_int_equal(its_number_parse("1.5", &value), 0);
    assert_true(value == 1.5);
    setlocale(LC_ALL, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_decimals_only),
        cmocka_unit_test(shortest_text_reads_back),
        cmocka_unit_test(decimal_point_in_every_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
