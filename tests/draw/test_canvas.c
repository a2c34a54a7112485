#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "draw/canvas.h"

static const struct its_colour white = {1, 1, 1, 1}, red = {1, 0, 0, 1}, half = {1, 1, 1, .5f};

static uint32_t pixel(struct its_canvas *c, int x, int y)
{
    int stride;
    const uint32_t *p = its_canvas_pixels(c, &stride);
    return p[y * stride + x] & 0xffffff;
}

static struct its_canvas *canvas(int w, int h)
{
    struct its_canvas *c = NULL;
    assert_int_equal(its_canvas_create(w, h, &c), 0);
    return c;
}

static void starts_black(void **state)
{
    struct its_canvas *c = canvas(5, 3);
    assert_int_equal(its_canvas_width(c), 5);
    assert_int_equal(its_canvas_height(c), 3);
    assert_int_equal(pixel(c, 4, 2), 0);
    its_canvas_destroy(&c);
    assert_null(c);
    its_canvas_destroy(&c);
}

static void polygon_covers_its_pixels(void **state)
{
    struct its_canvas *c = canvas(8, 8);
    const struct its_point square[] = {{2, 2}, {6, 2}, {6, 5}, {2, 5}};
    its_canvas_polygon(c, square, 4, red);
    for (int y = 0; y < 8; y++)
        for (int x = 0; x < 8; x++)
            assert_int_equal(pixel(c, x, y), x >= 2 && x < 6 && y >= 2 && y < 5 ? 0xff0000 : 0);
    its_canvas_destroy(&c);
}

static void alpha_mixes(void **state)
{
    struct its_canvas *c = canvas(2, 2);
    its_canvas_fill(c, half);
    int grey = (int)(pixel(c, 0, 0) & 255);
    assert_in_range(grey, 127, 128);
    its_canvas_destroy(&c);
}

static void origin_moves_everything(void **state)
{
    struct its_canvas *c = canvas(8, 8), *stamp = canvas(2, 2);
    its_canvas_fill(stamp, white);
    its_canvas_set_origin(c, 1, 0);
    its_canvas_paint(c, stamp, 3, 4);
    assert_int_equal(pixel(c, 3, 4), 0);
    assert_int_equal(pixel(c, 4, 4), 0xffffff);
    assert_int_equal(pixel(c, 5, 5), 0xffffff);
    assert_int_equal(pixel(c, 6, 5), 0);
    its_canvas_destroy(&stamp);
    its_canvas_destroy(&c);
}

static void lines_and_boxes(void **state)
{
    struct its_canvas *c = canvas(20, 20);
    its_canvas_line(c, (struct its_point){2, 3.5f}, (struct its_point){18, 3.5f}, 1, white);
    assert_int_equal(pixel(c, 10, 3), 0xffffff);
    assert_int_equal(pixel(c, 10, 5), 0);
    its_canvas_box(c, (struct its_box){4.5f, 8.5f, 10, 8}, 1, red);
    assert_int_equal(pixel(c, 4, 12), 0xff0000);
    assert_int_equal(pixel(c, 14, 12), 0xff0000);
    assert_int_equal(pixel(c, 9, 12), 0);
    its_canvas_ellipse(c, (struct its_point){10, 12}, 2, 2, white);
    assert_int_equal(pixel(c, 9, 12), 0xffffff);
    its_canvas_destroy(&c);
}

static void label_stays_on_its_plate(void **state)
{
    struct its_canvas *c = canvas(200, 60);
    struct its_box plate =
        its_canvas_label(c, (struct its_point){10, 10}, 16, "car 17", white, red);
    assert_true(plate.x == 10 && plate.y == 10 && plate.w > 20 && plate.h > 10);
    int ink = 0;
    for (int y = 0; y < 60; y++) {
        for (int x = 0; x < 200; x++) {
            bool on = x >= 10 && y >= 10 && (float)x < 10 + plate.w && (float)y < 10 + plate.h;
            if (!on)
                assert_int_equal(pixel(c, x, y), 0);
            ink += pixel(c, x, y) == 0xffffff;
        }
    }
    assert_true(ink > 10); /* a machine without any typeface would show an empty plate */
    its_canvas_destroy(&c);
}

static void pixels_by_hand(void **state)
{
    struct its_canvas *c = canvas(4, 4);
    int stride;
    its_canvas_pixels(c, &stride)[stride + 2] = 0x123456;
    its_canvas_pixels_changed(c);
    assert_int_equal(pixel(c, 2, 1), 0x123456);
    struct its_i420 p = {0};
    assert_int_equal(its_i420_init(&p, 4, 4), 0);
    its_canvas_to_i420(c, &p);
    assert_int_equal(p.plane[0][0], 16);
    assert_true(p.plane[0][p.stride[0] + 2] > 16);
    its_i420_fini(&p);
    its_canvas_destroy(&c);
}

static void writes_a_png(void **state)
{
    char path[] = "/tmp/its-canvas-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    struct its_canvas *c = canvas(4, 4);
    struct its_error err = {0};
    assert_int_equal(its_canvas_write_png(c, path, &err), 0);
    char magic[8] = {0};
    assert_int_equal(read(fd, magic, 8), 8);
    assert_memory_equal(magic, "\x89PNG\r\n\x1a\n", 8);
    assert_int_equal(its_canvas_write_png(c, "/nonexistent/a.png", &err), -ENOENT);
    assert_non_null(strstr(err.text, "/nonexistent/a.png"));
    close(fd);
    unlink(path);
    its_canvas_destroy(&c);
}

static void refuses_sizes(void **state)
{
    struct its_canvas *c = NULL;
    assert_int_equal(its_canvas_create(0, 1, &c), -EINVAL);
    assert_int_equal(its_canvas_create(1, 20000, &c), -EINVAL);
    assert_null(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_black),    cmocka_unit_test(polygon_covers_its_pixels),
        cmocka_unit_test(alpha_mixes),     cmocka_unit_test(origin_moves_everything),
        cmocka_unit_test(lines_and_boxes), cmocka_unit_test(label_stays_on_its_plate),
        cmocka_unit_test(pixels_by_hand),  cmocka_unit_test(writes_a_png),
        cmocka_unit_test(refuses_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
