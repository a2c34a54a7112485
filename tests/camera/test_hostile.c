/* Cameras that lie, flood or fall silent in mid-word: each ends with an error of its own or is read
 * past, in bounded time and memory. A thread plays the camera on loopback. */
#include "camera/source.h"

#include <arpa/inet.h>
#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"

/* --- the camera */

struct camera;

/* Plays after the handshake, or instead of it. */
typedef void (*play_fn)(struct camera *c);

struct camera {
    int listener, fd, port;
    bool skip_handshake;
    play_fn play;
    pthread_t thread;
    uint16_t seq;
    uint32_t dice;
};

static bool put(struct camera *c, const void *bytes, size_t n)
{
    return send(c->fd, bytes, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static bool put_text(struct camera *c, const char *text)
{
    return put(c, text, strlen(text));
}

/* One request, whatever it is. False: the other side has gone. */
static bool take_request(struct camera *c, char *text, size_t size)
{
    size_t n = 0;
    while (n + 1 < size) {
        ssize_t got = recv(c->fd, text + n, 1, 0);
        if (got <= 0)
            return false;
        text[++n] = 0;
        if (n >= 4 && strcmp(text + n - 4, "\r\n\r\n") == 0)
            return true;
    }
    return false;
}

static bool reply(struct camera *c, int cseq, const char *more, const char *body)
{
    char text[2048];
    snprintf(text, sizeof(text), "RTSP/1.0 200 OK\r\nCSeq: %d\r\n%sContent-Length: %zu\r\n\r\n%s",
             cseq, more, strlen(body), body);
    return put_text(c, text);
}

static bool handshake(struct camera *c)
{
    char text[2048];
    return take_request(c, text, sizeof(text)) &&
           reply(c, 1, "", "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n") &&
           take_request(c, text, sizeof(text)) &&
           reply(c, 2, "Session: 1\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n", "") &&
           take_request(c, text, sizeof(text)) && reply(c, 3, "Session: 1\r\n", "");
}

static bool put_rtp(struct camera *c, uint32_t timestamp, bool marker, const void *payload,
                    size_t n)
{
    uint8_t head[16] = {'$',
                        0,
                        (uint8_t)((n + 12) >> 8),
                        (uint8_t)(n + 12),
                        0x80,
                        (uint8_t)(marker << 7 | 96),
                        (uint8_t)(c->seq >> 8),
                        (uint8_t)c->seq,
                        (uint8_t)(timestamp >> 24),
                        (uint8_t)(timestamp >> 16),
                        (uint8_t)(timestamp >> 8),
                        (uint8_t)timestamp};
    c->seq++;
    return put(c, head, sizeof(head)) && put(c, payload, n);
}

/* 320x240, baseline, and a slice of it. */
static const uint8_t sps[] = {0x67, 0x42, 0xc0, 0x1e, 0xda, 0x05, 0x07, 0xe4};
static const uint8_t pps[] = {0x68, 0xce, 0x3c, 0x80};
static const uint8_t idr[] = {0x65, 0x88, 0x84, 0x00, 0x10, 0xff};
static const uint8_t slice[] = {0x41, 0x9a, 0x02, 0x04};

static bool put_key(struct camera *c, uint32_t timestamp)
{
    return put_rtp(c, timestamp, false, sps, sizeof(sps)) &&
           put_rtp(c, timestamp, false, pps, sizeof(pps)) &&
           put_rtp(c, timestamp, true, idr, sizeof(idr));
}

static void *run_camera(void *arg)
{
    struct camera *c = arg;
    c->fd = accept(c->listener, NULL, NULL);
    if (c->fd >= 0) {
        if (c->skip_handshake || handshake(c))
            c->play(c);
        close(c->fd);
    }
    return NULL;
}

static void start_camera(struct camera *c, play_fn play, bool skip_handshake)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);
    *c = (struct camera){.play = play, .skip_handshake = skip_handshake, .dice = 1};
    c->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(c->listener, (struct sockaddr *)&a, len), 0);
    assert_int_equal(listen(c->listener, 1), 0);
    assert_int_equal(getsockname(c->listener, (struct sockaddr *)&a, &len), 0);
    c->port = ntohs(a.sin_port);
    assert_int_equal(pthread_create(&c->thread, NULL, run_camera, c), 0);
}

