#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "traffic/counter.h"

/* 40 ms from frame to frame; the wall clock is WALL ahead of stream time. */
#define FRAME_US INT64_C(40000)
#define WALL     INT64_C(1700000000000000)

/* From left to right at y = 200: forward is up. */
static const struct its_line line = {.name = "l", .a = {100, 200}, .b = {300, 200}, .revision = 7};

static struct its_crossing out[64];

static struct its_counter *make(void)
{
    struct its_counter_settings s;
    its_counter_defaults(&s);
    return its_counter_create(&s, &line, 1);
}

/* A car whose anchor is at (x, y); the band of a 40 × 40 box is 2 px. */
static struct its_track car(uint64_t id, float x, float y)
{
    return (struct its_track){
        .id = id,
        .box = {x - 20, y - 40, 40, 40},
        .score = 0.7f,
        .cls = ITS_CLASS_CAR,
        .confirmed = true,
    };
}

static int see(struct its_counter *c, uint64_t frame, struct its_track t)
{
    struct its_tracks tracks = {.count = 1, .item = {t}};
    int64_t us = (int64_t)frame * FRAME_US;
    return its_counter_update(c, &tracks, frame, us, WALL + us, out, ITS_ARRAY_LEN(out));
}

static struct its_counter_stats stats_of(const struct its_counter *c)
{
    struct its_counter_stats s;
    its_counter_read_stats(c, &s);
    return s;
}

static void upwards_is_forward(void **state)
{
    struct its_counter *c = make();
    for (uint64_t f = 0; f < 10; f++) {
        int n = see(c, f, car(3, 150, 231 - 10 * (float)f));
        assert_int_equal(n, f == 4);
        if (n) {
            assert_string_equal(out[0].line, "l");
            assert_int_equal(out[0].line_revision, 7);
            assert_int_equal(out[0].direction, ITS_FORWARD);
            assert_int_equal(out[0].cls, ITS_CLASS_CAR);
            assert_int_equal(out[0].track, 3);
            assert_int_equal(out[0].frame, 4);
            /* 201 at frame 3, 191 at frame 4: a tenth of the way */
            assert_in_range(out[0].time_us, 3 * FRAME_US + 3999, 3 * FRAME_US + 4001);
            assert_int_equal(out[0].capture_us, WALL + out[0].time_us);
            assert_float_equal(out[0].at.x, 150, 1e-3f);
            assert_float_equal(out[0].at.y, 200, 1e-3f);
            assert_float_equal(out[0].score, 0.7f, 0);
        }
    }
    assert_int_equal(stats_of(c).counted, 1);
    its_counter_destroy(&c);
    assert_null(c);
}

static void downwards_is_backward(void **state)
{
    struct its_counter *c = make();
    assert_int_equal(see(c, 0, car(1, 150, 180)), 0);
    assert_int_equal(see(c, 1, car(1, 150, 220)), 1);
    assert_int_equal(out[0].direction, ITS_BACKWARD);
    its_counter_destroy(&c);
}

/* The event comes late, but its frame and time are those of the passage. */
static void the_band_delays_but_does_not_move_it(void **state)
{
    static const float y[] = {210, 203, 199.5f, 199, 198.5f, 197};
    struct its_counter *c = make();
    int n = 0;
    for (uint64_t f = 0; f < ITS_ARRAY_LEN(y); f++) {
        assert_int_equal(n, 0);
        n = see(c, f, car(1, 150, y[f]));
    }
    assert_int_equal(n, 1);
    assert_int_equal(out[0].frame, 2);
    assert_true(out[0].time_us > FRAME_US && out[0].time_us < 2 * FRAME_US);
    its_counter_destroy(&c);
}

static void who_stands_on_the_line_counts_when_it_leaves(void **state)
{
    struct its_counter *c = make();
    uint64_t f = 0;
    see(c, f++, car(1, 150, 210));
    for (; f < 100; f++)
        assert_int_equal(see(c, f, car(1, 150, f % 2 ? 199 : 201)), 0);
    assert_int_equal(see(c, f++, car(1, 150, 201)), 0);
    assert_int_equal(see(c, f++, car(1, 150, 195)), 1);
    assert_int_equal(out[0].frame, 101); /* the passage that held */
    assert_int_equal(see(c, f++, car(1, 150, 150)), 0);
    its_counter_destroy(&c);
}

static void who_turns_back_on_the_line_does_not_count(void **state)
{
    struct its_counter *c = make();
    static const float y[] = {230, 210, 201, 199, 198.5f, 199, 201, 210, 230};
    for (uint64_t f = 0; f < ITS_ARRAY_LEN(y); f++)
        assert_int_equal(see(c, f, car(1, 150, y[f])), 0);
    assert_int_equal(stats_of(c).counted, 0);
    its_counter_destroy(&c);
}

