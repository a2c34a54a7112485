/* A camera over RTSP: a session brings RTP packets, the assembler makes pictures of them, and here
 * they become packets with their times.
 *
 * Times: the RTP time stamp counts on from the first picture; a jump against our own clock (another
 * sender behind the same address, a restarted encoder) begins a new epoch. Capture is the camera's
 * clock, by its sender reports, as long as it is near ours; cameras whose clock was never set would
 * date events years ago, and so the time of arrival stands in for them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "camera/rtsp/access_unit.h"
#include "camera/packet_pool.h"
#include "camera/rtsp/rtsp.h"
#include "camera/source_ops.h"
#include "camera/stream_size.h"

/* Of one picture: a 4K key frame has about a tenth of it. */
#define ACCESS_UNIT_MAX (16 << 20)

#define SETS_MAX 8192

/* The camera's clock may differ from ours by so much; beyond, it is wrong. */
#define CLOCK_TRUST_US 30000000

/* Time stamps against the time of arrival: beyond these it is another stream. */
#define JUMP_BACK_US  2000000
#define JUMP_AHEAD_US 10000000

struct rtsp {
    struct its_rtsp *session;
    struct its_assembler assembler;
    struct its_rtp waiting; /* the packet that ended the last picture, to be pushed again */
    bool has_waiting, has_first;
    bool first_again; /* assembler.unit is the picture its_source_open stopped at */

    uint8_t sets[SETS_MAX]; /* parameter sets of s->info */
    size_t sets_bytes;
    int width, height; /* of s->info; JPEG */

    uint32_t last_timestamp;
    int64_t pts; /* of the picture before, unwrapped */
    int64_t last_arrived_us;
    bool any_pts;

    struct its_rtcp report; /* the latest, if .report */
    bool clock_is_wrong;
    uint64_t counted_errors; /* of the assembler, already in s->errors */
};

/* --- pictures */

static void note_report(struct its_source *s, struct rtsp *r, const struct its_rtsp_packet *packet)
{
    struct its_rtcp rtcp;
    if (!its_rtcp_parse(packet->bytes, packet->size, &rtcp) || !rtcp.report)
        return;
    r->report = rtcp;
    int64_t ahead_us = rtcp.wall_us - its_wall_us();
    bool wrong = llabs(ahead_us) > CLOCK_TRUST_US;
    if (wrong && !r->clock_is_wrong)
        its_log(ITS_LOG_WARN, "camera",
                "%s: its clock is %.0f s %s ours; the time of arrival is used instead", s->name,
                (double)llabs(ahead_us) * 1e-6, ahead_us > 0 ? "ahead of" : "behind");
    r->clock_is_wrong = wrong;
}

static void count_errors(struct its_source *s, struct rtsp *r)
{
    const struct its_assembler *a = &r->assembler;
    uint64_t errors = a->lost + a->malformed + a->too_big;
    s->errors += errors - r->counted_errors;
    r->counted_errors = errors;
}

/* The next RTP packet of the video. */
static int next_rtp(struct its_source *s, struct rtsp *r, struct its_rtp *out,
                    struct its_error *err)
{
    int type = its_rtsp_video(r->session)->payload_type;
    for (;;) {
        struct its_rtsp_packet packet;
        int rc = its_rtsp_read(r->session, &packet, err);
        if (rc < 0)
            return rc;
        if (packet.rtcp || its_rtcp_is(packet.bytes, packet.size)) {
            note_report(s, r, &packet);
        } else if (!its_rtp_parse(packet.bytes, packet.size, out)) {
            s->errors++;
        } else if (out->type == type) {
            out->arrived_us = packet.arrived_us;
            return 0;
        }
    }
}

/* The next picture into r->assembler.unit. */
static int next_unit(struct its_source *s, struct rtsp *r, struct its_error *err)
{
    for (;;) {
        if (!r->has_waiting) {
            int rc = next_rtp(s, r, &r->waiting, err);
            if (rc < 0)
                return rc;
        }
        enum its_assembled got = its_assembler_push(&r->assembler, &r->waiting);
        r->has_waiting = got == ITS_AU_AGAIN;
        count_errors(s, r);
        if (got != ITS_AU_MORE)
            return 0;
    }
}

/* --- what the decoder must know */

