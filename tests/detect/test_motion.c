/* The motion detector on a drawn street: what must be found, what must not, and for how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "detect/motion.h"
#include "street.h"

#define STEP_US 40000

struct watch {
    struct street street;
    struct its_motion *motion;
    struct its_detections seen;
    int64_t time_us, step_us;
};

static void watch_init(struct watch *w, int width, int height, int rotation)
{
    struct its_motion_settings set;
    its_motion_defaults(&set);
    memset(w, 0, sizeof *w);
    w->step_us = STEP_US;
    street_init(&w->street, width, height, rotation);
    assert_int_equal(its_motion_create(&set, &w->motion), 0);
}

static void watch_fini(struct watch *w)
{
    its_motion_destroy(&w->motion);
    assert_null(w->motion);
    street_fini(&w->street);
}

static void look(struct watch *w, const struct its_frame *f)
{
    assert_int_equal(its_motion_prepare(w->motion, f), 0);
    its_motion_infer(w->motion);
    its_motion_post(w->motion, &w->seen);
}

/* Detections that may begin a track. */
static int firm(const struct watch *w)
{
    int n = 0;
    for (int i = 0; i < w->seen.count; i++)
        n += w->seen.item[i].score >= 0.5f;
    return n;
}

static void begin(struct watch *w, int dx, int dy)
{
    street_begin(&w->street, w->time_us, dx, dy);
    w->time_us += w->step_us;
}

static void empty_street(struct watch *w, int frames, float gain, float noise)
{
    for (int i = 0; i < frames; i++) {
        begin(w, 0, 0);
        look(w, street_end(&w->street, gain, noise));
    }
}

static float best_iou(const struct watch *w, struct its_box b)
{
    float best = 0;
    for (int i = 0; i < w->seen.count; i++)
        best = fmaxf(best, its_box_iou(w->seen.item[i].box, b));
    return best;
}

static struct its_box car_at(int frame)
{
    return (struct its_box){20 + 6.0f * (float)frame, 200, 90, 70};
}

/* Drives a car through; the smallest and the mean overlap of the best box with it. */
static void drive(struct watch *w, int luma, float shadow, float *least, float *mean)
{
    *least = 1;
    *mean = 0;
    for (int i = 0; i < 60; i++) {
        struct its_box b = car_at(i);
        begin(w, 0, 0);
        if (shadow > 0)
            street_shadow(&w->street, (struct its_box){b.x + 20, b.y + 40, b.w + 20, b.h - 20},
                          shadow);
        street_car(&w->street, b, luma);
        look(w, street_end(&w->street, 1, 1));
        float iou = best_iou(w, b);
        *least = fminf(*least, iou);
        *mean += iou / 60;
    }
}

static void finds_a_car(void **state)
{
    for (int rotation = 0; rotation < 360; rotation += 90) {
        struct watch w;
        float least, mean;
        watch_init(&w, 640, 360, rotation);
        empty_street(&w, 25, 1, 1);
        drive(&w, 220, 0, &least, &mean);
        printf("rotation %d: overlap mean %.2f least %.2f\n", rotation, mean, least);
        assert_true(mean > 0.8f && least > 0.5f);
        assert_int_equal(firm(&w), 1);
        assert_true(its_motion_active(w.motion));
        watch_fini(&w);
    }
}

static void finds_a_car_in_the_first_second(void **state)
{
    struct watch w;
    float least, mean;
    watch_init(&w, 640, 360, 0);
    begin(&w, 0, 0);
    street_car(&w.street, (struct its_box){14, 200, 90, 70}, 220);
    look(&w, street_end(&w.street, 1, 1));
    drive(&w, 220, 0, &least, &mean);
    printf("from the first frame on: overlap mean %.2f\n", mean);
    assert_true(mean > 0.6f);
    watch_fini(&w);
}

static void leaves_out_the_shadow(void **state)
{
    struct watch w;
    float least, mean;
    watch_init(&w, 640, 360, 0);
    empty_street(&w, 25, 1, 1);
    drive(&w, 220, 0.6f, &least, &mean);
    /* With the shadow in the box the overlap would be 6300 / (6300 + 50 * 40 …) < 0.64. */
    printf("with a shadow: overlap mean %.2f least %.2f\n", mean, least);
    assert_true(mean > 0.72f);
    watch_fini(&w);
}

static void noise_is_nothing(void **state)
{
    struct watch w;
    int found = 0;
    watch_init(&w, 352, 288, 0);
    empty_street(&w, 50, 1, 5);
    for (int i = 0; i < 150; i++) {
        empty_street(&w, 1, 1, 5);
        found += w.seen.count;
    }
    printf("noise of sigma 5: %d detections in 150 frames\n", found);
    assert_int_equal(found, 0);
    assert_false(its_motion_active(w.motion));
    watch_fini(&w);
}

