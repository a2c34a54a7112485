#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "base/attr.h"
#include "track/tracker.h"

#define MS 1000

static struct its_tracks tracks;

static struct its_tracker *make(void)
{
    struct its_tracker_settings s;
    its_tracker_defaults(&s);
    return its_tracker_create(&s, 1);
}

static struct its_detection car_at(float x, float y, float score)
{
    return (struct its_detection){{x, y, 60, 30}, score, ITS_CLASS_CAR};
}

/* One frame with n detections. */
static void look(struct its_tracker *t, int64_t ms, int n, const struct its_detection *d)
{
    struct its_detections seen = {.count = n};
    if (n)
        memcpy(seen.item, d, (size_t)n * sizeof(*d));
    its_tracker_update(t, ms * MS, &seen, &tracks);
}

static void look_one(struct its_tracker *t, int64_t ms, struct its_detection d)
{
    look(t, ms, 1, &d);
}

static void is_confirmed_by_hits_and_time(void **state)
{
    struct its_tracker *t = make();
    for (int f = 0; f < 5; f++) {
        look_one(t, 40 * f, car_at(10.0f * (float)f, 0, 0.8f));
        assert_int_equal(tracks.count, 1);
        assert_int_equal(tracks.item[0].id, 1);
        assert_int_equal(tracks.item[0].hits, f + 1);
        assert_int_equal(tracks.item[0].confirmed, f >= 2);
        assert_false(tracks.item[0].predicted);
    }
    assert_int_equal(tracks.item[0].born_us, 0);
    assert_int_equal(tracks.item[0].seen_us, 160 * MS);
    assert_float_equal(tracks.item[0].vx, 250, 15);
    its_tracker_destroy(&t);
    assert_null(t);
}

static void ids_begin_where_they_are_told(void **state)
{
    struct its_tracker_settings s;
    its_tracker_defaults(&s);
    struct its_tracker *t = its_tracker_create(&s, UINT64_C(1) << 40);
    look_one(t, 0, car_at(0, 0, 0.8f));
    assert_true(tracks.item[0].id == UINT64_C(1) << 40);
    its_tracker_reset(t);
    look_one(t, 0, car_at(0, 0, 0.8f));
    assert_true(tracks.item[0].id == (UINT64_C(1) << 40) + 1);
    assert_true(its_tracker_next_id(t) == (UINT64_C(1) << 40) + 2);
    its_tracker_destroy(&t);
}

/* Drives a car at 200 px/s to time ms, a frame each 40 ms, from the begin. */
static void drive(struct its_tracker *t, int64_t ms)
{
    for (int64_t at = 0; at <= ms; at += 40)
        look_one(t, at, car_at(0.2f * (float)at, 100, 0.8f));
}

static void an_occlusion_is_bridged(void **state)
{
    struct its_tracker *t = make();
    drive(t, 800);
    for (int64_t at = 840; at < 1800; at += 40) {
        look(t, at, 0, NULL);
        bool still_reported = at - 800 <= 500;
        assert_int_equal(tracks.count, still_reported);
        if (still_reported) {
            assert_true(tracks.item[0].predicted);
            assert_float_equal(tracks.item[0].box.x, 0.2f * (float)at, 8);
        }
    }
    look_one(t, 1800, car_at(360, 100, 0.8f));
    assert_int_equal(tracks.count, 1);
    assert_int_equal(tracks.item[0].id, 1);
    assert_false(tracks.item[0].predicted);
    its_tracker_destroy(&t);
}

static void a_long_absence_ends_a_track(void **state)
{
    struct its_tracker *t = make();
    drive(t, 800);
    look(t, 840, 0, NULL);
    look_one(t, 2600, car_at(520, 100, 0.8f));
    assert_int_equal(tracks.count, 1);
    assert_int_equal(tracks.item[0].id, 2);
    its_tracker_destroy(&t);
}

static void what_leaves_the_picture_ends(void **state)
{
    struct its_tracker_settings s;
    struct its_tracker_stats stats;
    its_tracker_defaults(&s);
    s.picture_w = 200;
    s.picture_h = 200;
    struct its_tracker *t = its_tracker_create(&s, 1);
    drive(t, 760); /* centre at 182 */
    look(t, 800, 0, NULL);
    assert_int_equal(tracks.count, 1);
    look(t, 1000, 0, NULL); /* centre at 230 */
    assert_int_equal(tracks.count, 0);
    its_tracker_read_stats(t, &stats);
    assert_int_equal(stats.alive, 0);
    its_tracker_destroy(&t);
}

