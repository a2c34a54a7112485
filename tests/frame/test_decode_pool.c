/* The pool's promises: order and seriality per lane, nothing lost when lossless, the analysis rate,
 * closing while workers are inside. Also run under TSan. */
#include "frame/decode_pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/thread.h"
#include "camera/source.h"
#include "tests/camera/make_clip.h"

enum { FRAMES = 60, LANES = 4, WORKERS = 3 };

static char clip_path[64];

struct lane {
    struct its_decode_lane *lane;
    _Atomic int inside, frames, analysed, ended;
    uint64_t next_index;
    int64_t last_time_us;
    struct its_decode_pool *pool;
    struct its_thread reader;
    bool lossless;
    uint64_t pushed;
};

static void on_frame(void *ctx, struct its_frame *f)
{
    struct lane *l = ctx;
    its_assert(atomic_fetch_add(&l->inside, 1) == 0); /* serial */
    if (!f) {
        l->ended = 1;
    } else {
        its_assert(f->index == l->next_index++);
        its_assert(f->index == 0 || f->time_us > l->last_time_us);
        l->last_time_us = f->time_us;
        l->frames++;
        l->analysed += f->analyse;
        its_frame_unref(&f);
    }
    atomic_fetch_sub(&l->inside, 1);
}

static void read_all(void *ctx)
{
    struct lane *l = ctx;
    struct its_source_settings set;
    struct its_source *source;
    struct its_cancel *cancel = its_cancel_create(NULL);
    its_source_defaults(&set);
    set.url = clip_path;
    its_assert(its_source_open(&set, cancel, &source, NULL) == 0);
    for (struct its_packet *p; its_source_read(source, &p, NULL) == 0; l->pushed++)
        if (its_decode_lane_push(l->lane, p) < 0)
            break;
    its_source_close(&source);
    its_cancel_destroy(&cancel);
    its_decode_lane_finish(l->lane);
}

static void work(void *pool)
{
    its_decode_pool_work(pool);
}

static void open_lane(struct lane *l, struct its_decode_pool *pool, bool lossless, unsigned packets,
                      double fps)
{
    struct its_decode_lane_settings set;
    its_decode_lane_defaults(&set);
    set.lossless = lossless;
    set.limits.packets = packets;
    set.analysis_fps = fps;
    set.on_frame = on_frame;
    set.ctx = l;
    *l = (struct lane){.pool = pool, .lossless = lossless};
    l->lane = its_decode_lane_open(pool, &set);
}

static void wait_for(_Atomic int *flag)
{
    int64_t give_up_us = its_mono_us() + 60000000;
    struct its_cancel *c = its_cancel_create(NULL);
    while (!*flag && its_mono_us() < give_up_us)
        its_cancel_sleep_until(c, its_mono_us() + 1000);
    its_cancel_destroy(&c);
    assert_true(*flag);
}

static void test_lanes_are_serial_and_complete(void **state)
{
    struct its_decode_pool *pool = its_decode_pool_create();
    struct its_thread workers[WORKERS] = {0};
    struct lane lanes[LANES];
    for (int i = 0; i < LANES; i++) {
        open_lane(&lanes[i], pool, true, 4, 0);
        assert_int_equal(its_thread_start(&lanes[i].reader, "read", 0, read_all, &lanes[i]), 0);
    }
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(its_thread_start(&workers[i], "work", 0, work, pool), 0);
    for (int i = 0; i < LANES; i++) {
        wait_for(&lanes[i].ended);
        its_thread_join(&lanes[i].reader);
        assert_int_equal(lanes[i].frames, FRAMES);
        assert_int_equal(lanes[i].analysed, FRAMES);
        struct its_decode_lane_stats s;
        its_decode_lane_read_stats(lanes[i].lane, &s);
        assert_int_equal(s.decoder.frames, FRAMES);
        assert_true(s.peak <= 4);
        its_decode_lane_close(&lanes[i].lane);
    }
    its_decode_pool_stop(pool);
    for (int i = 0; i < WORKERS; i++)
        its_thread_join(&workers[i]);
    its_decode_pool_destroy(&pool);
}

/* Live: readers that never wait flood a pool without workers; everything that was pushed is either
 * decoded later or counted as skipped. */
static void test_flood_is_bounded_and_counted(void **state)
{
    struct its_decode_pool *pool = its_decode_pool_create();
    struct lane l;
    struct its_thread worker = {0};
    open_lane(&l, pool, false, 10, 0);
    read_all(&l);
    struct its_decode_lane_stats s;
    its_decode_lane_read_stats(l.lane, &s);
    assert_int_equal(s.peak, 10);
    assert_int_equal(its_thread_start(&worker, "work", 0, work, pool), 0);
    wait_for(&l.ended);
    its_decode_lane_read_stats(l.lane, &s);
    uint64_t skipped = 0;
    for (int i = 0; i < ITS_SKIP_COUNT; i++)
        skipped += s.skipped[i];
    assert_int_equal(l.pushed, FRAMES);
    assert_int_equal(s.decoder.packets + skipped, FRAMES);
    assert_true(skipped >= FRAMES - 10);
    its_decode_lane_close(&l.lane);
    its_decode_pool_stop(pool);
    its_thread_join(&worker);
    its_decode_pool_destroy(&pool);
}

