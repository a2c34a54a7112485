#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "draw/canvas.h"

enum { W = 64, H = 48 };

static unsigned pixel(struct its_canvas *c, int x, int y)
{
    int stride;
    return its_canvas_pixels(c, &stride)[y * stride + x] & 0xffffff;
}

static struct its_canvas *grey(void)
{
    struct its_canvas *c = NULL;
    assert_int_equal(its_canvas_create(W, H, &c), 0);
    its_canvas_fill(c, (struct its_colour){.2f, .2f, .2f, 1});
    return c;
}

static void a_glow_fades_to_its_edge(void **state)
{
    struct its_canvas *c = grey();
    const struct its_colour white = {1, 1, 1, 1};
    its_canvas_set_origin(c, 2, 1);
    its_canvas_glow(c, (struct its_point){30.5f, 23.5f}, (struct its_point){20, 0},
                    (struct its_point){0, 10}, white);
    assert_int_equal(pixel(c, 32, 24), 0xffffff);
    for (int x = 33; x < 52; x++)
        assert_true(pixel(c, x, 24) < pixel(c, x - 1, 24));
    assert_int_equal(pixel(c, 53, 24), 0x333333);
    assert_int_equal(pixel(c, 32, 35), 0x333333);
    assert_int_equal(pixel(c, 40, 24), pixel(c, 24, 24));
    its_canvas_destroy(&c);
}

/* Twice as bright, not white: black stays black. */
static void a_beam_falls_on_things(void **state)
{
    struct its_canvas *c = grey();
    const struct its_point black[] = {{0, 0}, {W, 0}, {W, 20}, {0, 20}};
    its_canvas_polygon(c, black, 4, (struct its_colour){0, 0, 0, 1});
    its_canvas_beam(c, (struct its_point){32.5f, 20.5f}, (struct its_point){15, 15},
                    (struct its_point){-15, 15}, (struct its_colour){1, 1, 0, 1});
    assert_int_equal(pixel(c, 32, 18), 0);
    unsigned p = pixel(c, 32, 20);
    assert_in_range(p >> 16, 80, 102);
    assert_int_equal(p & 255, 0x33); /* no blue in that light */
    its_canvas_destroy(&c);
}

static void odd_shapes_are_harmless(void **state)
{
    struct its_canvas *c = grey();
    const struct its_colour white = {1, 1, 1, 1};
    const struct its_point u = {5, 0}, v = {0, 5}, none = {0, 0}, huge = {1e6f, 0};
    its_canvas_glow(c, (struct its_point){10, 10}, u, u, white);
    its_canvas_glow(c, (struct its_point){10, 10}, u, none, white);
    its_canvas_glow(c, (struct its_point){-100, 10}, u, v, white);
    its_canvas_glow(c, (struct its_point){10, H + 100}, u, v, white);
    assert_int_equal(pixel(c, 10, 10), 0x333333);
    its_canvas_glow(c, (struct its_point){10, 10}, huge, (struct its_point){0, 1e6f}, white);
    assert_int_equal(pixel(c, W - 1, H - 1), 0xffffff);
    its_canvas_destroy(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_glow_fades_to_its_edge),
        cmocka_unit_test(a_beam_falls_on_things),
        cmocka_unit_test(odd_shapes_are_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