static void two_that_pass_each_other_keep_their_ids(void **state)
{
    struct its_tracker *t = make();
    for (int f = 0; f < 60; f++) {
        float x = 8.0f * (float)f;
        struct its_detection d[] = {car_at(x, 100, 0.8f), car_at(480 - x, 108, 0.8f)};
        /* They hide each other in the middle: one detection is left. */
        look(t, 40 * f, fabsf(x - (480 - x)) < 12 ? 1 : 2, d);
    }
    assert_int_equal(tracks.count, 2);
    assert_int_equal(tracks.item[0].id, 1);
    assert_int_equal(tracks.item[1].id, 2);
    assert_true(tracks.item[0].box.x > tracks.item[1].box.x);
    assert_true(tracks.item[0].vx > 0 && tracks.item[1].vx < 0);
    its_tracker_destroy(&t);
}

/* The gaps of a real camera, 55 to 781 ms, at 60 px/s. */
static void an_uneven_clock_does_not_break_a_track(void **state)
{
    static const int gap[] = {55, 80, 781, 60, 100, 400, 55, 620, 90, 781};
    struct its_tracker *t = make();
    int64_t ms = 0;
    for (int f = 0; f < 40; f++) {
        look_one(t, ms, car_at(0.06f * (float)ms, 100, 0.7f));
        assert_int_equal(tracks.count, 1);
        assert_int_equal(tracks.item[0].id, 1);
        ms += gap[f % 10];
    }
    assert_float_equal(tracks.item[0].vx, 60, 3);
    its_tracker_destroy(&t);
}

/* 20 px boxes at 10 fps, 30 px from frame to frame: they never overlap themselves. */
static void small_and_fast_at_a_low_rate(void **state)
{
    struct its_tracker *t = make();
    for (int f = 0; f < 10; f++) {
        float x = 30.0f * (float)f;
        struct its_detection d[] = {{{x, 50, 20, 20}, 0.8f, ITS_CLASS_CAR},
                                    {{600 - x, 120, 20, 20}, 0.8f, ITS_CLASS_CAR}};
        look(t, 100 * f, 2, d);
        assert_int_equal(tracks.count, 2);
    }
    assert_int_equal(tracks.item[0].id, 1);
    assert_int_equal(tracks.item[1].id, 2);
    assert_float_equal(tracks.item[0].vx, 300, 10);
    its_tracker_destroy(&t);
}

static void a_low_score_keeps_but_does_not_begin(void **state)
{
    struct its_tracker *t = make();
    look_one(t, 0, car_at(300, 300, 0.2f));
    assert_int_equal(tracks.count, 0);
    drive(t, 400);
    uint64_t id = tracks.item[0].id;
    for (int64_t at = 440; at < 3000; at += 40)
        look_one(t, at, car_at(0.2f * (float)at, 100, 0.15f));
    assert_int_equal(tracks.count, 1);
    assert_true(tracks.item[0].id == id && !tracks.item[0].predicted);
    its_tracker_destroy(&t);
}

static void without_the_second_round_a_low_score_is_nothing(void **state)
{
    struct its_tracker_settings s;
    its_tracker_defaults(&s);
    s.second_round = false;
    struct its_tracker *t = its_tracker_create(&s, 1);
    drive(t, 400);
    look_one(t, 440, car_at(88, 100, 0.15f));
    assert_true(tracks.item[0].predicted);
    its_tracker_destroy(&t);
}

static void a_change_of_mind_about_the_class_is_no_new_track(void **state)
{
    static const enum its_class said[] = {ITS_CLASS_CAR, ITS_CLASS_TRUCK, ITS_CLASS_BUS,
                                          ITS_CLASS_VEHICLE};
    struct its_tracker *t = make();
    for (int f = 0; f < 20; f++) {
        struct its_detection d = car_at(5.0f * (float)f, 0, 0.6f);
        d.cls = said[f % 4];
        d.score = d.cls == ITS_CLASS_BUS ? 0.9f : 0.6f;
        look_one(t, 40 * f, d);
    }
    assert_int_equal(tracks.count, 1);
    assert_int_equal(tracks.item[0].id, 1);
    assert_int_equal(tracks.item[0].cls, ITS_CLASS_BUS);
    its_tracker_destroy(&t);
}

static void a_person_is_no_car(void **state)
{
    struct its_tracker *t = make();
    drive(t, 400);
    struct its_detection d = car_at(88, 100, 0.9f);
    d.cls = ITS_CLASS_PERSON;
    look_one(t, 440, d);
    assert_int_equal(tracks.count, 2);
    assert_true(tracks.item[0].predicted);
    assert_int_equal(tracks.item[1].cls, ITS_CLASS_PERSON);
    its_tracker_destroy(&t);
}

