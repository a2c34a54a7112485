/* Reads a file through libavformat and makes it behave like a camera.
 *
 * Clocks: a packet's time_us is its pts minus the first pts of the file, plus what earlier rounds
 * of a loop lasted. Pacing goes by dts, because that is the order in which a camera would send.
 * AVERROR becomes our codes here; above this file nobody sees a foreign one. */
#include "camera/source.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libavformat/avformat.h>
#include <libavcodec/avcodec.h>
#include <libavutil/avstring.h>
#include <libavutil/display.h>
#include <libavutil/mathematics.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "camera/averror.h"
#include "camera/nal.h"
#include "camera/packet_pool.h"

/* So many read errors without one packet between them: the rest of the file is rubble. */
#define ERRORS_IN_A_ROW_MAX 50

/* Decoding times may jitter, but a step back by this much is a new beginning: files put together
 * end to end, a recorder that was restarted, a clock that wrapped. So is a jump ahead where the
 * format (MPEG-TS) allows such; elsewhere it is a true gap. */
#define JUMP_BACK_US  500000
#define JUMP_AHEAD_US 10000000

/* Gaps in a file are played no longer than this. */
#define PACE_GAP_US 30000000

/* A reader that was held up longer than this stops hurrying after its schedule. */
#define PACE_SLACK_US 1000000

#define US_PER_S 1000000

struct its_source {
    struct its_source_settings set;
    char *path;
    struct its_cancel *cancel; /* borrowed */
    int64_t deadline_us;       /* of the call under way; 0 = none */

    AVIOContext *io; /* of the one file that is read; outlives format */
    AVFormatContext *format;
    int stream;
    struct its_stream_info *info;
    struct its_pool *packets;
    struct its_nal_scan nal;

    uint64_t seq, errors;
    int errors_in_a_row;
    uint32_t epoch;

    /* --- time */
    int64_t first_ts;       /* stream time base; the pts that is time 0 of this epoch */
    int64_t epoch_start_us; /* time_us of this epoch's first picture */
    int64_t end_us;         /* largest time_us plus duration seen: where the next epoch starts */
    int64_t last_us;        /* of the packet before, for streams without time stamps */
    int64_t last_dts;       /* of the packet before; AV_NOPTS_VALUE = none in this epoch */
    int64_t step_us;        /* nominal duration of a picture */
    int64_t pace_mono_us;   /* monotonic time of time_us 0; 0 = not yet set */
    int64_t wall_start_us;
};

void its_source_defaults(struct its_source_settings *settings)
{
    *settings = (struct its_source_settings){.open_timeout_us = 10 * US_PER_S};
}

/* --- opening */

static int interrupted(void *ctx)
{
    struct its_source *s = ctx;
    return its_cancel_is_set(s->cancel) || (s->deadline_us && its_mono_us() > s->deadline_us);
}

static void start_clock(struct its_source *s)
{
    s->deadline_us = s->set.open_timeout_us ? its_mono_us() + s->set.open_timeout_us : 0;
}

/* A foreign code becomes ours; a call we interrupted ourselves says why. */
static int mapped(const struct its_source *s, int averror)
{
    if (its_cancel_is_set(s->cancel))
        return ITS_ECANCELLED;
    if (averror == AVERROR_EXIT)
        return -ETIMEDOUT;
    return its_averror_map(averror);
}

static bool take_option(struct its_source *s, const char *name)
{
    if (strcmp(name, "loop") == 0 || strcmp(name, "loop=1") == 0)
        s->set.loop = true;
    else if (strcmp(name, "loop=0") == 0)
        s->set.loop = false;
    else if (strcmp(name, "unpaced") == 0)
        s->set.paced = false;
    else
        return false;
    return true;
}

/* Splits "file:PATH?option&option". A file that is named so wins over the options. */
static int parse_url(struct its_source *s, struct its_error *err)
{
    const char *url = s->set.url;
    if (strncmp(url, "file:", 5) == 0)
        url += 5;
    else if (strstr(url, "://") && access(url, F_OK) != 0)
        return its_error_set(err, ITS_EUNSUPPORTED,
                             "'%.*s://' sources are not supported by this version: give a file, as "
                             "PATH or file:PATH",
                             (int)(strstr(url, "://") - url), url);
    if (strncmp(url, "//", 2) == 0)
        url += 2; /* file:///path */
    s->path = its_strdup(url);

    char *query = strrchr(s->path, '?');
    if (!query || access(s->path, F_OK) == 0)
        return 0;
    *query++ = 0;
    char *rest = query;
    for (char *name; (name = strsep(&rest, "&"));)
        if (*name && !take_option(s, name))
            return its_error_set(err, -EINVAL,
                                 "unknown option '%s' in the file URL: expected loop or unpaced",
                                 name);
    return 0;
}

