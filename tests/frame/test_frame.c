/* What a frame says of its colours: from the stream, by guess, and after a conversion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>

#include <cmocka.h>

#include "base/attr.h"
#include "camera/packet_pool.h"
#include "frame/decoder.h"
#include "frame/frame_pool.h"

static enum its_matrix matrix_of(enum AVColorSpace space, enum AVPixelFormat format, int height)
{
    struct its_pool *pool = its_frame_pool_create();
    struct its_frame *f = its_frame_take(pool);
    f->av->width = 64;
    f->av->height = height;
    f->av->format = format;
    f->av->colorspace = space;
    assert_int_equal(its_frame_describe(f, 0), 0);
    enum its_matrix matrix = f->matrix;
    its_frame_unref(&f);
    its_pool_close(&pool);
    return matrix;
}

static void matrices(void **state)
{
    static const struct {
        enum AVColorSpace space;
        enum AVPixelFormat format;
        int height;
        enum its_matrix want;
    } rows[] = {
        {AVCOL_SPC_BT709, AV_PIX_FMT_YUV420P, 288, ITS_MATRIX_BT709},
        {AVCOL_SPC_SMPTE170M, AV_PIX_FMT_YUV420P, 1080, ITS_MATRIX_BT601},
        {AVCOL_SPC_BT470BG, AV_PIX_FMT_YUV420P, 1080, ITS_MATRIX_BT601},
        {AVCOL_SPC_BT2020_NCL, AV_PIX_FMT_YUV420P, 2160, ITS_MATRIX_BT709},
        {AVCOL_SPC_UNSPECIFIED, AV_PIX_FMT_YUV420P, 576, ITS_MATRIX_BT601},
        {AVCOL_SPC_UNSPECIFIED, AV_PIX_FMT_NV12, 720, ITS_MATRIX_BT709},
        {AVCOL_SPC_UNSPECIFIED, AV_PIX_FMT_YUVJ422P, 1080, ITS_MATRIX_BT601},
    };
    for (unsigned i = 0; i < ITS_ARRAY_LEN(rows); i++) {
        enum its_matrix got = matrix_of(rows[i].space, rows[i].format, rows[i].height);
        if (got != rows[i].want)
            fail_msg("row %u: %d, should be %d", i, got, rows[i].want);
    }
}

/* A red PNG of that size as a camera's packet. */
static struct its_packet *red_png(struct its_pool *pool, int w, int h)
{
    const AVCodec *png = avcodec_find_encoder(AV_CODEC_ID_PNG);
    AVCodecContext *enc = avcodec_alloc_context3(png);
    AVCodecParameters *par = avcodec_parameters_alloc();
    AVFrame *picture = av_frame_alloc();
    enc->width = picture->width = w;
    enc->height = picture->height = h;
    enc->pix_fmt = picture->format = AV_PIX_FMT_RGB24;
    enc->time_base = (AVRational){1, 25};
    assert_int_equal(avcodec_open2(enc, png, NULL), 0);
    assert_int_equal(av_frame_get_buffer(picture, 0), 0);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            memcpy(picture->data[0] + (ptrdiff_t)y * picture->linesize[0] + 3 * x, "\xff\0\0", 3);
    struct its_packet *p = its_packet_take(pool);
    assert_int_equal(avcodec_send_frame(enc, picture), 0);
    assert_int_equal(avcodec_receive_packet(enc, p->av), 0);
    avcodec_parameters_from_context(par, enc);
    p->info = its_stream_info_create(par);
    p->info->coded_w = w;
    p->info->coded_h = h;
    p->info->time_base_num = 1;
    p->info->time_base_den = 25;
    av_frame_free(&picture);
    avcodec_parameters_free(&par);
    avcodec_free_context(&enc);
    return p;
}

/* libswscale makes BT.601 of RGB whatever the size; the frame has to say so. */
static void rgb_is_bt601(void **state)
{
    if (!avcodec_find_encoder(AV_CODEC_ID_PNG)) {
        print_message("SKIPPED: libavcodec has no PNG encoder\n");
        skip();
    }
    struct its_pool *packets = its_packet_pool_create();
    struct its_decoder *d = its_decoder_create();
    struct its_packet *p = red_png(packets, 1280, 720);
    struct its_frame *f;
    assert_int_equal(its_decoder_send(d, p, true), 0);
    assert_int_equal(its_decoder_send(d, NULL, true), 0);
    assert_int_equal(its_decoder_receive(d, &f), 0);
    print_message("red is %d %d %d\n", f->plane[0][0], f->plane[1][0], f->plane[2][0]);
    assert_int_equal(f->pixels, ITS_PIXELS_I420);
    assert_int_equal(f->matrix, ITS_MATRIX_BT601);
    assert_false(f->full_range);
    assert_in_range(f->plane[0][0], 80, 83); /* 81 90 240 by BT.601; by BT.709 63 102 240 */
    assert_in_range(f->plane[1][0], 89, 91);
    its_frame_unref(&f);
    its_packet_unref(&p);
    its_decoder_destroy(&d);
    its_pool_close(&packets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matrices),
        cmocka_unit_test(rgb_is_bt601),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
