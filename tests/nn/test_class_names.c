#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "nn/class_names.h"

static void reads_python_dicts(void **state)
{
    struct its_arena *a = its_arena_create(0);
    const char *const *n = its_class_names_parse(
        a, "{0: 'car', 1:\"driver's cab\", 2: 'it\\'s \\\\', 3: 'Straßenbahn', }", 4);
    assert_non_null(n);
    assert_string_equal(n[0], "car");
    assert_string_equal(n[1], "driver's cab");
    assert_string_equal(n[2], "it's \\");
    assert_string_equal(n[3], "Straßenbahn");
    its_arena_destroy(&a);
}

static void refuses_the_rest(void **state)
{
    static const char *const wrong[] = {
        "",
        "{",
        "{}",
        "{0: 'a'}",
        "{0: 'a', 1: 'b', 2: 'c'}",
        "{0: 'a', 2: 'b'}",
        "{0: 'a' 1: 'b'}",
        "{0: 'a', 1: 'b",
        "{0: 'a', 1: 'b'} x",
        "{0: 'a', 1: b}",
        "['a', 'b']",
        "{0: 'a', 1: 'b\\",
        "{0: 'a', 1: 'b\n'}",
    };
    struct its_arena *a = its_arena_create(0);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (its_class_names_parse(a, wrong[i], 2))
            fail_msg("accepted: %s", wrong[i]);
    its_arena_destroy(&a);
}

static void coco_is_in_order(void **state)
{
    const char *const *n = its_class_names_coco();
    assert_string_equal(n[0], "person");
    assert_string_equal(n[2], "car");
    assert_string_equal(n[7], "truck");
    assert_string_equal(n[79], "toothbrush");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_python_dicts),
        cmocka_unit_test(refuses_the_rest),
        cmocka_unit_test(coco_is_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
