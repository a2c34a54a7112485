/* What is drawn lies within the outline that the truth is made from, and fills it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "sim/body.h"

enum { W = 480, H = 360 };

static const struct its_light light = {.exposure = {1, 1, 1, 1},
                                       .shadow = 1,
                                       .sun = {-.5, -.3, .81},
                                       .direct = .6f,
                                       .ambient = .6f,
                                       .haze = {.8f, .85f, .9f, 1},
                                       .haze_m = 800};

static bool changed(uint32_t p)
{
    return (p & 0xffffff) != 0x00ff00;
}

static struct its_box drawn_box(struct its_canvas *c)
{
    int stride, x0 = W, x1 = -1, y0 = H, y1 = -1;
    const uint32_t *p = its_canvas_pixels(c, &stride);
    for (int y = 0; y < H; y++) {
        for (int x = 0; x < W; x++) {
            if (!changed(p[y * stride + x]))
                continue;
            x0 = ITS_MIN(x0, x);
            x1 = ITS_MAX(x1, x);
            y0 = ITS_MIN(y0, y);
            y1 = ITS_MAX(y1, y);
        }
    }
    return (struct its_box){(float)x0, (float)y0, (float)(x1 + 1 - x0), (float)(y1 + 1 - y0)};
}

static void check_kind(struct its_canvas *c, const struct its_view *view, int kind, double heading)
{
    struct its_body_pose pose = {.body = its_body_of((enum its_body_kind)kind),
                                 .x = 1,
                                 .y = 24,
                                 .heading = heading,
                                 .paint = {.8f, .1f, .1f, 1},
                                 .load = {.2f, .2f, .9f, 1}};
    struct its_outline o;
    its_body_outline(&pose, view, &o);
    assert_true(o.count >= 4);
    its_canvas_fill(c, (struct its_colour){0, 1, 0, 1});
    its_body_draw(&pose, view, &light, c);
    struct its_box want = its_outline_box(&o), got = drawn_box(c);
    if (fabsf(want.x - got.x) > 2 || fabsf(want.y - got.y) > 2 ||
        fabsf(want.x + want.w - got.x - got.w) > 2 || fabsf(want.y + want.h - got.y - got.h) > 2)
        fail_msg("kind %d heading %.2f: outline %.1f,%.1f %.1fx%.1f, drawn %.1f,%.1f %.1fx%.1f",
                 kind, heading, want.x, want.y, want.w, want.h, got.x, got.y, got.w, got.h);
}

static void drawing_fills_the_outline(void **state)
{
    struct its_view view;
    its_view_init(&view, (struct its_vec3){0, 0, 9}, 0, .35, 1.0, W, H);
    struct its_canvas *c;
    assert_int_equal(its_canvas_create(W, H, &c), 0);
    for (int kind = 0; kind < ITS_BODY_COUNT; kind++)
        for (int i = 0; i < 16; i++)
            check_kind(c, &view, kind, i * 2 * M_PI / 16);
    its_canvas_destroy(&c);
}

static void behind_the_camera_is_nothing(void **state)
{
    struct its_view view;
    its_view_init(&view, (struct its_vec3){0, 0, 9}, 0, .1, 1.0, W, H);
    struct its_body_pose pose = {.body = its_body_of(ITS_BODY_BUS), .y = -40};
    struct its_outline o;
    its_body_outline(&pose, &view, &o);
    assert_int_equal(o.count, 0);
    assert_false(its_outline_holds(&o, (struct its_point){0, 0}));
    assert_true(its_box_area(its_outline_box(&o)) == 0);
}

/* A body half behind the camera's plane is cut, not turned inside out. */
static void straddling_the_camera_is_cut(void **state)
{
    struct its_view view;
    its_view_init(&view, (struct its_vec3){0, 0, 4}, 0, .1, 1.0, W, H);
    struct its_body_pose pose = {.body = its_body_of(ITS_BODY_ARTICULATED), .y = 3};
    struct its_outline o;
    its_body_outline(&pose, &view, &o);
    struct its_box b = its_outline_box(&o);
    assert_true(o.count >= 4);
    assert_true(isfinite(b.x) && isfinite(b.y) && b.y + b.h > H);
}

static void holds_what_is_inside(void **state)
{
    struct its_view view;
    its_view_init(&view, (struct its_vec3){0, 0, 9}, 0, .35, 1.0, W, H);
    struct its_body_pose pose = {.body = its_body_of(ITS_BODY_SALOON), .y = 24};
    struct its_outline o;
    its_body_outline(&pose, &view, &o);
    struct its_box b = its_outline_box(&o);
    assert_true(its_outline_holds(&o, its_box_centre(b)));
    assert_false(its_outline_holds(&o, (struct its_point){b.x - 1, b.y + b.h / 2}));
    assert_false(its_outline_holds(&o, (struct its_point){b.x + b.w / 2, b.y + b.h + 1}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawing_fills_the_outline),
        cmocka_unit_test(behind_the_camera_is_nothing),
        cmocka_unit_test(straddling_the_camera_is_cut),
        cmocka_unit_test(holds_what_is_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
