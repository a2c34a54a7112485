/* An encoder, a muxer and one packet between them, all made at creation. */
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

#include "base/mem.h"

struct its_clip {
    struct its_clip_settings settings;
    char *path, *temporary;
    struct its_encoder *encoder;
    AVFormatContext *muxer;
    AVStream *stream; /* the muxer's */
    AVPacket *packet;
    bool unfinished; /* the temporary file exists */
};

void its_clip_settings_default(struct its_clip_settings *s)
{
    *s = (struct its_clip_settings){0};
    its_encoder_settings_default(&s->encoder);
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

/* --- the file */

static int open_file(struct its_clip *c, struct its_error *err)
{
    int av = avformat_alloc_output_context2(&c->muxer, NULL, "mp4", NULL);
    if (av < 0)
        return fail(err, av, "cannot write", c->path);
    c->packet = av_packet_alloc();
    if (!c->packet || !(c->stream = avformat_new_stream(c->muxer, NULL)))
        return fail(err, AVERROR(ENOMEM), "cannot write", c->path);
    const AVCodecContext *encoder = its_encoder_context(c->encoder);
    c->stream->time_base = encoder->time_base;
    c->stream->avg_frame_rate = encoder->framerate;
    av = avcodec_parameters_from_context(c->stream->codecpar, encoder);
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
    struct its_clip *c = its_malloc(sizeof(*c));
    c->settings = *settings;
    c->path = its_strdup(settings->path);
    c->temporary = with_suffix(settings->path, ".tmp");
    int code = its_encoder_create(&settings->encoder, &c->encoder, err);
    if (code < 0)
        its_error_prefix(err, "cannot write %s", c->path);
    if (code == 0)
        code = open_file(c, err);
    if (code < 0)
        its_clip_destroy(&c);
    *out = c;
    return code;
}

/* --- pictures */

static int fail_encoding(const struct its_clip *c, int code, struct its_error *err)
{
    return its_error_set(err, code, "cannot encode %s: %s", c->path, its_strerror(code));
}

/* Moves finished packets to the file; 0 when the encoder wants more pictures or is empty. */
static int drain(struct its_clip *c, struct its_error *err)
{
    for (;;) {
        int code = its_encoder_take(c->encoder, c->packet);
        if (code == -EAGAIN || code == ITS_EEOF)
            return 0;
        if (code < 0)
            return fail_encoding(c, code, err);
        c->packet->stream_index = c->stream->index;
        av_packet_rescale_ts(c->packet, its_encoder_context(c->encoder)->time_base,
                             c->stream->time_base);
        int av = av_interleaved_write_frame(c->muxer, c->packet);
        if (av < 0)
            return fail(err, av, "cannot write", c->temporary);
    }
}

int its_clip_picture(struct its_clip *c, struct its_i420 *picture, struct its_error *err)
{
    int code = its_encoder_picture(c->encoder, picture);
    return code < 0 ? fail_encoding(c, code, err) : 0;
}

int its_clip_add(struct its_clip *c, struct its_error *err)
{
    int code = its_encoder_send(c->encoder);
    return code < 0 ? fail_encoding(c, code, err) : drain(c, err);
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
    int code = its_encoder_finish(c->encoder);
    if (code < 0)
        return fail_encoding(c, code, err);
    code = drain(c, err);
    if (code < 0)
        return code;
    int av = av_write_trailer(c->muxer);
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
    its_encoder_destroy(&c->encoder);
    av_packet_free(&c->packet);
    free(c->temporary);
    free(c->path);
    free(c);
}
