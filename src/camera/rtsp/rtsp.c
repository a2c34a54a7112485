/* Requests are asked one at a time; whatever else comes meanwhile (packets of the stream, requests
 * of the server, late answers to keep-alives) is told apart by its first bytes: '$' begins a packet
 * between the messages (RFC 2326 10.12), a letter a message. */
#include "camera/rtsp/rtsp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "camera/rtsp/digest.h"
#include "camera/rtsp/rtp.h"
#include "camera/rtsp/message.h"
#include "camera/rtsp/udp_pair.h"
#include "camera/wire.h"

/* Two of the largest packets between messages, or a message with its body. */
#define BUFFER_BYTES (2 * 65540)

/* So many bytes in a row that are neither packet nor message: there is no way back. */
#define GARBAGE_MAX (1 << 20)

/* RFC 2326 12.37, for servers that do not say. */
#define SESSION_TIMEOUT_S 60

#define US_PER_S 1000000

struct its_rtsp {
    struct its_source *source; /* borrowed */
    struct its_address address;
    char uri[ITS_URL_MAX];  /* as asked for */
    char base[ITS_URL_MAX]; /* what control addresses stand behind */
    char aggregate[ITS_URL_MAX];

    struct its_wire wire;
    char *buf;
    size_t start, end; /* bytes in buf not yet taken */
    size_t taken;      /* of them, by the item handed out last */
    size_t garbage;
    bool playing;

    unsigned cseq;
    struct its_challenge challenge;
    char session[128];
    int64_t keep_alive_every_us, keep_alive_us;
    bool keep_alive_by_options; /* it knows no GET_PARAMETER */

    struct its_sdp_video video;
    int channel; /* of RTP; RTCP is the next one */
    struct its_udp_pair *udp;
};

/* --- what comes in */

struct item {
    bool is_message;
    struct its_rtsp_message message;
    int channel;
    const uint8_t *bytes; /* of a packet */
    size_t size;
};

/* Bytes of the item at buf; 0: more are needed; negative: none begins here. */
static int parse_item(struct its_rtsp *r, struct item *it)
{
    const char *p = r->buf + r->start;
    size_t n = r->end - r->start;
    *it = (struct item){0};
    if (n < 4)
        return 0;
    if (*p != '$') {
        it->is_message = true;
        if (r->playing && (*p < 'A' || *p > 'Z'))
            return ITS_EDAMAGED;
        return its_rtsp_message_parse(p, n, &it->message);
    }
    it->channel = (unsigned char)p[1];
    it->size = (size_t)(unsigned char)p[2] << 8 | (unsigned char)p[3];
    it->bytes = (const uint8_t *)p + 4;
    return n < 4 + it->size ? 0 : (int)(4 + it->size);
}

/* Passes over what makes no sense, up to where an item may begin. */
static int skip_garbage(struct its_rtsp *r, int why)
{
    size_t from = r->start;
    if (!r->playing)
        return why;
    if (r->garbage == 0)
        r->source->errors++;
    do
        r->start++;
    while (r->start < r->end && r->buf[r->start] != '$' &&
           strncmp(r->buf + r->start, "RTSP/", ITS_MIN(r->end - r->start, 5)) != 0);
    r->garbage += r->start - from;
    return r->garbage > GARBAGE_MAX ? ITS_EDAMAGED : 0;
}

static int fill(struct its_rtsp *r)
{
    memmove(r->buf, r->buf + r->start, r->end - r->start);
    r->end -= r->start;
    r->start = 0;
    if (r->end == BUFFER_BYTES)
        return ITS_ETOOBIG;
    int n = its_wire_read(&r->wire, r->buf + r->end, BUFFER_BYTES - r->end);
    if (n < 0)
        return n;
    r->end += (size_t)n;
    return 0;
}

/* What is in the buffer, or comes next from the connection. */
static int next_item(struct its_rtsp *r, struct item *it)
{
    r->start += r->taken;
    r->taken = 0;
    for (;;) {
        int n = parse_item(r, it);
        if (n > 0) {
            r->taken = (size_t)n;
            r->garbage = 0;
            return 0;
        }
        int rc = n < 0 ? skip_garbage(r, n) : fill(r);
        if (rc < 0)
            return rc;
    }
}

/* --- asking */

static int fail(const struct its_rtsp *r, int code, const char *what, struct its_error *err)
{
    return its_error_set(err, code, "cannot open %s: %s", r->source->name, what);
}

