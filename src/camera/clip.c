/* One encoder context, one muxer, one frame and one packet, all made at creation. libx264 is asked
 * for first; any other H.264 encoder that opens will do. One encoding thread: no threads are made
 * outside app/, and the bytes stay the same from run to run. */
#include "camera/clip.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>
#include <libavutil/opt.h>

#include "base/mem.h"

struct its_clip {
    struct its_clip_settings settings;
    char *path, *temporary;
    AVCodecContext *encoder;
    AVFormatContext *muxer;
    AVStream *stream; /* the muxer's */
    AVFrame *frame;
    AVPacket *packet;
    bool unfinished; /* the temporary file exists */
};

void its_clip_settings_default(struct its_clip_settings *s)
{
    *s = (struct its_clip_settings){.crf = 23, .key_every_s = 2};
}

/* libav's code into ours, with a sentence. */
static int fail(struct its_error *err, int av, const char *what, const char *path)
{
    char text[AV_ERROR_MAX_STRING_SIZE];
    av_make_error_string(text, sizeof(text), av);
    int code = av;
    if (av == AVERROR_ENCODER_NOT_FOUND || av == AVERROR_MUXER_NOT_FOUND)
        code = ITS_EUNSUPPORTED;
    else if (av < -4095) /* libav's own codes are four-letter words */
        code = -EIO;
    return its_error_set(err, code, "%s %s: %s", what, path, text);
}

/* --- the encoder */

static void configure(AVCodecContext *e, const struct its_clip_settings *s)
{
    e->width = s->width;
    e->height = s->height;
    e->pix_fmt = AV_PIX_FMT_YUV420P;
    e->time_base = (AVRational){1, s->fps};
    e->framerate = (AVRational){s->fps, 1};
    e->max_b_frames = 0;
    e->gop_size = ITS_MAX(1, (int)(s->key_every_s * s->fps + 0.5));
    e->keyint_min = e->gop_size;
    e->thread_count = 1;
    e->color_primaries = AVCOL_PRI_BT709;
    e->color_trc = AVCOL_TRC_BT709;
    e->colorspace = AVCOL_SPC_BT709;
    e->color_range = AVCOL_RANGE_MPEG;
    e->chroma_sample_location = AVCHROMA_LOC_CENTER;
    e->bit_rate = s->bitrate_kbps * (int64_t)1000;
    e->flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_CLOSED_GOP;
    e->log_level_offset = AV_LOG_VERBOSE - AV_LOG_WARNING; /* statistics are nobody's news */
}

/* Opens one kind of encoder; options it does not know are left alone. */
static int open_encoder(const AVCodec *codec, const struct its_clip_settings *s,
                        AVCodecContext **out)
{
    AVCodecContext *e = avcodec_alloc_context3(codec);
    if (!e)
        return AVERROR(ENOMEM);
    configure(e, s);
    AVDictionary *options = NULL;
    av_dict_set(&options, "preset", "veryfast", 0);
    av_dict_set(&options, "x264-params", "scenecut=0", 0);
    if (!s->bitrate_kbps)
        av_dict_set_int(&options, "crf", s->crf, 0);
    int av = avcodec_open2(e, codec, &options);
    av_dict_free(&options);
    if (av < 0)
        avcodec_free_context(&e);
    *out = e;
    return av;
}

static int find_encoder(struct its_clip *c, struct its_error *err)
{
    const AVCodec *codec[] = {
        avcodec_find_encoder_by_name("libx264"),
        avcodec_find_encoder_by_name("libopenh264"),
        avcodec_find_encoder(AV_CODEC_ID_H264),
    };
    for (size_t i = 0; i < ITS_ARRAY_LEN(codec); i++)
        if (codec[i] && open_encoder(codec[i], &c->settings, &c->encoder) >= 0)
            return 0;
    return its_error_set(err, ITS_EUNSUPPORTED,
                         "cannot write %s: this libavcodec has no H.264 encoder that works; "
                         "install one built with libx264 (Debian: libavcodec-extra)",
                         c->path);
}

/* --- the file */

static int open_file(struct its_clip *c, struct its_error *err)
{
    int av = avformat_alloc_output_context2(&c->muxer, NULL, "mp4", NULL);
    if (av < 0)
        return fail(err, av, "cannot write", c->path);
    if (!(c->stream = avformat_new_stream(c->muxer, NULL)))
        return fail(err, AVERROR(ENOMEM), "cannot write", c->path);
    c->stream->time_base = c->encoder->time_base;
    c->stream->avg_frame_rate = c->encoder->framerate;
    av = avcodec_parameters_from_context(c->stream->codecpar, c->encoder);
    /* Named as a file: a ':' in the path does not make it a protocol. */
    char *name = av_asprintf("file:%s", c->temporary);
    if (av >= 0)
        av = name ? avio_open(&c->muxer->pb, name, AVIO_FLAG_WRITE) : AVERROR(ENOMEM);
    av_free(name);
    c->unfinished = av >= 0;
    if (av >= 0)
        av = avformat_write_header(c->muxer, NULL);
    return av < 0 ? fail(err, av, "cannot write", c->temporary) : 0;
}

