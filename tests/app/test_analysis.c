#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_published_result_stays_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
