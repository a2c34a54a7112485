#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8.h"

static void length_of_well_and_ill_formed(void **state)
{
    static const struct {
        const char *text;
        int length;
    } cases[] = {
        {"", 1},
        {"a", 1},
        {"\xc3\xbc", 2},
        {"\xe2\x82\xac", 3},
        {"\xf0\x9f\x9a\x97", 4},
        {"\x80", 0},
        {"\xc0\x80", 0},
        {"\xc3", 0},
        {"\xe0\x9f\x80", 0},
        {"\xed\xa0\x80", 0},
        {"\xf4\x90\x80\x80", 0},
        {"\xf8\x88\x80\x80\x80", 0},
        {"\xff", 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(its_utf8_length(cases[i].text), cases[i].length);
}

static void printable_is_one_line_of_text(void **state)
{
    assert_true(its_utf8_is_printable(""));
    assert_true(its_utf8_is_printable("Straße 5 € 🚗"));
    static const char *const bad[] = {"a\nb",         "\t",           "\x7f",
                                      "\xc2\x85",     "\xe2\x80\xa8", "\xef\xbb\xbf",
                                      "\xef\xbf\xbe", "\xff",         "\xe2\x82"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(its_utf8_is_printable(bad[i]));
}

static void excerpt_cuts_between_characters(void **state)
{
    char out[12];
    assert_string_equal(its_utf8_excerpt("elevenbytes", out, sizeof(out)), "elevenbytes");
    assert_string_equal(its_utf8_excerpt("twelve bytes", out, sizeof(out)), "twelve b…");
    assert_string_equal(its_utf8_excerpt("aüüüüüü", out, sizeof(out)), "aüüü…");
    assert_string_equal(its_utf8_excerpt("a\nb\xff", out, sizeof(out)), "a?b?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(length_of_well_and_ill_formed),
        cmocka_unit_test(printable_is_one_line_of_text),
        cmocka_unit_test(excerpt_cuts_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
