#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "track/kalman.h"

static const struct its_kalman_noise noise = {0.05f, 0.2f, 1.5f, 4};

static void two_short_steps_are_one_long(void **state)
{
    struct its_kalman a, b;
    its_kalman_start(&a, &noise, (struct its_box){100, 100, 40, 40});
    its_kalman_predict(&a, &noise, 0.04f);
    its_kalman_correct(&a, &noise, (struct its_box){104, 98, 41, 40}, 1);
    its_kalman_freeze_size(&a); /* noise and perspective follow the size: keep it on both ways */
    b = a;
    its_kalman_predict(&a, &noise, 0.7f);
    its_kalman_predict(&b, &noise, 0.3f);
    its_kalman_predict(&b, &noise, 0.4f);
    assert_float_equal(a.cx.x, b.cx.x, 1e-2f);
    assert_float_equal(a.cx.v, b.cx.v, 1e-2f);
    assert_float_equal(a.cx.pxx / b.cx.pxx, 1, 1e-4f);
    assert_float_equal(a.cx.pxv / b.cx.pxv, 1, 1e-4f);
    assert_float_equal(a.cx.pvv / b.cx.pvv, 1, 1e-4f);
}

static void learns_a_steady_speed_at_uneven_intervals(void **state)
{
    static const float step[] = {0.055f, 0.781f, 0.1f, 0.04f, 0.3f, 0.06f, 0.2f, 0.033f};
    struct its_kalman k;
    float x = 50;
    its_kalman_start(&k, &noise, (struct its_box){x, 200, 60, 30});
    for (int i = 0; i < 40; i++) {
        float dt = step[i % 8];
        x += 120 * dt;
        its_kalman_predict(&k, &noise, dt);
        its_kalman_correct(&k, &noise, (struct its_box){x, 200, 60, 30}, 1);
    }
    assert_float_equal(k.cx.v, 120, 1);
    assert_float_equal(k.cy.v, 0, 1);
    assert_float_equal(its_kalman_box(&k).x, x, 0.5f);
    assert_float_equal(its_kalman_box(&k).w, 60, 0.5f);
}

static void the_first_motion_is_believed(void **state)
{
    struct its_kalman k;
    its_kalman_start(&k, &noise, (struct its_box){0, 0, 20, 20});
    its_kalman_predict(&k, &noise, 0.1f);
    its_kalman_correct(&k, &noise, (struct its_box){30, 0, 20, 20}, 1);
    assert_true(k.cx.v > 250 && k.cx.v <= 300);
}

/* A car 60 m away comes at 15 m/s towards a camera 8 m above the road, 1000 px focal length. */
static struct its_box approaching(float t)
{
    float z = 60 - 15 * t;
    return (struct its_box){500, 300 + 1000 * 6.5f / z, 1000 * 1.8f / z, 1000 * 1.5f / z};
}

/* Seen for 1.5 s, then not for 0.5 s. At constant speed in the picture it lags by 12 px, in
 * perspective by 7: what is left is the lag of the growth seen so far. */
static void perspective_speeds_it_up(void **state)
{
    struct its_kalman k;
    its_kalman_start(&k, &noise, approaching(0));
    for (int f = 1; f <= 38; f++) {
        its_kalman_predict(&k, &noise, 0.04f);
        its_kalman_correct(&k, &noise, approaching((float)f * 0.04f), 1);
    }
    struct its_point now = its_box_centre(its_kalman_box(&k));
    float straight = now.y + k.cy.v * 0.5f;
    its_kalman_predict(&k, &noise, 0.5f);
    float truth = its_box_centre(approaching(2.02f)).y;
    printf("lag %g px straight, %g px in perspective\n", (double)(truth - straight),
           (double)(truth - k.cy.x));
    assert_true(fabsf(truth - k.cy.x) < 0.65f * (truth - straight));
}

static void doubt_weakens_a_correction(void **state)
{
    struct its_kalman sure, unsure;
    its_kalman_start(&sure, &noise, (struct its_box){0, 0, 20, 20});
    its_kalman_predict(&sure, &noise, 0.1f);
    unsure = sure;
    its_kalman_correct(&sure, &noise, (struct its_box){10, 0, 20, 20}, 1);
    its_kalman_correct(&unsure, &noise, (struct its_box){10, 0, 20, 20}, 3);
    assert_true(unsure.cx.x < sure.cx.x);
    assert_true(unsure.cx.pxx > sure.cx.pxx);
}

static void distance_counts_in_standard_deviations(void **state)
{
    struct its_kalman k;
    its_kalman_start(&k, &noise, (struct its_box){-50, -50, 100, 100});
    /* twice the measurement variance: the state's and that of the new sight, 5 px each */
    float one = its_kalman_distance2(&k, &noise, (struct its_point){7.0710678f, 0});
    assert_float_equal(one, 1, 1e-4f);
    its_kalman_predict(&k, &noise, 0.5f);
    assert_true(its_kalman_distance2(&k, &noise, (struct its_point){7.0710678f, 0}) < 0.1f);
}

static void a_box_never_turns_inside_out(void **state)
{
    struct its_kalman k;
    its_kalman_start(&k, &noise, (struct its_box){0, 0, 20, 20});
    k.w.v = k.h.v = -1000;
    its_kalman_predict(&k, &noise, 1);
    struct its_box b = its_kalman_box(&k);
    assert_true(b.w >= 1 && b.h >= 1);
    its_kalman_freeze_size(&k);
    assert_true(k.w.v == 0 && k.h.v == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_short_steps_are_one_long),
        cmocka_unit_test(learns_a_steady_speed_at_uneven_intervals),
        cmocka_unit_test(the_first_motion_is_believed),
        cmocka_unit_test(perspective_speeds_it_up),
        cmocka_unit_test(doubt_weakens_a_correction),
        cmocka_unit_test(distance_counts_in_standard_deviations),
        cmocka_unit_test(a_box_never_turns_inside_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
