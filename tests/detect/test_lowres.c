/* The reduction: kernel against the readable version, window, rotation, range, odd sizes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "detect/lowres.h"

#define GUARD 64

static uint32_t rng = 12345; /* fixed: the same pictures on every run */

static uint8_t noise(void)
{
    rng = rng * 1664525 + 1013904223;
    return (uint8_t)(rng >> 24);
}

/* The output lies between guard bytes; the input ends where its block ends. */
static void compare_row(int n, int factor, int kind)
{
    int stride = n * factor + 3;
    size_t bytes = (size_t)stride * (factor - 1) + (size_t)(n * factor);
    uint8_t *src = malloc(bytes);
    uint16_t *sums = malloc((size_t)(n * factor) * sizeof *sums);
    uint8_t *out = malloc((size_t)n + 2 * GUARD), *want = malloc((size_t)n);
    for (size_t i = 0; i < bytes; i++)
        src[i] = kind == 0 ? noise() : kind == 1 ? 255 : (uint8_t)(noise() & 1 ? 255 : 0);
    memset(out, 0xa5, (size_t)n + 2 * GUARD);
    its_lowres_row(out + GUARD, src, stride, n, factor, sums);
    its_lowres_row_c(want, src, stride, n, factor);
    if (memcmp(out + GUARD, want, (size_t)n) != 0)
        fail_msg("n %d factor %d kind %d differ", n, factor, kind);
    for (int i = 0; i < GUARD; i++) {
        assert_int_equal(out[i], 0xa5);
        assert_int_equal(out[GUARD + n + i], 0xa5);
    }
    free(src);
    free(sums);
    free(out);
    free(want);
}

static void row_equals_reference(void **state)
{
    static const int lengths[] = {1, 2, 3, 15, 16, 17, 31, 33, 64, 100, 321};
    static const int factors[] = {1, 2, 3, 4, 5, 7, 8, 12, 20, 64, 256};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        for (size_t k = 0; k < sizeof factors / sizeof *factors; k++)
            for (int kind = 0; kind < 3; kind++)
                if (lengths[i] * factors[k] < 20000)
                    compare_row(lengths[i], factors[k], kind);
}

struct picture {
    struct its_frame frame;
    uint8_t *px;
};

static struct picture make(int w, int h, int rotation)
{
    struct picture p = {.px = malloc((size_t)w * h)};
    for (int i = 0; i < w * h; i++)
        p.px[i] = noise();
    bool turned = rotation == 90 || rotation == 270;
    p.frame = (struct its_frame){.plane = {p.px},
                                 .stride = {w},
                                 .coded_w = w,
                                 .coded_h = h,
                                 .full_range = true,
                                 .rotation = rotation,
                                 .display_w = turned ? h : w,
                                 .display_h = turned ? w : h};
    return p;
}

static void rotation_is_clockwise(void **state)
{
    for (int rotation = 0; rotation < 360; rotation += 90) {
        struct picture p = make(6, 4, rotation);
        struct its_lowres l = {0};
        assert_int_equal(its_lowres_plan(&l, &p.frame, 64), 0);
        its_lowres_reduce(&l, &p.frame, 0, 0);
        for (int y = 0; y < 4; y++)
            for (int x = 0; x < 6; x++) {
                int ux = rotation == 90 ? 3 - y : rotation == 180 ? 5 - x : rotation == 270 ? y : x;
                int uy = rotation == 90 ? x : rotation == 180 ? 3 - y : rotation == 270 ? 5 - x : y;
                assert_int_equal(l.px[uy * l.stride + ux], p.px[y * 6 + x]);
            }
        its_lowres_fini(&l);
        free(p.px);
    }
}

/* The window shows at (x, y) what lies at (x + dx, y + dy), in every rotation. */
static void window_moves_upright(void **state)
{
    for (int rotation = 0; rotation < 360; rotation += 90) {
        struct picture p = make(40, 30, rotation);
        struct its_lowres still = {0}, moved = {0};
        assert_int_equal(its_lowres_plan(&still, &p.frame, 40), 0);
        assert_int_equal(its_lowres_plan(&moved, &p.frame, 40), 0);
        its_lowres_reduce(&still, &p.frame, 0, 0);
        its_lowres_reduce(&moved, &p.frame, 3, -2);
        for (int y = 2; y < moved.h; y++)
            for (int x = 0; x < moved.w - 3; x++)
                assert_int_equal(moved.px[y * moved.stride + x],
                                 still.px[(y - 2) * still.stride + x + 3]);
        /* Far outside is the edge, and nothing is read there. */
        its_lowres_reduce(&moved, &p.frame, 1000, 1000);
        its_lowres_reduce(&moved, &p.frame, -1000, -1000);
        its_lowres_fini(&still);
        its_lowres_fini(&moved);
        free(p.px);
    }
}

static void range_is_expanded(void **state)
{
    struct picture p = make(64, 2, 0);
    for (int i = 0; i < 128; i++)
        p.px[i] = (uint8_t)(2 * i);
    p.frame.full_range = false;
    struct its_lowres l = {0};
    assert_int_equal(its_lowres_plan(&l, &p.frame, 64), 0);
    its_lowres_reduce(&l, &p.frame, 0, 0);
    assert_int_equal(l.px[8], 0);               /* 16 is black */
    assert_in_range(l.px[53], 104, 107);        /* 106 */
    assert_int_equal(l.px[l.stride + 58], 255); /* 244 is above white: 235 */
    its_lowres_fini(&l);
    free(p.px);
}

static void odd_sizes(void **state)
{
    static const int sizes[][2] = {{1, 1}, {1, 500}, {500, 1}, {8, 8}, {355, 289}, {1279, 719}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int rotation = 0; rotation < 360; rotation += 90) {
            struct picture p = make(sizes[i][0], sizes[i][1], rotation);
            struct its_lowres l = {0};
            assert_int_equal(its_lowres_plan(&l, &p.frame, 320), 0);
            assert_true(l.w >= 1 && l.h >= 1 &&
                        (ITS_MIN(l.w, l.h) == 1 || ITS_MAX(l.w, l.h) <= 320));
            for (int d = -20; d <= 20; d += 5)
                its_lowres_reduce(&l, &p.frame, d, -d);
            its_lowres_fini(&l);
            free(p.px);
        }
}

static void refuses_no_pixels(void **state)
{
    struct its_lowres l = {0};
    struct its_frame f = {.coded_w = 0, .coded_h = 10};
    assert_int_equal(its_lowres_plan(&l, &f, 320), -EINVAL);
    f.coded_w = 10; /* but no plane */
    assert_int_equal(its_lowres_plan(&l, &f, 320), -EINVAL);
    assert_false(its_lowres_fits(&l, &f));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_equals_reference),
        cmocka_unit_test(rotation_is_clockwise),
        cmocka_unit_test(window_moves_upright),
        cmocka_unit_test(range_is_expanded),
        cmocka_unit_test(odd_sizes),
        cmocka_unit_test(refuses_no_pixels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
