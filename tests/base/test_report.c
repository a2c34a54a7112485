#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/report.h"

static unsigned lines_in(const char *s)
{
    unsigned n = 0;
    for (; *s; s++)
        n += *s == '\n';
    return n;
}

static void keeps_the_first_and_counts_the_rest(void **state)
{
    struct its_report r = {0};
    assert_string_equal(its_report_text(&r), "");
    for (int i = 1; i <= ITS_REPORT_LINES; i++)
        its_report_add(&r, "mistake %d", i);
    assert_int_equal(lines_in(its_report_text(&r)), ITS_REPORT_LINES);
    assert_null(strstr(its_report_text(&r), "more"));

    its_report_add(&r, "mistake 21");
    its_report_add(&r, "mistake 22");
    assert_int_equal(r.count, ITS_REPORT_LINES + 2);
    assert_int_equal(lines_in(its_report_text(&r)), ITS_REPORT_LINES + 1);
    assert_non_null(strstr(its_report_text(&r), "mistake 20\n… and 2 more\n"));
    its_report_fini(&r);
    assert_int_equal(r.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(keeps_the_first_and_counts_the_rest)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
