/* RTSP messages, authentication and descriptions as cameras write them. */
#include "camera/rtsp/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "camera/rtsp/digest.h"
#include "camera/rtsp/sdp.h"

static int parse(const char *text, struct its_rtsp_message *m)
{
    return its_rtsp_message_parse(text, strlen(text), m);
}

static void test_reply(void **state)
{
    static const char text[] = "RTSP/1.0 200 OK\r\nCSeq: 7\r\ncontent-length:  4 \r\n"
                               "X: one\r\nX: two\r\n\r\nbodyRTSP/1.0 ...";
    struct its_rtsp_message m;
    char value[16];
    size_t whole = (size_t)(strstr(text, "RTSP/1.0 ...") - text);
    assert_int_equal(parse(text, &m), whole);
    assert_int_equal(m.status, 200);
    assert_memory_equal(m.body, "body", 4);
    assert_true(its_rtsp_message_header(&m, "X", 1, value, sizeof(value)));
    assert_string_equal(value, "two");
    assert_false(its_rtsp_message_header(&m, "X", 2, value, sizeof(value)));
    assert_false(its_rtsp_message_header(&m, "Cse", 0, value, sizeof(value)));
    for (size_t n = 0; n < whole; n++) /* not there yet, whatever is cut off */
        assert_int_equal(its_rtsp_message_parse(text, n, &m), 0);
    assert_int_equal(parse("OPTIONS * RTSP/1.0\nCSeq: 1\n\n", &m), 28);
    assert_int_equal(m.status, 0);
}

static void test_what_is_no_rtsp(void **state)
{
    struct its_rtsp_message m;
    assert_int_equal(parse("\x16\x03\x01\x02", &m), ITS_EDAMAGED);
    assert_int_equal(parse("\r\n\r\n", &m), ITS_EDAMAGED);
    assert_int_equal(parse("RTSP/1.0 2x0 OK\r\n\r\n", &m), ITS_EDAMAGED);
    assert_int_equal(parse("RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n", &m), ITS_EDAMAGED);
    assert_int_equal(parse("RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n", &m), ITS_ETOOBIG);
    char *endless = its_malloc(ITS_RTSP_HEAD_MAX + 1);
    memset(endless, 'A', ITS_RTSP_HEAD_MAX);
    assert_int_equal(parse(endless, &m), ITS_ETOOBIG);
    free(endless);
}

