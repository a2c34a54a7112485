/* RTP and RTCP packets as they stand in a buffer (RFC 3550). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct its_rtp {
    const uint8_t *payload; /* points into what was parsed */
    size_t size;
    uint32_t timestamp, ssrc;
    uint16_t seq;
    uint8_t type;
    bool marker;
    int64_t arrived_us; /* monotonic; filled by who read it */
};

/* False: not RTP, or cut short. */
bool its_rtp_parse(const uint8_t *bytes, size_t n, struct its_rtp *out);

/* How far b lies ahead of a, in a circle of 2^16: negative when behind. */
int its_rtp_distance(uint16_t a, uint16_t b);

/* RTCP shares ports and channels with RTP where a sender likes (RFC 5761). */
bool its_rtcp_is(const uint8_t *bytes, size_t n);

struct its_rtcp {
    bool report, bye; /* what it holds */
    uint32_t ssrc;
    int64_t wall_us;    /* of the report: the sender's clock … */
    uint32_t timestamp; /* … at this RTP time */
};

/* The sender report and the farewell in a compound packet. False: nothing of the kind, or damaged.
 */
bool its_rtcp_parse(const uint8_t *bytes, size_t n, struct its_rtcp *out);