/* Born on the line, jitters over it, drives off forward: it came from nowhere. */
static void who_is_born_within_the_band_must_cross_all_of_it(void **state)
{
    struct its_counter *c = make();
    assert_int_equal(see(c, 0, car(1, 150, 200.5f)), 0);
    assert_int_equal(see(c, 1, car(1, 150, 197)), 0);    /* clear by 3 px: 3.5 since birth */
    assert_int_equal(see(c, 2, car(1, 150, 196.4f)), 1); /* 4.1 px, the whole band */
    assert_int_equal(out[0].frame, 1);
    its_counter_destroy(&c);
}

static void an_unconfirmed_track_counts_once_it_is_confirmed(void **state)
{
    struct its_counter *c = make();
    for (uint64_t f = 0; f < 6; f++) {
        struct its_track t = car(1, 150, 225 - 20 * (float)f);
        t.confirmed = f >= 4;
        assert_int_equal(see(c, f, t), f == 4);
    }
    assert_int_equal(out[0].frame, 2);
    assert_true(out[0].time_us > FRAME_US && out[0].time_us < 2 * FRAME_US);
    its_counter_destroy(&c);
}

static void an_unconfirmed_track_that_ends_is_rejected(void **state)
{
    struct its_counter *c = make();
    for (uint64_t f = 0; f < 3; f++) {
        struct its_track t = car(1, 150, 225 - 20 * (float)f);
        t.confirmed = false;
        assert_int_equal(see(c, f, t), 0);
    }
    assert_int_equal(see(c, 500, car(2, 900, 900)), 0);
    assert_int_equal(stats_of(c).unconfirmed, 1);
    assert_int_equal(stats_of(c).counted, 0);
    its_counter_destroy(&c);
}

static void who_vanishes_within_the_band_is_rejected(void **state)
{
    struct its_counter *c = make();
    see(c, 0, car(1, 150, 220));
    see(c, 1, car(1, 150, 199));
    assert_int_equal(see(c, 500, car(2, 900, 900)), 0);
    assert_int_equal(stats_of(c).unsettled, 1);
    its_counter_destroy(&c);
}

/* Passages at x: the segment ends at 300, a quarter of the box (10 px) beyond still counts. */
static void the_segment_ends(void **state)
{
    static const struct {
        float x;
        int counted, outside;
    } at[] = {{300, 1, 0}, {309, 1, 0}, {312, 0, 1}, {349, 0, 1}, {351, 0, 0},
              {100, 1, 0}, {91, 1, 0},  {88, 0, 1},  {20, 0, 0}};
    for (size_t i = 0; i < ITS_ARRAY_LEN(at); i++) {
        struct its_counter *c = make();
        see(c, 0, car(1, at[i].x, 220));
        assert_int_equal(see(c, 1, car(1, at[i].x, 180)), at[i].counted);
        assert_int_equal(stats_of(c).outside, at[i].outside);
        its_counter_destroy(&c);
    }
}

/* Round the end of the segment and back over it. */
static void who_goes_round_the_end_counts_only_on_the_segment(void **state)
{
    struct its_counter *c = make();
    assert_int_equal(see(c, 0, car(1, 400, 220)), 0);
    assert_int_equal(see(c, 1, car(1, 400, 180)), 0);
    assert_int_equal(see(c, 2, car(1, 200, 180)), 0);
    assert_int_equal(see(c, 3, car(1, 200, 220)), 1);
    assert_int_equal(out[0].direction, ITS_BACKWARD);
    its_counter_destroy(&c);
}

static void coming_back_is_a_repetition(void **state)
{
    struct its_counter *c = make();
    see(c, 0, car(1, 150, 220));
    assert_int_equal(see(c, 1, car(1, 150, 180)), 1);
    assert_int_equal(see(c, 2, car(1, 150, 220)), 0);
    assert_int_equal(see(c, 3, car(1, 150, 180)), 0);
    assert_int_equal(stats_of(c).counted, 1);
    assert_int_equal(stats_of(c).repeated, 2);
    its_counter_destroy(&c);
}

static struct its_track predicted(struct its_track t)
{
    t.predicted = true;
    return t;
}

static void a_prediction_is_no_evidence(void **state)
{
    struct its_counter *c = make();
    see(c, 0, car(1, 150, 220));
    for (uint64_t f = 1; f < 10; f++)
        assert_int_equal(see(c, f, predicted(car(1, 150, 220 - 10 * (float)f))), 0);
    /* Seen again behind: it crossed on the straight way, 220 → 120 in ten frames. */
    assert_int_equal(see(c, 10, car(1, 150, 120)), 1);
    assert_int_equal(out[0].frame, 3); /* at 200 exactly in frame 2: the next one is the new side */
    assert_in_range(out[0].time_us, 2 * FRAME_US - 1, 2 * FRAME_US + 1);
    its_counter_destroy(&c);
}

