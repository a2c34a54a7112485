/* Cameras that come, change, break and go while others run and people look: nothing is lost in
 * those left alone, nothing is freed under anybody's eyes (run it under TSan and ASan). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "app/engine.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "camera/averror.h"
#include "tests/camera/make_clip.h"
#include "tests/store/temp.h"

enum { CAMERAS = 6, CHANGES = 200, FRAMES = 30 };

/* A build that is slowed down may not keep up. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { KEEPS_UP = false };
#else
enum { KEEPS_UP = true };
#endif

static char clip[128];

static int make(void **state)
{
    static struct made_clip truth;
    struct its_scene_settings scene;
    its_log_set_level(ITS_LOG_ERROR);
    its_av_log_adopt();
    its_scene_settings_default(&scene);
    scene.width = 320;
    scene.height = 180;
    snprintf(clip, sizeof(clip), "/tmp/its-engine-%d.mp4", (int)getpid());
    make_clip(&scene, FRAMES, clip, &truth);
    return 0;
}

static int forget(void **state)
{
    return unlink(clip);
}

/* --- cameras as configuration */

struct plan {
    char id[16], url[160];
    struct its_line_config line;
    struct its_camera_config config;
};

static const struct its_camera_config *camera(struct plan *p, int number, const char *url)
{
    snprintf(p->id, sizeof(p->id), "cam-%d", number);
    snprintf(p->url, sizeof(p->url), "%s", url);
    p->line = (struct its_line_config){
        .line = {.name = "main", .a = {0.1f, 0.6f}, .b = {0.9f, 0.6f}, .fractions = true}};
    p->config = (struct its_camera_config){.id = p->id,
                                           .url = p->url,
                                           .enabled = true,
                                           .loop = true,
                                           .priority = ITS_PRIORITY_NORMAL,
                                           .stall_us = 1000000,
                                           .timeout_us = 5000000,
                                           .lines = &p->line,
                                           .line_count = 1};
    return &p->config;
}

static struct its_engine *start(const struct temp *t, int cameras)
{
    static struct plan plan[CAMERAS];
    struct its_camera_config list[CAMERAS];
    for (int i = 0; i < cameras; i++)
        list[i] = *camera(&plan[i], i, clip);
    struct its_config config = {
        .performance = {100},
        .decode = {.workers = 2, .queue_packets = 256, .queue_us = 2000000},
        .store = {.path = t->path, .batch_us = 200000, .max_events_waiting = 10000},
        .cameras = list,
        .camera_count = (unsigned)cameras,
    };
    struct its_engine *e;
    struct its_error err = {0};
    if (its_engine_start(&config, NULL, &e, &err) < 0)
        fail_msg("%s", err.text);
    return e;
}

static bool read_by_id(struct its_engine *e, const char *id, struct its_seat_view *v)
{
    for (unsigned i = 0; its_engine_read_camera(e, i, v); i++)
        if (strcmp(v->camera.id, id) == 0)
            return true;
    return false;
}

/* Waits for a state; fails after a while. */
static void await(struct its_engine *e, const char *id, enum its_camera_state state)
{
    struct its_seat_view v = {0};
    struct its_cancel *never = its_cancel_create(NULL);
    int64_t end_us = its_mono_us() + 20000000;
    while (!read_by_id(e, id, &v) || v.camera.life.state != state) {
        if (its_mono_us() > end_us)
            fail_msg("%s is %s, not %s", id, its_camera_state_name(v.camera.life.state),
                     its_camera_state_name(state));
        its_cancel_sleep_until(never, its_mono_us() + 2000);
    }
    its_cancel_destroy(&never);
}

static void change(struct its_engine *e, const struct its_camera_config *c, const char *want)
{
    char what[100] = "";
    struct its_error err = {0};
    if (its_engine_change_camera(e, c, what, sizeof(what), &err) < 0)
        fail_msg("%s", err.text);
    assert_string_equal(what, want);
}

/* --- one by one */

static void each_change_restarts_no_more_than_it_must(void **state)
{
    struct temp t = temp_make();
    struct its_engine *e = start(&t, 1);
    struct its_seat_view v;
    struct plan p;
    char other[160];
    camera(&p, 0, clip);
    await(e, "cam-0", ITS_CAMERA_LIVE);

    change(e, &p.config, "");
    p.config.priority = ITS_PRIORITY_HIGH;
    p.config.analysis_fps = 5;
    p.config.stall_us = 2000000;
    p.line.line.a.y = 0.5f;
    change(e, &p.config, "priority, analysis_fps, stall_s, lines");
    assert_true(read_by_id(e, "cam-0", &v));
    assert_int_equal(v.camera.connects, 1);
    assert_int_equal(v.camera.life.entered[ITS_CAMERA_LIVE], 1);

    p.config.enabled = false;
    change(e, &p.config, "enabled");
    await(e, "cam-0", ITS_CAMERA_DISABLED);
    p.config.url = "/nowhere/at/all.mp4";
    change(e, &p.config, "url");
    assert_true(read_by_id(e, "cam-0", &v));
    assert_int_equal(v.camera.life.state, ITS_CAMERA_DISABLED);
    p.config.enabled = true;
    change(e, &p.config, "enabled");
    await(e, "cam-0", ITS_CAMERA_LOST);
    assert_true(read_by_id(e, "cam-0", &v));
    assert_int_equal(v.camera.errors[ITS_CAMERA_ERROR_NOT_FOUND], 1);
    assert_int_equal(v.errors, 1);
    assert_true(v.fps == 0 && v.cpu == 0 && v.camera.tracks == 0);

    snprintf(other, sizeof(other), "file:%s", clip);
    p.config.url = other;
    p.config.loop = false;
    change(e, &p.config, "url, loop");
    await(e, "cam-0", ITS_CAMERA_ENDED);
    assert_true(read_by_id(e, "cam-0", &v));
    uint64_t frames = v.camera.frames;
    p.config.loop = true;
    change(e, &p.config, "loop");
    await(e, "cam-0", ITS_CAMERA_LIVE);
    for (int64_t end_us = its_mono_us() + 20000000; v.camera.frames <= frames;) {
        assert_true(its_mono_us() < end_us);
        assert_true(read_by_id(e, "cam-0", &v));
    }
    its_engine_stop(&e);
    temp_remove(&t);
}

