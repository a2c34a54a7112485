/* libavcodec reorders pictures, so what belongs to a packet (its clocks, its epoch) waits in a ring
 * until the picture comes out; the slot number travels through the codec.
 *
 * Cameras deliver what the analysis reads, 8-bit YUV, nearly always; anything else (10 bit, RGB) is
 * converted here by libswscale, so that downstream there are five pixel layouts and no more. */
#include "frame/decoder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "frame/frame_pool.h"

/* More than any codec holds back: H.264 and H.265 reorder at most 16 pictures. */
#define RING 64

/* 8K UHD with room for padding. A header that promises more is damaged or hostile. */
#define PIXELS_MAX (8192ll * 4608)

/* A picture that comes out with an earlier time than the one before is put so far behind it. */
#define OUT_OF_ORDER_US 1000

struct passport {
    uint32_t epoch;
    int64_t pts, time_us, capture_us, arrived_us, taken_us;
    uint64_t read_errors;
    bool has_time, key, analyse;
};

enum phase { RUNNING, DRAINING, DRAINED };

struct its_decoder {
    AVCodecContext *codec;
    struct its_stream_info *info; /* what `codec` was opened for */
    uint32_t epoch;
    enum phase phase;
    struct its_pool *frames;
    AVPacket *packet; /* shell round the borrowed packet */

    struct passport ring[RING];
    unsigned next; /* slot for the next packet */
    uint64_t frame_index;
    int64_t last_us;

    struct SwsContext *convert;
    AVFrame *scratch;
    struct its_decoder_stats stats;
};

struct its_decoder *its_decoder_create(void)
{
    struct its_decoder *d = its_malloc(sizeof(*d));
    d->frames = its_frame_pool_create();
    d->last_us = INT64_MIN;
    return d;
}

static void close_codec(struct its_decoder *d)
{
    avcodec_free_context(&d->codec);
    its_stream_info_unref(&d->info);
    memset(d->ring, 0, sizeof(d->ring));
}

void its_decoder_destroy(struct its_decoder **pd)
{
    struct its_decoder *d = *pd;
    if (!d)
        return;
    *pd = NULL;
    close_codec(d);
    sws_freeContext(d->convert);
    av_frame_free(&d->scratch);
    av_packet_free(&d->packet);
    its_pool_close(&d->frames);
    free(d);
}

static int open_codec(struct its_decoder *d, struct its_stream_info *info)
{
    const AVCodec *codec = avcodec_find_decoder(info->codec->codec_id);
    if (!codec)
        return ITS_EUNSUPPORTED;
    if ((int64_t)info->coded_w * info->coded_h > PIXELS_MAX)
        return ITS_ETOOBIG;
    if (!d->packet && !(d->packet = av_packet_alloc()))
        return -ENOMEM;
    if (!d->scratch && !(d->scratch = av_frame_alloc()))
        return -ENOMEM;

    d->codec = avcodec_alloc_context3(codec);
    if (!d->codec)
        return -ENOMEM;
    if (avcodec_parameters_to_context(d->codec, info->codec) < 0) {
        avcodec_free_context(&d->codec);
        return ITS_EUNSUPPORTED;
    }
    d->codec->thread_count = 1;
    d->codec->max_pixels = PIXELS_MAX;
    d->codec->pkt_timebase = (AVRational){info->time_base_num, info->time_base_den};
#if LIBAVCODEC_VERSION_MAJOR >= 60
    d->codec->flags |= AV_CODEC_FLAG_COPY_OPAQUE;
#endif
    if (avcodec_open2(d->codec, codec, NULL) < 0) {
        avcodec_free_context(&d->codec);
        return ITS_EUNSUPPORTED;
    }
    d->info = its_stream_info_ref(info);
    d->phase = RUNNING;
    return 0;
}

/* --- packets in */

static void board(struct its_decoder *d, const struct its_packet *p, bool analyse)
{
    unsigned slot = d->next++ % RING;
    d->ring[slot] = (struct passport){
        .epoch = p->epoch,
        .pts = p->pts,
        .time_us = p->time_us,
        .capture_us = p->capture_us,
        .arrived_us = p->arrived_us,
        .taken_us = its_mono_us(),
        .read_errors = p->read_errors,
        .has_time = p->has_time,
        .key = p->key,
        .analyse = analyse,
    };
#if LIBAVCODEC_VERSION_MAJOR >= 60
    d->packet->opaque = (void *)(uintptr_t)slot;
#else
    d->codec->reordered_opaque = slot;
#endif
}

static unsigned slot_of(const AVFrame *av)
{
#if LIBAVCODEC_VERSION_MAJOR >= 60
    return (unsigned)(uintptr_t)av->opaque % RING;
#else
    return (unsigned)av->reordered_opaque % RING;
#endif
}

/* Gets ready for this packet's stream and epoch. -EAGAIN: frames of the last one are inside. */
static int settle(struct its_decoder *d, const struct its_packet *p)
{
    bool same = d->codec && d->info == p->info && d->epoch == p->epoch;
    if (same && d->phase == RUNNING)
        return 0;
    if (d->codec && d->phase == RUNNING) {
        avcodec_send_packet(d->codec, NULL);
        d->phase = DRAINING;
    }
    if (d->codec && d->phase == DRAINING)
        return -EAGAIN;

    d->epoch = p->epoch;
    if (d->codec && d->info == p->info) {
        avcodec_flush_buffers(d->codec);
        d->phase = RUNNING;
        return 0;
    }
    close_codec(d);
    return open_codec(d, p->info);
}

