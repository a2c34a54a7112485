#include "camera/rtsp/rtp.h"

/* From 1900 (NTP, RFC 5905) to 1970. */
#define NTP_TO_UNIX_S 2208988800LL

static uint32_t be16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t be32(const uint8_t *p)
{
    return be16(p) << 16 | be16(p + 2);
}

bool its_rtp_parse(const uint8_t *p, size_t n, struct its_rtp *out)
{
    if (n < 12 || p[0] >> 6 != 2)
        return false;
    size_t head = 12 + 4 * (size_t)(p[0] & 15), tail = 0;
    if (p[0] & 0x10) { /* an extension header, in words */
        if (n < head + 4)
            return false;
        head += 4 + 4 * (size_t)be16(p + head + 2);
    }
    if (p[0] & 0x20) /* padding, its length in the last byte */
        tail = p[n - 1];
    if (head + tail > n)
        return false;
    *out = (struct its_rtp){
        .payload = p + head,
        .size = n - head - tail,
        .timestamp = be32(p + 4),
        .ssrc = be32(p + 8),
        .seq = (uint16_t)be16(p + 2),
        .type = p[1] & 127,
        .marker = p[1] >> 7,
    };
    return true;
}

int its_rtp_distance(uint16_t a, uint16_t b)
{
    return (int16_t)(uint16_t)(b - a);
}

bool its_rtcp_is(const uint8_t *p, size_t n)
{
    return n >= 8 && p[0] >> 6 == 2 && p[1] >= 192 && p[1] <= 223;
}

bool its_rtcp_parse(const uint8_t *p, size_t n, struct its_rtcp *out)
{
    *out = (struct its_rtcp){0};
    while (n >= 8 && p[0] >> 6 == 2) {
        size_t size = 4 * ((size_t)be16(p + 2) + 1);
        if (size > n)
            break;
        if (p[1] == 200 && size >= 20) {
            out->report = true;
            out->ssrc = be32(p + 4);
            out->wall_us = ((int64_t)be32(p + 8) - NTP_TO_UNIX_S) * 1000000 +
                           (int64_t)(((uint64_t)be32(p + 12) * 1000000) >> 32);
            out->timestamp = be32(p + 16);
        } else if (p[1] == 203) {
            out->bye = true;
        }
        p += size;
        n -= size;
    }
    return out->report || out->bye;
}
