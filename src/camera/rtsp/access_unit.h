/* From RTP packets to access units: all packets of one picture become one buffer that a decoder
 * takes (H.264: RFC 6184, H.265: RFC 7798, with start codes; JPEG: RFC 2435, a whole file).
 *
 * A picture is handed over with its last byte, not when the next one begins: the marker bit says
 * which packet that is. Where a sender sets no marker, or sets it in the middle of pictures, the
 * first packet of the next picture (its time stamp; ITU-T H.264 7.4.1.2.3, H.265 7.4.2.4.4) ends
 * the one before.
 *
 * Memory is bounded by the settings, whatever comes. One thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "camera/rtsp/rtp.h"
#include "camera/rtsp/sdp.h"

struct its_access_unit {
    uint8_t *data; /* good until the next push */
    size_t size, cap;
    uint32_t timestamp;
    int64_t arrived_us;              /* of its last byte */
    bool key;                        /* decoding can start here */
    bool damaged;                    /* a part is missing */
    int width, height;               /* JPEG only; 0 = unknown */
    size_t sets_at[8], sets_size[8]; /* VPS, SPS and PPS in it, with start codes */
    unsigned sets;
    bool has_sps;
    bool has_slice;
};

struct its_assembler {
    enum its_rtp_codec codec;
    bool donl;
    size_t limit; /* bytes of one access unit */

    struct its_access_unit unit;
    enum { ITS_UNIT_EMPTY, ITS_UNIT_OPEN, ITS_UNIT_DONE } state;
    bool skip;             /* the rest of this picture: it grew too big */
    bool marker_lies;      /* pictures go on behind it */
    bool in_fragment;      /* a unit that is split over packets is under way … */
    size_t fragment_at;    /* … from here in the buffer */
    bool any;              /* the packet before is known … */
    uint16_t seq;          /* … by this number */
    bool again, again_gap; /* the packet that comes has been here before; after a gap */
    uint8_t tables[2][64]; /* JPEG: quantisation tables a sender gave once for all */
    uint8_t tables_q;      /* the Q they belong to; 0 = none */
    size_t jpeg_head;      /* JPEG: bytes of the head we made */

    uint64_t lost, too_big, malformed; /* packets; pictures; packets */
};

void its_assembler_init(struct its_assembler *a, enum its_rtp_codec codec, bool donl, size_t limit);
void its_assembler_fini(struct its_assembler *a);

enum its_assembled {
    ITS_AU_MORE,  /* the packet is in, the picture not yet complete */
    ITS_AU_READY, /* a->unit is complete */
    ITS_AU_AGAIN, /* a->unit is complete, but without this packet: push it again */
};

/* For payload formats: bytes behind what is in the unit. False: it has grown too big and is lost.
 */
bool its_assembler_append(struct its_assembler *a, const void *bytes, size_t n);

/* Packets in the order of their sequence numbers; gaps are noticed. */
enum its_assembled its_assembler_push(struct its_assembler *a, const struct its_rtp *packet);
