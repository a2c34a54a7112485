#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "track/part.h"

static bool is_part(enum its_class part, struct its_box p, enum its_class whole, struct its_box w)
{
    return its_is_part(&(struct its_detection){p, 0.5f, part},
                       &(struct its_detection){w, 0.5f, whole});
}

static void riders(void **state)
{
    struct its_box bike = {100, 100, 50, 80};
    /* sits on it */
    assert_true(is_part(ITS_CLASS_PERSON, (struct its_box){102, 50, 46, 80}, ITS_CLASS_MOTORCYCLE,
                        bike));
    /* the person's box covers both */
    assert_true(is_part(ITS_CLASS_PERSON, (struct its_box){100, 50, 50, 130}, ITS_CLASS_BICYCLE,
                        bike));
    /* beside it, before it, behind it */
    assert_false(is_part(ITS_CLASS_PERSON, (struct its_box){140, 80, 30, 100},
                         ITS_CLASS_MOTORCYCLE, bike));
    assert_false(is_part(ITS_CLASS_PERSON, (struct its_box){110, 90, 40, 110},
                         ITS_CLASS_MOTORCYCLE, bike));
    assert_false(is_part(ITS_CLASS_PERSON, (struct its_box){110, 20, 30, 70},
                         ITS_CLASS_MOTORCYCLE, bike));
}

static void occupants(void **state)
{
    struct its_box car = {480, 400, 220, 190};
    assert_true(is_part(ITS_CLASS_PERSON, (struct its_box){606, 427, 46, 42}, ITS_CLASS_CAR, car));
    /* on the zebra crossing before it: stands lower */
    assert_false(is_part(ITS_CLASS_PERSON, (struct its_box){560, 500, 40, 85}, ITS_CLASS_CAR, car));
    /* behind it: stands out above */
    assert_false(is_part(ITS_CLASS_PERSON, (struct its_box){560, 350, 40, 90}, ITS_CLASS_CAR, car));
    /* a blob of the motion detector says nothing about who is inside */
    assert_false(
        is_part(ITS_CLASS_PERSON, (struct its_box){606, 427, 46, 42}, ITS_CLASS_VEHICLE, car));
}

static void two_wheelers_in_each_other(void **state)
{
    struct its_box both = {100, 50, 50, 130}, machine = {103, 110, 44, 68};
    assert_true(is_part(ITS_CLASS_MOTORCYCLE, machine, ITS_CLASS_MOTORCYCLE, both));
    assert_false(is_part(ITS_CLASS_MOTORCYCLE, both, ITS_CLASS_MOTORCYCLE, machine));
    assert_false(is_part(ITS_CLASS_MOTORCYCLE, both, ITS_CLASS_MOTORCYCLE, both));
    assert_false(is_part(ITS_CLASS_CAR, machine, ITS_CLASS_CAR, both));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(riders),
        cmocka_unit_test(occupants),
        cmocka_unit_test(two_wheelers_in_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