static void light_changes_are_nothing(void **state)
{
    struct watch w;
    int drift = 0, step = 0;
    watch_init(&w, 640, 360, 0);
    empty_street(&w, 50, 1, 1);
    for (int i = 0; i < 250; i++) { /* 30 % darker within 10 s */
        empty_street(&w, 1, 1 - 0.3f * (float)i / 250, 1);
        drift += w.seen.count;
    }
    empty_street(&w, 25, 0.7f, 1);
    empty_street(&w, 3, 0.84f, 1); /* a step of 20 %, three frames to settle */
    for (int i = 0; i < 50; i++) {
        empty_street(&w, 1, 0.84f, 1);
        step += w.seen.count;
    }
    printf("light: %d detections while drifting, %d after a step\n", drift, step);
    assert_int_equal(drift, 0);
    assert_int_equal(step, 0);
    watch_fini(&w);
}

static void sway_is_nothing(void **state)
{
    struct watch w;
    int found = 0;
    watch_init(&w, 640, 360, 90);
    empty_street(&w, 10, 1, 1);
    for (int i = 0; i < 200; i++) {
        begin(&w, (int)lrint(3 * sin(i * 0.2)), (int)lrint(3 * sin(i * 0.13)));
        look(&w, street_end(&w.street, 1, 1));
        found += firm(&w);
    }
    printf("sway of 3 px: %d detections in 200 frames\n", found);
    assert_int_equal(found, 0);
    watch_fini(&w);
}

/* While the camera sways boxes stay in the pixels of the picture. */
static void finds_a_car_while_swaying(void **state)
{
    struct watch w;
    float mean = 0;
    watch_init(&w, 640, 360, 270);
    empty_street(&w, 25, 1, 1);
    for (int i = 0; i < 60; i++) {
        int dx = (int)lrint(12 * sin(i * 0.1)), dy = (int)lrint(6 * sin(i * 0.13));
        struct its_box b = car_at(i);
        b.x += (float)dx;
        b.y += (float)dy;
        begin(&w, dx, dy);
        street_car(&w.street, b, 220);
        look(&w, street_end(&w.street, 1, 1));
        mean += best_iou(&w, b) / 60;
    }
    printf("swaying by 12 px: overlap mean %.2f\n", mean);
    assert_true(mean > 0.75f);
    watch_fini(&w);
}

/* A car that stops is kept for the time the settings say, when the street was known before; then
 * it is part of the scene, and when it goes the street is known at once. */
static void keeps_what_stops(void **state)
{
    struct watch w;
    const struct its_box b = {150, 100, 45, 35};
    int64_t stopped, kept = 0;
    int ghosts = 0;
    watch_init(&w, 320, 180, 0);
    w.step_us = 100000;
    empty_street(&w, 440, 1, 1);
    for (int i = 0; i < 40; i++) {
        begin(&w, 0, 0);
        street_car(&w.street, (struct its_box){b.x - 120 + 3 * (float)i, b.y, b.w, b.h}, 220);
        look(&w, street_end(&w.street, 1, 1));
    }
    stopped = w.time_us;
    for (int i = 0; i < 1500; i++) {
        begin(&w, 0, 0);
        street_car(&w.street, b, 220);
        look(&w, street_end(&w.street, 1, 1));
        if (best_iou(&w, b) > 0.5f)
            kept = w.time_us - stopped;
    }
    printf("kept for %.1f s\n", (double)kept * 1e-6);
    assert_in_range(kept, 80000000, 125000000);
    assert_int_equal(w.seen.count, 0);
    empty_street(&w, 3, 1, 1);
    for (int i = 0; i < 50; i++) {
        empty_street(&w, 1, 1, 1);
        ghosts += firm(&w);
    }
    assert_int_equal(ghosts, 0);
    watch_fini(&w);
}

/* A car that stood there from the first frame on drives off: the hole it leaves is no road user. */
static void dissolves_the_ghost(void **state)
{
    struct watch w;
    int ghosts = 0;
    watch_init(&w, 640, 360, 0);
    for (int i = 0; i < 250; i++) {
        begin(&w, 0, 0);
        street_car(&w.street, (struct its_box){100, 200, 90, 70}, 220);
        look(&w, street_end(&w.street, 1, 1));
    }
    for (int i = 0; i < 75; i++) {
        begin(&w, 0, 0);
        street_car(&w.street, (struct its_box){100 + 8 * (float)i, 200, 90, 70}, 220);
        look(&w, street_end(&w.street, 1, 1));
    }
    for (int i = 0; i < 25; i++) {
        empty_street(&w, 1, 1, 1);
        ghosts += firm(&w);
    }
    printf("%d ghosts in the second after\n", ghosts);
    assert_int_equal(ghosts, 0);
    watch_fini(&w);
}

