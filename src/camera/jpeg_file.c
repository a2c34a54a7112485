/* libavcodec's MJPEG encoder, one picture, full range; colour is halved both ways as cameras do.
 * The quantiser is at its finest: these pictures are looked at closely. */
#include "camera/jpeg_file.h"

#include <stdio.h>
#include <unistd.h>

#include <libavcodec/avcodec.h>
#include <libswscale/swscale.h>

#include "camera/averror.h"

struct jpeg {
    AVCodecContext *codec;
    AVFrame *frame;
    AVPacket *packet;
};

static int open_encoder(struct jpeg *j, int w, int h)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
    j->codec = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!j->codec)
        return codec ? AVERROR(ENOMEM) : AVERROR_ENCODER_NOT_FOUND;
    j->codec->width = w;
    j->codec->height = h;
    j->codec->pix_fmt = AV_PIX_FMT_YUVJ420P;
    j->codec->time_base = (AVRational){1, 1};
    j->codec->thread_count = 1;
    j->codec->flags |= AV_CODEC_FLAG_QSCALE;
    j->codec->global_quality = 2 * FF_QP2LAMBDA;
    return avcodec_open2(j->codec, codec, NULL);
}

static int fill_frame(struct jpeg *j, const uint32_t *rgb, int stride)
{
    j->frame = av_frame_alloc();
    if (!j->frame)
        return AVERROR(ENOMEM);
    j->frame->width = j->codec->width;
    j->frame->height = j->codec->height;
    j->frame->format = j->codec->pix_fmt;
    j->frame->quality = j->codec->global_quality;
    int av = av_frame_get_buffer(j->frame, 0);
    if (av < 0)
        return av;
    struct SwsContext *sws =
        sws_getContext(j->frame->width, j->frame->height, AV_PIX_FMT_0RGB32, j->frame->width,
                       j->frame->height, j->frame->format, SWS_BILINEAR, NULL, NULL, NULL);
    if (!sws)
        return AVERROR(ENOMEM);
    const uint8_t *from[4] = {(const uint8_t *)rgb};
    const int from_stride[4] = {stride * (int)sizeof(*rgb)};
    av = sws_scale(sws, from, from_stride, 0, j->frame->height, j->frame->data, j->frame->linesize);
    sws_freeContext(sws);
    return av < 0 ? av : 0;
}

static int encode(struct jpeg *j, const uint32_t *rgb, int stride, int w, int h)
{
    int av = open_encoder(j, w, h);
    if (av >= 0)
        av = fill_frame(j, rgb, stride);
    if (av >= 0)
        av = avcodec_send_frame(j->codec, j->frame);
    if (av < 0)
        return av;
    avcodec_send_frame(j->codec, NULL);
    j->packet = av_packet_alloc();
    return j->packet ? avcodec_receive_packet(j->codec, j->packet) : AVERROR(ENOMEM);
}

static int save(const char *path, const uint8_t *bytes, size_t count)
{
    FILE *f = fopen(path, "wb");
    if (!f)
        return -errno;
    int rc = fwrite(bytes, 1, count, f) == count ? 0 : -errno;
    if (fclose(f) != 0 && rc == 0)
        rc = -errno;
    if (rc < 0)
        unlink(path);
    return rc;
}

int its_jpeg_write(const char *path, const uint32_t *rgb, int stride, int w, int h,
                   struct its_error *err)
{
    struct jpeg j = {0};
    int rc = encode(&j, rgb, stride, w, h);
    if (rc < 0) {
        int code = its_averror_map(rc);
        rc = its_error_set(err, code, "cannot make a JPEG of %dx%d pixels: %s", w, h,
                           its_strerror(code));
    } else if ((rc = save(path, j.packet->data, (size_t)j.packet->size)) < 0) {
        its_error_set(err, rc, "cannot write %s: %s", path, its_strerror(rc));
    }
    av_packet_free(&j.packet);
    av_frame_free(&j.frame);
    avcodec_free_context(&j.codec);
    return rc;
}