static void a_prediction_alone_does_not_count(void **state)
{
    struct its_counter *c = make();
    see(c, 0, car(1, 150, 220));
    for (uint64_t f = 1; f < 10; f++)
        assert_int_equal(see(c, f, predicted(car(1, 150, 220 - 10 * (float)f))), 0);
    assert_int_equal(see(c, 500, car(2, 900, 900)), 0);
    assert_int_equal(stats_of(c).counted, 0);
    assert_int_equal(stats_of(c).unseen, 1);
    its_counter_destroy(&c);
}

static struct its_track walker(int i, float y)
{
    struct its_track t = car((uint64_t)i + 1, 0, y);
    t.box.x = 101 + 10 * (float)i;
    t.box.w = 8;
    return t;
}

/* 20 walkers abreast cross in one frame, and there is room for 8. */
static void what_finds_no_room_comes_later(void **state)
{
    struct its_counter *c = make();
    struct its_tracks tracks = {.count = 20};
    bool seen[20] = {false};
    for (int i = 0; i < 20; i++)
        tracks.item[i] = walker(i, 220);
    assert_int_equal(its_counter_update(c, &tracks, 0, 0, 0, out, 8), 0);
    for (int i = 0; i < 20; i++)
        tracks.item[i] = walker(i, 170 + (float)i);
    int n = its_counter_update(c, &tracks, 1, FRAME_US, FRAME_US, out, 8), all = 0;
    tracks.count = 0; /* they may even be gone */
    while (n > 0) {
        assert_in_range(n, 1, 8);
        for (int i = 0; i < n; i++) {
            assert_false(seen[out[i].track - 1]);
            assert_true(i == 0 || out[i].time_us >= out[i - 1].time_us);
            seen[out[i].track - 1] = true;
        }
        all += n;
        n = its_counter_update(c, &tracks, 500, 500 * FRAME_US, 0, out, 8);
    }
    assert_int_equal(all, 20);
    its_counter_destroy(&c);
}

static void a_reset_keeps_what_waits(void **state)
{
    struct its_counter *c = make();
    struct its_tracks tracks = {.count = 2, .item = {car(1, 150, 220), car(2, 250, 220)}};
    its_counter_update(c, &tracks, 0, 0, 0, out, 1);
    tracks.item[0] = car(1, 150, 180);
    tracks.item[1] = car(2, 250, 180);
    assert_int_equal(its_counter_update(c, &tracks, 1, FRAME_US, 0, out, 1), 1);
    its_counter_reset(c);
    assert_int_equal(its_counter_drain(c, out, 1), 1);
    assert_int_equal(out[0].track, 2);
    assert_int_equal(its_counter_drain(c, out, 1), 0);

    /* A path does not go on over a reset. */
    see(c, 2, car(3, 150, 220));
    its_counter_reset(c);
    assert_int_equal(see(c, 0, car(3, 150, 180)), 0);
    its_counter_destroy(&c);
}

/* Two tracks on one lorry; and a car right behind another is not the same. */
static void box_on_box_is_one_road_user(void **state)
{
    struct its_counter *c = make();
    struct its_tracks tracks = {.count = 2, .item = {car(1, 150, 220), car(2, 154, 222)}};
    its_counter_update(c, &tracks, 0, 0, 0, out, 8);
    tracks.item[0] = car(1, 150, 190);
    tracks.item[1] = car(2, 154, 192);
    assert_int_equal(its_counter_update(c, &tracks, 1, FRAME_US, 0, out, 8), 1);
    assert_int_equal(stats_of(c).doubled, 1);

    see(c, 10, car(3, 150, 220));
    assert_int_equal(see(c, 11, car(3, 150, 190)), 1);
    its_counter_destroy(&c);
}

static void each_line_counts_for_itself(void **state)
{
    struct its_line two[] = {line, line};
    struct its_counter_settings s;
    its_counter_defaults(&s);
    strcpy(two[1].name, "second");
    two[1].a.y = two[1].b.y = 150;
    struct its_counter *c = its_counter_create(&s, two, 2);
    assert_int_equal(see(c, 0, car(1, 150, 220)), 0);
    assert_int_equal(see(c, 1, car(1, 150, 120)), 2);
    assert_string_equal(out[0].line, "l");
    assert_string_equal(out[1].line, "second");
    assert_true(out[0].time_us < out[1].time_us);
    its_counter_destroy(&c);
}

