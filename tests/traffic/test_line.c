#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "traffic/event.h"
#include "traffic/line.h"

static void a_line_in_pixels(void **state)
{
    struct its_line l;
    struct its_error err;
    assert_int_equal(its_line_parse("east/in-2.a_b:10,20.5,300,400", &l, &err), 0);
    assert_string_equal(l.name, "east/in-2.a_b");
    assert_false(l.fractions);
    assert_float_equal(l.a.x, 10, 0);
    assert_float_equal(l.a.y, 20.5f, 0);
    assert_float_equal(l.b.x, 300, 0);
    assert_float_equal(l.b.y, 400, 0);
    assert_int_equal(l.revision, 1);
}

static void a_line_in_fractions(void **state)
{
    struct its_line l;
    struct its_error err;
    assert_int_equal(its_line_parse("x:0,0.5,1,.5", &l, &err), 0);
    assert_true(l.fractions);
    struct its_line p = its_line_in_pixels(&l, 1280, 720);
    assert_false(p.fractions);
    assert_string_equal(p.name, "x");
    assert_float_equal(p.a.x, 0, 0);
    assert_float_equal(p.a.y, 360, 0);
    assert_float_equal(p.b.x, 1280, 0);
    struct its_line again = its_line_in_pixels(&p, 10, 10);
    assert_float_equal(again.b.x, 1280, 0);
}

/* What is wrong and what is expected, both are said. */
static void messages(void **state)
{
    static const struct {
        const char *text, *wrong, *expected;
    } bad[] = {
        {"", "no colon", "NAME:x1,y1,x2,y2"},
        {"10,20,30,40", "no colon", "NAME:x1,y1,x2,y2"},
        {":1,2,3,4", "0 characters", "1 to 63"},
        {"a b:1,2,3,4", "character 2 of the name", "letters, digits"},
        {"\xc3\xa4:1,2,3,4", "character 1 of the name", "letters, digits"},
        {"n:", "x1 is not a number", "x1,y1,x2,y2"},
        {"n:1,2,3", "x2 is not a number followed by a comma", "x1,y1,x2,y2"},
        {"n:1,2,3,4,5", "y2 is not a number followed by the end", "x1,y1,x2,y2"},
        {"n:1,2,3,4 ", "y2 is not a number followed by the end", "x1,y1,x2,y2"},
        {"n:1, 2,3,4", "y1 is not a number", "x1,y1,x2,y2"},
        {"n:1,2,3,four", "y2 is not a number", "x1,y1,x2,y2"},
        {"n:nan,2,3,4", "x1 is not a number", "x1,y1,x2,y2"},
        {"n:1e99,2,3,4", "x1 is not a number", "x1,y1,x2,y2"},
        {"n:0x10,2,3,4", "x1 is not a number", "x1,y1,x2,y2"},
        {"n:1,-2,3,4", "y1 is -2", "pixels >= 0 or fractions"},
        {"n:1,2,3,1e9", "y2 is 1e+09", "pixels >= 0 or fractions"},
        {"n:0.5,0.5,0.5,0.5004", "both ends are the same point", "0.1,0.5,0.9,0.5"},
        {"n:5,5,5,5", "both ends are the same point", "expected two"},
        {"n:1;2;3;4", "x1 is not a number followed by a comma", "x1,y1,x2,y2"},
    };
    for (size_t i = 0; i < ITS_ARRAY_LEN(bad); i++) {
        struct its_line l = {.name = "kept"};
        struct its_error err = {0};
        if (its_line_parse(bad[i].text, &l, &err) != -EINVAL)
            fail_msg("\"%s\" is taken for a line", bad[i].text);
        if (!strstr(err.text, bad[i].wrong) || !strstr(err.text, bad[i].expected))
            fail_msg("\"%s\": \"%s\" lacks \"%s\" or \"%s\"", bad[i].text, err.text, bad[i].wrong,
                     bad[i].expected);
        assert_string_equal(l.name, "kept");
        assert_int_equal(its_line_parse(bad[i].text, &l, NULL), -EINVAL);
    }
}

static void the_longest_name(void **state)
{
    char text[ITS_NAME_MAX + 16];
    struct its_line l;
    struct its_error err;
    memset(text, 'n', sizeof(text));
    strcpy(text + ITS_NAME_MAX, ":1,2,3,4");
    assert_int_equal(its_line_parse(text, &l, &err), 0);
    assert_int_equal(strlen(l.name), ITS_NAME_MAX);
    strcpy(text + ITS_NAME_MAX, "n:1,2,3,4");
    assert_int_equal(its_line_parse(text, &l, &err), -EINVAL);
}

/* y points down: above a line from left to right is its left-hand side. */
static void forward_is_to_the_left(void **state)
{
    struct its_line right = {.a = {100, 200}, .b = {300, 200}};
    assert_float_equal(its_line_side(&right, (struct its_point){150, 190}), 10, 1e-4f);
    assert_float_equal(its_line_side(&right, (struct its_point){150, 203}), -3, 1e-4f);
    struct its_line left = {.a = {300, 200}, .b = {100, 200}};
    assert_true(its_line_side(&left, (struct its_point){150, 190}) < 0);
    struct its_line down = {.a = {100, 100}, .b = {100, 300}};
    assert_float_equal(its_line_side(&down, (struct its_point){104, 150}), 4, 1e-4f);
    assert_string_equal(its_direction_name(ITS_FORWARD), "forward");
    assert_string_equal(its_direction_name(ITS_BACKWARD), "backward");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_in_pixels), cmocka_unit_test(a_line_in_fractions),
        cmocka_unit_test(messages),         cmocka_unit_test(the_longest_name),
        cmocka_unit_test(forward_is_to_the_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
