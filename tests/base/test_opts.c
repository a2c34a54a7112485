#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/opts.h"
#include "base/url.h"

enum colour { RED, GREEN, BLUE };

struct settings {
    bool on;
    int whole;
    float single;
    double real;
    int64_t ms_us, s_us;
    enum colour colour;
    const char *text, *url;
    struct its_opt_list list;
};

static const char *const colours[] = {"red", "green", "blue", NULL};

#define AT(field) offsetof(struct settings, field)

static const struct its_opt opts[] = {
    {"on", ITS_OPT_BOOL, AT(on)},
    {"whole", ITS_OPT_INT, AT(whole), .min = -5, .max = 64},
    {"single", ITS_OPT_FLOAT, AT(single), .min = 0.1, .max = 60, .unit = "px"},
    {"real", ITS_OPT_DOUBLE, AT(real), .min = 0.1, .max = 60},
    {"ms", ITS_OPT_TIME, AT(ms_us), .min = 1, .max = 5000, .unit = "ms"},
    {"s", ITS_OPT_TIME, AT(s_us), .min = 0, .max = 3600, .unit = "s"},
    {"colour", ITS_OPT_CHOICE, AT(colour), .choices = colours},
    {"text", ITS_OPT_STRING, AT(text), .min = 1, .max = 10},
    {"url", ITS_OPT_URL, AT(url), .required = true},
    {"list", ITS_OPT_LIST, AT(list)},
};

static struct its_arena *arena;
static struct settings s;
static struct its_error err;

static int setup(void **state)
{
    arena = its_arena_create(0);
    return 0;
}

static int teardown(void **state)
{
    its_arena_destroy(&arena);
    return 0;
}

static const struct its_opt *row(const char *name)
{
    const struct its_opt *o = its_opt_find(opts, ITS_ARRAY_LEN(opts), name);
    assert_non_null(o);
    return o;
}

static int set(const char *name, const char *text)
{
    err = (struct its_error){0};
    return its_opt_set(row(name), &s, text, arena, &err);
}

static void check_shown(const char *name, enum its_opt_show how, const char *expected)
{
    struct its_str out = {0};
    its_opt_show(row(name), &s, how, &out);
    assert_string_equal(its_str_get(&out), expected);
    its_str_fini(&out);
}

static void sets_and_shows_every_type(void **state)
{
    static const struct {
        const char *name, *text, *shown;
    } cases[] = {
        {"on", "true", "true"},
        {"on", "No", "false"},
        {"on", "ON", "true"},
        {"on", "0", "false"},
        {"whole", "-5", "-5"},
        {"whole", "64", "64"},
        {"whole", "1e1", "10"},
        {"single", "0.1", "0.1"},
        {"single", "59.9", "59.9"},
        {"real", "12.50", "12.5"},
        {"ms", "1500.5", "1500.5"},
        {"s", "0.25", "0.25"},
        {"colour", "Green", "green"},
        {"text", "häuser", "häuser"},
        {"url", "rtsp://h/x", "rtsp://h/x"},
    };
    for (size_t i = 0; i < ITS_ARRAY_LEN(cases); i++) {
        assert_int_equal(set(cases[i].name, cases[i].text), 0);
        check_shown(cases[i].name, ITS_OPT_SECRETS, cases[i].shown);
    }
    assert_int_equal(s.ms_us, 1500500);
    assert_int_equal(s.s_us, 250000);
    assert_int_equal(s.colour, GREEN);
}

static void lists_append(void **state)
{
    assert_int_equal(set("list", "one"), 0);
    assert_int_equal(set("list", "two"), 0);
    assert_int_equal(s.list.count, 2);
    assert_string_equal(s.list.items[0], "one");
    assert_string_equal(s.list.items[1], "two");
}

