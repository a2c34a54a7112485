/* Streams that libavformat brings: http(s) with MPEG-TS, fragmented MP4 or JPEG pictures one after
 * the other, and MPEG-TS by TCP or UDP.
 *
 * Such a stream plays at its sender's pace. Its pictures arrive when the container lets go of them:
 * fragments as a whole, MPEG-TS where the length is not written with the picture only when the next
 * one begins. `arrived` is that moment. Only the one address is opened: a playlist that names
 * others is refused, and so are redirections to other protocols. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>

#include "base/mem.h"
#include "camera/address.h"
#include "camera/demux.h"
#include "camera/source_ops.h"
#include "camera/wire.h"

/* Enough to see the parameters of a slow camera's stream, and a bound on what is kept meanwhile. */
#define PROBE_BYTES 4000000
#define PROBE_US    3000000

/* One picture; what is larger is given up. */
#define PICTURE_MAX (16 << 20)

/* libavformat collects a picture as long as it is told to; one read gets no more bytes than this.
 */
#define READ_MAX (64 << 20)

struct stream {
    AVIOContext *io; /* outlives the demuxer */
    struct its_demux demux;
    bool begun;       /* a key frame has been seen */
    int64_t read_end; /* the byte at which a read has taken too much */
};

static bool took_too_much(const struct stream *st)
{
    return st->io && avio_tell(st->io) > st->read_end;
}

/* libav's interrupt callback. */
static int interrupted(void *ctx)
{
    struct its_source *s = ctx;
    return its_source_interrupted(s) || took_too_much(s->kind);
}

/* libavformat splits "user:password@" at the first '@', and decodes nothing but it. */
static bool encode(const char *text, char *out, size_t size)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    size_t n = 0;
    for (const char *c = text; *c; c++) {
        if (n + 4 > size)
            return false;
        n += (size_t)(strchr(plain, *c) ? snprintf(out + n, size - n, "%c", *c)
                                        : snprintf(out + n, size - n, "%%%02X", (unsigned char)*c));
    }
    out[n] = 0;
    return true;
}

/* The address as libavformat reads it. */
static int rewrite(const struct its_address *a, char *out, size_t size)
{
    char user[800] = "", password[800] = "", bare[ITS_URL_MAX];
    int rc = its_address_format(a, bare, sizeof(bare));
    if (rc < 0)
        return rc;
    if (!a->has_user)
        return snprintf(out, size, "%s", bare) < (int)size ? 0 : -ENAMETOOLONG;
    if (!encode(a->user, user, sizeof(user)) || !encode(a->password, password, sizeof(password)))
        return -ENAMETOOLONG;
    int n = snprintf(out, size, "%s://%s:%s@%s", a->scheme, user, password,
                     bare + strlen(a->scheme) + 3);
    return n < (int)size ? 0 : -ENAMETOOLONG;
}

static int fail_opening(const struct its_source *s, const struct its_address *a, int code,
                        struct its_error *err)
{
    const char *why = its_strerror(code);
    if (code == ITS_EUNAUTHORISED)
        why = a->has_user ? "the camera refuses the user name or the password"
                          : "the camera asks for a user name and a password";
    else if (code == ITS_ENOTFOUND)
        why = "the camera knows no stream at this path";
    else if (code == -ECONNREFUSED)
        why = "it refuses connections on this port: nothing listens there";
    else if (code == -ETIMEDOUT)
        why = "it does not answer, or sends nothing";
    else if (code == -EIO || code == ITS_EDAMAGED || code == ITS_EEOF)
        why = "what it sends is no video stream";
    return its_error_set(err, code, "cannot open %s: %s", s->name, why);
}

static int open_io(struct its_source *s, struct stream *st, const struct its_address *a,
                   struct its_error *err)
{
    char address[ITS_URL_MAX * 2];
    int rc = rewrite(a, address, sizeof(address));
    if (rc < 0)
        return its_error_set(err, rc, "cannot open %s: its address is too long", s->name);

