#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "frame/picture.h"
#include "frame/sight.h"

enum { MS = 1000, S = 1000 * MS };

#define BLIND_US (10 * S)

/* A camera of 10 pictures a second. */
struct camera {
    struct its_sight_watch watch;
    int64_t now_us;
    enum its_sight sight;
};

static enum its_sight show(struct camera *c, int tiles, bool changed)
{
    struct its_picture_measure m = {.tiles = tiles, .changed = changed};
    c->sight = its_sight_follow(&c->watch, &m, c->now_us, BLIND_US);
    c->now_us += 100 * MS;
    return c->sight;
}

/* Pictures until the sight is another; how long that took, or -1 within a minute. */
static int64_t until_it_changes(struct camera *c, int tiles, bool changed)
{
    enum its_sight before = c->sight;
    int64_t since_us = c->now_us;
    while (c->now_us - since_us < 60 * S)
        if (show(c, tiles, changed) != before)
            return c->now_us - 100 * MS - since_us;
    return -1;
}

static void frozen_and_back(void **state)
{
    struct camera c = {.now_us = 5 * S};
    assert_int_equal(until_it_changes(&c, 30, true), -1);
    assert_int_equal(until_it_changes(&c, 30, false), BLIND_US - 100 * MS);
    assert_int_equal(c.sight, ITS_SIGHT_FROZEN);
    assert_int_equal(until_it_changes(&c, 30, false), -1);
    assert_int_equal(until_it_changes(&c, 30, true), 1 * S);
    assert_int_equal(c.sight, ITS_SIGHT_CLEAR);
}

static void covered_and_back(void **state)
{
    struct camera c = {0};
    assert_int_equal(until_it_changes(&c, 30, true), -1);
    assert_int_equal(until_it_changes(&c, 1, true), BLIND_US - 100 * MS);
    assert_int_equal(c.sight, ITS_SIGHT_COVERED);
    assert_int_equal(until_it_changes(&c, 2, true), -1); /* a hole in the bag: neither nor */
    assert_int_equal(until_it_changes(&c, 3, true), 1 * S);
    assert_int_equal(c.sight, ITS_SIGHT_CLEAR);
    assert_int_equal(until_it_changes(&c, 2, true), -1);
}

/* A dead source of black pictures is both; the word is covered. */
static void black_and_still(void **state)
{
    struct camera c = {0};
    assert_int_equal(until_it_changes(&c, 0, false), BLIND_US);
    assert_int_equal(c.sight, ITS_SIGHT_COVERED);
    assert_int_equal(until_it_changes(&c, 30, false), 1 * S);
    assert_int_equal(c.sight, ITS_SIGHT_FROZEN);
}

/* Neither a picture in between that is fine, nor one that is not, changes anything. */
static void single_pictures_do_not_count(void **state)
{
    struct camera c = {0};
    show(&c, 30, true);
    for (int i = 0; i < 5; i++) {
        for (int64_t end_us = c.now_us + BLIND_US - 200 * MS; c.now_us < end_us;)
            assert_int_equal(show(&c, 0, false), ITS_SIGHT_CLEAR);
        assert_int_equal(show(&c, 30, true), ITS_SIGHT_CLEAR);
    }
    assert_int_equal(until_it_changes(&c, 30, false), BLIND_US - 100 * MS);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(show(&c, 30, true), ITS_SIGHT_FROZEN);
        for (int64_t end_us = c.now_us + 2 * S; c.now_us < end_us;)
            assert_int_equal(show(&c, 30, false), ITS_SIGHT_FROZEN);
    }
}

/* Half of the pictures of a live camera may be repetitions. */
static void a_camera_that_repeats_itself_comes_back(void **state)
{
    struct camera c = {0};
    show(&c, 30, true);
    until_it_changes(&c, 30, false);
    assert_int_equal(c.sight, ITS_SIGHT_FROZEN);
    int64_t since_us = c.now_us;
    while (show(&c, 30, c.now_us / (100 * MS) % 2) != ITS_SIGHT_CLEAR)
        assert_true(c.now_us - since_us < 2 * S);
}

static void never_means_never(void **state)
{
    struct its_sight_watch w = {0};
    struct its_picture_measure m = {0};
    for (int64_t t = 0; t < 1000 * S; t += S)
        assert_int_equal(its_sight_follow(&w, &m, t, t < 500 * S ? 0 : 2000 * S), ITS_SIGHT_CLEAR);
    assert_int_equal(its_sight_follow(&w, &m, 1001 * S, 1 * S), ITS_SIGHT_COVERED);
    assert_int_equal(its_sight_follow(&w, &m, 1002 * S, 0), ITS_SIGHT_CLEAR);
}

static void names(void **state)
{
    assert_string_equal(its_sight_name(ITS_SIGHT_CLEAR), "clear");
    assert_string_equal(its_sight_name(ITS_SIGHT_FROZEN), "frozen");
    assert_string_equal(its_sight_name(ITS_SIGHT_COVERED), "covered");
    assert_string_equal(its_sight_text(ITS_SIGHT_CLEAR), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frozen_and_back),
        cmocka_unit_test(covered_and_back),
        cmocka_unit_test(black_and_still),
        cmocka_unit_test(single_pictures_do_not_count),
        cmocka_unit_test(a_camera_that_repeats_itself_comes_back),
        cmocka_unit_test(never_means_never),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
