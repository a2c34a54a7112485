#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdbool.h>

#include "sim/depth.h"

static struct its_view view;

static int look(void **state)
{
    its_view_init(&view, (struct its_vec3){0, 0, 8}, 0, .25, 1.0, 960, 540);
    return 0;
}

/* Orders a and b whatever way round they are given; true when a is painted first. */
static bool a_first(struct its_body_pose a, struct its_body_pose b)
{
    int found[2];
    for (int swap = 0; swap < 2; swap++) {
        const struct its_body_pose *pose[2] = {swap ? &b : &a, swap ? &a : &b};
        struct its_box everywhere[2] = {{0, 0, 960, 540}, {0, 0, 960, 540}};
        int order[2];
        its_depth_order(&view, pose, everywhere, 2, order);
        assert_true(order[0] + order[1] == 1);
        found[swap] = order[0] == swap;
    }
    assert_int_equal(found[0], found[1]);
    return found[0];
}

static struct its_body_pose at(enum its_body_kind kind, double x, double y, double heading)
{
    return (struct its_body_pose){.body = its_body_of(kind), .x = x, .y = y, .heading = heading};
}

static void far_before_near(void **state)
{
    assert_true(a_first(at(ITS_BODY_SALOON, 0, 40, 0), at(ITS_BODY_SALOON, .5, 30, 0)));
}

/* A car beside the front half of a lorry is further away than the lorry's middle, yet in front of
 * it as seen from the middle of the road. */
static void r_car_beside_a_lorry(void **state)
{
    assert_true(a_first(at(ITS_BODY_ARTICULATED, 8.6, 30, 0), at(ITS_BODY_SALOON, 5, 34, 0)));
    assert_true(a_first(at(ITS_BODY_ARTICULATED, -8.6, 30, M_PI), at(ITS_BODY_SALOON, -5, 34, 0)));
}

static void behind_a_bus_across(void **state)
{
    struct its_body_pose bus = at(ITS_BODY_BUS, 2, 30, M_PI / 2);
    assert_true(a_first(at(ITS_BODY_PERSON, 7, 32, 0), bus));
    assert_true(a_first(bus, at(ITS_BODY_PERSON, -3, 28, 0)));
}

static void many_keep_their_places(void **state)
{
    enum { N = 60 };
    static struct its_body_pose body[N];
    const struct its_body_pose *pose[N];
    struct its_box box[N];
    int order[N];
    bool seen[N] = {false};
    for (int i = 0; i < N; i++) {
        body[i] = at(ITS_BODY_SALOON, 0, 20 + (i * 37) % N * 6, 0);
        pose[i] = &body[i];
        box[i] = (struct its_box){0, 0, 10, 10};
    }
    its_depth_order(&view, pose, box, N, order);
    for (int i = 0; i < N; i++) {
        assert_false(seen[order[i]]);
        seen[order[i]] = true;
        if (i)
            assert_true(body[order[i - 1]].y > body[order[i]].y);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(far_before_near),
        cmocka_unit_test(r_car_beside_a_lorry),
        cmocka_unit_test(behind_a_bus_across),
        cmocka_unit_test(many_keep_their_places),
    };
    return cmocka_run_group_tests(tests, look, NULL);
}
