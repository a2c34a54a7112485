/* Bytes as an RTSP message: its headers, its challenge, its description; and as RTP and RTCP. Every
 * answer stays within what was given. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "camera/rtsp/digest.h"
#include "camera/rtsp/rtp.h"
#include "camera/rtsp/message.h"
#include "camera/rtsp/sdp.h"
#include "fuzz.h"

static void check_message(const char *text, size_t size)
{
    struct its_rtsp_message m;
    char value[512], answer[2048];
    int n = its_rtsp_message_parse(text, size, &m);
    its_assert(n < 0 || (size_t)n <= size);
    if (n <= 0)
        return;
    its_assert(m.body + m.body_len == text + n);
    struct its_challenge c = {0};
    for (unsigned i = 0; its_rtsp_message_header(&m, "WWW-Authenticate", i, value, sizeof(value));
         i++)
        its_challenge_add(&c, value);
    if (c.scheme != ITS_AUTH_NONE &&
        its_challenge_answer(&c, "u", "p", "PLAY", "rtsp://h/", answer, sizeof(answer)))
        its_assert(!strpbrk(answer, "\r\n"));
    its_rtsp_message_header(&m, "Session", 0, value, sizeof(value));
}

static void check_description(const char *text, size_t size)
{
    struct its_sdp_video v;
    struct its_error err = {0};
    if (its_sdp_parse(text, size, &v, &err) == 0)
        its_assert(v.codec != ITS_RTP_OTHER && v.sets_bytes <= sizeof(v.sets) && v.clock_rate > 0);
    else
        its_assert(err.text[0]);
    its_assert(!strpbrk(v.control, "\r\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = its_malloc(size ? size : 1);
    memcpy(text, data, size);
    check_message(text, size);
    check_description(text, size);

    struct its_rtp rtp;
    struct its_rtcp rtcp;
    if (its_rtp_parse(data, size, &rtp))
        its_assert(rtp.payload + rtp.size <= data + size);
    its_rtcp_parse(data, size, &rtcp);
    free(text);
    return 0;
}