    AVDictionary *options = NULL;
    av_dict_set(&options, "protocol_whitelist", "http,https,tls,tcp,udp", 0);
    av_dict_set(&options, "user_agent", "its-camera-ai", 0);
    av_dict_set(&options, "seekable", "0", 0);
    av_dict_set(&options, "icy", "0", 0);
    av_dict_set(&options, "buffer_size", "2097152", 0); /* of the UDP socket */
    AVIOInterruptCB callback = {interrupted, s};
    rc = avio_open2(&st->io, address, AVIO_FLAG_READ, &callback, &options);
    av_dict_free(&options);
    explicit_bzero(address, sizeof(address));
    return rc < 0 ? fail_opening(s, a, its_source_map(s, rc), err) : 0;
}

static int open_demux(struct its_source *s, struct stream *st, const struct its_address *a,
                      struct its_error *err)
{
    const AVInputFormat *kind = NULL;
    int rc = av_probe_input_buffer2(st->io, &kind, s->name, NULL, 0, 0);
    if (rc < 0)
        return fail_opening(s, a, its_source_map(s, rc), err);
    if (av_match_name(kind->name, "concat,dash,hls,imf,rtsp,sdp"))
        return its_error_set(err, ITS_EUNSUPPORTED,
                             "%s is a playlist, which only names other addresses: give the stream "
                             "itself",
                             s->name);
    AVDictionary *options = NULL;
    av_dict_set(&options, "protocol_whitelist", "none", 0);
    av_dict_set_int(&options, "probesize", PROBE_BYTES, 0);
    av_dict_set_int(&options, "analyzeduration", PROBE_US, 0);
    rc = its_demux_open(&st->demux, s, &(struct its_demux_input){s->name, st->io, kind, &options},
                        err);
    av_dict_free(&options);
    s->time.may_jump = true;
    return rc;
}

static int stream_open(struct its_source *s, struct its_error *err)
{
    struct stream *st = s->kind = its_malloc(sizeof(*st));
    struct its_address address;
    st->read_end = READ_MAX;
    its_source_start_clock(s, s->set.open_timeout_us);
    int rc = its_address_parse(s->set.url, &address, err);
    if (rc < 0)
        return its_error_prefix(err, "cannot open %s", s->name);
    rc = its_wire_check_host(address.host, err);
    if (rc < 0)
        return its_error_prefix(err, "cannot open %s", s->name);
    rc = open_io(s, st, &address, err);
    if (rc == 0)
        rc = open_demux(s, st, &address, err);
    explicit_bzero(address.password, sizeof(address.password));
    return rc;
}

static void stream_close(struct its_source *s)
{
    struct stream *st = s->kind;
    if (!st)
        return;
    its_demux_close(&st->demux);
    avio_closep(&st->io);
    free(st);
}

/* We may have come in the middle of a group of pictures, and some pictures may be monsters. */
static bool is_usable(struct its_source *s, struct stream *st, const AVPacket *av)
{
    st->begun |= av->flags & AV_PKT_FLAG_KEY;
    if (av->size <= PICTURE_MAX)
        return st->begun;
    s->errors++;
    return false;
}

static int stream_read(struct its_source *s, struct its_packet *p, struct its_error *err)
{
    struct stream *st = s->kind;
    for (;;) {
        st->read_end = avio_tell(st->io) + READ_MAX;
        int rc = its_demux_read(&st->demux, s, p, s->set.read_timeout_us, err);
        if (rc < 0 && took_too_much(st))
            return its_error_set(err, ITS_ETOOBIG, "%s sends a picture of more than %d MB", s->name,
                                 READ_MAX >> 20);
        if (rc == ITS_EEOF || rc == -EIO) /* a camera does not end */
            return its_error_set(err, -ECONNRESET, "%s has closed the connection", s->name);
        if (rc == -ETIMEDOUT)
            return its_error_set(err, rc, "%s sends nothing any more", s->name);
        if (rc < 0)
            return rc;
        if (is_usable(s, st, p->av))
            break;
        av_packet_unref(p->av);
    }
    its_timeline_stamp(&s->time, p);
    return 0;
}

const struct its_source_ops its_source_stream = {
    .schemes = (const char *const[]){"http", "https", "tcp", "udp", NULL},
    .open = stream_open,
    .read = stream_read,
    .close = stream_close,
};