static int fail_wire(const struct its_rtsp *r, int code, const char *method, struct its_error *err)
{
    char text[160];
    if (code == ITS_EDAMAGED || code == ITS_ETOOBIG)
        snprintf(text, sizeof(text), "what answers there does not speak RTSP");
    else if (code == -ETIMEDOUT)
        snprintf(text, sizeof(text), "it accepts the connection but does not answer (%s)", method);
    else if (code == ITS_EEOF || code == -ECONNRESET || code == -EPIPE)
        snprintf(text, sizeof(text), "it closes the connection without an answer (%s)", method);
    else
        snprintf(text, sizeof(text), "%.150s", its_strerror(code));
    return fail(r, code == ITS_EEOF ? -ECONNRESET : code, text, err);
}

static int fail_status(const struct its_rtsp *r, int status, const char *method,
                       struct its_error *err)
{
    char text[128];
    switch (status) {
    case 401:
        return fail(r, ITS_EUNAUTHORISED,
                    r->address.has_user ? "the camera refuses the user name or the password"
                                        : "the camera asks for a user name and a password",
                    err);
    case 403:
        return fail(r, ITS_EUNAUTHORISED, "the camera forbids access to this path", err);
    case 404:
    case 410:
        return fail(r, ITS_ENOTFOUND, "the camera knows no stream at this path", err);
    case 461:
        snprintf(text, sizeof(text), "the camera does not offer %s: try transport: %s",
                 r->udp ? "UDP" : "RTSP over TCP", r->udp ? "tcp" : "udp");
        return fail(r, ITS_EUNSUPPORTED, text, err);
    default:
        snprintf(text, sizeof(text), "the camera answers %d to %s", status, method);
        return fail(r, status >= 500 ? -EBUSY : -EPROTO, text, err);
    }
}

static int send_request(struct its_rtsp *r, const char *method, const char *uri, const char *more,
                        bool last)
{
    char value[2048];
    struct its_str s = {0};
    its_str_printf(&s, "%s %s RTSP/1.0\r\nCSeq: %u\r\nUser-Agent: its-camera-ai\r\n", method, uri,
                   ++r->cseq);
    if (r->session[0])
        its_str_printf(&s, "Session: %s\r\n", r->session);
    if (r->challenge.scheme != ITS_AUTH_NONE && r->address.has_user &&
        its_challenge_answer(&r->challenge, r->address.user, r->address.password, method, uri,
                             value, sizeof(value)))
        its_str_printf(&s, "Authorization: %s\r\n", value);
    its_str_printf(&s, "%s\r\n", more);
    int rc = 0;
    if (last)
        its_wire_write_last(&r->wire, s.data, s.len);
    else
        rc = its_wire_write(&r->wire, s.data, s.len);
    its_str_fini(&s);
    return rc;
}

/* Reads up to the answer to the latest request. A packet of the stream counts as one to PLAY: it
 * may come first. */
static int await(struct its_rtsp *r, struct its_rtsp_message *reply)
{
    struct item it;
    for (;;) {
        int rc = next_item(r, &it);
        if (rc < 0)
            return rc;
        if (!it.is_message && r->playing) {
            r->taken = 0; /* stays for the reader */
            *reply = (struct its_rtsp_message){.status = 200};
            return 0;
        }
        char cseq[16];
        if (it.is_message && it.message.status >= 200 &&
            (!its_rtsp_message_header(&it.message, "CSeq", 0, cseq, sizeof(cseq)) ||
             strtoul(cseq, NULL, 10) == r->cseq)) {
            *reply = it.message;
            return 0;
        }
    }
}

/* Reads the challenges of a 401. True: it is worth asking again. */
static bool take_challenge(struct its_rtsp *r, const struct its_rtsp_message *reply)
{
    bool tried = r->challenge.scheme != ITS_AUTH_NONE;
    char value[1024];
    struct its_challenge c = {0};
    for (unsigned i = 0;
         its_rtsp_message_header(reply, "WWW-Authenticate", i, value, sizeof(value)); i++)
        its_challenge_add(&c, value);
    if (c.scheme == ITS_AUTH_NONE || !r->address.has_user || (tried && !c.stale))
        return false;
    r->challenge = c;
    return true;
}

