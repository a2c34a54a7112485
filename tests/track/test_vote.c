#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "track/vote.h"

static void the_score_weighs(void **state)
{
    struct its_vote v = {0};
    assert_int_equal(its_vote_winner(&v), ITS_CLASS_VEHICLE);
    its_vote_add(&v, ITS_CLASS_CAR, 0.3f);
    its_vote_add(&v, ITS_CLASS_CAR, 0.3f);
    its_vote_add(&v, ITS_CLASS_TRUCK, 0.9f);
    assert_int_equal(its_vote_winner(&v), ITS_CLASS_TRUCK);
    its_vote_add(&v, ITS_CLASS_CAR, 0.4f);
    assert_int_equal(its_vote_winner(&v), ITS_CLASS_CAR);
}

static void vehicle_yields_to_whoever_knows_better(void **state)
{
    struct its_vote v = {0};
    for (int i = 0; i < 50; i++)
        its_vote_add(&v, ITS_CLASS_VEHICLE, 1);
    its_vote_add(&v, ITS_CLASS_BUS, 0.2f);
    assert_int_equal(its_vote_winner(&v), ITS_CLASS_BUS);
}

static void families(void **state)
{
    assert_true(its_class_likeness(ITS_CLASS_CAR, ITS_CLASS_CAR) == 1);
    assert_true(its_class_likeness(ITS_CLASS_CAR, ITS_CLASS_TRUCK) > 0.5f);
    assert_true(its_class_likeness(ITS_CLASS_BICYCLE, ITS_CLASS_MOTORCYCLE) > 0.5f);
    assert_true(its_class_likeness(ITS_CLASS_CAR, ITS_CLASS_MOTORCYCLE) == 0);
    for (int c = 0; c < ITS_CLASS_COUNT; c++) {
        bool rolls = c != ITS_CLASS_PERSON;
        assert_int_equal(its_class_likeness(ITS_CLASS_VEHICLE, c) > 0, rolls);
        assert_int_equal(its_class_likeness(ITS_CLASS_PERSON, c) > 0, !rolls);
        for (int d = 0; d < ITS_CLASS_COUNT; d++)
            assert_true(its_class_likeness(c, d) == its_class_likeness(d, c));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_score_weighs),
        cmocka_unit_test(vehicle_yields_to_whoever_knows_better),
        cmocka_unit_test(families),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