static void stop_camera(struct camera *c)
{
    shutdown(c->listener, SHUT_RDWR);
    pthread_join(c->thread, NULL);
    close(c->listener);
}

/* --- our side */

#define TIMEOUT_US 1500000

static struct its_cancel *cancel;

static int open_camera(const struct camera *c, struct its_source **s, struct its_error *err)
{
    char url[64];
    struct its_source_settings set;
    its_source_defaults(&set);
    snprintf(url, sizeof(url), "rtsp://u:hush@127.0.0.1:%d/cam", c->port);
    set.url = url;
    set.open_timeout_us = set.read_timeout_us = TIMEOUT_US;
    return its_source_open(&set, cancel, s, err);
}

/* Opens, reads until it fails; how many pictures there were. */
static unsigned use_camera(const struct camera *c, int *code, uint64_t *errors,
                           struct its_error *err)
{
    struct its_source *s;
    struct its_packet *p;
    unsigned pictures = 0;
    *errors = 0;
    *code = open_camera(c, &s, err);
    if (*code < 0)
        return 0;
    while ((*code = its_source_read(s, &p, err)) == 0) {
        pictures++;
        its_packet_unref(&p);
    }
    *errors = its_source_errors(s);
    its_source_close(&s);
    return pictures;
}

static void expect_refusal(play_fn play, int code, const char *text)
{
    struct camera c;
    struct its_error err = {0};
    uint64_t errors;
    int rc;
    start_camera(&c, play, true);
    int64_t start_us = its_mono_us();
    use_camera(&c, &rc, &errors, &err);
    int64_t took_us = its_mono_us() - start_us;
    stop_camera(&c);
    print_message("%s\n", err.text);
    if (rc != code || !strstr(err.text, text))
        fail_msg("%d '%s': expected %d '%s'", rc, err.text, code, text);
    assert_null(strstr(err.text, "hush"));
    assert_in_range(took_us, 0, TIMEOUT_US + 500000);
}

/* --- instead of a handshake */

static void hang(struct camera *c)
{
    char sink[512];
    while (recv(c->fd, sink, sizeof(sink), 0) > 0) {
    }
}

static void say_garbage(struct camera *c)
{
    put_text(c, "\x16\x03\x01 no RTSP at all\r\n\r\n");
    hang(c);
}

static void say_http(struct camera *c)
{
    put_text(c, "HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nno\n");
    hang(c);
}

static void endless_headers(struct camera *c)
{
    put_text(c, "RTSP/1.0 200 OK\r\n");
    while (put_text(c, "X-More: and more and more and more and more and more and more\r\n")) {
    }
}

static void huge_body(struct camera *c)
{
    put_text(c, "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 4000000000\r\n\r\n");
    hang(c);
}

static void half_a_reply(struct camera *c)
{
    put_text(c, "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Le");
    hang(c);
}

/* Waits until the other side hangs up, at most so long: the pace of an attack. */
static void pause_unless_left(const struct camera *c, int ms)
{
    struct pollfd fd = {.fd = c->fd, .events = POLLRDHUP};
    poll(&fd, 1, ms);
}

static void drip(struct camera *c)
{
    while (put_text(c, "A"))
        pause_unless_left(c, 20);
}

static void hang_up(struct camera *c)
{
    char text[2048];
    take_request(c, text, sizeof(text));
}

static void refuse_for_ever(struct camera *c)
{
    char text[2048];
    for (int i = 1; take_request(c, text, sizeof(text)); i++) {
        snprintf(text, sizeof(text),
                 "RTSP/1.0 401 No\r\nCSeq: %d\r\n"
                 "WWW-Authenticate: Digest realm=\"r\", nonce=\"%d\", stale=true\r\n\r\n",
                 i, i);
        put_text(c, text);
    }
}