/* One request and its answer, which is 2xx on success. */
static int ask(struct its_rtsp *r, const char *method, const char *uri, const char *more,
               struct its_rtsp_message *reply, struct its_error *err)
{
    for (int attempt = 0;; attempt++) {
        int rc = send_request(r, method, uri, more, false);
        if (rc == 0)
            rc = await(r, reply);
        if (rc < 0)
            return fail_wire(r, rc, method, err);
        if (reply->status / 100 == 2)
            return 0;
        if (reply->status != 401 || attempt == 2 || !take_challenge(r, reply))
            return fail_status(r, reply->status, method, err);
    }
}

/* --- opening */

/* "DESCRIBE" tells what there is and where. */
static void set_base(struct its_rtsp *r, const struct its_rtsp_message *reply)
{
    static const char *const names[] = {"Content-Base", "Content-Location"};
    for (size_t i = 0; i < ITS_ARRAY_LEN(names); i++)
        if (its_rtsp_message_header(reply, names[i], 0, r->base, sizeof(r->base)) &&
            strstr(r->base, "://"))
            return;
    memcpy(r->base, r->uri, sizeof(r->base));
}

static int resolve(const struct its_rtsp *r, const char *control, char *out, size_t size)
{
    if (!control[0] || strcmp(control, "*") == 0)
        return snprintf(out, size, "%s", r->base) < (int)size ? 0 : ITS_ETOOBIG;
    if (strstr(control, "://"))
        return snprintf(out, size, "%s", control) < (int)size ? 0 : ITS_ETOOBIG;
    size_t n = strlen(r->base);
    const char *slash = n && r->base[n - 1] != '/' && control[0] != '/' ? "/" : "";
    return snprintf(out, size, "%s%s%s", r->base, slash, control) < (int)size ? 0 : ITS_ETOOBIG;
}

static int describe(struct its_rtsp *r, struct its_error *err)
{
    struct its_rtsp_message reply;
    int rc = ask(r, "DESCRIBE", r->uri, "Accept: application/sdp\r\n", &reply, err);
    if (rc < 0)
        return rc;
    set_base(r, &reply);
    rc = its_sdp_parse(reply.body, reply.body_len, &r->video, err);
    if (rc < 0)
        return its_error_prefix(err, "%s", r->source->name);
    rc = resolve(r, r->video.session_control, r->aggregate, sizeof(r->aggregate));
    return rc < 0 ? fail(r, rc, "its control address is too long", err) : 0;
}

/* The number behind `name=` in a list with semicolons, and the one behind its '-'. */
static bool find_pair(const char *list, const char *name, int *first, int *second)
{
    const char *at = strcasestr(list, name);
    if (!at)
        return false;
    int n = sscanf(at + strlen(name), "%d-%d", first, second);
    if (n == 1)
        *second = *first + 1;
    return n >= 1;
}

static void take_session(struct its_rtsp *r, const struct its_rtsp_message *reply)
{
    char text[256];
    int timeout_s = SESSION_TIMEOUT_S;
    if (its_rtsp_message_header(reply, "Session", 0, text, sizeof(text))) {
        const char *at = strcasestr(text, "timeout=");
        if (at)
            timeout_s = atoi(at + 8);
        text[strcspn(text, "; \t")] = 0;
        snprintf(r->session, sizeof(r->session), "%.127s", text);
    }
    timeout_s = ITS_MAX(10, ITS_MIN(timeout_s, 600));
    r->keep_alive_every_us = (int64_t)timeout_s * US_PER_S / 2;
    r->keep_alive_us = its_mono_us() + r->keep_alive_every_us;
}

static int take_transport(struct its_rtsp *r, const struct its_rtsp_message *reply,
                          struct its_error *err)
{
    char text[512] = "";
    int first = 0, second = 1;
    its_rtsp_message_header(reply, "Transport", 0, text, sizeof(text));
    if (!r->udp) {
        if (strcasestr(text, "interleaved") == NULL && strcasestr(text, "udp"))
            return fail_status(r, 461, "SETUP", err);
        find_pair(text, "interleaved=", &first, &second);
        r->channel = first;
        return 0;
    }
    if (!find_pair(text, "server_port=", &first, &second))
        first = second =
            0; /* some do not say: then packets from any port of the camera are taken */
    int rc = its_udp_pair_connect(r->udp, &r->wire, first, second);
    return rc < 0 ? fail(r, rc, its_strerror(rc), err) : 0;
}

