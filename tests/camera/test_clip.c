/* The clip read back by libavformat and libavcodec. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "camera/clip.h"
#include "make_clip.h"

enum { FRAMES = 75, FPS = 15 };

static char folder[] = "/tmp/its-clip-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/a.mp4", folder);
    return 0;
}

static int remove_folder(void **state)
{
    unlink(path);
    return rmdir(folder);
}

static void check_packet(const AVPacket *p, int index)
{
    assert_int_equal(p->pts, p->dts);
    bool key = p->flags & AV_PKT_FLAG_KEY;
    if (key != (index % (2 * FPS) == 0))
        fail_msg("packet %d: key %d", index, key);
}

static int decode_all(AVFormatContext *f, AVCodecContext *d)
{
    AVPacket *p = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    int packets = 0, frames = 0;
    for (bool more = true; more;) {
        more = av_read_frame(f, p) >= 0;
        if (more)
            check_packet(p, packets++);
        assert_true(avcodec_send_packet(d, more ? p : NULL) >= 0);
        av_packet_unref(p);
        while (avcodec_receive_frame(d, frame) >= 0) {
            assert_int_not_equal(frame->pict_type, AV_PICTURE_TYPE_B);
            assert_int_equal(frame->colorspace, AVCOL_SPC_BT709);
            assert_int_equal(frame->color_range, AVCOL_RANGE_MPEG);
            frames++;
        }
    }
    assert_int_equal(packets, frames);
    av_frame_free(&frame);
    av_packet_free(&p);
    return frames;
}

static void reads_back(void **state)
{
    struct its_scene_settings s;
    its_scene_settings_default(&s);
    s.width = 320;
    s.height = 180;
    s.fps = FPS;
    static struct made_clip made;
    make_clip(&s, FRAMES, path, &made);
    AVFormatContext *f = NULL;
    assert_true(avformat_open_input(&f, path, NULL, NULL) >= 0);
    assert_int_equal(f->nb_streams, 1);
    const AVCodecParameters *par = f->streams[0]->codecpar;
    assert_int_equal(par->codec_id, AV_CODEC_ID_H264);
    assert_int_equal(par->width, 320);
    assert_int_equal(par->height, 180);
    AVCodecContext *d = avcodec_alloc_context3(avcodec_find_decoder(par->codec_id));
    assert_true(avcodec_parameters_to_context(d, par) >= 0);
    d->thread_count = 1;
    assert_true(avcodec_open2(d, NULL, NULL) >= 0);
    assert_int_equal(decode_all(f, d), FRAMES);
    assert_int_equal(d->has_b_frames, 0);
    avcodec_free_context(&d);
    avformat_close_input(&f);
    assert_int_equal(made.frames, FRAMES);
    assert_int_equal(made_clip_count(&made, 0, 1), 0);
    assert_true(made_clip_count(&made, 0, -1) + made_clip_count(&made, 1, 1) == made.crossings);
}

static struct its_clip_settings settings_for(const char *where)
{
    struct its_clip_settings s;
    its_clip_settings_default(&s);
    s.path = where;
    s.encoder.width = 64;
    s.encoder.height = 64;
    s.encoder.fps = FPS;
    return s;
}

static void unfinished_leaves_nothing(void **state)
{
    char other[80], temporary[90];
    snprintf(other, sizeof(other), "%s/b.mp4", folder);
    snprintf(temporary, sizeof(temporary), "%s.tmp", other);
    struct its_clip_settings s = settings_for(other);
    struct its_clip *clip = NULL;
    struct its_error err = {0};
    assert_int_equal(its_clip_create(&s, &clip, &err), 0);
    assert_int_equal(access(temporary, F_OK), 0);
    its_clip_destroy(&clip);
    assert_null(clip);
    assert_int_equal(access(temporary, F_OK), -1);
    assert_int_equal(access(other, F_OK), -1);
    its_clip_destroy(&clip);
}

static void says_what_is_wrong(void **state)
{
    struct its_clip_settings s = settings_for("/nonexistent/c.mp4");
    struct its_clip *clip = NULL;
    struct its_error err = {0};
    assert_int_equal(its_clip_create(&s, &clip, &err), -ENOENT);
    assert_null(clip);
    assert_non_null(strstr(err.text, "/nonexistent/c.mp4"));
    s = settings_for(path);
    s.encoder.width = 63;
    assert_int_equal(its_clip_create(&s, &clip, &err), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_back),
        cmocka_unit_test(unfinished_leaves_nothing),
        cmocka_unit_test(says_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