/* Opening a pipe or a device may block where nothing can interrupt it. */
static int check_file(const struct its_source *s, struct its_error *err)
{
    struct stat st;
    if (stat(s->path, &st) < 0)
        return its_error_set(err, -errno, "cannot open '%s': %s", s->path, its_strerror(-errno));
    if (S_ISDIR(st.st_mode))
        return its_error_set(err, -EISDIR, "%s is a directory: give a video file in it", s->path);
    if (!S_ISREG(st.st_mode))
        return its_error_set(err, ITS_EUNSUPPORTED,
                             "%s is a pipe or device: this version reads files", s->path);
    if (st.st_size == 0)
        return its_error_set(err, ITS_EDAMAGED, "%s is empty", s->path);
    return 0;
}

static int fail_opening(const struct its_source *s, int averror, struct its_error *err)
{
    int code = mapped(s, averror);
    return its_error_set(err, code, "cannot open %s: %s", s->path, its_strerror(code));
}

static int open_io(struct its_source *s, struct its_error *err)
{
    AVIOInterruptCB callback = {interrupted, s};
    AVDictionary *options = NULL;
    av_dict_set(&options, "protocol_whitelist", "file", 0);
    char *name = av_asprintf("file:%s", s->path);
    int rc = name ? avio_open2(&s->io, name, AVIO_FLAG_READ, &callback, &options) : AVERROR(ENOMEM);
    av_free(name);
    av_dict_free(&options);
    return rc < 0 ? fail_opening(s, rc, err) : 0;
}

static int refuse_file(AVFormatContext *format, AVIOContext **io, const char *url, int flags,
                       AVDictionary **options)
{
    return AVERROR(EACCES);
}

/* One file is read and nothing else: a playlist, or an MP4 that keeps its pictures elsewhere, must
 * not lead us to other files or into the network. Handing our own AVIOContext over also keeps
 * libavformat from taking a '%' in a picture's name for a pattern. */
