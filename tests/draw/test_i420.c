/* RGB to I420 against the definition in double precision. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draw/i420.h"

#define SEED 20240607u

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8 | *state << 24;
}

/* ITU-R BT.709-6 on mean R'G'B' of a block, 0..255 each. */
static void reference(double r, double g, double b, double yuv[3])
{
    double y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    yuv[0] = 16 + 219 * y / 255;
    yuv[1] = 128 + 224 * (b - y) / 1.8556 / 255;
    yuv[2] = 128 + 224 * (r - y) / 1.5748 / 255;
}

static double channel(uint32_t p, int shift)
{
    return p >> shift & 255;
}

static void expect_near(double want, int got, int plane, int x, int y)
{
    if (fabs(want - got) > 0.5 + 0.02)
        fail_msg("plane %d at %d,%d: want %.3f, got %d", plane, x, y, want, got);
}

static void compare(const uint32_t *rgb, int stride, const struct its_i420 *p)
{
    double yuv[3];
    for (int y = 0; y < p->h; y++) {
        for (int x = 0; x < p->w; x++) {
            uint32_t c = rgb[y * stride + x];
            reference(channel(c, 16), channel(c, 8), channel(c, 0), yuv);
            expect_near(yuv[0], p->plane[0][y * p->stride[0] + x], 0, x, y);
        }
    }
    for (int y = 0; y < p->h; y += 2) {
        for (int x = 0; x < p->w; x += 2) {
            double sum[3] = {0};
            for (int i = 0; i < 4; i++) {
                int sx = x + (i & 1) < p->w ? x + (i & 1) : x;
                int sy = y + (i >> 1) < p->h ? y + (i >> 1) : y;
                for (int k = 0; k < 3; k++)
                    sum[k] += channel(rgb[sy * stride + sx], 16 - 8 * k) / 4;
            }
            reference(sum[0], sum[1], sum[2], yuv);
            expect_near(yuv[1], p->plane[1][y / 2 * p->stride[1] + x / 2], 1, x, y);
            expect_near(yuv[2], p->plane[2][y / 2 * p->stride[2] + x / 2], 2, x, y);
        }
    }
}

static void check_size(int w, int h, uint32_t (*colour)(uint32_t *), uint32_t seed)
{
    int stride = w + 3;
    uint32_t *rgb = test_malloc((size_t)stride * (size_t)h * 4);
    for (int i = 0; i < stride * h; i++)
        rgb[i] = colour(&seed);
    struct its_i420 p = {0};
    assert_int_equal(its_i420_init(&p, w, h), 0);
    its_i420_from_rgb(rgb, stride, &p);
    compare(rgb, stride, &p);
    its_i420_fini(&p);
    test_free(rgb);
}

static uint32_t any_colour(uint32_t *seed)
{
    return next_random(seed); /* the top byte is anybody's */
}

static uint32_t extreme_colour(uint32_t *seed)
{
    uint32_t bits = next_random(seed);
    return (bits & 1 ? 0xff0000u : 0) | (bits & 2 ? 0xff00u : 0) | (bits & 4 ? 0xffu : 0);
}

static void matches_the_definition(void **state)
{
    static const int size[][2] = {{64, 48}, {1, 1}, {2, 1}, {1, 2}, {17, 9}, {33, 31}, {128, 2}};
    printf("seed %u\n", SEED);
    for (size_t i = 0; i < ITS_ARRAY_LEN(size); i++) {
        check_size(size[i][0], size[i][1], any_colour, SEED + (uint32_t)i);
        check_size(size[i][0], size[i][1], extreme_colour, SEED + (uint32_t)i);
    }
}

static void grey_stays_grey(void **state)
{
    struct its_i420 p = {0};
    assert_int_equal(its_i420_init(&p, 2, 2), 0);
    for (uint32_t v = 0; v < 256; v++) {
        uint32_t grey = v << 16 | v << 8 | v, rgb[4] = {grey, grey, grey, grey};
        its_i420_from_rgb(rgb, 2, &p);
        assert_int_equal(p.plane[1][0], 128);
        assert_int_equal(p.plane[2][0], 128);
    }
    assert_int_equal(p.plane[0][0], 235);
    its_i420_fini(&p);
}

/* Rows end where they should: the bytes behind them stay. */
static void writes_nothing_beyond(void **state)
{
    enum { W = 7, H = 5, STRIDE = 16 };
    uint8_t block[3][STRIDE * H];
    memset(block, 0xa5, sizeof(block));
    uint32_t rgb[W * H] = {0};
    struct its_i420 p = {W, H, {block[0], block[1], block[2]}, {STRIDE, STRIDE, STRIDE}};
    its_i420_from_rgb(rgb, W, &p);
    for (int plane = 0; plane < 3; plane++) {
        int w = plane ? (W + 1) / 2 : W, h = plane ? (H + 1) / 2 : H;
        for (int i = 0; i < STRIDE * H; i++)
            if (i % STRIDE >= w || i / STRIDE >= h)
                assert_int_equal(block[plane][i], 0xa5);
    }
}

static void refuses_sizes(void **state)
{
    struct its_i420 p;
    assert_int_equal(its_i420_init(&p, 0, 4), -EINVAL);
    assert_int_equal(its_i420_init(&p, 4, -1), -EINVAL);
    assert_int_equal(its_i420_init(&p, 16385, 4), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_the_definition),
        cmocka_unit_test(grey_stays_grey),
        cmocka_unit_test(writes_nothing_beyond),
        cmocka_unit_test(refuses_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
