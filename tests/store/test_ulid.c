#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "store/ulid.h"

static void text_is_the_specs(void **state)
{
    /* 01ARZ3NDEKTSV4RRFFQ69G5FAV is the example of the specification */
    static const uint8_t bytes[16] = {0x01, 0x56, 0x3e, 0x3a, 0xb5, 0xd3, 0xd6, 0x76,
                                      0x4c, 0x61, 0xef, 0xb9, 0x93, 0x02, 0xbd, 0x5b};
    struct its_ulid id;
    char text[ITS_ULID_TEXT + 1];
    assert_int_equal(its_ulid_parse("01ARZ3NDEKTSV4RRFFQ69G5FAV", &id), 0);
    assert_memory_equal(id.bytes, bytes, sizeof(bytes));
    assert_string_equal(its_ulid_format(&id, text), "01ARZ3NDEKTSV4RRFFQ69G5FAV");
    assert_int_equal(its_ulid_parse("7zzzzzzzzzzzzzzzzzzzzzzzzz", &id), 0);
    assert_string_equal(its_ulid_format(&id, text), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
}

static void refuses_what_is_none(void **state)
{
    struct its_ulid id;
    static const char *const bad[] = {"",
                                      "01ARZ3NDEKTSV4RRFFQ69G5FA",
                                      "01ARZ3NDEKTSV4RRFFQ69G5FAVX",
                                      "81ARZ3NDEKTSV4RRFFQ69G5FAV",
                                      "01ARZ3NDEKTSV4RRFFQ69G5FAU",
                                      "01ARZ3NDEKTSV4RRFFQ69G5F V"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (its_ulid_parse(bad[i], &id) != -EINVAL)
            fail_msg("took \"%s\"", bad[i]);
}

static void always_rises(void **state)
{
    struct its_ulid_source source = {0};
    struct its_ulid last = {0};
    char a[ITS_ULID_TEXT + 1], b[ITS_ULID_TEXT + 1];
    for (int i = 0; i < 10000; i++) {
        /* the clock stands, runs, and is set back */
        int64_t wall_us = INT64_C(1767225600000000) + i % 1000 * 250;
        struct its_ulid id = its_ulid_next(&source, wall_us);
        assert_true(its_ulid_compare(&id, &last) > 0);
        assert_true(strcmp(its_ulid_format(&id, a), its_ulid_format(&last, b)) > 0);
        last = id;
    }
}

static void counts_over_into_the_time(void **state)
{
    struct its_ulid_source source = {0};
    memset(source.last.bytes + 6, 0xff, 10);
    source.last.bytes[5] = 7;
    struct its_ulid id = its_ulid_next(&source, 5000);
    static const uint8_t want[16] = {0, 0, 0, 0, 0, 8};
    assert_memory_equal(id.bytes, want, sizeof(want));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_the_specs),
        cmocka_unit_test(refuses_what_is_none),
        cmocka_unit_test(always_rises),
        cmocka_unit_test(counts_over_into_the_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