static int open_format(struct its_source *s, struct its_error *err)
{
    const AVInputFormat *kind = NULL;
    int rc = av_probe_input_buffer2(s->io, &kind, s->path, NULL, 0, 0);
    if (rc < 0)
        return fail_opening(s, rc, err);
    if (av_match_name(kind->name, "concat,dash,hls,imf,rtsp,sdp"))
        return its_error_set(
            err, ITS_EUNSUPPORTED,
            "%s is a playlist, which only names other files: give the video itself", s->path);
    s->format = avformat_alloc_context();
    if (!s->format)
        return its_error_set(err, -ENOMEM, "no memory");
    s->format->interrupt_callback = (AVIOInterruptCB){interrupted, s};
    s->format->io_open = refuse_file;
    s->format->pb = s->io;
    AVDictionary *options = NULL;
    av_dict_set(&options, "protocol_whitelist", "none", 0);
    rc = avformat_open_input(&s->format, s->path, kind, &options);
    av_dict_free(&options);
    if (rc == AVERROR_INVALIDDATA)
        return its_error_set(err, ITS_EDAMAGED,
                             "cannot open %s: damaged, cut short, or not %s at all", s->path,
                             kind->long_name);
    if (rc < 0)
        return fail_opening(s, rc, err);
    rc = avformat_find_stream_info(s->format, NULL);
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

static int make_info(struct its_source *s, struct its_error *err)
{
    const AVStream *st = s->format->streams[s->stream];
    const AVCodecParameters *par = st->codecpar;
    const AVCodecDescriptor *desc = avcodec_descriptor_get(par->codec_id);
    struct its_stream_info *info = its_stream_info_create(par);
    if (!info)
        return its_error_set(err, -ENOMEM, "no memory");

    AVRational sar = av_guess_sample_aspect_ratio(s->format, (AVStream *)st, NULL);
    AVRational fps = av_guess_frame_rate(s->format, (AVStream *)st, NULL);
    snprintf(info->codec_name, sizeof(info->codec_name), "%s", desc ? desc->name : "unknown");
    info->codec->sample_aspect_ratio = sar;
    info->time_base_num = st->time_base.num;
    info->time_base_den = st->time_base.den;
    info->rotation = rotation_of(st);
    info->fps = fps.num > 0 && fps.den > 0 ? av_q2d(fps) : 0;
    info->coded_w = par->width;
    info->coded_h = par->height;
    its_stream_info_unref(&s->info);
    s->info = info;
    return 0;
}

static int choose_stream(struct its_source *s, struct its_error *err)
{
    s->stream = av_find_best_stream(s->format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    if (s->stream < 0) {
        if (s->format->nb_streams == 0)
            return its_error_set(err, ITS_EDAMAGED, "cannot read %s: %s", s->path,
                                 its_strerror(ITS_EDAMAGED));
        return its_error_set(err, ITS_ENOVIDEO, "%s has no video stream (%u other%s)", s->path,
                             s->format->nb_streams, s->format->nb_streams == 1 ? "" : "s");
    }
    for (unsigned i = 0; i < s->format->nb_streams; i++)
        if ((int)i != s->stream)
            s->format->streams[i]->discard = AVDISCARD_ALL;

    const AVCodecParameters *par = s->format->streams[s->stream]->codecpar;
    if (par->codec_id == AV_CODEC_ID_NONE || !avcodec_find_decoder(par->codec_id))
        return its_error_set(err, ITS_EUNSUPPORTED, "%s: no decoder for its video codec (%s)",
                             s->path, avcodec_get_name(par->codec_id));
    /* Text files probe as picture formats of size 0; a cut file loses its parameters. */
    if (par->width <= 0 || par->height <= 0)
        return its_error_set(err, ITS_EDAMAGED,
                             "cannot read %s: no picture size found, the file is damaged or cut "
                             "short",
                             s->path);
    return make_info(s, err);
}

static void init_time(struct its_source *s)
{
    const AVStream *st = s->format->streams[s->stream];
    s->first_ts = st->start_time;
    s->step_us = s->info->fps > 0 ? (int64_t)(US_PER_S / s->info->fps) : 40000;
    s->last_us = s->epoch_start_us - s->step_us;
    s->last_dts = AV_NOPTS_VALUE;
}

int its_source_open(const struct its_source_settings *settings, struct its_cancel *cancel,
                    struct its_source **out, struct its_error *err)
{
    struct its_source *s = its_malloc(sizeof(*s));
    s->set = *settings;
    s->cancel = cancel;
    s->packets = its_packet_pool_create();

    int rc = parse_url(s, err);
    start_clock(s);
    if (rc == 0)
        rc = check_file(s, err);
    if (rc == 0)
        rc = open_io(s, err);
    if (rc == 0)
        rc = open_format(s, err);
    if (rc == 0)
        rc = choose_stream(s, err);
    if (rc < 0) {
        its_source_close(&s);
        return rc;
    }
    its_nal_scan_init(&s->nal, s->info->codec);
    s->seq = s->set.resume.seq;
    s->epoch = s->set.resume.epoch;
    s->epoch_start_us = s->end_us = s->set.resume.time_us;
    init_time(s);
    s->wall_start_us = its_wall_us();
    *out = s;
    return 0;
}

void its_source_close(struct its_source **ps)
{
    struct its_source *s = *ps;
    if (!s)
        return;
    *ps = NULL;
    avformat_close_input(&s->format);
    avio_closep(&s->io);
    its_stream_info_unref(&s->info);
    its_pool_close(&s->packets);
    free(s->path);
    free(s);
}

const struct its_stream_info *its_source_info(const struct its_source *s)
{
    return s->info;
}

uint64_t its_source_frames(const struct its_source *s)
{
    int64_t n = s->format->streams[s->stream]->nb_frames;
    return n > 0 && !s->set.loop ? (uint64_t)n : 0;
}

struct its_source_resume its_source_resume_point(const struct its_source *s)
{
    return (struct its_source_resume){s->seq, s->epoch + 1, s->end_us};
}

uint64_t its_source_errors(const struct its_source *s)
{
    return s->errors;
}

/* --- reading */

static int64_t span_us(const struct its_source *s, int64_t ts)
{
    AVRational base = {s->info->time_base_num, s->info->time_base_den};
    return av_rescale_q(ts, base, AV_TIME_BASE_Q);
}

static int64_t to_us(const struct its_source *s, int64_t ts)
{
    return span_us(s, ts - s->first_ts) + s->epoch_start_us;
}

/* Time goes on where it ended; stream time first_ts is that moment. */
static void start_epoch(struct its_source *s, int64_t first_ts)
{
    s->epoch++;
    s->first_ts = first_ts;
    s->epoch_start_us = s->end_us;
    s->last_us = s->epoch_start_us - s->step_us;
    s->last_dts = AV_NOPTS_VALUE;
}

static void notice_jump(struct its_source *s, const AVPacket *av)
{
    if (av->dts == AV_NOPTS_VALUE)
        return;
    if (s->last_dts != AV_NOPTS_VALUE) {
        int64_t step = span_us(s, av->dts - s->last_dts);
        bool may_jump = s->format->iformat->flags & AVFMT_TS_DISCONT;
        if (step < -JUMP_BACK_US || (may_jump && step > JUMP_AHEAD_US))
            start_epoch(s, av->pts != AV_NOPTS_VALUE ? av->pts : av->dts);
    }
    s->last_dts = av->dts;
}

static void stamp_time(struct its_source *s, struct its_packet *p)
{
    const AVPacket *av = p->av;
    notice_jump(s, av);
    if (s->first_ts == AV_NOPTS_VALUE)
        s->first_ts = av->pts != AV_NOPTS_VALUE ? av->pts : av->dts; /* may still be none */

    p->pts = av->pts;
    p->has_time = av->pts != AV_NOPTS_VALUE && s->first_ts != AV_NOPTS_VALUE;
    p->time_us = p->has_time ? to_us(s, av->pts) : s->last_us + s->step_us;
    s->last_us = p->time_us;

    int64_t step = av->duration > 0 ? span_us(s, av->duration) : s->step_us;
    s->end_us = ITS_MAX(s->end_us, p->time_us + step);
}

/* Waits until a camera would have sent this packet. */
static int pace(struct its_source *s, const struct its_packet *p)
{
    if (!s->set.paced)
        return 0;
    int64_t due = p->av->dts != AV_NOPTS_VALUE && s->first_ts != AV_NOPTS_VALUE
                      ? to_us(s, p->av->dts)
                      : p->time_us;
    int64_t now = its_mono_us();
    int64_t late = now - (s->pace_mono_us + due);
    if (!s->pace_mono_us || late > PACE_SLACK_US || late < -PACE_GAP_US)
        s->pace_mono_us = now - due;
    return its_cancel_sleep_until(s->cancel, s->pace_mono_us + due) ? ITS_ECANCELLED : 0;
}

static int rewind_to_start(struct its_source *s, struct its_error *err)
{
    if (s->end_us <= s->epoch_start_us)
        return its_error_set(err, ITS_EDAMAGED, "%s holds no picture: nothing to loop", s->path);
    int64_t start = s->first_ts != AV_NOPTS_VALUE ? s->first_ts : 0;
    int rc = av_seek_frame(s->format, s->stream, start, AVSEEK_FLAG_BACKWARD);
    if (rc < 0) /* raw streams have no index: go back by bytes */
        rc = avformat_seek_file(s->format, -1, 0, 0, 0, AVSEEK_FLAG_BYTE);
    if (rc < 0) {
        int code = mapped(s, rc);
        return its_error_set(err, code, "cannot loop %s: %s", s->path, its_strerror(code));
    }
    start_epoch(s, s->format->streams[s->stream]->start_time);
    return 0;
}

/* The next packet of our stream into p->av. Passes over damaged stretches. */
static int read_video(struct its_source *s, struct its_packet *p, struct its_error *err)
{
    for (;;) {
        start_clock(s);
        int rc = av_read_frame(s->format, p->av);
        if (rc == 0) {
            s->errors_in_a_row = 0;
            if (p->av->stream_index == s->stream && p->av->size > 0)
                return 0;
            av_packet_unref(p->av);
            continue;
        }
        if (rc == AVERROR_EOF) {
            if (!s->set.loop)
                return ITS_EEOF;
            if ((rc = rewind_to_start(s, err)) < 0)
                return rc;
            continue;
        }
        int code = mapped(s, rc);
        if (code != ITS_EDAMAGED || ++s->errors_in_a_row > ERRORS_IN_A_ROW_MAX)
            return its_error_set(err, code, "cannot read on in %s: %s", s->path,
                                 its_strerror(code));
        s->errors++;
    }
}

int its_source_read(struct its_source *s, struct its_packet **out, struct its_error *err)
{
    struct its_packet *p = its_packet_take(s->packets);
    if (!p)
        return its_error_set(err, -ENOMEM, "no memory");
    int rc = read_video(s, p, err);
    if (rc == 0) {
        stamp_time(s, p);
        rc = pace(s, p);
    }
    if (rc < 0) {
        its_packet_unref(&p);
        return rc;
    }
    p->info = its_stream_info_ref(s->info);
    p->seq = s->seq++;
    p->epoch = s->epoch;
    p->bytes = (uint32_t)p->av->size;
    p->key = p->av->flags & AV_PKT_FLAG_KEY;
    p->disposable = its_nal_is_disposable(&s->nal, p->av);
    p->read_errors = s->errors;
    p->arrived_us = its_mono_us();
    p->capture_us = s->wall_start_us + p->time_us;
    p->capture_source = ITS_CAPTURE_FILE;
    *out = p;
    return 0;
}