static void repeats_bit_for_bit(void **state)
{
    struct its_detections *first = calloc(60, sizeof *first);
    for (int run = 0; run < 2; run++) {
        struct watch w;
        watch_init(&w, 640, 360, 0);
        for (int i = 0; i < 60; i++) {
            begin(&w, i % 3, 0);
            street_car(&w.street, car_at(i), 220);
            look(&w, street_end(&w.street, 1, 3));
            if (run == 0)
                first[i] = w.seen;
            assert_int_equal(first[i].count, w.seen.count);
            assert_memory_equal(first[i].item, w.seen.item,
                                (size_t)w.seen.count * sizeof *w.seen.item);
        }
        watch_fini(&w);
    }
    free(first);
}

static void survives_changes_of_size(void **state)
{
    static const int sizes[][2] = {{640, 360}, {1, 1}, {8, 8}, {352, 288}, {1, 700}, {333, 777}};
    struct its_motion_settings set;
    struct its_detections seen;
    struct its_motion *m;
    its_motion_defaults(&set);
    assert_int_equal(its_motion_create(&set, &m), 0);
    assert_true(its_motion_active(m));
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof *sizes; i++) {
        const int *size = sizes[i % (sizeof sizes / sizeof *sizes)];
        struct street s;
        street_init(&s, size[0], size[1], (int)(i % 4) * 90);
        for (int k = 0; k < 5; k++) {
            street_begin(&s, k * STEP_US, 0, 0);
            street_car(&s, (struct its_box){(float)(10 * k), 5, 40, 30}, 250);
            assert_int_equal(its_motion_prepare(m, street_end(&s, 1, 2)), 0);
            its_motion_infer(m);
            its_motion_post(m, &seen);
            for (int d = 0; d < seen.count; d++) {
                struct its_box b = seen.item[d].box;
                assert_true(b.x >= 0 && b.y >= 0 && b.x + b.w <= (float)size[0] + 0.01f &&
                            b.y + b.h <= (float)size[1] + 0.01f);
            }
        }
        if (size[0] < 8)
            assert_int_equal(seen.count, 0);
        its_motion_reset(m);
        street_fini(&s);
    }
    its_motion_destroy(&m);
}

static void survives_the_largest_picture(void **state)
{
    struct its_frame f = {
        .coded_w = 7680, .coded_h = 4320, .display_w = 7680, .display_h = 4320, .stride = {7680}};
    uint8_t *px = malloc((size_t)7680 * 4320);
    struct its_motion_settings set;
    struct its_detections seen;
    struct its_motion *m;
    its_motion_defaults(&set);
    assert_int_equal(its_motion_create(&set, &m), 0);
    memset(px, 100, (size_t)7680 * 4320);
    f.plane[0] = px;
    for (int i = 0; i < 4; i++) {
        f.time_us += 1000000;
        if (i == 2) /* a black band */
            memset(px + (size_t)2000 * 7680, 16, (size_t)300 * 7680);
        assert_int_equal(its_motion_prepare(m, &f), 0);
        its_motion_infer(m);
        its_motion_post(m, &seen);
        if (i < 3)
            assert_int_equal(seen.count, i == 2);
    }
    its_motion_destroy(&m);
    free(px);
}

static void refuses_nonsense(void **state)
{
    struct its_motion_settings set;
    struct its_motion *m = (void *)1;
    struct its_frame none = {.coded_w = 640, .coded_h = 360};
    its_motion_defaults(&set);
    set.threshold = 0;
    assert_int_equal(its_motion_create(&set, &m), -EINVAL);
    assert_null(m);
    its_motion_defaults(&set);
    set.stay_s = 1e9f;
    assert_int_equal(its_motion_create(&set, &m), -EINVAL);
    its_motion_defaults(&set);
    assert_int_equal(its_motion_create(&set, &m), 0);
    assert_int_equal(its_motion_prepare(m, &none), -EINVAL);
    its_motion_destroy(&m);
    its_motion_destroy(&m);
    its_motion_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_a_car),
        cmocka_unit_test(finds_a_car_in_the_first_second),
        cmocka_unit_test(leaves_out_the_shadow),
        cmocka_unit_test(noise_is_nothing),
        cmocka_unit_test(light_changes_are_nothing),
        cmocka_unit_test(sway_is_nothing),
        cmocka_unit_test(finds_a_car_while_swaying),
        cmocka_unit_test(keeps_what_stops),
        cmocka_unit_test(dissolves_the_ghost),
        cmocka_unit_test(repeats_bit_for_bit),
        cmocka_unit_test(survives_changes_of_size),
        cmocka_unit_test(survives_the_largest_picture),
        cmocka_unit_test(refuses_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
