#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "sim/light.h"

static const struct its_colour white = {1, 1, 1, 1};

static struct its_light light_of(enum its_weather weather)
{
    struct its_light l = {
        .sun = {-.5, -.3, .81},
        .direct = .6f,
        .ambient = .6f,
        .haze = {.8f, .85f, .9f, 1},
        .haze_m = 800,
        .lamps = 1,
        .lamp = {{10, 20}},
    };
    its_light_set_weather(&l, weather);
    return l;
}

static void day_changes_nothing(void **state)
{
    struct its_light l = light_of(ITS_WEATHER_DAY);
    struct its_colour c = its_light_on(&l, (struct its_colour){.2f, .4f, .6f, 1}, 10, 20);
    assert_float_equal(c.r, .2, 1e-6);
    assert_float_equal(c.b, .6, 1e-6);
    assert_true(l.beam <= 0 && l.wet <= 0);
}

static void lamps_make_pools_by_night(void **state)
{
    struct its_light l = light_of(ITS_WEATHER_NIGHT);
    float below = its_light_on(&l, white, 10, 20).g, near = its_light_on(&l, white, 18, 20).g;
    float far = its_light_on(&l, white, 200, 20).g;
    assert_true(below > 2 * near && near > 2 * far);
    assert_float_equal(far, l.exposure.g, 1e-3);
    struct its_light day = light_of(ITS_WEATHER_DAY);
    assert_true(its_light_on(&day, white, 200, 20).g > 3 * far);
}

static void air_hides_what_is_far(void **state)
{
    for (int w = 0; w < ITS_WEATHER_COUNT; w++) {
        struct its_light l = light_of((enum its_weather)w);
        struct its_colour c = its_light_through_air(&l, white, 0);
        assert_float_equal(c.r, 1, 1e-6);
        c = its_light_through_air(&l, white, 1e5);
        assert_float_equal(c.r, l.haze.r, 1e-3);
    }
    assert_true(light_of(ITS_WEATHER_RAIN).haze_m < light_of(ITS_WEATHER_DAY).haze_m / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(day_changes_nothing),
        cmocka_unit_test(lamps_make_pools_by_night),
        cmocka_unit_test(air_hides_what_is_far),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
