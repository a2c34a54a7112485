/* Addresses as people type them, passwords with everything in them. */
#include "camera/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/attr.h"

static struct its_address parse(const char *url)
{
    struct its_address a;
    struct its_error err = {0};
    if (its_address_parse(url, &a, &err) < 0)
        fail_msg("%s: %s", url, err.text);
    return a;
}

static void test_parts(void **state)
{
    struct its_address a = parse("RTSP://viewer:se%40cret@192.0.2.1:8554/live/1?a=b&c");
    assert_string_equal(a.scheme, "rtsp");
    assert_string_equal(a.user, "viewer");
    assert_string_equal(a.password, "se@cret");
    assert_string_equal(a.host, "192.0.2.1");
    assert_int_equal(a.port, 8554);
    assert_string_equal(a.path, "/live/1?a=b&c");

    a = parse("http://camera.example");
    assert_false(a.has_user);
    assert_int_equal(a.port, 0);
    assert_string_equal(a.path, "");
    a = parse("rtsp://host?x=1");
    assert_string_equal(a.path, "/?x=1");
    a = parse("rtsp://[2001:db8::1]:99/x");
    assert_string_equal(a.host, "2001:db8::1");
    assert_int_equal(a.port, 99);
    a = parse("rtsp://[::1]/x");
    assert_string_equal(a.host, "::1");
}

static void test_passwords_as_they_are_typed(void **state)
{
    static const struct {
        const char *typed, *meant;
    } rows[] = {
        {"p@ss", "p@ss"},       {"p:ss", "p:ss"}, {"100%", "100%"},     {"%zz", "%zz"},
        {"%41%", "A%"},         {"a%2Fb", "a/b"}, {"a%3Fb%23", "a?b#"}, {"", ""},
        {"%C3%A4", "\xc3\xa4"}, {"50%41", "50A"},
    };
    for (size_t i = 0; i < ITS_ARRAY_LEN(rows); i++) {
        char url[64];
        snprintf(url, sizeof(url), "rtsp://u:%s@h/p", rows[i].typed);
        struct its_address a = parse(url);
        assert_string_equal(a.password, rows[i].meant);
        assert_string_equal(a.host, "h");
    }
}

static void test_requests_name_no_secret(void **state)
{
    char text[ITS_URL_MAX];
    struct its_address a = parse("rtsp://u:p@[::1]:8554/live?x=1");
    assert_int_equal(its_address_format(&a, text, sizeof(text)), 0);
    assert_string_equal(text, "rtsp://[::1]:8554/live?x=1");
    assert_int_equal(its_address_format(&a, text, 10), -ENAMETOOLONG);
}

static void test_refused(void **state)
{
    static const struct {
        const char *url, *why;
    } rows[] = {
        {"rtsp:/h", "not an address"},
        {"rtsp://", "names no host"},
        {"rtsp://u:hush@/x", "names no host"},
        {"rtsp://h:0/", "port"},
        {"rtsp://h:65536/", "port"},
        {"rtsp://h:1x/", "port"},
        {"rtsp://h:/", "port"},
        {"rtsp://[::1/x", "']'"},
        {"rtsp://h/a b", "spaces"},
        {"rtsp://u:hu%0ash@h/", "control characters"},
        {"rtsp://u:hu%00sh@h/", "control characters"},
        {"rtsp://h\r\nX: y/", "names no host"},
        {"a-very-long-scheme-indeed://h/", "not an address"},
    };
    for (size_t i = 0; i < ITS_ARRAY_LEN(rows); i++) {
        struct its_address a;
        struct its_error err = {0};
        assert_int_equal(its_address_parse(rows[i].url, &a, &err), -EINVAL);
        if (!strstr(err.text, rows[i].why) || strstr(err.text, "hu"))
            fail_msg("%s: '%s'", rows[i].url, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_passwords_as_they_are_typed),
        cmocka_unit_test(test_requests_name_no_secret),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests_name("camera/address", tests, NULL, NULL);
}
