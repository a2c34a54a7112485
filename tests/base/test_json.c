#include "base/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void test_nesting_and_commas(void **state)
{
    struct its_str s = {0};
    struct its_json j = its_json_on(&s);
    its_json_object(&j);
    its_json_key(&j, "a");
    its_json_int(&j, INT64_MIN);
    its_json_key(&j, "b");
    its_json_array(&j);
    its_json_bool(&j, true);
    its_json_null(&j);
    its_json_object(&j);
    its_json_object_end(&j);
    its_json_array_end(&j);
    its_json_key(&j, "c");
    its_json_string(&j, NULL);
    its_json_object_end(&j);
    assert_string_equal(its_str_get(&s),
                        "{\"a\":-9223372036854775808,\"b\":[true,null,{}],\"c\":null}");
    its_str_fini(&s);
}

static void check_string(const char *in, const char *want)
{
    struct its_str s = {0};
    struct its_json j = its_json_on(&s);
    its_json_string(&j, in);
    assert_string_equal(its_str_get(&s), want);
    its_str_fini(&s);
}

static void test_strings(void **state)
{
    check_string("a\"b\\c\n\x01", "\"a\\\"b\\\\c\\u000a\\u0001\"");
    check_string("Stra\xc3\x9f"
                 "e \xf0\x9f\x9a\x97",
                 "\"Stra\xc3\x9f"
                 "e \xf0\x9f\x9a\x97\"");
    check_string("\xff", "\"\xef\xbf\xbd\"");
    check_string("\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"");                 /* overlong */
    check_string("\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""); /* surrogate */
    check_string("\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\"");                 /* cut short */
}

static void check_number(double v, int decimals, const char *want)
{
    struct its_str s = {0};
    struct its_json j = its_json_on(&s);
    its_json_number(&j, v, decimals);
    assert_string_equal(its_str_get(&s), want);
    its_str_fini(&s);
}

static void test_numbers(void **state)
{
    check_number(4.92, 3, "4.92");
    check_number(5, 3, "5");
    check_number(-0.0001, 3, "0");
    check_number(100, 0, "100");
    check_number(0.8149, 2, "0.81");
    check_number(NAN, 2, "null");
    check_number(INFINITY, 2, "null");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nesting_and_commas),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests_name("base/json", tests, NULL, NULL);
}