static void refuses_in_plain_words(void **state)
{
    static const struct {
        const char *name, *text, *error;
    } cases[] = {
        {"on", "maybe", "'maybe' is not a truth value (expected true or false)"},
        {"whole", "1.5", "'1.5' is not a whole number (expected -5 to 64)"},
        {"whole", "65", "'65' is out of range (expected -5 to 64)"},
        {"whole", "99999999999999999999",
         "'99999999999999999999' is out of range (expected -5 to 64)"},
        {"whole", "0x1", "'0x1' is not a number (expected -5 to 64)"},
        {"single", "61", "'61' is out of range (expected 0.1 to 60 px)"},
        {"real", "fast", "'fast' is not a number (expected 0.1 to 60)"},
        {"real", "nan", "'nan' is not a number (expected 0.1 to 60)"},
        {"real", "1e999", "'1e999' is out of range (expected 0.1 to 60)"},
        {"real", "", "'' is not a number (expected 0.1 to 60)"},
        {"ms", "0.5", "'0.5' is out of range (expected 1 to 5000 ms)"},
        {"colour", "bleu",
         "'bleu' is not known; did you mean 'blue'? (expected red, green or blue)"},
        {"colour", "mauve", "'mauve' is not known (expected red, green or blue)"},
        {"text", "", "is empty"},
        {"text", "a\nb", "'a?b' is not one line of valid UTF-8 (expected text)"},
        {"text", "12345678901", "'12345678901' has 11 bytes (at most 10)"},
        {"url", "", "is empty"},
        {"url", "rtsp://u:secret@h/\xff",
         "'rtsp://u:***@h/?' is not one line of valid UTF-8 (expected an address)"},
        {"list", "north=rtsp://u:secret@h/\n",
         "'north=rtsp://u:***@h/?' is not one line of valid UTF-8 (expected text)"},
    };
    for (size_t i = 0; i < ITS_ARRAY_LEN(cases); i++) {
        struct settings before = s;
        assert_int_equal(set(cases[i].name, cases[i].text), -EINVAL);
        assert_string_equal(err.text, cases[i].error);
        assert_memory_equal(&s, &before, sizeof(s));
    }
    char longest[ITS_URL_MAX + 1];
    memset(longest, 'u', ITS_URL_MAX);
    longest[ITS_URL_MAX] = 0;
    assert_int_equal(set("url", longest), -EINVAL);
    assert_string_equal(err.text, "'…' has 2048 bytes (at most 2047)");
    longest[ITS_URL_MAX - 1] = 0;
    assert_int_equal(set("url", longest), 0);
    assert_false(its_opt_has_secret(row("url"), &s));
}

static void secrets_are_masked(void **state)
{
    assert_int_equal(set("url", "rtsp://u:secret@h/x"), 0);
    check_shown("url", ITS_OPT_MASKED, "rtsp://u:***@h/x");
    check_shown("url", ITS_OPT_SECRETS, "rtsp://u:secret@h/x");
    assert_true(its_opt_has_secret(row("url"), &s));
    assert_false(its_opt_has_secret(row("text"), &s));
}

static void origins_in_words(void **state)
{
    static const struct {
        struct its_origin origin;
        const char *described, *place;
    } cases[] = {
        {{ITS_LAYER_DEFAULT}, "default", "default"},
        {{ITS_LAYER_FILE, "its.yaml", 12, 5}, "its.yaml:12", "its.yaml:12:5"},
        {{ITS_LAYER_ENV, "ITS__STATE"}, "env ITS__STATE", "environment variable ITS__STATE"},
        {{ITS_LAYER_FLAG, "--state"}, "flag --state", "--state"},
    };
    for (size_t i = 0; i < ITS_ARRAY_LEN(cases); i++) {
        char place[64];
        struct its_str out = {0};
        its_origin_describe(&cases[i].origin, &out);
        assert_string_equal(its_str_get(&out), cases[i].described);
        assert_string_equal(its_origin_place(&cases[i].origin, place, sizeof(place)),
                            cases[i].place);
        its_str_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_and_shows_every_type), cmocka_unit_test(lists_append),
        cmocka_unit_test(refuses_in_plain_words),    cmocka_unit_test(secrets_are_masked),
        cmocka_unit_test(origins_in_words),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
