#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>

#include "base/attr.h"
#include "sim/view.h"

static struct its_view view_of(double yaw, double pitch)
{
    struct its_view v;
    its_view_init(&v, (struct its_vec3){1, -2, 9}, yaw, pitch, 1.0, 960, 540);
    return v;
}

static void axis_hits_the_middle(void **state)
{
    struct its_view v = view_of(0.3, 0.25);
    struct its_vec3 p = {v.eye.x + 20 * v.ahead.x, v.eye.y + 20 * v.ahead.y,
                         v.eye.z + 20 * v.ahead.z};
    struct its_point q = its_view_project(&v, p);
    assert_float_equal(q.x, 480, 1e-3);
    assert_float_equal(q.y, 270, 1e-3);
}

static void the_field_fills_the_picture(void **state)
{
    struct its_view v = view_of(0, 0);
    struct its_vec3 right = {v.eye.x + 10 * tan(0.5), v.eye.y + 10, v.eye.z};
    assert_float_equal(its_view_project(&v, right).x, 960, 1e-3);
    struct its_vec3 above = {v.eye.x, v.eye.y + 10, v.eye.z + 1};
    assert_true(its_view_project(&v, above).y < 270);
}

static void ground_and_back(void **state)
{
    static const double yaws[] = {0, 0.4, -1.2};
    for (size_t i = 0; i < ITS_ARRAY_LEN(yaws); i++) {
        struct its_view v = view_of(yaws[i], 0.3);
        for (float y = 200; y < 540; y += 67) {
            for (float x = 3; x < 960; x += 119) {
                struct its_vec3 g;
                assert_true(its_view_ground(&v, (struct its_point){x, y}, &g));
                assert_float_equal(g.z, 0, 0);
                struct its_point q = its_view_project(&v, g);
                assert_float_equal(q.x, x, 2e-3);
                assert_float_equal(q.y, y, 2e-3);
            }
        }
    }
}

static void no_ground_in_the_sky(void **state)
{
    struct its_view v = view_of(0.4, 0.2);
    double horizon = its_view_horizon(&v);
    struct its_vec3 g;
    assert_false(its_view_ground(&v, (struct its_point){100, (float)horizon - 1}, &g));
    assert_true(its_view_ground(&v, (struct its_point){100, (float)horizon + 1}, &g));
}

static void homography_is_the_projection_of_the_ground(void **state)
{
    struct its_view v;
    double h[9];
    its_view_init(&v, (struct its_vec3){3, -2, 9}, .3, .25, 1, 960, 540);
    its_view_homography(&v, h);
    for (int i = 0; i < 20; i++) {
        double x = i % 5 * 4 - 8, y = 10 + i * 6;
        struct its_point p = its_view_project(&v, (struct its_vec3){x, y, 0});
        double z = h[6] * x + h[7] * y + h[8];
        assert_float_equal((h[0] * x + h[1] * y + h[2]) / z, p.x, 1e-3);
        assert_float_equal((h[3] * x + h[4] * y + h[5]) / z, p.y, 1e-3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(axis_hits_the_middle),
        cmocka_unit_test(the_field_fills_the_picture),
        cmocka_unit_test(ground_and_back),
        cmocka_unit_test(homography_is_the_projection_of_the_ground),
        cmocka_unit_test(no_ground_in_the_sky),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
