/* The perspective: finds the line of widths under fragments, lorries and pedestrians. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "detect/perspective.h"

#define W 320
#define H 240

static uint32_t rng = 4711; /* fixed */

static float uniform(float lo, float hi)
{
    rng = rng * 1664525 + 1013904223;
    return lo + (hi - lo) * (float)(rng >> 8) / (float)(1 << 24);
}

static void show(struct its_perspective *p, int bottom, float w, float h, bool moving)
{
    int x0 = 100, iw = (int)(w + 0.5f), ih = (int)(h + 0.5f), area = iw * ih * 3 / 4;
    struct its_blob b = {
        .box = {x0, bottom - ih, x0 + iw, bottom}, .area = area, .changed = moving ? area / 2 : 0};
    its_perspective_learn(p, &b);
}

static float truth(int bottom)
{
    return 0.25f * ((float)bottom - 30);
}

static void traffic(struct its_perspective *p, int n)
{
    for (int i = 0; i < n; i++) {
        int bottom = (int)uniform(60, 230);
        float w = truth(bottom) * uniform(0.85f, 1.15f), kind = uniform(0, 1);
        if (kind < 0.6f)
            show(p, bottom, w, w * 0.8f, true);
        else if (kind < 0.7f)
            show(p, bottom, w * 1.6f, w * 2, true);
        else if (kind < 0.8f)
            show(p, bottom, w * 0.3f, w * 0.9f, true);
        else
            show(p, bottom, w * uniform(0.2f, 0.9f), w * uniform(0.1f, 0.5f), true);
    }
}

static void unknown_at_first(void **state)
{
    struct its_perspective p;
    its_perspective_init(&p, W, H);
    assert_true(its_perspective_expect(&p, 200).w == 0);
    assert_int_equal(its_perspective_classify(&p, (struct its_rect){10, 10, 50, 50}),
                     ITS_CLASS_VEHICLE);
}

static void finds_the_line(void **state)
{
    struct its_perspective p;
    its_perspective_init(&p, W, H);
    traffic(&p, 400);
    for (int bottom = 80; bottom < 230; bottom += 30) {
        struct its_size e = its_perspective_expect(&p, bottom);
        printf("row %d: expected %.1f x %.1f, true width %.1f\n", bottom, e.w, e.h, truth(bottom));
        assert_true(e.w > 0.75f * truth(bottom) && e.w < 1.4f * truth(bottom));
        assert_true(e.h > 0.6f * e.w && e.h < 1.05f * e.w);
    }
}

static void standing_things_have_no_vote(void **state)
{
    struct its_perspective p;
    its_perspective_init(&p, W, H);
    traffic(&p, 200);
    for (int i = 0; i < 5000; i++)
        show(&p, 150, 5, 5, false);
    assert_true(its_perspective_expect(&p, 150).w > 0.8f * truth(150));
}

static void follows_a_new_view(void **state)
{
    struct its_perspective p;
    its_perspective_init(&p, W, H);
    traffic(&p, 400);
    for (int i = 0; i < 20000; i++) /* from straight above, all alike */
        show(&p, (int)uniform(60, 230), 40, 20, true);
    assert_true(its_perspective_expect(&p, 70).w > 32 && its_perspective_expect(&p, 70).w < 48);
    assert_true(its_perspective_expect(&p, 220).w > 32 && its_perspective_expect(&p, 220).w < 48);
}

static void tells_classes(void **state)
{
    struct its_perspective p;
    its_perspective_init(&p, W, H);
    traffic(&p, 400);
    struct its_size e = its_perspective_expect(&p, 200);
    int w = (int)e.w, h = (int)e.h;
    struct its_rect car = {100, 200 - h, 100 + w, 200},
                    lorry = {100, 200 - 2 * h, 100 + w * 3 / 2, 200};
    struct its_rect person = {100, 200 - h, 100 + w / 4, 200};
    assert_int_equal(its_perspective_classify(&p, car), ITS_CLASS_CAR);
    assert_int_equal(its_perspective_classify(&p, lorry), ITS_CLASS_TRUCK);
    assert_int_equal(its_perspective_classify(&p, person), ITS_CLASS_PERSON);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_at_first),
        cmocka_unit_test(finds_the_line),
        cmocka_unit_test(standing_things_have_no_vote),
        cmocka_unit_test(follows_a_new_view),
        cmocka_unit_test(tells_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
