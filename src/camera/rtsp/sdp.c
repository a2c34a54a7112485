#include "camera/rtsp/sdp.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/base64.h>

#include "base/number.h"

struct parse {
    struct its_sdp_video now; /* the section being read */
    bool in_video;
    unsigned sections, videos;
    char others[96]; /* kinds of the sections that are not video */
};

/* --- lines */

static void set(char *out, size_t size, const char *value)
{
    snprintf(out, size, "%.*s", (int)size - 1, value);
}

/* Names from outside end up in sentences for people. */
static void set_word(char *out, size_t size, const char *value)
{
    set(out, size, value);
    for (char *c = out; *c; c++)
        if (!isalnum((unsigned char)*c) && *c != '-' && *c != '.')
            *c = '?';
}

static enum its_rtp_codec codec_of(const char *name)
{
    if (strcasecmp(name, "H264") == 0)
        return ITS_RTP_H264;
    if (strcasecmp(name, "H265") == 0 || strcasecmp(name, "HEVC") == 0)
        return ITS_RTP_H265;
    if (strcasecmp(name, "JPEG") == 0)
        return ITS_RTP_JPEG;
    return ITS_RTP_OTHER;
}

/* "video 0 RTP/AVP 96 97": the first payload type is taken. */
static void parse_media(struct parse *p, const char *value)
{
    char word[16] = "", kind[16], protocol[32] = "", session_control[512];
    int type = -1;
    memcpy(session_control, p->now.session_control, sizeof(session_control));
    (void)!sscanf(value, "%15s %*s %31s %d", word, protocol, &type);
    set_word(kind, sizeof(kind), word);
    p->sections++;
    p->in_video = strcmp(kind, "video") == 0;
    p->now = (struct its_sdp_video){.payload_type = type, .clock_rate = 90000};
    memcpy(p->now.session_control, session_control, sizeof(session_control));
    if (p->in_video) {
        p->videos++;
        if (type == 26) { /* RFC 3551: JPEG needs no rtpmap */
            p->now.codec = ITS_RTP_JPEG;
            set(p->now.encoding, sizeof(p->now.encoding), "JPEG");
        }
    } else if (!strstr(p->others, kind)) {
        size_t n = strlen(p->others);
        snprintf(p->others + n, sizeof(p->others) - n, "%s%s", n ? " and " : "", kind);
    }
}

/* "96 H264/90000" */
static void parse_rtpmap(struct its_sdp_video *v, const char *value)
{
    int type = -1, rate = 0;
    char name[32] = "";
    if (sscanf(value, "%d %31[^/ ]/%d", &type, name, &rate) < 2 || type != v->payload_type)
        return;
    set_word(v->encoding, sizeof(v->encoding), name);
    v->codec = codec_of(name);
    if (rate >= 1000 && rate <= 1000000)
        v->clock_rate = rate;
}

/* One parameter set in base64, appended with a start code. What does not fit is left out: the
 * stream brings its sets too. */
static void add_set(struct its_sdp_video *v, const char *text)
{
    static const uint8_t start[4] = {0, 0, 0, 1};
    uint8_t bytes[ITS_SDP_SETS_MAX];
    int n = av_base64_decode(bytes, text, sizeof(bytes));
    if (n <= 2 || v->sets_bytes + sizeof(start) + (size_t)n > sizeof(v->sets))
        return;
    memcpy(v->sets + v->sets_bytes, start, sizeof(start));
    memcpy(v->sets + v->sets_bytes + sizeof(start), bytes, (size_t)n);
    v->sets_bytes += sizeof(start) + (size_t)n;
}

static void parse_format(struct its_sdp_video *v, char *value)
{
    char *rest = value;
    int type = (int)strtol(value, &rest, 10);
    if (rest == value || type != v->payload_type)
        return;
    for (char *item; (item = strsep(&rest, ";"));) {
        item += strspn(item, " \t");
        char *text = item, *name = strsep(&text, "=");
        if (!text)
            continue;
        text[strcspn(text, " \t")] = 0;
        if (strcasecmp(name, "sprop-max-don-diff") == 0)
            v->donl = atoi(text) > 0;
        else if (strcasecmp(name, "sprop-parameter-sets") == 0 ||
                 strcasecmp(name, "sprop-vps") == 0 || strcasecmp(name, "sprop-sps") == 0 ||
                 strcasecmp(name, "sprop-pps") == 0)
            for (char *one; (one = strsep(&text, ","));)
                add_set(v, one);
    }
}

static void parse_attribute(struct parse *p, char *value)
{
    struct its_sdp_video *v = &p->now;
    char *text = value, *name = strsep(&text, ":");
    if (!text)
        return;
    text += strspn(text, " \t");
    if (strcmp(name, "control") == 0) {
        char *out = p->sections ? v->control : v->session_control;
        set(out, sizeof(v->control), text);
    } else if (!p->in_video) {
        return;
    } else if (strcmp(name, "rtpmap") == 0) {
        parse_rtpmap(v, text);
    } else if (strcmp(name, "fmtp") == 0) {
        parse_format(v, text);
    } else if (strcmp(name, "framerate") == 0) {
        double fps;
        if (its_number_parse(text, &fps) == 0 && fps > 0 && fps <= 1000)
            v->fps = fps;
    }
}

/* --- sections */

static void end_section(const struct parse *p, struct its_sdp_video *best)
{
    bool better =
        best->payload_type < 0 || (best->codec == ITS_RTP_OTHER && p->now.codec != ITS_RTP_OTHER);
    if (p->in_video && better)
        *best = p->now;
}

static int verdict(const struct parse *p, const struct its_sdp_video *best, struct its_error *err)
{
    if (p->sections == 0)
        return its_error_set(err, ITS_EDAMAGED, "describes no stream at all");
    if (p->videos == 0)
        return its_error_set(err, ITS_ENOVIDEO, "sends no video, only %.90s", p->others);
    if (best->codec == ITS_RTP_OTHER)
        return its_error_set(err, ITS_EUNSUPPORTED,
                             "sends %s video: over RTSP, H.264, H.265 and JPEG are understood",
                             best->encoding[0] ? best->encoding : "an unnamed kind of");
    return 0;
}

int its_sdp_parse(const char *text, size_t len, struct its_sdp_video *out, struct its_error *err)
{
    struct parse p = {0};
    char line[ITS_SDP_SETS_MAX * 2];
    *out = (struct its_sdp_video){.payload_type = -1};
    for (const char *end = text + len, *next; text < end; text = next) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        next = stop ? stop + 1 : end;
        size_t n = (size_t)(next - text);
        if (n < 3 || n >= sizeof(line) || text[1] != '=')
            continue;
        memcpy(line, text, n);
        line[n] = 0;
        line[strcspn(line, "\r\n")] = 0;
        if (line[0] == 'm') {
            end_section(&p, out);
            parse_media(&p, line + 2);
        } else if (line[0] == 'a') {
            parse_attribute(&p, line + 2);
        }
    }
    end_section(&p, out);
    return verdict(&p, out, err);
}