static int map_send(struct its_decoder *d, int averror)
{
    if (averror == AVERROR(EAGAIN))
        return -EAGAIN;
    if (averror == AVERROR(ENOMEM))
        return -ENOMEM;
    if (averror < 0) {
        d->stats.bad_packets++;
        return ITS_EDAMAGED;
    }
    return 0;
}

int its_decoder_send(struct its_decoder *d, const struct its_packet *p, bool analyse)
{
    if (!p) {
        if (d->codec && d->phase == RUNNING) {
            avcodec_send_packet(d->codec, NULL);
            d->phase = DRAINING;
        }
        return 0;
    }
    int rc = settle(d, p);
    if (rc < 0)
        return rc;

    if (av_packet_ref(d->packet, p->av) < 0)
        return -ENOMEM;
    board(d, p, analyse);
    rc = map_send(d, avcodec_send_packet(d->codec, d->packet));
    av_packet_unref(d->packet);
    if (rc == -EAGAIN)
        d->next--;
    else
        d->stats.packets++;
    return rc;
}

/* --- frames out */

static bool is_rgb(const AVFrame *av)
{
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(av->format);
    return desc && (desc->flags & AV_PIX_FMT_FLAG_RGB);
}

/* Any other pixel layout becomes I420, in the same slot. */
static int convert(struct its_decoder *d, struct its_frame *f)
{
    AVFrame *from = f->av, *to = d->scratch;
    d->convert =
        sws_getCachedContext(d->convert, from->width, from->height, from->format, from->width,
                             from->height, AV_PIX_FMT_YUV420P, SWS_BILINEAR, NULL, NULL, NULL);
    if (!d->convert)
        return ITS_EUNSUPPORTED;
    to->format = AV_PIX_FMT_YUV420P;
    to->width = from->width;
    to->height = from->height;
    if (av_frame_get_buffer(to, 0) < 0)
        return -ENOMEM;
    sws_scale(d->convert, (const uint8_t *const *)from->data, from->linesize, 0, from->height,
              to->data, to->linesize);
    av_frame_copy_props(to, from);
    to->color_range = AVCOL_RANGE_MPEG;
    if (is_rgb(from))
        to->colorspace = AVCOL_SPC_SMPTE170M; /* libswscale's default for RGB to YUV */
    av_frame_unref(from);
    av_frame_move_ref(from, to);
    return 0;
}

static void stamp(struct its_decoder *d, struct its_frame *f)
{
    const struct passport *pass = &d->ring[slot_of(f->av)];
    f->index = d->frame_index++;
    f->epoch = pass->epoch;
    f->pts = pass->pts;
    f->time_us = pass->time_us;
    f->capture_us = pass->capture_us;
    f->key = pass->key;
    f->analyse = pass->analyse;
    f->errors = pass->read_errors + d->stats.bad_packets + d->stats.damaged_frames;
    f->stamps.arrived_us = pass->arrived_us;
    f->stamps.end_us[ITS_STAGE_DECODE_WAIT] = pass->taken_us;

    /* Time never runs back. Without time stamps the clock was counted in decoding order: count
     * again in this one. With them only damage brings pictures out of order, and not for long. */
    if (d->last_us != INT64_MIN && f->time_us <= d->last_us) {
        bool counted = !pass->has_time && d->info->fps > 0;
        int64_t next_us = d->last_us + (counted ? (int64_t)(1e6 / d->info->fps) : OUT_OF_ORDER_US);
        f->capture_us += next_us - f->time_us;
        f->time_us = next_us;
    }
    d->last_us = f->time_us;
}

static bool looks_damaged(const AVFrame *av)
{
    return av->decode_error_flags || (av->flags & AV_FRAME_FLAG_CORRUPT);
}

static int map_receive(struct its_decoder *d, int averror)
{
    if (averror == AVERROR(EAGAIN))
        return -EAGAIN;
    if (averror == AVERROR_EOF) {
        d->phase = DRAINED;
        return ITS_EEOF;
    }
    d->stats.bad_packets++;
    return averror == AVERROR(ENOMEM) ? -ENOMEM : ITS_EDAMAGED;
}

int its_decoder_receive(struct its_decoder *d, struct its_frame **out)
{
    if (!d->codec || d->phase == DRAINED)
        return ITS_EEOF;
    struct its_frame *f = its_frame_take(d->frames);
    if (!f)
        return -ENOMEM;

    int rc = avcodec_receive_frame(d->codec, f->av);
    if (rc < 0) {
        rc = map_receive(d, rc);
        goto fail;
    }
    rc = its_frame_describe(f, d->info->rotation);
    if (rc == ITS_EUNSUPPORTED && (rc = convert(d, f)) == 0)
        rc = its_frame_describe(f, d->info->rotation);
    if (rc < 0) {
        d->stats.bad_packets++;
        goto fail;
    }
    f->damaged = looks_damaged(f->av);
    d->stats.damaged_frames += f->damaged;
    stamp(d, f);
    d->stats.frames++;
    f->stamps.end_us[ITS_STAGE_DECODE] = its_mono_us();
    *out = f;
    return 0;
fail:
    its_frame_unref(&f);
    return rc;
}

void its_decoder_read_stats(const struct its_decoder *d, struct its_decoder_stats *stats)
{
    *stats = d->stats;
}