/* More tracks than can be followed: the counter forgets the oldest, and goes on. */
static void many_tracks_come_and_go(void **state)
{
    struct its_counter *c = make();
    int counted = 0;
    for (uint64_t i = 0; i < 5000; i++) {
        uint64_t id = 1 + i * 2;
        struct its_tracks tracks = {.count = 1, .item = {car(id, 150, 220)}};
        counted += its_counter_update(c, &tracks, 2 * i, (int64_t)i * 2000, 0, out, 8);
        tracks.item[0] = car(id, 150, 180);
        counted += its_counter_update(c, &tracks, 2 * i + 1, (int64_t)i * 2000 + 1000, 0, out, 8);
    }
    assert_int_equal(counted + (int)stats_of(c).doubled, 5000);
    its_counter_destroy(&c);
}

static void no_lines_no_crossings(void **state)
{
    struct its_counter_settings s;
    its_counter_defaults(&s);
    struct its_counter *c = its_counter_create(&s, NULL, 0);
    assert_int_equal(see(c, 0, car(1, 150, 220)), 0);
    assert_int_equal(see(c, 1, car(1, 150, 180)), 0);
    its_counter_destroy(&c);
}

/* A line that stays counts on as if nothing had happened: who is half way over it counts once, who
 * counted does not count again. A line that was moved, or came, begins anew. */
static void other_lines_disturb_none_that_stays(void **state)
{
    struct its_line moved = {.name = "m", .a = {100, 100}, .b = {300, 100}, .revision = 1};
    struct its_counter *c = make();
    for (uint64_t f = 0; f < 4; f++) /* to y = 201, within the band */
        assert_int_equal(see(c, f, car(3, 150, 231 - 10 * (float)f)), 0);
    struct its_line lines[2] = {moved, line};
    assert_int_equal(its_counter_change_lines(c, lines, 2), 0);
    assert_int_equal(see(c, 4, car(3, 150, 191)), 1);
    assert_string_equal(out[0].line, "l");
    assert_int_equal(out[0].line_revision, 7);

    lines[0] = line;
    lines[1] = moved;
    lines[1].a.y = lines[1].b.y = 150;
    lines[1].revision = 2;
    assert_int_equal(its_counter_change_lines(c, lines, 2), 0);
    for (uint64_t f = 5; f < 12; f++) {
        int n = see(c, f, car(3, 150, 231 - 10 * (float)f));
        assert_int_equal(n, f == 9); /* y = 141 */
        if (n)
            assert_int_equal(out[0].line_revision, 2);
    }
    for (uint64_t f = 12; f < 20; f++) /* back down: once and for all */
        assert_int_equal(see(c, f, car(3, 150, 121 + 12 * (float)(f - 12))), 0);
    assert_int_equal(its_counter_change_lines(c, NULL, 0), 0);
    assert_int_equal(see(c, 20, car(3, 150, 231)), 0);
    its_counter_destroy(&c);
}

/* A second track of the same road user is still known for what it is. */
static void other_lines_keep_what_was_handed_out(void **state)
{
    struct its_line extra = {.name = "m", .a = {100, 50}, .b = {300, 50}};
    struct its_counter *c = make();
    int n = 0;
    for (uint64_t f = 0; f < 6; f++)
        n += see(c, f, car(3, 150, 231 - 10 * (float)f));
    assert_int_equal(n, 1);
    struct its_line lines[2] = {extra, line};
    assert_int_equal(its_counter_change_lines(c, lines, 2), 0);
    see(c, 6, car(4, 151, 205));
    assert_int_equal(see(c, 7, car(4, 151, 192)), 0);
    assert_int_equal(stats_of(c).doubled, 1);
    its_counter_destroy(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_lines_disturb_none_that_stays),
        cmocka_unit_test(other_lines_keep_what_was_handed_out),
        cmocka_unit_test(upwards_is_forward),
        cmocka_unit_test(downwards_is_backward),
        cmocka_unit_test(the_band_delays_but_does_not_move_it),
        cmocka_unit_test(who_stands_on_the_line_counts_when_it_leaves),
        cmocka_unit_test(who_turns_back_on_the_line_does_not_count),
        cmocka_unit_test(who_is_born_within_the_band_must_cross_all_of_it),
        cmocka_unit_test(an_unconfirmed_track_counts_once_it_is_confirmed),
        cmocka_unit_test(an_unconfirmed_track_that_ends_is_rejected),
        cmocka_unit_test(who_vanishes_within_the_band_is_rejected),
        cmocka_unit_test(the_segment_ends),
        cmocka_unit_test(who_goes_round_the_end_counts_only_on_the_segment),
        cmocka_unit_test(coming_back_is_a_repetition),
        cmocka_unit_test(a_prediction_is_no_evidence),
        cmocka_unit_test(a_prediction_alone_does_not_count),
        cmocka_unit_test(what_finds_no_room_comes_later),
        cmocka_unit_test(a_reset_keeps_what_waits),
        cmocka_unit_test(box_on_box_is_one_road_user),
        cmocka_unit_test(each_line_counts_for_itself),
        cmocka_unit_test(many_tracks_come_and_go),
        cmocka_unit_test(no_lines_no_crossings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
