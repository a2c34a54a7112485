#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/analysis.h"
#include "base/pool.h"
#include "frame/frame_pool.h"

enum { W = 320, H = 180 };

static uint8_t luma[W * H];

/* What a listener was given, and what it looked like then. */
struct kept {
    struct its_result *result;
    struct its_stamps stamps;
};

static void keep(void *ctx, struct its_result *result)
{
    struct kept *k = ctx;
    k->result = its_result_ref(result);
    k->stamps = result->stamps;
}

static struct its_frame *make_frame(struct its_pool *pool, uint64_t index)
{
    struct its_frame *f = its_frame_take(pool);
    assert_non_null(f);
    f->pixels = ITS_PIXELS_GRAY;
    f->plane[0] = luma;
    f->stride[0] = W;
    f->coded_w = f->display_w = W;
    f->coded_h = f->display_h = H;
    f->index = index;
    f->time_us = (int64_t)index * 100000;
    f->analyse = true;
    f->stamps.arrived_us = 1;
    return f;
}

/* Others may be reading it on their threads by then. */
static void a_published_result_stays_as_it_is(void **state)
{
    struct its_bus bus = {0};
    struct kept kept = {0};
    struct its_analysis_settings set;
    struct its_analysis *analysis;
    its_analysis_defaults(&set);
    set.camera = "north";
    set.first_track = 1;
    its_bus_add(&bus, keep, &kept);
    assert_int_equal(its_analysis_create(&set, &bus, &analysis), 0);
    struct its_pool *frames = its_frame_pool_create();

    for (uint64_t i = 0; i < 3; i++) {
        its_analysis_frame(analysis, make_frame(frames, i));
        assert_int_equal(kept.result->frame, i);
        assert_memory_equal(&kept.result->stamps, &kept.stamps, sizeof(kept.stamps));
        its_result_unref(&kept.result);
    }
    assert_int_equal(its_analysis_latency(analysis)->stage[ITS_STAGE_PUBLISH].count, 3);
    assert_int_equal(its_analysis_latency(analysis)->total.count, 3);
    its_pool_close(&frames);
    its_analysis_destroy(&analysis);
}

/* --- without sight */

/* A street with a car that goes round and round, sampled ten times a second. */
struct camera {
    struct its_pool *frames;
    struct its_analysis *analysis;
    struct kept kept;
    uint64_t index;
    unsigned rng;
};

static void draw_street(struct camera *c)
{
    int x = 20 + (int)(c->index * 6 % 260);
    for (int i = 0; i < W * H; i++)
        luma[i] = (uint8_t)(80 + (i % W / 20 + i / W / 20) % 2 * 40 + rand_r(&c->rng) % 3);
    for (int y = 100; y < 120; y++)
        memset(luma + y * W + x, 230, 40);
}

static const struct its_result *next(struct camera *c)
{
    its_result_unref(&c->kept.result);
    its_analysis_frame(c->analysis, make_frame(c->frames, c->index++));
    assert_int_equal(its_analysis_stats(c->analysis)->sight, c->kept.result->sight);
    return c->kept.result;
}

static int watch_street(struct camera *c, int pictures)
{
    int crossings = 0;
    for (int i = 0; i < pictures; i++) {
        draw_street(c);
        crossings += next(c)->crossing_count;
    }
    return crossings;
}

/* The picture stays as it is for five seconds, two of which are waited for: then nothing is found
 * in it, and nothing is counted before the car comes round again. */
static void without_sight_the_analysis_rests(void **state)
{
    static const struct its_line line = {.name = "main", .a = {160, 60}, .b = {160, 170}};
    struct its_bus bus = {0};
    struct camera c = {.rng = 1};
    struct its_analysis_settings set;
    its_analysis_defaults(&set);
    set.camera = "north";
    set.first_track = 1;
    set.lines = &line;
    set.line_count = 1;
    its_bus_add(&bus, keep, &c.kept);
    assert_int_equal(its_analysis_create(&set, &bus, &c.analysis), 0);
    its_analysis_change_blind(c.analysis, 2000000);
    c.frames = its_frame_pool_create();

    assert_true(watch_street(&c, 43 * 4 + 21) >= 3); /* and the car is near the line */
    for (int i = 0; i < 50; i++) {
        const struct its_result *r = next(&c);
        assert_int_equal(r->sight, i < 20 - 1 ? ITS_SIGHT_CLEAR : ITS_SIGHT_FROZEN);
        assert_int_equal(r->analysed, r->sight == ITS_SIGHT_CLEAR);
        if (r->sight != ITS_SIGHT_CLEAR)
            assert_int_equal(r->tracks.count + r->crossing_count, 0);
    }
    for (int i = 0; i < 10; i++) {
        draw_street(&c);
        assert_int_equal(next(&c)->sight, ITS_SIGHT_FROZEN);
    }
    assert_int_equal(watch_street(&c, 1), 0);
    assert_int_equal(c.kept.result->sight, ITS_SIGHT_CLEAR);
    assert_true(watch_street(&c, 43 * 4) >= 3);

    its_result_unref(&c.kept.result);
    its_pool_close(&c.frames);
    its_analysis_destroy(&c.analysis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_published_result_stays_as_it_is),
        cmocka_unit_test(without_sight_the_analysis_rests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
