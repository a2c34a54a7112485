/* Cameras over RTSP that fall silent and come back, in a running engine with a second camera beside
 * them that must not notice. */
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
#include "camera/averror.h"
#include "tests/camera/gst_camera.h"
#include "tests/camera/make_clip.h"
#include "tests/store/temp.h"

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define SECOND    INT64_C(1000000)

static char clip[64];
static struct its_cancel *never;

static int make(void **state)
{
    static struct made_clip truth;
    struct its_scene_settings scene;
    its_log_set_level(ITS_LOG_INFO);
    its_av_log_adopt();
    its_scene_settings_default(&scene);
    scene.width = 320;
    scene.height = 180;
    snprintf(clip, sizeof(clip), "/tmp/its-states-%d.mp4", (int)getpid());
    make_clip(&scene, 30, clip, &truth);
    never = its_cancel_create(NULL);
    return 0;
}

static int forget(void **state)
{
    its_cancel_destroy(&never);
    return unlink(clip);
}

/* Two cameras: "street" at that port, "file" beside it. */
static struct its_engine *start(const struct temp *t, int port)
{
    char url[64];
    snprintf(url, sizeof(url), "rtsp://127.0.0.1:%d/cam", port);
    struct its_camera_config cameras[2] = {
        {.id = "street", .url = url, .enabled = true, .stall_us = SECOND, .timeout_us = 4 * SECOND},
        {.id = "file",
         .url = clip,
         .enabled = true,
         .loop = true,
         .stall_us = SECOND,
         .timeout_us = 4 * SECOND},
    };
    struct its_config config = {
        .performance = {100},
        .decode = {.workers = 2, .queue_packets = 256, .queue_us = 2000000},
        .store = {.path = t->path, .batch_us = 200000, .max_events_waiting = 10000},
        .cameras = cameras,
        .camera_count = 2,
    };
    struct its_engine *e;
    struct its_error err = {0};
    if (its_engine_start(&config, NULL, &e, &err) < 0)
        fail_msg("%s", err.text);
    return e;
}

static struct its_seat_view look(struct its_engine *e, unsigned index)
{
    struct its_seat_view v;
    assert_true(its_engine_read_camera(e, index, &v));
    return v;
}

/* Until the street is in that state; how long that took, in seconds. */
static double await(struct its_engine *e, enum its_camera_state state, double patience_s)
{
    int64_t begin_us = its_mono_us();
    double waited_s = 0;
    struct its_seat_view v;
    while ((v = look(e, 0)).camera.life.state != state) {
        waited_s = (double)(its_mono_us() - begin_us) * 1e-6;
        if (waited_s > patience_s)
            fail_msg("still %s, not %s after %.1f s: %s",
                     its_camera_state_name(v.camera.life.state), its_camera_state_name(state),
                     waited_s, v.camera.reason);
        its_cancel_sleep_until(never, its_mono_us() + 5000);
    }
    return waited_s;
}

static void the_other_did_not_notice(struct its_engine *e)
{
    struct its_seat_view v = look(e, 1);
    assert_int_equal(v.camera.connects, 1);
    assert_int_equal(v.camera.life.entered[ITS_CAMERA_LIVE], 1);
    assert_int_equal(v.camera.life.entered[ITS_CAMERA_STALLED], 0);
    assert_int_equal(v.errors, 0);
}

static void killed_for_five_seconds(void **state)
{
    struct temp t = temp_make();
    char port[16];
    struct gst_camera *c = gst_camera_start(ARGS("--fps", "15"));
    snprintf(port, sizeof(port), "%d", gst_camera_port(c));
    struct its_engine *e = start(&t, gst_camera_port(c));
    await(e, ITS_CAMERA_LIVE, 20);

    gst_camera_kill(&c);
    await(e, ITS_CAMERA_LOST, 20);
    struct its_seat_view v = look(e, 0);
    assert_int_equal(v.camera.errors[ITS_CAMERA_ERROR_CLOSED], 1);
    its_cancel_sleep_until(never, its_mono_us() + 5 * SECOND);
    v = look(e, 0);
    assert_true(v.fps == 0 && v.cpu == 0 && v.kbps == 0 && v.camera.tracks == 0);
    assert_true(v.camera.errors[ITS_CAMERA_ERROR_REFUSED] >= 2);

    c = gst_camera_start(ARGS("--fps", "15", "--port", port));
    double back_s = await(e, ITS_CAMERA_LIVE, 20);
    print_message("live %.2f s after its return\n", back_s);
    assert_true(back_s < 3);
    v = look(e, 0);
    assert_int_equal(v.camera.connects, 2);
    the_other_did_not_notice(e);
    its_engine_stop(&e);
    gst_camera_kill(&c);
    temp_remove(&t);
}

/* Open, but no picture: stalled, then lost. */
static void falls_silent(void **state)
{
    struct temp t = temp_make();
    struct gst_camera *c = gst_camera_start(ARGS("--fps", "15", "--silent-after", "30"));
    struct its_engine *e = start(&t, gst_camera_port(c));
    await(e, ITS_CAMERA_LIVE, 20);
    double silent_s = await(e, ITS_CAMERA_STALLED, 20);
    struct its_seat_view v = look(e, 0);
    assert_string_equal(v.camera.reason, "no picture arrives");
    double lost_s = await(e, ITS_CAMERA_LOST, 20);
    print_message("stalled %.2f s after it was live, lost %.2f s later\n", silent_s, lost_s);
    assert_true(silent_s > 1 && silent_s < 2 + 1 + 1 + 1); /* 30 pictures, stall_s, a tick, slack */
    v = look(e, 0);
    assert_int_equal(v.camera.errors[ITS_CAMERA_ERROR_TIMED_OUT], 1);
    the_other_did_not_notice(e);
    its_engine_stop(&e);
    gst_camera_kill(&c);
    temp_remove(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_for_five_seconds),
        cmocka_unit_test(falls_silent),
    };
    return cmocka_run_group_tests_name("app/states", tests, make, forget);
}