/* The examples of RFC 7616 3.9.1 use a client nonce of their own; RFC 2069's form has none. */
static void test_answers(void **state)
{
    char out[1024];
    struct its_challenge c = {0};
    its_challenge_add(&c, "Basic realm=\"cam\"");
    assert_true(its_challenge_answer(&c, "Aladdin", "open sesame", "GET", "/", out, sizeof(out)));
    assert_string_equal(out, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");

    its_challenge_add(&c, "Digest realm=\"testrealm@host.com\", "
                          "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc\"");
    assert_int_equal(c.scheme, ITS_AUTH_MD5); /* the stronger of the two */
    its_challenge_add(&c, "Basic realm=\"cam\"");
    assert_int_equal(c.scheme, ITS_AUTH_MD5);
    assert_true(its_challenge_answer(&c, "Mufasa", "CircleOfLife", "GET", "/dir/index.html", out,
                                     sizeof(out)));
    assert_non_null(strstr(out, "response=\"1949323746fe6a43ef61f9606e7febea\""));
    assert_non_null(strstr(out, "opaque=\"5ccc\""));
    assert_false(its_challenge_answer(&c, "Mufasa", "CircleOfLife", "GET", "/dir", out, 20));

    its_challenge_add(&c, "Digest algorithm=SHA-256, realm=\"a \\\"b\\\"\", qop=\"auth,auth-int\", "
                          "nonce=n, stale=TRUE");
    assert_int_equal(c.scheme, ITS_AUTH_SHA256);
    assert_string_equal(c.realm, "a \"b\"");
    assert_true(c.qop && c.stale);
    assert_true(its_challenge_answer(&c, "u", "p", "GET", "/", out, sizeof(out)));
    assert_non_null(strstr(out, "nc=00000001"));
    assert_non_null(strstr(out, "realm=\"a \\\"b\\\"\""));

    struct its_challenge none = {0};
    its_challenge_add(&none, "Negotiate");
    its_challenge_add(&none, "Digest algorithm=Unheard, nonce=x");
    assert_int_equal(none.scheme, ITS_AUTH_NONE);
}

static const char axis[] =
    "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=x\r\na=control:*\r\n"
    "m=audio 0 RTP/AVP 0\r\na=control:track2\r\n"
    "m=application 0 RTP/AVP 98\r\na=rtpmap:98 vnd.onvif.metadata/90000\r\n"
    "m=video 0 RTP/AVP 96\r\na=framerate:12.5\r\na=control:rtsp://192.0.2.1/t=video\r\n"
    "a=rtpmap:96 H264/90000\r\n"
    "a=fmtp:96 packetization-mode=1;profile-level-id=4d0029; "
    "sprop-parameter-sets=Z00AKeKQFgJNgScFAQXh4kRU,aO48gA==\r\n";

static void test_description(void **state)
{
    struct its_sdp_video v;
    assert_int_equal(its_sdp_parse(axis, strlen(axis), &v, NULL), 0);
    assert_int_equal(v.codec, ITS_RTP_H264);
    assert_int_equal(v.payload_type, 96);
    assert_int_equal(v.clock_rate, 90000);
    assert_float_equal(v.fps, 12.5, 0);
    assert_string_equal(v.control, "rtsp://192.0.2.1/t=video");
    assert_string_equal(v.session_control, "*");
    assert_int_equal(v.sets_bytes, 4 + 18 + 4 + 4);
    assert_memory_equal(v.sets, "\0\0\0\1\x67\x4d", 6);
    assert_memory_equal(v.sets + 22, "\0\0\0\1\x68\xee", 6);
}

static void test_description_refused(void **state)
{
    static const struct {
        const char *text, *why;
        int code;
    } rows[] = {
        {"", "no stream at all", ITS_EDAMAGED},
        {"garbage", "no stream at all", ITS_EDAMAGED},
        {"m=audio 0 RTP/AVP 0\nm=audio 0 RTP/AVP 8\nm=text 0 RTP/AVP 8\n", "only audio and text",
         ITS_ENOVIDEO},
        {"m=video 0 RTP/AVP 96\na=rtpmap:96 VP8/90000\n", "sends VP8 video", ITS_EUNSUPPORTED},
        {"m=video 0 RTP/AVP 96\na=rtpmap:96 \033[2J/90000\n", "sends ??2J video", ITS_EUNSUPPORTED},
    };
    for (size_t i = 0; i < ITS_ARRAY_LEN(rows); i++) {
        struct its_sdp_video v;
        struct its_error err = {0};
        assert_int_equal(its_sdp_parse(rows[i].text, strlen(rows[i].text), &v, &err), rows[i].code);
        if (!strstr(err.text, rows[i].why))
            fail_msg("'%s' does not say '%s'", err.text, rows[i].why);
    }
}

/* A second video of a codec we know is better than a first we do not. */
static void test_description_prefers_what_we_know(void **state)
{
    static const char text[] = "m=video 0 RTP/AVP 96\na=rtpmap:96 VP8/90000\n"
                               "m=video 0 RTP/AVP 26\na=control:jpeg\n";
    struct its_sdp_video v;
    assert_int_equal(its_sdp_parse(text, strlen(text), &v, NULL), 0);
    assert_int_equal(v.codec, ITS_RTP_JPEG);
    assert_string_equal(v.control, "jpeg");
}

static void test_description_is_bounded(void **state)
{
    struct its_str s = {0};
    its_str_puts(&s, "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\n");
    for (int i = 0; i < 400; i++)
        its_str_puts(&s, "a=fmtp:96 sprop-parameter-sets=Z00AKeKQFgJNgScFAQXh4kRU\n");
    struct its_sdp_video v;
    assert_int_equal(its_sdp_parse(s.data, s.len, &v, NULL), 0);
    assert_in_range(v.sets_bytes, 1, ITS_SDP_SETS_MAX);
    its_str_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reply),
        cmocka_unit_test(test_what_is_no_rtsp),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_description),
        cmocka_unit_test(test_description_refused),
        cmocka_unit_test(test_description_prefers_what_we_know),
        cmocka_unit_test(test_description_is_bounded),
    };
    return cmocka_run_group_tests_name("camera/rtsp_message", tests, NULL, NULL);
}
