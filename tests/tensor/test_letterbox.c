/* Where pictures lie in inputs: known answers from Ultralytics' and YOLOX' own arithmetic, and the
 * way there and back. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/attr.h"
#include "tensor/letterbox.h"

static struct its_letterbox fit(int w, int h, int in_w, int in_h, enum its_placement placement)
{
    struct its_input in;
    struct its_letterbox box;
    its_input_yolo11(&in, in_w, in_h);
    in.placement = placement;
    assert_int_equal(its_letterbox_fit(&box, w, h, &in), 0);
    return box;
}

static void known_places(void **state)
{
    static const struct {
        int w, h, in_w, in_h;
        enum its_placement placement;
        int left, top, new_w, new_h;
    } rows[] = {
        {1920, 1080, 640, 640, ITS_PLACEMENT_CENTRE, 0, 140, 640, 360},
        {1280, 720, 640, 384, ITS_PLACEMENT_CENTRE, 0, 12, 640, 360},
        {640, 480, 640, 640, ITS_PLACEMENT_CENTRE, 0, 80, 640, 480},
        {640, 640, 640, 640, ITS_PLACEMENT_CENTRE, 0, 0, 640, 640},
        {352, 288, 640, 640, ITS_PLACEMENT_CENTRE, 0, 58, 640, 524},
        {500, 333, 640, 640, ITS_PLACEMENT_CENTRE, 0, 107, 640, 426},
        /* An odd border: 640 - 427 = 213 is 106 and 107. */
        {427, 640, 640, 640, ITS_PLACEMENT_CENTRE, 106, 0, 427, 640},
        {427, 640, 416, 416, ITS_PLACEMENT_TOP_LEFT, 0, 0, 277, 416},
        {1920, 1080, 416, 416, ITS_PLACEMENT_TOP_LEFT, 0, 0, 416, 234},
        /* Never less than a pixel. */
        {10000, 3, 320, 320, ITS_PLACEMENT_CENTRE, 0, 159, 320, 1},
        {10000, 3, 320, 320, ITS_PLACEMENT_TOP_LEFT, 0, 0, 320, 1},
    };
    for (unsigned i = 0; i < ITS_ARRAY_LEN(rows); i++) {
        struct its_letterbox b =
            fit(rows[i].w, rows[i].h, rows[i].in_w, rows[i].in_h, rows[i].placement);
        print_message("%dx%d in %dx%d: %d,%d %dx%d\n", rows[i].w, rows[i].h, rows[i].in_w,
                      rows[i].in_h, b.left, b.top, b.w, b.h);
        assert_int_equal(b.left, rows[i].left);
        assert_int_equal(b.top, rows[i].top);
        assert_int_equal(b.w, rows[i].new_w);
        assert_int_equal(b.h, rows[i].new_h);
    }
}

static void refused(void **state)
{
    struct its_input in;
    struct its_letterbox box;
    its_input_yolo11(&in, 640, 640);
    assert_int_equal(its_letterbox_fit(&box, 0, 480, &in), -EINVAL);
    assert_int_equal(its_letterbox_fit(&box, 640, -1, &in), -EINVAL);
}

static void corners_and_back(void **state)
{
    struct its_letterbox b = fit(1920, 1080, 640, 640, ITS_PLACEMENT_CENTRE);
    struct its_point p = its_letterbox_to_display(&b, (struct its_point){0, 140});
    assert_float_equal(p.x, 0, 1e-4);
    assert_float_equal(p.y, 0, 1e-4);
    p = its_letterbox_to_display(&b, (struct its_point){640, 500});
    assert_float_equal(p.x, 1920, 1e-3);
    assert_float_equal(p.y, 1080, 1e-3);

    struct its_box car = {100, 200, 60, 40};
    struct its_box in = its_letterbox_box_to_input(&b, car);
    assert_float_equal(in.x, 33.3333, 1e-3);
    assert_float_equal(in.y, 206.6667, 1e-3);
    assert_float_equal(in.w, 20, 1e-3);
    assert_float_equal(in.h, 13.3333, 1e-3);

    srand(7);
    for (int i = 0; i < 1000; i++) {
        struct its_letterbox any = fit(1 + rand() % 4000, 1 + rand() % 4000, 32 * (1 + rand() % 40),
                                       32 * (1 + rand() % 40), i & 1);
        assert_true(any.left >= 0 && any.left + any.w <= any.input_w);
        assert_true(any.top >= 0 && any.top + any.h <= any.input_h);
        struct its_box back =
            its_letterbox_box_to_display(&any, its_letterbox_box_to_input(&any, car));
        /* A thin picture in few pixels: floats of hundreds in units of thousands. */
        float slack = 1e-3f + 1e-5f * (float)(any.display_w + any.display_h);
        assert_true(fabsf(back.x - car.x) < slack * 4 && fabsf(back.h - car.h) < slack * 4);
    }
}

static void forms(void **state)
{
    struct its_input in;
    its_input_yolo11(&in, 640, 384);
    assert_int_equal(its_input_check(&in), 0);
    assert_int_equal(its_input_bytes(&in), 640 * 384 * 3 * 4);
    in.layout = ITS_INPUT_NHWC;
    in.pitch = 16;
    in.element = ITS_ELEMENT_BF16;
    assert_int_equal(its_input_check(&in), 0);
    assert_int_equal(its_input_bytes(&in), 640 * 384 * 16 * 2);
    assert_string_equal(its_element_name(in.element), "bf16");

    struct its_input bad[7] = {in, in, in, in, in, in, in};
    bad[0].w = 0;
    bad[1].h = ITS_INPUT_SIDE_MAX + 1;
    bad[2].pitch = 2;
    bad[3].pitch = 17;
    bad[4].scale = INFINITY;
    bad[5].offset = NAN;
    bad[6].element = ITS_ELEMENT_COUNT;
    for (unsigned i = 0; i < ITS_ARRAY_LEN(bad); i++)
        assert_int_equal(its_input_check(&bad[i]), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_places),
        cmocka_unit_test(refused),
        cmocka_unit_test(corners_and_back),
        cmocka_unit_test(forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
