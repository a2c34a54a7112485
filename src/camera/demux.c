#include "camera/demux.h"

#include <math.h>
#include <stdio.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>

#include "camera/packet_pool.h"

/* So many read errors without one packet between them: the rest is rubble. */
#define ERRORS_IN_A_ROW_MAX 50

static int refuse_file(AVFormatContext *format, AVIOContext **io, const char *url, int flags,
                       AVDictionary **options)
{
    return AVERROR(EACCES);
}

static int fail_opening(const struct its_source *s, int averror, struct its_error *err)
{
    int code = its_source_map(s, averror);
    return its_error_set(err, code, "cannot open %s: %s", s->name, its_strerror(code));
}

static int open_format(struct its_demux *d, struct its_source *s,
                       const struct its_demux_input *input, struct its_error *err)
{
    d->format = avformat_alloc_context();
    if (!d->format)
        return its_error_set(err, -ENOMEM, "no memory");
    d->format->interrupt_callback = (AVIOInterruptCB){its_source_interrupted, s};
    if (input->io) {
        d->format->pb = input->io;
        d->format->io_open = refuse_file;
    }
    int rc = avformat_open_input(&d->format, input->address, input->format, input->options);
    if (rc == AVERROR_INVALIDDATA && input->format)
        return its_error_set(err, ITS_EDAMAGED,
                             "cannot open %s: damaged, cut short, or not %s at all", s->name,
                             input->format->long_name);
    if (rc < 0)
        return fail_opening(s, rc, err);
    rc = avformat_find_stream_info(d->format, NULL);
    return rc < 0 ? fail_opening(s, rc, err) : 0;
}

static int rotation_of(const AVStream *st)
{
    size_t bytes = 0;
    const uint8_t *matrix = av_stream_get_side_data(st, AV_PKT_DATA_DISPLAYMATRIX, &bytes);
    if (!matrix || bytes < 9 * sizeof(int32_t))
        return 0;
    double ccw = av_display_rotation_get((const int32_t *)matrix);
    if (!(ccw >= -360 && ccw <= 360)) /* a degenerate matrix gives NaN */
        return 0;
    int quarter = (int)lround(-ccw / 90.0);
    return ((quarter % 4 + 4) % 4) * 90;
}

static int begin(struct its_demux *d, struct its_source *s, struct its_error *err)
{
    AVStream *st = d->format->streams[d->stream];
    const AVCodecParameters *par = st->codecpar;
    const AVCodecDescriptor *desc = avcodec_descriptor_get(par->codec_id);
    struct its_stream_info *info = its_stream_info_create(par);
    if (!info)
        return its_error_set(err, -ENOMEM, "no memory");

    AVRational fps = av_guess_frame_rate(d->format, st, NULL);
    snprintf(info->codec_name, sizeof(info->codec_name), "%s", desc ? desc->name : "unknown");
    info->codec->sample_aspect_ratio = av_guess_sample_aspect_ratio(d->format, st, NULL);
    info->time_base_num = st->time_base.num;
    info->time_base_den = st->time_base.den;
    info->rotation = rotation_of(st);
    info->fps = fps.num > 0 && fps.den > 0 ? av_q2d(fps) : 0;
    info->coded_w = par->width;
    info->coded_h = par->height;
    s->time.may_jump = d->format->iformat->flags & AVFMT_TS_DISCONT;
    its_source_begin(s, info, st->start_time);
    return 0;
}

static int choose_stream(struct its_demux *d, struct its_source *s, struct its_error *err)
{
    AVFormatContext *format = d->format;
    d->stream = av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    if (d->stream < 0) {
        if (format->nb_streams == 0)
            return its_error_set(err, ITS_EDAMAGED, "cannot read %s: %s", s->name,
                                 its_strerror(ITS_EDAMAGED));
        return its_error_set(err, ITS_ENOVIDEO, "%s has no video stream (%u other%s)", s->name,
                             format->nb_streams, format->nb_streams == 1 ? "" : "s");
    }
    for (unsigned i = 0; i < format->nb_streams; i++)
        if ((int)i != d->stream)
            format->streams[i]->discard = AVDISCARD_ALL;

    const AVCodecParameters *par = format->streams[d->stream]->codecpar;
    if (par->codec_id == AV_CODEC_ID_NONE || !avcodec_find_decoder(par->codec_id))
        return its_error_set(err, ITS_EUNSUPPORTED, "%s: no decoder for its video codec (%s)",
                             s->name, avcodec_get_name(par->codec_id));
    /* Text files probe as picture formats of size 0; a cut file loses its parameters. */
    if (par->width <= 0 || par->height <= 0)
        return its_error_set(err, ITS_EDAMAGED,
                             "cannot read %s: no picture size found, the file is damaged or cut "
                             "short",
                             s->name);
    return 0;
}

int its_demux_open(struct its_demux *d, struct its_source *s, const struct its_demux_input *input,
                   struct its_error *err)
{
    int rc = open_format(d, s, input, err);
    if (rc == 0)
        rc = choose_stream(d, s, err);
    if (rc == 0)
        rc = begin(d, s, err);
    return rc;
}

int its_demux_read(struct its_demux *d, struct its_source *s, struct its_packet *p,
                   int64_t timeout_us, struct its_error *err)
{
    for (;;) {
        its_source_start_clock(s, timeout_us);
        int rc = av_read_frame(d->format, p->av);
        if (rc == 0) {
            d->errors_in_a_row = 0;
            if (p->av->stream_index == d->stream && p->av->size > 0)
                return 0;
            av_packet_unref(p->av);
            continue;
        }
        if (rc == AVERROR_EOF)
            return ITS_EEOF;
        int code = its_source_map(s, rc);
        if (code != ITS_EDAMAGED || ++d->errors_in_a_row > ERRORS_IN_A_ROW_MAX)
            return its_error_set(err, code, "cannot read on in %s: %s", s->name,
                                 its_strerror(code));
        s->errors++;
    }
}

void its_demux_close(struct its_demux *d)
{
    avformat_close_input(&d->format);
}