static int setup(struct its_rtsp *r, struct its_error *err)
{
    char uri[ITS_URL_MAX], more[96] = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n";
    int rc = resolve(r, r->video.control, uri, sizeof(uri));
    if (rc < 0)
        return fail(r, rc, "its control address is too long", err);
    if (r->source->set.transport == ITS_TRANSPORT_UDP) {
        rc = its_udp_pair_open(&r->wire, &r->udp);
        if (rc < 0)
            return fail(r, rc, "no pair of UDP ports can be had here", err);
        int port = its_udp_pair_port(r->udp);
        snprintf(more, sizeof(more), "Transport: RTP/AVP;unicast;client_port=%d-%d\r\n", port,
                 port + 1);
    }
    struct its_rtsp_message reply;
    rc = ask(r, "SETUP", uri, more, &reply, err);
    if (rc < 0)
        return rc;
    take_session(r, &reply);
    return take_transport(r, &reply, err);
}

static int play(struct its_rtsp *r, struct its_error *err)
{
    struct its_rtsp_message reply;
    r->playing = true;
    return ask(r, "PLAY", r->aggregate, "Range: npt=0.000-\r\n", &reply, err);
}

static int connect_to(struct its_rtsp *r, struct its_error *err)
{
    const struct its_address *a = &r->address;
    bool tls = strcmp(a->scheme, "rtsps") == 0;
    int rc = its_address_format(a, r->uri, sizeof(r->uri));
    if (rc < 0)
        return fail(r, rc, "its address is too long", err);
    rc = its_wire_connect(&r->wire, r->source, a->host,
                          a->port ? a->port
                          : tls   ? 322
                                  : 554,
                          tls, err);
    return rc < 0 ? its_error_prefix(err, "cannot open %s", r->source->name) : 0;
}

int its_rtsp_open(struct its_source *source, const struct its_address *address,
                  struct its_rtsp **out, struct its_error *err)
{
    struct its_rtsp *r = its_malloc(sizeof(*r));
    r->source = source;
    r->address = *address;
    r->buf = its_malloc(BUFFER_BYTES);
    *out = NULL;
    int rc = connect_to(r, err);
    if (rc == 0)
        rc = describe(r, err);
    if (rc == 0)
        rc = setup(r, err);
    if (rc == 0)
        rc = play(r, err);
    if (rc < 0) {
        its_rtsp_close(&r);
        return rc;
    }
    *out = r;
    return 0;
}

const struct its_sdp_video *its_rtsp_video(const struct its_rtsp *r)
{
    return &r->video;
}

void its_rtsp_close(struct its_rtsp **pr)
{
    struct its_rtsp *r = *pr;
    if (!r)
        return;
    *pr = NULL;
    if (r->session[0])
        send_request(r, "TEARDOWN", r->aggregate, "", true);
    its_udp_pair_close(&r->udp);
    its_wire_close(&r->wire);
    free(r->buf);
    free(r);
}

/* --- reading */

static int keep_alive(struct its_rtsp *r)
{
    int64_t now = its_mono_us();
    if (now < r->keep_alive_us)
        return 0;
    r->keep_alive_us = now + r->keep_alive_every_us;
    return send_request(r, r->keep_alive_by_options ? "OPTIONS" : "GET_PARAMETER", r->aggregate, "",
                        false);
}

static int read_between_messages(struct its_rtsp *r, struct its_rtsp_packet *out)
{
    struct item it;
    for (;;) {
        int rc = next_item(r, &it);
        if (rc < 0)
            return rc;
        if (it.is_message && it.message.status >= 400)
            r->keep_alive_by_options = true;
        if (it.is_message || (it.channel != r->channel && it.channel != r->channel + 1))
            continue;
        *out =
            (struct its_rtsp_packet){it.bytes, it.size, r->wire.read_us, it.channel != r->channel};
        return 0;
    }
}

int its_rtsp_read(struct its_rtsp *r, struct its_rtsp_packet *out, struct its_error *err)
{
    int rc = keep_alive(r);
    if (rc == 0)
        rc = r->udp ? its_udp_pair_read(r->udp, &r->wire, out) : read_between_messages(r, out);
    if (rc == -ETIMEDOUT)
        return its_error_set(err, rc, "%s sends nothing any more", r->source->name);
    if (rc == ITS_EEOF || rc == -ECONNRESET || rc == -EPIPE)
        return its_error_set(err, -ECONNRESET, "%s has closed the connection", r->source->name);
    if (rc < 0)
        return its_error_set(err, rc, "cannot read on from %s: %s", r->source->name,
                             its_strerror(rc));
    return 0;
}
