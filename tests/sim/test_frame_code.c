/* The code alone, and through a hard-pressed encoder. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>

#include "camera/encoder.h"
#include "sim/frame_code.h"
#include "sim/scene.h"

static void reads_what_was_drawn(void **state)
{
    struct its_i420 p;
    assert_int_equal(its_i420_init(&p, ITS_FRAME_CODE_MIN_W, 66), 0);
    const struct its_frame_code codes[] = {
        {0, 0}, {1, 67}, {0xffffffff, 0xffffffff}, {123456789, 987654321}};
    for (size_t i = 0; i < ITS_ARRAY_LEN(codes); i++) {
        struct its_frame_code c = {0};
        memset(p.plane[0], 90, (size_t)p.stride[0] * 66);
        assert_false(its_frame_code_read(p.plane[0], p.stride[0], p.w, p.h, &c));
        its_frame_code_draw(&p, codes[i]);
        assert_true(its_frame_code_read(p.plane[0], p.stride[0], p.w, p.h, &c));
        assert_int_equal(c.frame, codes[i].frame);
        assert_int_equal(c.time_ms, codes[i].time_ms);
    }
    /* One wrong square is noticed. */
    struct its_frame_code c;
    for (int y = 30; y < 38; y++)
        for (int x = 4; x < 12; x++)
            p.plane[0][y * p.stride[0] + x] = (uint8_t)(251 - p.plane[0][y * p.stride[0] + x]);
    assert_false(its_frame_code_read(p.plane[0], p.stride[0], p.w, p.h, &c));
    its_i420_fini(&p);
}

struct chain {
    struct its_encoder *encoder;
    AVCodecContext *decoder;
    AVPacket *packet;
    AVFrame *frame;
    int read;
};

static void decode_all(struct chain *c)
{
    while (its_encoder_take(c->encoder, c->packet) == 0) {
        assert_true(avcodec_send_packet(c->decoder, c->packet) >= 0);
        av_packet_unref(c->packet);
        while (avcodec_receive_frame(c->decoder, c->frame) >= 0) {
            struct its_frame_code code;
            if (!its_frame_code_read(c->frame->data[0], c->frame->linesize[0], c->frame->width,
                                     c->frame->height, &code))
                fail_msg("frame %d cannot be read", c->read);
            assert_int_equal(code.frame, c->read);
            assert_int_equal(code.time_ms, c->read * 1000 / 15);
            c->read++;
        }
    }
}

static struct chain make_chain(const struct its_scene_settings *s)
{
    struct chain c = {.packet = av_packet_alloc(), .frame = av_frame_alloc()};
    struct its_encoder_settings e;
    struct its_error err = {0};
    its_encoder_settings_default(&e);
    e.width = s->width;
    e.height = s->height;
    e.fps = s->fps;
    e.crf = 30;
    e.live = true;
    int rc = its_encoder_create(&e, &c.encoder, &err);
    if (rc == ITS_EUNSUPPORTED) {
        fprintf(stderr, "SKIPPED: %s\n", err.text);
        exit(77);
    }
    if (rc < 0)
        fail_msg("%s", err.text);
    const AVCodecContext *from = its_encoder_context(c.encoder);
    c.decoder = avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_H264));
    AVCodecParameters *par = avcodec_parameters_alloc();
    assert_true(avcodec_parameters_from_context(par, from) >= 0);
    assert_true(avcodec_parameters_to_context(c.decoder, par) >= 0);
    avcodec_parameters_free(&par);
    c.decoder->thread_count = 1;
    assert_true(avcodec_open2(c.decoder, NULL, NULL) >= 0);
    return c;
}

static void survives_hard_compression(void **state)
{
    struct its_scene_settings s;
    struct its_scene *scene;
    its_scene_settings_default(&s);
    s.kind = ITS_SCENE_JUNCTION;
    s.weather = ITS_WEATHER_RAIN;
    s.width = 480;
    s.height = 270;
    s.noise = 3;
    s.sway_px = 2;
    s.frame_code = true;
    assert_int_equal(its_scene_create(&s, &scene, NULL), 0);
    struct chain c = make_chain(&s);
    for (int i = 0; i < 60; i++) {
        struct its_i420 p;
        assert_int_equal(its_encoder_picture(c.encoder, &p), 0);
        its_scene_next(scene);
        its_scene_draw(scene, &p);
        assert_int_equal(its_encoder_send(c.encoder), 0);
        decode_all(&c);
    }
    assert_int_equal(its_encoder_finish(c.encoder), 0);
    decode_all(&c);
    assert_int_equal(avcodec_send_packet(c.decoder, NULL), 0);
    print_message("%d of 60 frames read on the way\n", c.read);
    assert_true(c.read >= 58); /* the decoder may hold the last ones back */
    avcodec_free_context(&c.decoder);
    av_packet_free(&c.packet);
    av_frame_free(&c.frame);
    its_encoder_destroy(&c.encoder);
    its_scene_destroy(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_was_drawn),
        cmocka_unit_test(survives_hard_compression),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