/* 15 fps clip of 4 s at 5 analyses per second: 20, and still every frame comes. */
static void test_analysis_rate(void **state)
{
    struct its_decode_pool *pool = its_decode_pool_create();
    struct lane l;
    struct its_thread worker = {0};
    open_lane(&l, pool, true, 8, 5);
    assert_int_equal(its_thread_start(&worker, "work", 0, work, pool), 0);
    read_all(&l);
    wait_for(&l.ended);
    assert_int_equal(l.frames, FRAMES);
    assert_int_equal(l.analysed, 20);
    its_decode_lane_close(&l.lane);
    its_decode_pool_stop(pool);
    its_thread_join(&worker);
    its_decode_pool_destroy(&pool);
}

/* Lanes come and go at random moments while readers push and workers decode. */
static void test_close_at_any_moment(void **state)
{
    struct its_decode_pool *pool = its_decode_pool_create();
    struct its_thread workers[WORKERS] = {0};
    unsigned seed = 7;
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(its_thread_start(&workers[i], "work", 0, work, pool), 0);
    for (int round = 0; round < 12; round++) {
        struct lane lanes[LANES];
        for (int i = 0; i < LANES; i++) {
            open_lane(&lanes[i], pool, i % 2, 6, 0);
            assert_int_equal(its_thread_start(&lanes[i].reader, "read", 0, read_all, &lanes[i]), 0);
        }
        for (int until = rand_r(&seed) % FRAMES; lanes[1].frames < until && !lanes[1].ended;)
            sched_yield();
        for (int i = LANES - 1; i >= 0; i--) {
            struct its_decode_lane *closing = lanes[i].lane;
            if (!lanes[i].lossless)
                its_thread_join(&lanes[i].reader); /* a reader's lane must outlive it */
            else
                wait_for(&lanes[i].ended), its_thread_join(&lanes[i].reader);
            its_decode_lane_close(&closing);
        }
    }
    its_decode_pool_stop(pool);
    for (int i = 0; i < WORKERS; i++)
        its_thread_join(&workers[i]);
    its_decode_pool_destroy(&pool);
}

/* Who has the earlier deadline is decoded first: one worker, two lanes that are full before it
 * starts, the second with the smaller budget. */
static void test_earliest_deadline_first(void **state)
{
    struct its_decode_pool *pool = its_decode_pool_create();
    struct its_thread worker = {0};
    struct lane slow, urgent;
    struct its_decode_lane_settings set;
    its_decode_lane_defaults(&set);
    set.on_frame = on_frame;
    set.limits.age_us = 0;
    slow = urgent = (struct lane){0};
    set.ctx = &slow;
    set.budget_us = 3600000000;
    slow.lane = its_decode_lane_open(pool, &set);
    read_all(&slow);
    set.ctx = &urgent;
    set.budget_us = 1;
    urgent.lane = its_decode_lane_open(pool, &set);
    read_all(&urgent);
    assert_int_equal(its_thread_start(&worker, "work", 0, work, pool), 0);
    wait_for(&urgent.ended);
    /* The worker cannot have done more than a turn or two of the other lane meanwhile. */
    assert_in_range(slow.frames, 0, FRAMES / 2);
    wait_for(&slow.ended);
    assert_int_equal(slow.frames, FRAMES);
    its_decode_lane_close(&slow.lane);
    its_decode_lane_close(&urgent.lane);
    its_decode_pool_stop(pool);
    its_thread_join(&worker);
    its_decode_pool_destroy(&pool);
}

static int make(void **state)
{
    static struct made_clip truth;
    struct its_scene_settings scene;
    its_scene_settings_default(&scene);
    scene.width = 320;
    scene.height = 180;
    snprintf(clip_path, sizeof(clip_path), "/tmp/its-decode-pool-%d.mp4", (int)getpid());
    make_clip(&scene, FRAMES, clip_path, &truth);
    return 0;
}

static int clean(void **state)
{
    return unlink(clip_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lanes_are_serial_and_complete),
        cmocka_unit_test(test_flood_is_bounded_and_counted),
        cmocka_unit_test(test_analysis_rate),
        cmocka_unit_test(test_close_at_any_moment),
        cmocka_unit_test(test_earliest_deadline_first),
    };
    return cmocka_run_group_tests_name("frame/decode_pool", tests, make, clean);
}
