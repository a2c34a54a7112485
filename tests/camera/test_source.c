/* A file as a camera: clocks, epochs, pacing, and what it says when it cannot be read. */
#include "camera/source.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "tests/camera/make_clip.h"

/* Two key frames, so that a loop that goes back to the wrong one is seen. */
enum { FRAMES = 45, KEY_EVERY = 30 };

static char dir[] = "/tmp/its-source-XXXXXX", clip[64];
static struct its_cancel *cancel;

static int try_open(const char *url, bool paced, struct its_source **s, struct its_error *err)
{
    struct its_source_settings set;
    its_source_defaults(&set);
    set.url = url;
    set.paced = paced;
    return its_source_open(&set, cancel, s, err);
}

static void test_clocks_of_a_file(void **state)
{
    struct its_source *s;
    struct its_packet *p;
    assert_int_equal(try_open(clip, false, &s, NULL), 0);
    const struct its_stream_info *info = its_source_info(s);
    assert_string_equal(info->codec_name, "h264");
    assert_int_equal(info->coded_w, 320);
    assert_float_equal(info->fps, 15, 1e-9);
    assert_int_equal(its_source_frames(s), FRAMES);
    for (int i = 0; i < FRAMES; i++) {
        assert_int_equal(its_source_read(s, &p, NULL), 0);
        assert_int_equal(p->seq, i);
        assert_int_equal(p->epoch, 0);
        assert_int_equal(p->key, i % KEY_EVERY == 0);
        assert_true(llabs(p->time_us - i * 1000000 / 15) <= 1);
        assert_true(p->has_time && p->bytes > 0 && p->arrived_us > 0);
        assert_int_equal(p->capture_source, ITS_CAPTURE_FILE);
        its_packet_unref(&p);
    }
    assert_int_equal(its_source_read(s, &p, NULL), ITS_EEOF);
    struct its_source_resume r = its_source_resume_point(s);
    assert_int_equal(r.seq, FRAMES);
    assert_int_equal(r.epoch, 1);
    assert_int_equal(r.time_us, 3000000);
    its_source_close(&s);
}

static void test_loop_is_a_new_epoch_and_time_goes_on(void **state)
{
    char url[80];
    struct its_source *s;
    snprintf(url, sizeof(url), "file:%s?loop", clip);
    assert_int_equal(try_open(url, false, &s, NULL), 0);
    assert_int_equal(its_source_frames(s), 0);
    int64_t last_us = -1;
    for (int i = 0; i < 3 * FRAMES; i++) {
        struct its_packet *p;
        assert_int_equal(its_source_read(s, &p, NULL), 0);
        assert_int_equal(p->seq, i);
        assert_int_equal(p->epoch, i / FRAMES);
        assert_int_equal(p->key, i % FRAMES % KEY_EVERY == 0);
        assert_true(p->time_us > last_us);
        last_us = p->time_us;
        its_packet_unref(&p);
    }
    assert_in_range(last_us, 8900000, 9000000);
    its_source_close(&s);
}

/* Reordered pictures begin with negative decoding times; a loop once came back to the last key
 * frame of such a file instead of the first. */
static void r_loop_with_b_frames(void **state)
{
    char command[400], url[80];
    snprintf(command, sizeof(command),
             "ffmpeg -v error -y -i %s -c:v libx264 -preset ultrafast -bf 2 -g 15 %s/b.mp4", clip,
             dir);
    assert_int_equal(system(command), 0);
    snprintf(url, sizeof(url), "%s/b.mp4?loop", dir);
    struct its_source *s;
    assert_int_equal(try_open(url, false, &s, NULL), 0);
    for (int i = 0; i < 2 * FRAMES; i++) {
        struct its_packet *p;
        assert_int_equal(its_source_read(s, &p, NULL), 0);
        assert_int_equal(p->epoch, i / FRAMES);
        if (i == FRAMES)
            assert_int_equal(p->time_us, FRAMES * 1000000 / 15);
        its_packet_unref(&p);
    }
    its_source_close(&s);
}