static enum AVCodecID codec_id(enum its_rtp_codec codec)
{
    return codec == ITS_RTP_H264   ? AV_CODEC_ID_H264
           : codec == ITS_RTP_H265 ? AV_CODEC_ID_HEVC
                                   : AV_CODEC_ID_MJPEG;
}

/* The parameter sets of the picture, one after the other. Too many of them: none, and the decoder
 * reads them where they stand. */
static size_t gather_sets(const struct its_access_unit *u, uint8_t out[SETS_MAX])
{
    size_t n = 0;
    for (unsigned i = 0; i < u->sets; i++) {
        if (n + u->sets_size[i] > SETS_MAX)
            return 0;
        memcpy(out + n, u->data + u->sets_at[i], u->sets_size[i]);
        n += u->sets_size[i];
    }
    return n;
}

static int make_parameters(const struct rtsp *r, AVCodecParameters *par, double *fps)
{
    const struct its_access_unit *u = &r->assembler.unit;
    par->codec_type = AVMEDIA_TYPE_VIDEO;
    par->codec_id = codec_id(r->assembler.codec);
    if (r->sets_bytes) {
        par->extradata = av_mallocz(r->sets_bytes + AV_INPUT_BUFFER_PADDING_SIZE);
        if (!par->extradata)
            return -ENOMEM;
        memcpy(par->extradata, r->sets, r->sets_bytes);
        par->extradata_size = (int)r->sets_bytes;
    }
    if (r->assembler.codec == ITS_RTP_JPEG) {
        par->width = u->width;
        par->height = u->height;
        return 0;
    }
    return its_stream_size(par, u->data, u->size, fps);
}

static int begin_stream(struct its_source *s, struct rtsp *r, struct its_error *err)
{
    const struct its_sdp_video *video = its_rtsp_video(r->session);
    struct its_stream_info *info = NULL;
    double fps = 0;
    AVCodecParameters *par = avcodec_parameters_alloc();
    int rc = par ? make_parameters(r, par, &fps) : -ENOMEM;
    if (rc == 0 && !(info = its_stream_info_create(par)))
        rc = -ENOMEM;
    if (rc == 0) {
        snprintf(info->codec_name, sizeof(info->codec_name), "%s", avcodec_get_name(par->codec_id));
        info->coded_w = par->width;
        info->coded_h = par->height;
        info->time_base_num = 1;
        info->time_base_den = video->clock_rate;
        info->fps = video->fps > 0 ? video->fps : fps;
        its_source_begin(s, info, AV_NOPTS_VALUE);
    }
    avcodec_parameters_free(&par);
    if (rc < 0)
        return its_error_set(err, rc, "cannot read %s: %s", s->name, its_strerror(rc));
    return 0;
}

/* Notices a picture that begins with other parameters than the ones before. ITS_EDAMAGED: with some
 * that cannot be read; the picture is lost, the stream is not. */
static int follow_parameters(struct its_source *s, struct rtsp *r, struct its_error *err)
{
    const struct its_access_unit *u = &r->assembler.unit;
    uint8_t sets[SETS_MAX];
    if (r->assembler.codec == ITS_RTP_JPEG) {
        if (s->info && u->width == r->width && u->height == r->height)
            return 0;
        r->width = u->width;
        r->height = u->height;
        return begin_stream(s, r, err);
    }
    size_t n = u->has_sps && !u->damaged ? gather_sets(u, sets) : 0;
    bool same = n == 0 || (n == r->sets_bytes && memcmp(sets, r->sets, n) == 0);
    if (same && s->info)
        return 0;
    if (!same) {
        memcpy(r->sets, sets, n);
        r->sets_bytes = n;
    }
    return begin_stream(s, r, err);
}

/* --- opening */

/* Reads up to the first picture a decoder can begin with. */
static int find_beginning(struct its_source *s, struct rtsp *r, struct its_error *err)
{
    unsigned pictures = 0;
    for (;;) {
        int rc = next_unit(s, r, err);
        if (rc == -ETIMEDOUT)
            return its_error_set(err, rc,
                                 pictures ? "%s sends pictures, but no key frame to begin with"
                                          : "%s accepts the session but sends no picture",
                                 s->name);
        if (rc < 0)
            return rc;
        pictures++;
        const struct its_access_unit *u = &r->assembler.unit;
        if (!u->key || u->damaged || !(u->has_sps || r->sets_bytes || u->width))
            continue;
        rc = follow_parameters(s, r, err);
        if (rc != ITS_EDAMAGED)
            return rc;
        s->errors++;
    }
}

