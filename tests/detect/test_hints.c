/* Regions that cover several known road users are divided among them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "detect/hints.h"

#define W 128
#define H 96

static struct its_background bg;
static struct its_blobs blobs;
static struct its_perspective perspective;
static uint8_t plane[W * H];

/* Everything moves inside these boxes; vehicles are expected to be 20 x 20 everywhere. */
static void show(const struct its_rect *r, int n)
{
    assert_int_equal(its_background_init(&bg, W, H, W, 1000), 0);
    assert_int_equal(its_blobs_init(&blobs, W, H), 0);
    memset(plane, 90, sizeof plane);
    its_background_restart(&bg, plane);
    its_background_compare(&bg, plane, 7);
    for (int i = 0; i < n; i++)
        for (int y = r[i].y0; y < r[i].y1; y++)
            memset(bg.mask + (ptrdiff_t)y * bg.mask_stride + r[i].x0,
                   ITS_MASK_MOVING | ITS_MASK_SOLID, (size_t)(r[i].x1 - r[i].x0));
    its_blobs_find(&blobs, &bg, plane, plane, 10);
    its_perspective_init(&perspective, W, H);
    perspective.known = true;
    perspective.top = perspective.bottom = 20;
    perspective.shape = 1;
}

static void done(void)
{
    its_blobs_fini(&blobs);
    its_background_fini(&bg);
}

static const struct its_rect two[] = {{20, 20, 44, 40}, {40, 28, 64, 48}};

static void overlapping_vehicles_are_parted(void **state)
{
    show(two, 2);
    assert_int_equal(blobs.count, 1);
    struct its_hints hints = {.count = 2, .item = {{two[0]}, {two[1]}}};
    its_blobs_divide(&blobs, &bg, &perspective, &hints);
    assert_int_equal(blobs.count, 2);
    for (int i = 0; i < 2; i++) {
        struct its_rect r = blobs.item[i].box;
        printf("%d: %d,%d %d,%d\n", blobs.item[i].hint, r.x0, r.y0, r.x1, r.y1);
        assert_int_equal(blobs.item[i].hint, i + 1);
        assert_in_range(r.x0, two[i].x0, two[i].x0 + 4);
        assert_in_range(r.x1, two[i].x1 - 4, two[i].x1);
    }
    done();
}

static void one_hint_divides_nothing(void **state)
{
    show(two, 2);
    struct its_hints hints = {.count = 1, .item = {{two[1]}}};
    its_blobs_divide(&blobs, &bg, &perspective, &hints);
    assert_int_equal(blobs.count, 1);
    assert_int_equal(blobs.item[0].hint, 1);
    done();
}

static void repeated_and_small_hints_have_no_say(void **state)
{
    show(two, 1);
    struct its_hints hints = {.count = 3,
                              .item = {{two[0]}, {{21, 21, 43, 40}}, {{22, 22, 27, 27}}}};
    its_blobs_divide(&blobs, &bg, &perspective, &hints);
    assert_int_equal(blobs.count, 1);
    done();
}

static void a_newcomer_keeps_a_region(void **state)
{
    const struct its_rect three[] = {two[0], two[1], {60, 50, 90, 75}, {55, 44, 66, 56}};
    show(three, 4);
    assert_int_equal(blobs.count, 1);
    struct its_hints hints = {.count = 2, .item = {{two[0]}, {two[1]}}};
    its_blobs_divide(&blobs, &bg, &perspective, &hints);
    assert_int_equal(blobs.count, 3);
    assert_int_equal(blobs.item[2].hint, 0);
    done();
}

static void hints_beyond_the_picture_do_no_harm(void **state)
{
    show(two, 2);
    struct its_hints hints = {.count = 2, .item = {{{-50, -50, 30, 30}}, {{60, 40, 500, 400}}}};
    its_blobs_divide(&blobs, &bg, &perspective, &hints);
    assert_int_equal(blobs.count, 1);
    done();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlapping_vehicles_are_parted),
        cmocka_unit_test(one_hint_divides_nothing),
        cmocka_unit_test(repeated_and_small_hints_have_no_say),
        cmocka_unit_test(a_newcomer_keeps_a_region),
        cmocka_unit_test(hints_beyond_the_picture_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
