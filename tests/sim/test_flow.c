#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "sim/flow.h"
#include "sim/site.h"

/* Does the line through an edge of a (or b, the other way round) keep the footprints apart? */
static bool apart_along(const struct its_body_pose *a, const struct its_body_pose *b, double nx,
                        double ny)
{
    double reach = 0;
    const struct its_body_pose *both[2] = {a, b};
    for (int i = 0; i < 2; i++) {
        double s = sin(both[i]->heading), c = cos(both[i]->heading);
        reach += fabs(nx * s + ny * c) * its_body_length(both[i]->body) / 2;
        reach += fabs(nx * c - ny * s) * its_body_width(both[i]->body) / 2;
    }
    return fabs(nx * (b->x - a->x) + ny * (b->y - a->y)) >= reach;
}

static bool overlap(const struct its_body_pose *a, const struct its_body_pose *b)
{
    const struct its_body_pose *both[2] = {a, b};
    if (fabs(a->x - b->x) + fabs(a->y - b->y) > 25) /* no two bodies reach that far */
        return false;
    for (int i = 0; i < 2; i++) {
        double s = sin(both[i]->heading), c = cos(both[i]->heading);
        if (apart_along(a, b, s, c) || apart_along(a, b, c, -s))
            return false;
    }
    return true;
}

/* People on a footway may brush past each other. */
static bool walks(const struct its_vehicle *v)
{
    return its_body_user(v->pose.body) == ITS_ROAD_USER_PERSON;
}

static void check_nobody_touches(struct its_flow *f, uint64_t seed, int frame)
{
    int n;
    const struct its_vehicle *v = its_flow_vehicles(f, &n);
    for (int i = 0; i < n; i++)
        for (int k = i + 1; k < n; k++)
            if (!(walks(&v[i]) && walks(&v[k])) && overlap(&v[i].pose, &v[k].pose))
                fail_msg("seed %d frame %d: %u at %.1f,%.1f touches %u at %.1f,%.1f", (int)seed,
                         frame, v[i].id, v[i].pose.x, v[i].pose.y, v[k].id, v[k].pose.x,
                         v[k].pose.y);
}

static void check_site(const struct its_site *site)
{
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct its_flow *f =
            its_flow_create(site->path, site->paths, &site->signals, seed % 2 ? 1 : 0.5, seed);
        for (int frame = 0; frame < 1200; frame++) {
            its_flow_advance(f, 1 / 15.0);
            check_nobody_touches(f, seed, frame);
        }
        its_flow_destroy(&f);
        assert_null(f);
    }
}

static void nobody_touches_on_the_highway(void **state)
{
    struct its_site site;
    its_site_highway(&site, 960, 540);
    check_site(&site);
}

static void nobody_touches_at_the_junction(void **state)
{
    struct its_site site;
    its_site_junction(&site, 960, 540);
    check_site(&site);
}

/* Slow ones from the south and fast ones from the west take turns in entering the same lane. */
static void nobody_touches_after_merging(void **state)
{
    static const struct its_path path[2] = {
        {.pieces = 1,
         .piece = {{200, 0}},
         .speed_mps = 4,
         .per_second = .4,
         .exit = 1,
         .signal = 1,
         .stop_m = 90},
        {.x = -50,
         .y = 100,
         .heading = M_PI / 2,
         .pieces = 3,
         .piece = {{45, 0}, {5 * M_PI / 2, -1 / 5.0}, {95, 0}},
         .speed_mps = 12,
         .per_second = .4,
         .exit = 1,
         .signal = 2,
         .stop_m = 38},
    };
    static const struct its_signals signals = {
        .cycle_s = 36, .count = 2, .signal = {{0, 8, 2}, {15, 10, 3}}};
    struct its_flow *f = its_flow_create(path, 2, &signals, 1, 12);
    for (int frame = 0; frame < 1500; frame++) {
        its_flow_advance(f, 1 / 15.0);
        check_nobody_touches(f, 12, frame);
    }
    its_flow_destroy(&f);
}

/* Who comes by the ramp changes over before its lane ends, and nearly always at speed. */
static void the_ramp_merges(void **state)
{
    struct its_site site;
    its_site_highway(&site, 960, 540);
    int merged = 0, rolling = 0;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct its_flow *f = its_flow_create(site.path, site.paths, NULL, 0.6, seed);
        static uint8_t on_ramp[4096];
        memset(on_ramp, 0, sizeof(on_ramp));
        for (int frame = 0; frame < 1800; frame++) {
            int n;
            const struct its_vehicle *v = its_flow_vehicles(f, &n);
            for (int i = 0; i < n; i++) {
                const struct its_path *path = &site.path[v[i].path];
                uint8_t *was = &on_ramp[v[i].id % 4096];
                double front = v[i].s_m + its_body_length(v[i].pose.body) / 2;
                assert_true(!path->into || front < path->merge_to_m + 0.5);
                if (*was && !path->into) {
                    merged++;
                    rolling += v[i].speed_mps > 10;
                }
                *was = path->into > 0;
            }
            its_flow_advance(f, 1 / 15.0);
        }
        its_flow_destroy(&f);
    }
    printf("%d merged, %d of them at more than 10 m/s\n", merged, rolling);
    assert_true(merged > 25 && rolling > merged * 8 / 10);
}

