/* One encoder context and one frame, both made at creation. libx264 is asked for first; any other
 * H.264 encoder that opens will do. One encoding thread: no threads are made outside app/, and the
 * bytes stay the same from run to run. */
#include "camera/encoder.h"

#include <limits.h>
#include <stdlib.h>

#include <libavcodec/avcodec.h>

#include "base/mem.h"
#include "camera/averror.h"

struct its_encoder {
    struct its_encoder_settings settings;
    AVCodecContext *context;
    AVFrame *frame;
};

void its_encoder_settings_default(struct its_encoder_settings *s)
{
    *s = (struct its_encoder_settings){.crf = 23, .key_every_s = 2};
}

static void configure(AVCodecContext *c, const struct its_encoder_settings *s)
{
    c->width = s->width;
    c->height = s->height;
    c->pix_fmt = AV_PIX_FMT_YUV420P;
    c->time_base = (AVRational){1, s->fps};
    c->framerate = (AVRational){s->fps, 1};
    c->max_b_frames = 0;
    c->gop_size = ITS_MAX(1, (int)(s->key_every_s * s->fps + 0.5));
    c->keyint_min = c->gop_size;
    c->thread_count = 1;
    c->color_primaries = AVCOL_PRI_BT709;
    c->color_trc = AVCOL_TRC_BT709;
    c->colorspace = AVCOL_SPC_BT709;
    c->color_range = AVCOL_RANGE_MPEG;
    c->chroma_sample_location = AVCHROMA_LOC_CENTER;
    c->bit_rate = s->bitrate_kbps * (int64_t)1000;
    if (s->live && s->bitrate_kbps) {
        c->rc_max_rate = c->bit_rate;
        c->rc_buffer_size = (int)ITS_MIN(c->bit_rate, (int64_t)INT_MAX); /* one second */
    }
    c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_CLOSED_GOP;
    c->log_level_offset = AV_LOG_VERBOSE - AV_LOG_WARNING; /* statistics are nobody's news */
}

/* Opens one kind of encoder; options it does not know are left alone. */
static int open_context(const AVCodec *codec, const struct its_encoder_settings *s,
                        AVCodecContext **out)
{
    AVCodecContext *c = avcodec_alloc_context3(codec);
    if (!c)
        return AVERROR(ENOMEM);
    configure(c, s);
    AVDictionary *options = NULL;
    av_dict_set(&options, "preset", s->live ? "ultrafast" : "veryfast", 0);
    if (s->live)
        av_dict_set(&options, "tune", "zerolatency", 0);
    av_dict_set(&options, "x264-params", "scenecut=0", 0);
    if (!s->bitrate_kbps)
        av_dict_set_int(&options, "crf", s->crf, 0);
    int av = avcodec_open2(c, codec, &options);
    av_dict_free(&options);
    if (av < 0)
        avcodec_free_context(&c);
    *out = c;
    return av;
}

static int find_encoder(struct its_encoder *e, struct its_error *err)
{
    const AVCodec *codec[] = {
        avcodec_find_encoder_by_name("libx264"),
        avcodec_find_encoder_by_name("libopenh264"),
        avcodec_find_encoder(AV_CODEC_ID_H264),
    };
    for (size_t i = 0; i < ITS_ARRAY_LEN(codec); i++)
        if (codec[i] && open_context(codec[i], &e->settings, &e->context) >= 0)
            return 0;
    return its_error_set(err, ITS_EUNSUPPORTED,
                         "this libavcodec has no H.264 encoder that works; install one built with "
                         "libx264 (Debian: libavcodec-extra)");
}

static int make_frame(struct its_encoder *e, struct its_error *err)
{
    e->frame = av_frame_alloc();
    if (!e->frame)
        return its_error_set(err, -ENOMEM, "no memory");
    e->frame->width = e->settings.width;
    e->frame->height = e->settings.height;
    e->frame->format = e->context->pix_fmt;
    e->frame->pts = 0;
    int av = av_frame_get_buffer(e->frame, 0);
    return av < 0 ? its_error_set(err, its_averror_map(av), "no memory") : 0;
}

int its_encoder_create(const struct its_encoder_settings *settings, struct its_encoder **out,
                       struct its_error *err)
{
    if (settings->width < 2 || settings->height < 2 || settings->width % 2 ||
        settings->height % 2 || settings->fps < 1)
        return its_error_set(err, -EINVAL, "%dx%d at %d frames per second cannot be encoded",
                             settings->width, settings->height, settings->fps);
    struct its_encoder *e = its_malloc(sizeof(*e));
    e->settings = *settings;
    int code = find_encoder(e, err);
    if (code == 0)
        code = make_frame(e, err);
    if (code < 0)
        its_encoder_destroy(&e);
    *out = e;
    return code;
}

void its_encoder_destroy(struct its_encoder **pe)
{
    struct its_encoder *e = *pe;
    if (!e)
        return;
    *pe = NULL;
    avcodec_free_context(&e->context);
    av_frame_free(&e->frame);
    free(e);
}

const struct AVCodecContext *its_encoder_context(const struct its_encoder *e)
{
    return e->context;
}

int its_encoder_picture(struct its_encoder *e, struct its_i420 *picture)
{
    int av = av_frame_make_writable(e->frame);
    if (av < 0)
        return its_averror_map(av);
    *picture = (struct its_i420){.w = e->settings.width, .h = e->settings.height};
    for (int i = 0; i < 3; i++) {
        picture->plane[i] = e->frame->data[i];
        picture->stride[i] = e->frame->linesize[i];
    }
    return 0;
}

int its_encoder_send(struct its_encoder *e)
{
    int av = avcodec_send_frame(e->context, e->frame);
    e->frame->pts++;
    return av < 0 ? its_averror_map(av) : 0;
}

int its_encoder_finish(struct its_encoder *e)
{
    int av = avcodec_send_frame(e->context, NULL);
    return av < 0 ? its_averror_map(av) : 0;
}

int its_encoder_take(struct its_encoder *e, struct AVPacket *packet)
{
    int av = avcodec_receive_packet(e->context, packet);
    if (av == AVERROR(EAGAIN))
        return -EAGAIN;
    if (av == AVERROR_EOF)
        return ITS_EEOF;
    if (av < 0)
        return its_averror_map(av);
    packet->duration = 1;
    return 0;
}