static void one_lorry_reported_twice_is_one_track(void **state)
{
    struct its_tracker *t = make();
    struct its_tracker_stats stats;
    for (int f = 0; f < 10; f++) {
        struct its_detection d[] = {car_at(4.0f * (float)f, 0, 0.6f),
                                    car_at(4.0f * (float)f + 2, 1, 0.7f)};
        d[1].cls = ITS_CLASS_TRUCK;
        look(t, 40 * f, 2, d);
        assert_int_equal(tracks.count, 1);
    }
    assert_int_equal(tracks.item[0].cls, ITS_CLASS_TRUCK);
    its_tracker_read_stats(t, &stats);
    assert_int_equal(stats.duplicates, 10);
    assert_int_equal(stats.born, 1);
    its_tracker_destroy(&t);
}

static void the_rider_lends_the_motorcycle_a_score(void **state)
{
    struct its_tracker *t = make();
    for (int f = 0; f < 10; f++) {
        float y = 3.0f * (float)f;
        struct its_detection d[] = {{{100, 100 + y, 50, 80}, 0.2f, ITS_CLASS_MOTORCYCLE},
                                    {{102, 50 + y, 46, 80}, 0.8f, ITS_CLASS_PERSON}};
        look(t, 40 * f, 2, d);
    }
    assert_int_equal(tracks.count, 1);
    assert_int_equal(tracks.item[0].cls, ITS_CLASS_MOTORCYCLE);
    assert_true(tracks.item[0].score == 0.8f);
    its_tracker_destroy(&t);
}

static void between_looks_boxes_move_on(void **state)
{
    struct its_tracker *t = make();
    drive(t, 800);
    its_tracker_predict(t, 840 * MS, &tracks);
    assert_int_equal(tracks.count, 1);
    assert_true(tracks.item[0].predicted);
    assert_float_equal(tracks.item[0].box.x, 168, 2);
    assert_int_equal(tracks.item[0].hits, 21);
    /* Seen in the last update: reported however long the next look takes, up to lost_us. */
    its_tracker_predict(t, 1800 * MS, &tracks);
    assert_int_equal(tracks.count, 1);
    its_tracker_predict(t, 2301 * MS, &tracks);
    assert_int_equal(tracks.count, 0);
    its_tracker_destroy(&t);
}

/* At 2 fps every interval is longer than an unconfirmed track may be lost. */
static void a_slow_rate_still_confirms(void **state)
{
    struct its_tracker *t = make();
    for (int f = 0; f < 4; f++)
        look_one(t, 500 * f, car_at(20.0f * (float)f, 0, 0.8f));
    assert_int_equal(tracks.count, 1);
    assert_true(tracks.item[0].confirmed);
    its_tracker_destroy(&t);
}

static void nonsense_is_ignored(void **state)
{
    struct its_tracker *t = make();
    struct its_detection d[] = {car_at(0, 0, 0.8f),
                                car_at(NAN, 0, 0.8f),
                                car_at(0, INFINITY, 0.8f),
                                car_at(50, 50, NAN),
                                {{90, 90, 0, 10}, 0.8f, ITS_CLASS_CAR},
                                {{90, 90, 10, -5}, 0.8f, ITS_CLASS_CAR}};
    look(t, 0, ITS_ARRAY_LEN(d), d);
    assert_int_equal(tracks.count, 1);
    look_one(t, -500, car_at(1, 0, 0.8f)); /* time runs backwards: the interval counts as 0 */
    assert_int_equal(tracks.count, 1);
    assert_int_equal(tracks.item[0].id, 1);
    assert_true(isfinite(tracks.item[0].box.x) && isfinite(tracks.item[0].vx));
    its_tracker_destroy(&t);
}

static void a_full_house_stays_in_order(void **state)
{
    struct its_tracker *t = make();
    struct its_tracker_stats stats;
    struct its_detection d[ITS_DETECTIONS_MAX];
    for (int f = 0; f < 4; f++) {
        /* Every frame shows 300 objects where none were: those before are lost and make room. */
        for (int i = 0; i < ITS_DETECTIONS_MAX; i++)
            d[i] = car_at((float)(i % 20) * 100 + (float)f * 10000, (float)(i / 20) * 100, 0.8f);
        look(t, 40 * f, ITS_DETECTIONS_MAX, d);
        assert_int_equal(tracks.count, ITS_TRACKS_MAX);
        for (int i = 1; i < tracks.count; i++)
            assert_true(tracks.item[i].id > tracks.item[i - 1].id);
    }
    its_tracker_read_stats(t, &stats);
    assert_int_equal(stats.born, 4 * ITS_TRACKS_MAX);
    assert_int_equal(stats.full, 0);
    its_tracker_destroy(&t);
}