static void test_bad_handshakes(void **state)
{
    expect_refusal(say_garbage, ITS_EDAMAGED, "does not speak RTSP");
    expect_refusal(say_http, ITS_EDAMAGED, "does not speak RTSP");
    expect_refusal(endless_headers, ITS_ETOOBIG, "does not speak RTSP");
    expect_refusal(huge_body, ITS_ETOOBIG, "does not speak RTSP");
    expect_refusal(half_a_reply, -ETIMEDOUT, "does not answer (DESCRIBE)");
    expect_refusal(drip, -ETIMEDOUT, "does not answer (DESCRIBE)");
    expect_refusal(hang_up, -ECONNRESET, "closes the connection");
    expect_refusal(refuse_for_ever, ITS_EUNAUTHORISED, "refuses the user name or the password");
}

/* --- after it */

static void no_key_frame(struct camera *c)
{
    for (uint32_t t = 0; put_rtp(c, t, true, slice, sizeof(slice)); t += 3600)
        pause_unless_left(c, 10);
}

static void no_picture(struct camera *c)
{
    hang(c);
}

static void expect_end(play_fn play, int code, const char *text, unsigned pictures_min)
{
    struct camera c;
    struct its_error err = {0};
    uint64_t errors;
    int rc;
    start_camera(&c, play, false);
    unsigned pictures = use_camera(&c, &rc, &errors, &err);
    stop_camera(&c);
    print_message("%u pictures, %llu errors: %s\n", pictures, (unsigned long long)errors, err.text);
    if (rc != code || !strstr(err.text, text))
        fail_msg("%d '%s': expected %d '%s'", rc, err.text, code, text);
    assert_true(pictures >= pictures_min);
}

static void test_nothing_to_begin_with(void **state)
{
    expect_end(no_key_frame, -ETIMEDOUT, "no key frame to begin with", 0);
    expect_end(no_picture, -ETIMEDOUT, "accepts the session but sends no picture", 0);
}

/* Bytes between the packets: they are passed over, and the pictures go on. */
static void garbage_between(struct camera *c)
{
    put_key(c, 0);
    for (uint32_t i = 1; i <= 20; i++) {
        put_text(c, "\x01\x02 nonsense \xff\xff");
        put_rtp(c, i * 3600, true, slice, sizeof(slice));
    }
}

static void only_garbage(struct camera *c)
{
    put_key(c, 0);
    while (put_text(c, "\x01\x02 nonsense \xff\xff and more of it")) {
    }
}

static void test_garbage_in_the_stream(void **state)
{
    expect_end(garbage_between, -ECONNRESET, "closed the connection", 21);
    expect_end(only_garbage, ITS_EDAMAGED, "damaged", 1);
}

/* One picture that never ends: 100 MB in fragments, then a good one. */
static void huge_picture(struct camera *c)
{
    uint8_t piece[60000] = {0x7c, 0x85, 0x88};
    put_key(c, 0);
    for (int i = 0; i < 1700; i++) {
        put_rtp(c, 3600, false, piece, sizeof(piece));
        piece[1] = 5;
    }
    put_rtp(c, 7200, true, slice, sizeof(slice));
}

/* Other parameters with every picture. */
static void endless_parameters(struct camera *c)
{
    uint8_t other[sizeof(sps)];
    memcpy(other, sps, sizeof(sps));
    for (uint32_t i = 0; i < 3000; i++) {
        other[6] = (uint8_t)i;
        put_rtp(c, i * 3600, false, other, sizeof(other));
        put_rtp(c, i * 3600, false, pps, sizeof(pps));
        put_rtp(c, i * 3600, true, idr, sizeof(idr));
    }
}

/* Nothing but parameter sets. */
static void only_parameters(struct camera *c)
{
    put_key(c, 0);
    for (uint32_t i = 0; i < 100000; i++)
        if (!put_rtp(c, 3600, false, sps, sizeof(sps)))
            break;
}

static void flood(struct camera *c)
{
    for (uint32_t i = 0; i < 20000; i++)
        if (i % 100 == 0 ? !put_key(c, i * 180) : !put_rtp(c, i * 180, true, slice, sizeof(slice)))
            break;
}