static void names_are_held_to(void **state)
{
    struct temp t = temp_make();
    struct its_engine *e = start(&t, 2);
    struct its_error err;
    struct its_seat_view v;
    struct plan p;
    char what[10];
    assert_int_equal(its_engine_add_camera(e, camera(&p, 1, clip), &err), -EEXIST);
    assert_string_equal(err.text, "there is a camera 'cam-1' already");
    assert_int_equal(its_engine_remove_camera(e, "cam-7", &err), ITS_ENOTFOUND);
    assert_string_equal(err.text, "there is no camera 'cam-7'");
    assert_int_equal(its_engine_change_camera(e, camera(&p, 7, clip), what, sizeof(what), &err),
                     ITS_ENOTFOUND);
    assert_int_equal(its_engine_remove_camera(e, "cam-0", &err), 0);
    assert_false(read_by_id(e, "cam-0", &v));
    assert_true(its_engine_read_camera(e, 0, &v));
    assert_string_equal(v.camera.id, "cam-1");
    assert_false(its_engine_read_camera(e, 1, &v));
    its_engine_stop(&e);
    temp_remove(&t);
}

/* --- all at once */

struct looker {
    struct its_engine *engine;
    struct its_cancel *end;
    uint64_t looks;
};

static void look(void *arg)
{
    struct looker *l = arg;
    struct its_latency *latency = its_malloc(sizeof(*latency));
    struct its_seat_view v;
    struct its_store_stats store;
    while (!its_cancel_is_set(l->end)) {
        for (unsigned i = 0; its_engine_read_camera(l->engine, i, &v); i++)
            assert_true(v.camera.id[0]);
        its_engine_read_latency(l->engine, latency);
        its_engine_read_store(l->engine, &store);
        l->looks++;
        its_cancel_sleep_until(l->end, its_mono_us() + 500);
    }
    free(latency);
}

/* One of: a new camera, another address, a broken one, disabled, other lines, gone. */
static void disturb(struct its_engine *e, int number, int how, struct its_error *err)
{
    struct plan p;
    char id[16], what[100];
    int rc = 0;
    camera(&p, number, clip);
    snprintf(id, sizeof(id), "cam-%d", number);
    if (how == 0)
        rc = its_engine_remove_camera(e, id, err);
    else if (how == 1)
        p.config.url = "/nowhere/at/all.mp4";
    else if (how == 2)
        p.config.enabled = false;
    else if (how == 3)
        p.line.line.a.y = 0.5f;
    else if (how == 4)
        p.config.analysis_fps = 3;
    if (how > 0) {
        rc = its_engine_change_camera(e, &p.config, what, sizeof(what), err);
        if (rc == ITS_ENOTFOUND)
            rc = its_engine_add_camera(e, &p.config, err);
    }
    if (rc < 0 && rc != ITS_ENOTFOUND)
        fail_msg("camera %d, change %d: %s", number, how, err->text);
}

/* cam-0 is left alone and must not notice: no reconnect, no frame lost. */
static void churn_disturbs_nobody(void **state)
{
    struct temp t = temp_make();
    struct its_engine *e = start(&t, CAMERAS);
    struct looker l = {.engine = e, .end = its_cancel_create(NULL)};
    struct its_thread thread = {0};
    struct its_error err = {0};
    unsigned seed = (unsigned)its_wall_us(), dice = seed;
    print_message("seed %u\n", seed);
    await(e, "cam-0", ITS_CAMERA_LIVE);
    assert_int_equal(its_thread_start(&thread, "look", 0, look, &l), 0);
    struct its_seat_view v = {0};
    for (int i = 0; i < CHANGES || v.camera.frames < FRAMES / 2; i++) {
        disturb(e, 1 + rand_r(&dice) % (CAMERAS - 1), rand_r(&dice) % 6, &err);
        if (i % 50 == 49)
            its_engine_change_target(e, 50 + i % 100);
        assert_true(read_by_id(e, "cam-0", &v));
    }
    its_cancel_trigger(l.end);
    its_thread_join(&thread);

    assert_true(read_by_id(e, "cam-0", &v));
    print_message("%llu looks, cam-0: %llu frames\n", (unsigned long long)l.looks,
                  (unsigned long long)v.camera.frames);
    assert_true(l.looks > 10);
    assert_int_equal(v.camera.connects, 1);
    assert_int_equal(v.camera.life.entered[ITS_CAMERA_LIVE], 1);
    if (KEEPS_UP)
        assert_int_equal(v.lost, 0);
    assert_int_equal(v.errors, 0);
    for (int i = 1; i < CAMERAS; i++)
        disturb(e, i, 5, &err); /* all come back */
    for (int i = 1; i < CAMERAS; i++) {
        char id[16];
        snprintf(id, sizeof(id), "cam-%d", i);
        await(e, id, ITS_CAMERA_LIVE);
    }
    its_cancel_destroy(&l.end);
    its_engine_stop(&e);
    temp_remove(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_change_restarts_no_more_than_it_must),
        cmocka_unit_test(names_are_held_to),
        cmocka_unit_test(churn_disturbs_nobody),
    };
    return cmocka_run_group_tests_name("app/engine", tests, make, forget);
}
