#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/nearest.h"

static const char *meant(const char *wanted)
{
    static const char *const names[] = {"url", "enabled", "priority", "analysis_fps", "loop"};
    struct its_nearest n = its_nearest_to(wanted);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        its_nearest_offer(&n, names[i]);
    return its_nearest_name(&n);
}

static void finds_the_word_that_was_meant(void **state)
{
    assert_string_equal(meant("uri"), "url");
    assert_string_equal(meant("ulr"), "url"); /* a swap is one step */
    assert_string_equal(meant("Prioritty"), "priority");
    assert_string_equal(meant("analysis-fps"), "analysis_fps");
    assert_string_equal(meant("fps"), "analysis_fps");
    assert_string_equal(meant("enable"), "enabled");
}

static void silent_when_nothing_is_near(void **state)
{
    assert_null(meant("password"));
    assert_null(meant(""));
    assert_null(meant("x"));
    char longest[5000];
    memset(longest, 'u', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = 0;
    assert_null(meant(longest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_word_that_was_meant),
        cmocka_unit_test(silent_when_nothing_is_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