static size_t heap_bytes(void)
{
    return mallinfo2().uordblks + mallinfo2().hblkhd;
}

static void test_memory_is_bounded(void **state)
{
    size_t before = heap_bytes();
    expect_end(huge_picture, -ECONNRESET, "closed the connection", 2);
    expect_end(endless_parameters, -ECONNRESET, "closed the connection", 1000);
    expect_end(only_parameters, -ECONNRESET, "closed the connection", 1);
    expect_end(flood, -ECONNRESET, "closed the connection", 20000);
    size_t after = heap_bytes();
    print_message("heap: %zu bytes before, %zu after\n", before, after);
    assert_true(after < before + 1000000);
}

/* Good pictures, but bits flip on the way. */
static void flipped_bytes(struct camera *c)
{
    uint8_t packet[200];
    put_key(c, 0);
    for (uint32_t i = 1; i < 20000; i++) {
        size_t n = sizeof(slice);
        uint8_t head[16] = {'$',
                            0,
                            0,
                            (uint8_t)(n + 12),
                            0x80,
                            0x80 | 96,
                            (uint8_t)(c->seq >> 8),
                            (uint8_t)c->seq,
                            0,
                            (uint8_t)(i >> 8),
                            (uint8_t)i,
                            0};
        c->seq++;
        memcpy(packet, head, sizeof(head));
        memcpy(packet + sizeof(head), slice, n);
        c->dice = c->dice * 1664525 + 1013904223;
        if ((c->dice >> 24) < 20) /* one packet in twelve */
            packet[(c->dice >> 8) % (sizeof(head) + n)] ^= (uint8_t)(1 << (c->dice >> 5 & 7));
        if (!put(c, packet, sizeof(head) + n))
            return;
    }
}

static void test_flipped_bytes(void **state)
{
    struct camera c;
    struct its_error err = {0};
    uint64_t errors;
    int rc;
    start_camera(&c, flipped_bytes, false);
    unsigned pictures = use_camera(&c, &rc, &errors, &err);
    stop_camera(&c);
    print_message("%u of 20000 pictures, %llu errors: %s\n", pictures, (unsigned long long)errors,
                  err.text);
    assert_true(rc < 0);
    assert_true(errors > 100);
    assert_true(pictures > 1000);
}

/* --- time */

/* The time stamp jumps: ahead by an hour, back by an hour, and over its end. */
static void jumping_time(struct camera *c)
{
    static const uint32_t starts[] = {0xfffff000u, 3600u * 90000, 90000, 2000u * 90000};
    for (size_t i = 0; i < ITS_ARRAY_LEN(starts); i++) {
        put_key(c, starts[i]);
        for (uint32_t k = 1; k < 10; k++)
            put_rtp(c, starts[i] + k * 3600, true, slice, sizeof(slice));
    }
}

static void test_time_goes_on_over_jumps(void **state)
{
    struct camera c;
    struct its_source *s;
    struct its_packet *p;
    struct its_error err = {0};
    start_camera(&c, jumping_time, false);
    assert_int_equal(open_camera(&c, &s, &err), 0);
    int64_t last_us = -40000;
    for (int i = 0; i < 40; i++) {
        assert_int_equal(its_source_read(s, &p, &err), 0);
        assert_int_equal(p->epoch, i / 10);
        assert_int_equal(p->time_us - last_us, 40000);
        last_us = p->time_us;
        its_packet_unref(&p);
    }
    its_source_close(&s);
    stop_camera(&c);
}

static int setup(void **state)
{
    cancel = its_cancel_create(NULL);
    return 0;
}

static int teardown(void **state)
{
    its_cancel_destroy(&cancel);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_handshakes),
        cmocka_unit_test(test_nothing_to_begin_with),
        cmocka_unit_test(test_garbage_in_the_stream),
        cmocka_unit_test(test_memory_is_bounded),
        cmocka_unit_test(test_flipped_bytes),
        cmocka_unit_test(test_time_goes_on_over_jumps),
    };
    return cmocka_run_group_tests_name("camera/hostile", tests, setup, teardown);
}