static void the_same_in_gives_the_same_out(void **state)
{
    struct its_tracker *a = make(), *b = make();
    struct its_tracks other;
    unsigned seed = 7;
    srand(seed);
    for (int f = 0; f < 200; f++) {
        struct its_detections seen = {.count = rand() % 40};
        for (int i = 0; i < seen.count; i++)
            seen.item[i] =
                (struct its_detection){{(float)(rand() % 640), (float)(rand() % 480),
                                        (float)(1 + rand() % 90), (float)(1 + rand() % 90)},
                                       (float)(rand() % 100) / 100,
                                       (enum its_class)(rand() % ITS_CLASS_COUNT)};
        memset(&tracks, 0, sizeof(tracks));
        memset(&other, 0, sizeof(other));
        its_tracker_update(a, f * 40 * MS, &seen, &tracks);
        its_tracker_update(b, f * 40 * MS, &seen, &other);
        if (memcmp(&tracks, &other, sizeof(other)) != 0)
            fail_msg("seed %u frame %d differs", seed, f);
        for (int i = 1; i < tracks.count; i++)
            assert_true(tracks.item[i].id > tracks.item[i - 1].id);
    }
    its_tracker_destroy(&a);
    its_tracker_destroy(&b);
}

/* A blob of the motion detector that jitters by a fifth of its size and merges with a neighbour for
 * a while keeps its track. */
/* One road user of a person's shape, five times as tall as it is wide; the class it ends with. */
static enum its_class goes_at(float heights_per_s)
{
    struct its_tracker_settings s;
    its_tracker_defaults_motion(&s);
    struct its_tracker *t = its_tracker_create(&s, 1);
    for (int f = 0; f < 25; f++)
        look_one(t, 40 * f,
                 (struct its_detection){{10 + 0.04f * (float)f * heights_per_s * 50, 100, 10, 50},
                                        0.7f,
                                        ITS_CLASS_PERSON});
    assert_int_equal(tracks.count, 1);
    enum its_class cls = tracks.item[0].cls;
    its_tracker_destroy(&t);
    return cls;
}

static void nobody_walks_so_fast(void **state)
{
    assert_int_equal(goes_at(0.9f), ITS_CLASS_PERSON);
    assert_int_equal(goes_at(1.6f), ITS_CLASS_PERSON);
    assert_int_equal(goes_at(4), ITS_CLASS_MOTORCYCLE);
}

static void blobs_jitter_and_merge(void **state)
{
    struct its_tracker_settings s;
    its_tracker_defaults_motion(&s);
    struct its_tracker *t = its_tracker_create(&s, 1);
    srand(3);
    for (int f = 0; f < 60; f++) {
        float x = 6.0f * (float)f, j = (float)(rand() % 13 - 6);
        struct its_detection d[] = {{{x + j, 100 - j, 60 + j, 32 - j}, 0.5f, ITS_CLASS_VEHICLE},
                                    {{x + j + 90, 104, 50, 30 + j}, 0.5f, ITS_CLASS_VEHICLE}};
        bool merged = f >= 30 && f < 36;
        if (merged)
            d[0].box = its_box_union(d[0].box, d[1].box);
        look(t, 40 * f, merged ? 1 : 2, d);
    }
    assert_int_equal(tracks.count, 2);
    assert_int_equal(tracks.item[0].id, 1);
    assert_int_equal(tracks.item[1].id, 2);
    assert_true(tracks.item[0].box.x < tracks.item[1].box.x);
    its_tracker_destroy(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_confirmed_by_hits_and_time),
        cmocka_unit_test(ids_begin_where_they_are_told),
        cmocka_unit_test(an_occlusion_is_bridged),
        cmocka_unit_test(a_long_absence_ends_a_track),
        cmocka_unit_test(what_leaves_the_picture_ends),
        cmocka_unit_test(two_that_pass_each_other_keep_their_ids),
        cmocka_unit_test(an_uneven_clock_does_not_break_a_track),
        cmocka_unit_test(small_and_fast_at_a_low_rate),
        cmocka_unit_test(a_low_score_keeps_but_does_not_begin),
        cmocka_unit_test(without_the_second_round_a_low_score_is_nothing),
        cmocka_unit_test(a_change_of_mind_about_the_class_is_no_new_track),
        cmocka_unit_test(a_person_is_no_car),
        cmocka_unit_test(one_lorry_reported_twice_is_one_track),
        cmocka_unit_test(the_rider_lends_the_motorcycle_a_score),
        cmocka_unit_test(between_looks_boxes_move_on),
        cmocka_unit_test(a_slow_rate_still_confirms),
        cmocka_unit_test(nonsense_is_ignored),
        cmocka_unit_test(a_full_house_stays_in_order),
        cmocka_unit_test(the_same_in_gives_the_same_out),
        cmocka_unit_test(nobody_walks_so_fast),
        cmocka_unit_test(blobs_jitter_and_merge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