static void test_resume_goes_on_counting(void **state)
{
    struct its_source_settings set;
    struct its_source *s;
    struct its_packet *p;
    its_source_defaults(&set);
    set.url = clip;
    set.resume = (struct its_source_resume){100, 7, 5000000};
    assert_int_equal(its_source_open(&set, cancel, &s, NULL), 0);
    assert_int_equal(its_source_read(s, &p, NULL), 0);
    assert_int_equal(p->seq, 100);
    assert_int_equal(p->epoch, 7);
    assert_int_equal(p->time_us, 5000000);
    /* What is read now was captured now, however far the numbering had come. */
    assert_in_range(its_wall_us() - p->capture_us + 1000000, 0, 2000000);
    its_packet_unref(&p);
    its_source_close(&s);
}

static void test_pacing_takes_the_clips_time(void **state)
{
    struct its_source *s;
    struct its_packet *p;
    assert_int_equal(try_open(clip, true, &s, NULL), 0);
    int64_t start = its_mono_us(), last = 0;
    while (its_source_read(s, &p, NULL) == 0) {
        assert_true(p->arrived_us - start >= p->time_us); /* never early */
        last = p->arrived_us;
        its_packet_unref(&p);
    }
    assert_true(last - start >= (FRAMES - 1) * 1000000 / 15);
    its_source_close(&s);
}

static void test_cancel_ends_a_paced_read(void **state)
{
    struct its_source_settings set;
    struct its_source *s;
    struct its_packet *p;
    struct its_cancel *mine = its_cancel_create(cancel);
    its_source_defaults(&set);
    set.url = clip;
    set.paced = true;
    assert_int_equal(its_source_open(&set, mine, &s, NULL), 0);
    its_cancel_trigger(mine);
    assert_int_equal(its_source_read(s, &p, NULL), ITS_ECANCELLED);
    its_source_close(&s);
    its_cancel_destroy(&mine);
}

static void expect_error(const char *url, int code, const char *text)
{
    struct its_error err = {0};
    struct its_source *s = NULL;
    assert_int_equal(try_open(url, false, &s, &err), code);
    assert_null(s);
    if (!strstr(err.text, text))
        fail_msg("'%s' does not say '%s'", err.text, text);
}

static const char *file_with(const char *name, const char *bytes)
{
    static char path[96];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    fputs(bytes, f);
    fclose(f);
    return path;
}

static void test_errors_say_what_is_wrong(void **state)
{
    expect_error("/nonexistent.mp4", -ENOENT, "No such file");
    expect_error("gopher://user:secret@camera/", ITS_EUNSUPPORTED, "'gopher://' sources");
    expect_error("clip.mp4?lop", -EINVAL, "unknown option 'lop'");
    expect_error(file_with("empty.mp4", ""), ITS_EDAMAGED, "is empty");
    expect_error(dir, -EISDIR, "directory");
    /* a playlist must not read what it names */
    expect_error(file_with("list.m3u8", "#EXTM3U\n#EXTINF:1,\n/etc/passwd\n"), ITS_EDAMAGED, "");
}

static int setup(void **state)
{
    static struct made_clip truth;
    struct its_scene_settings scene;
    its_scene_settings_default(&scene);
    scene.width = 320;
    scene.height = 180;
    assert_non_null(mkdtemp(dir));
    snprintf(clip, sizeof(clip), "%s/clip.mp4", dir);
    make_clip(&scene, FRAMES, clip, &truth);
    cancel = its_cancel_create(NULL);
    return 0;
}

static int teardown(void **state)
{
    char command[64];
    its_cancel_destroy(&cancel);
    snprintf(command, sizeof(command), "rm -r %s", dir);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clocks_of_a_file),
        cmocka_unit_test(test_loop_is_a_new_epoch_and_time_goes_on),
        cmocka_unit_test(r_loop_with_b_frames),
        cmocka_unit_test(test_resume_goes_on_counting),
        cmocka_unit_test(test_pacing_takes_the_clips_time),
        cmocka_unit_test(test_cancel_ends_a_paced_read),
        cmocka_unit_test(test_errors_say_what_is_wrong),
    };
    return cmocka_run_group_tests_name("camera/source", tests, setup, teardown);
}