/* They end in the middle of the lane they changed to, one metre of way after the other. */
static void changing_lanes_is_smooth(void **state)
{
    struct its_site site;
    its_site_highway(&site, 960, 540);
    struct its_flow *f = its_flow_create(site.path, site.paths, NULL, 0.6, 2);
    static double was[4096];
    int settled = 0;
    memset(was, 0, sizeof(was));
    for (int frame = 0; frame < 1800; frame++) {
        int n;
        const struct its_vehicle *v = its_flow_vehicles(f, &n);
        for (int i = 0; i < n; i++) {
            double x, y, heading, *before = &was[v[i].id % 4096];
            if (v[i].path != 1 || v[i].merge_m == 0)
                continue;
            its_path_at(&site.path[1], v[i].s_m, 0, &x, &y, &heading);
            double off = hypot(v[i].pose.x - x, v[i].pose.y - y);
            if (*before > 0 && fabs(off - *before) > 0.35)
                fail_msg("%u went %.2f m to the side in a frame", v[i].id, fabs(off - *before));
            *before = off;
            bool over = v[i].s_m > v[i].merged_m + 50;
            assert_true(!over || off < 0.6);
            settled += over;
        }
        its_flow_advance(f, 1 / 15.0);
    }
    assert_true(settled > 100);
    its_flow_destroy(&f);
}

/* Nobody drives over a stop line that is red, and the lights change in their order. */
static void red_means_stop(void **state)
{
    struct its_site site;
    its_site_junction(&site, 960, 540);
    struct its_flow *f = its_flow_create(site.path, site.paths, &site.signals, 1, 5);
    static double front_was[4096];
    int passed = 0, greens[3] = {0};
    for (int frame = 0; frame < 1500; frame++) {
        int n;
        const struct its_vehicle *v = its_flow_vehicles(f, &n);
        for (int i = 0; i < n; i++) {
            const struct its_path *path = &site.path[v[i].path];
            double front = v[i].s_m + its_body_length(v[i].pose.body) / 2;
            double was = front_was[v[i].id % 4096];
            front_was[v[i].id % 4096] = front;
            if (!was || was > path->stop_m || front <= path->stop_m)
                continue;
            passed++;
            if (its_flow_light(f, path->signal - 1) == ITS_LIGHT_RED)
                fail_msg("%u of path %d went over red in frame %d", v[i].id, v[i].path, frame);
        }
        int green = 0;
        for (int i = 0; i < 3; i++) {
            bool is = its_flow_light(f, i) == ITS_LIGHT_GREEN;
            green += is;
            greens[i] += is;
        }
        assert_true(green <= 1);
        its_flow_advance(f, 1 / 15.0);
    }
    printf("%d went on green or amber; frames of green: %d %d %d\n", passed, greens[0], greens[1],
           greens[2]);
    assert_true(passed > 40 && greens[0] && greens[1] && greens[2]);
    its_flow_destroy(&f);
}

static void nobody_jumps(void **state)
{
    struct its_site site;
    its_site_highway(&site, 960, 540);
    struct its_flow *f = its_flow_create(site.path, site.paths, NULL, 1, 3);
    double was[4096][2] = {{0}};
    for (int frame = 0; frame < 300; frame++) {
        int n;
        const struct its_vehicle *v = its_flow_vehicles(f, &n);
        for (int i = 0; i < n; i++) {
            double *before = was[v[i].id % 4096];
            double moved = hypot(v[i].pose.x - before[0], v[i].pose.y - before[1]);
            if (before[0] != 0 && moved > v[i].speed_mps / 10 * 1.1 + 0.1)
                fail_msg("%u moved %.2f m in 0.1 s at %.1f m/s", v[i].id, moved, v[i].speed_mps);
            before[0] = v[i].pose.x;
            before[1] = v[i].pose.y;
        }
        its_flow_advance(f, 0.1);
    }
    its_flow_destroy(&f);
}

static void density_is_demand(void **state)
{
    struct its_site site;
    its_site_highway(&site, 960, 540);
    int count[3];
    for (int i = 0; i < 3; i++) {
        struct its_flow *f = its_flow_create(site.path, site.paths, NULL, i * 0.5, 9);
        its_flow_vehicles(f, &count[i]);
        its_flow_destroy(&f);
    }
    printf("vehicles at density 0, 0.5, 1: %d %d %d\n", count[0], count[1], count[2]);
    assert_int_equal(count[0], 0);
    assert_true(count[1] > 10 && count[2] > count[1] * 5 / 4);
}

/* Straight, then a quarter of a circle to the right, and the same driven backwards. */
static void paths_bend(void **state)
{
    struct its_path path = {.x = 2, .pieces = 2, .piece = {{10, 0}, {10 * M_PI / 2, 0.1}}};
    double x, y, heading;
    its_path_at(&path, 10, 0, &x, &y, &heading);
    assert_float_equal(x, 2, 1e-9);
    assert_float_equal(y, 10, 1e-9);
    its_path_at(&path, its_path_length(&path), 0, &x, &y, &heading);
    assert_float_equal(x, 12, 1e-9);
    assert_float_equal(y, 20, 1e-9);
    assert_float_equal(heading, M_PI / 2, 1e-9);
    its_path_at(&path, 0, 1, &x, &y, &heading);
    assert_float_equal(x, 3, 1e-9);
    path.reversed = true;
    its_path_at(&path, its_path_length(&path), 1, &x, &y, &heading);
    assert_float_equal(x, 1, 1e-9); /* its right is now to the west */
    assert_float_equal(y, 0, 1e-9);
    assert_float_equal(heading, M_PI, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_touches_on_the_highway),
        cmocka_unit_test(nobody_touches_at_the_junction),
        cmocka_unit_test(nobody_touches_after_merging),
        cmocka_unit_test(the_ramp_merges),
        cmocka_unit_test(changing_lanes_is_smooth),
        cmocka_unit_test(red_means_stop),
        cmocka_unit_test(nobody_jumps),
        cmocka_unit_test(density_is_demand),
        cmocka_unit_test(paths_bend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