static int rtsp_open(struct its_source *s, struct its_error *err)
{
    struct rtsp *r = s->kind = its_malloc(sizeof(*r));
    struct its_address address;
    int rc = its_address_parse(s->set.url, &address, err);
    if (rc < 0)
        return its_error_prefix(err, "cannot open %s", s->name);
    its_source_start_clock(s, s->set.open_timeout_us);
    rc = its_rtsp_open(s, &address, &r->session, err);
    explicit_bzero(address.password, sizeof(address.password));
    if (rc < 0)
        return rc;
    const struct its_sdp_video *video = its_rtsp_video(r->session);
    its_assembler_init(&r->assembler, video->codec, video->donl, ACCESS_UNIT_MAX);
    memcpy(r->sets, video->sets, video->sets_bytes);
    r->sets_bytes = video->sets_bytes;
    rc = find_beginning(s, r, err);
    r->first_again = rc == 0;
    return rc;
}

static void rtsp_close(struct its_source *s)
{
    struct rtsp *r = s->kind;
    if (!r)
        return;
    its_rtsp_close(&r->session);
    its_assembler_fini(&r->assembler);
    free(r);
}

/* --- reading */

/* The 32-bit time stamp, counted on; a jump begins a new epoch. */
static int64_t follow_time(struct its_source *s, struct rtsp *r, const struct its_access_unit *u)
{
    int64_t step = r->any_pts ? (int32_t)(u->timestamp - r->last_timestamp) : 0;
    int64_t step_us = step * 1000000 / s->info->time_base_den;
    int64_t waited_us = r->any_pts ? u->arrived_us - r->last_arrived_us : 0;
    r->pts += step;
    if (step_us < -JUMP_BACK_US || step_us - waited_us > JUMP_AHEAD_US)
        its_timeline_next_epoch(&s->time, r->pts);
    r->any_pts = true;
    r->last_timestamp = u->timestamp;
    r->last_arrived_us = u->arrived_us;
    return r->pts;
}

static void stamp_capture(const struct its_source *s, const struct rtsp *r,
                          const struct its_access_unit *u, struct its_packet *p)
{
    if (!r->report.report || r->clock_is_wrong)
        return;
    int64_t since = (int32_t)(u->timestamp - r->report.timestamp);
    p->capture_us = r->report.wall_us + since * 1000000 / s->info->time_base_den;
    p->capture_source = ITS_CAPTURE_RTCP;
}

static int next_picture(struct its_source *s, struct rtsp *r, struct its_error *err)
{
    bool first = r->first_again;
    r->first_again = false;
    if (first)
        return 0;
    for (;;) {
        int rc = next_unit(s, r, err);
        if (rc < 0)
            return rc;
        rc = follow_parameters(s, r, err);
        if (rc != ITS_EDAMAGED)
            return rc;
        s->errors++;
    }
}

static int rtsp_read(struct its_source *s, struct its_packet *p, struct its_error *err)
{
    struct rtsp *r = s->kind;
    its_source_start_clock(s, s->set.read_timeout_us);
    int rc = next_picture(s, r, err);
    if (rc < 0)
        return rc;

    const struct its_access_unit *u = &r->assembler.unit;
    if (av_new_packet(p->av, (int)u->size) < 0)
        return its_error_set(err, -ENOMEM, "no memory");
    memcpy(p->av->data, u->data, u->size);
    p->av->pts = follow_time(s, r, u);
    p->av->flags = (u->key ? AV_PKT_FLAG_KEY : 0) | (u->damaged ? AV_PKT_FLAG_CORRUPT : 0);
    p->arrived_us = u->arrived_us;
    its_timeline_stamp(&s->time, p);
    stamp_capture(s, r, u, p);
    return 0;
}

const struct its_source_ops its_source_rtsp = {
    .schemes = (const char *const[]){"rtsp", "rtsps", NULL},
    .open = rtsp_open,
    .read = rtsp_read,
    .close = rtsp_close,
};
