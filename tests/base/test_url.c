#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/url.h"

static void hides_secrets_and_nothing_else(void **state)
{
    static const struct {
        const char *url, *masked;
    } cases[] = {
        {NULL, ""},
        {"rtsp://host:554/path", "rtsp://host:554/path"},
        {"rtsp://[::1]:554/path", "rtsp://[::1]:554/path"},
        {"rtsp://viewer@host/path", "rtsp://viewer@host/path"},
        {"/videos/a.mp4", "/videos/a.mp4"},
        {"/videos/12:30@gate.mp4", "/videos/12:30@gate.mp4"},
        {"rtsp://viewer:secret@host/path", "rtsp://viewer:***@host/path"},
        {"rtsp://viewer:@host/path", "rtsp://viewer:@host/path"},
        {"viewer:secret@host", "viewer:***@host"},
        /* Passwords that were pasted as they are. */
        {"rtsp://viewer:se@cr/e?t#@host/path", "rtsp://viewer:***@host/path"},
        {"rtsp://viewer:12/34@host", "rtsp://viewer:***@host"},
        /* Too much rather than too little. */
        {"rtsp://host:554/axis@media", "rtsp://host:***@media"},
        {"http://h/x?user=me&password=secret&fps=5", "http://h/x?user=me&password=***&fps=5"},
        {"http://h/x?TOKEN=a/b?c", "http://h/x?TOKEN=***"},
        {"http://h/x?p%61ssword=secret", "http://h/x?p%61ssword=***"},
        {"http://h/x;api_key=1;fps=5", "http://h/x;api_key=***;fps=5"},
        {"rtsp://h:554/user=admin_password=tlJw_channel=1", "rtsp://h:554/user=admin_password=***"},
        {"http://h/?password=a@b&x=1", "http://h/?password=***&x=1"},
        /* The last '@' lies in the other secret. */
        {"rtsp://h:1/a@b?password=x@y", "rtsp://h:***"},
        {"http://h/\n\x7f", "http://h/??"},
    };
    char out[ITS_URL_MAX];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(its_url_mask(cases[i].url, out, sizeof(out)), cases[i].masked);
}

static void stays_in_its_buffer(void **state)
{
    char out[16];
    for (size_t size = 1; size < 16; size++) {
        memset(out, 'x', sizeof(out));
        its_url_mask("rtsp://viewer:secret@host", out, size);
        assert_int_equal(strlen(out), size - 1);
        assert_int_equal(out[size], 'x');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hides_secrets_and_nothing_else),
        cmocka_unit_test(stays_in_its_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