static int make_frame(struct its_clip *c, struct its_error *err)
{
    c->frame = av_frame_alloc();
    c->packet = av_packet_alloc();
    if (!c->frame || !c->packet)
        return fail(err, AVERROR(ENOMEM), "cannot write", c->path);
    c->frame->width = c->settings.width;
    c->frame->height = c->settings.height;
    c->frame->format = c->encoder->pix_fmt;
    c->frame->pts = -1;
    int av = av_frame_get_buffer(c->frame, 0);
    return av < 0 ? fail(err, av, "cannot write", c->path) : 0;
}

static char *with_suffix(const char *path, const char *suffix)
{
    size_t size = strlen(path) + strlen(suffix) + 1;
    char *s = its_malloc(size);
    snprintf(s, size, "%s%s", path, suffix);
    return s;
}

int its_clip_create(const struct its_clip_settings *settings, struct its_clip **out,
                    struct its_error *err)
{
    if (settings->width < 2 || settings->height < 2 || settings->width % 2 ||
        settings->height % 2 || settings->fps < 1)
        return its_error_set(err, -EINVAL, "clip: %dx%d at %d fps cannot be encoded",
                             settings->width, settings->height, settings->fps);
    struct its_clip *c = its_malloc(sizeof(*c));
    c->settings = *settings;
    c->path = its_strdup(settings->path);
    c->temporary = with_suffix(settings->path, ".tmp");
    int code = find_encoder(c, err);
    if (code == 0)
        code = open_file(c, err);
    if (code == 0)
        code = make_frame(c, err);
    if (code < 0)
        its_clip_destroy(&c);
    *out = c;
    return code;
}

/* --- pictures */

/* Moves finished packets to the file; 0 when the encoder wants more pictures or is empty. */
static int drain(struct its_clip *c, struct its_error *err)
{
    for (;;) {
        int av = avcodec_receive_packet(c->encoder, c->packet);
        if (av == AVERROR(EAGAIN) || av == AVERROR_EOF)
            return 0;
        if (av < 0)
            return fail(err, av, "cannot encode", c->path);
        c->packet->stream_index = c->stream->index;
        c->packet->duration = 1;
        av_packet_rescale_ts(c->packet, c->encoder->time_base, c->stream->time_base);
        av = av_interleaved_write_frame(c->muxer, c->packet);
        if (av < 0)
            return fail(err, av, "cannot write", c->temporary);
    }
}

static void copy_plane(uint8_t *to, int to_stride, const uint8_t *from, int from_stride, int w,
                       int h)
{
    for (int y = 0; y < h; y++)
        memcpy(to + (ptrdiff_t)y * to_stride, from + (ptrdiff_t)y * from_stride, (size_t)w);
}

int its_clip_add(struct its_clip *c, const struct its_i420 *picture, struct its_error *err)
{
    its_assert(picture->w == c->settings.width && picture->h == c->settings.height);
    int av = av_frame_make_writable(c->frame);
    if (av < 0)
        return fail(err, av, "cannot encode", c->path);
    for (int i = 0; i < 3; i++)
        copy_plane(c->frame->data[i], c->frame->linesize[i], picture->plane[i], picture->stride[i],
                   i ? picture->w / 2 : picture->w, i ? picture->h / 2 : picture->h);
    c->frame->pts++;
    av = avcodec_send_frame(c->encoder, c->frame);
    return av < 0 ? fail(err, av, "cannot encode", c->path) : drain(c, err);
}

/* --- the end */

/* Without this a power cut could leave an empty file under the final name. */
static int sync_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int code = fsync(fd) == 0 ? 0 : -errno;
    close(fd);
    return code;
}

static int close_file(struct its_clip *c, struct its_error *err)
{
    int av = avcodec_send_frame(c->encoder, NULL);
    if (av < 0)
        return fail(err, av, "cannot encode", c->path);
    int code = drain(c, err);
    if (code < 0)
        return code;
    av = av_write_trailer(c->muxer);
    if (av >= 0)
        av = avio_closep(&c->muxer->pb);
    if (av < 0)
        return fail(err, av, "cannot write", c->temporary);
    code = sync_file(c->temporary);
    if (code == 0 && rename(c->temporary, c->path) != 0)
        code = -errno;
    if (code < 0)
        return its_error_set(err, code, "cannot write %s: %s", c->path, its_strerror(code));
    c->unfinished = false;
    return 0;
}

int its_clip_finish(struct its_clip **c, struct its_error *err)
{
    int code = close_file(*c, err);
    its_clip_destroy(c);
    return code;
}

void its_clip_destroy(struct its_clip **pc)
{
    struct its_clip *c = *pc;
    if (!c)
        return;
    *pc = NULL;
    if (c->muxer)
        avio_closep(&c->muxer->pb);
    if (c->unfinished)
        unlink(c->temporary);
    avformat_free_context(c->muxer);
    avcodec_free_context(&c->encoder);
    av_frame_free(&c->frame);
    av_packet_free(&c->packet);
    free(c->temporary);
    free(c->path);
    free(c);
}
