#include "camera/rtsp/access_unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "camera/rtsp/jpeg_payload.h"

/* Sequence numbers further apart are no longer those of one sender without a break. */
#define SEQUENCE_JUMP 1000

static const uint8_t start_code[4] = {0, 0, 0, 1};

void its_assembler_init(struct its_assembler *a, enum its_rtp_codec codec, bool donl, size_t limit)
{
    *a = (struct its_assembler){.codec = codec, .donl = donl, .limit = limit};
}

void its_assembler_fini(struct its_assembler *a)
{
    free(a->unit.data);
    *a = (struct its_assembler){0};
}

/* --- the buffer */

/* The unit's memory is kept from picture to picture, but not what a monster has grown. */
static void clear(struct its_assembler *a)
{
    if (a->skip) {
        free(a->unit.data);
        a->unit = (struct its_access_unit){0};
    }
    uint8_t *data = a->unit.data;
    size_t cap = a->unit.cap;
    a->unit = (struct its_access_unit){.data = data, .cap = cap};
    a->state = ITS_UNIT_EMPTY;
    a->in_fragment = a->skip = false;
}

bool its_assembler_append(struct its_assembler *a, const void *bytes, size_t n)
{
    struct its_access_unit *u = &a->unit;
    if (a->skip)
        return false;
    if (n > a->limit || u->size > a->limit - n) {
        a->too_big++;
        a->skip = true;
        return false;
    }
    if (u->size + n > u->cap) {
        u->cap = ITS_MAX(u->size + n, ITS_MAX(u->cap * 2, 65536));
        u->data = its_realloc(u->data, u->cap);
    }
    memcpy(u->data + u->size, bytes, n);
    u->size += n;
    return true;
}

/* --- NAL units */

enum nal_kind { NAL_OTHER, NAL_SET, NAL_SPS, NAL_KEY_SLICE, NAL_SLICE, NAL_RECOVERY, NAL_LEADER };

/* LEADER: comes before the first slice of a picture and never behind one. */
static enum nal_kind kind_h264(const uint8_t *unit, size_t n)
{
    switch (unit[0] & 31) {
    case 5:
        return NAL_KEY_SLICE;
    case 1:
    case 2:
        return NAL_SLICE;
    case 7:
        return NAL_SPS;
    case 8:
        return NAL_SET;
    case 6:
        return n > 1 && unit[1] == 6 ? NAL_RECOVERY : NAL_LEADER;
    case 9:
        return NAL_LEADER;
    default:
        return NAL_OTHER;
    }
}

static enum nal_kind kind_h265(const uint8_t *unit)
{
    int type = unit[0] >> 1 & 63;
    if (type >= 16 && type <= 23)
        return NAL_KEY_SLICE;
    if (type < 32)
        return NAL_SLICE;
    if (type == 33)
        return NAL_SPS;
    if (type == 32 || type == 34)
        return NAL_SET;
    return type == 35 || type == 39 ? NAL_LEADER : NAL_OTHER;
}

static enum nal_kind kind_of(const struct its_assembler *a, const uint8_t *unit, size_t n)
{
    return a->codec == ITS_RTP_H264 ? kind_h264(unit, n) : kind_h265(unit);
}

static size_t header_bytes(const struct its_assembler *a)
{
    return a->codec == ITS_RTP_H264 ? 1 : 2;
}

/* Does a picture begin with this slice? first_mb_in_slice is 0, as an Exp-Golomb code one set bit;
 * first_slice_segment_in_pic_flag stands in the same place. */
static bool is_first_slice(const struct its_assembler *a, const uint8_t *unit, size_t n)
{
    size_t head = header_bytes(a);
    return n > head && unit[head] & 0x80;
}

/* Looks at a unit that stands complete at the end of the buffer, start code included. */
static void note_unit(struct its_assembler *a, size_t at)
{
    struct its_access_unit *u = &a->unit;
    const uint8_t *unit = u->data + at + sizeof(start_code);
    size_t n = u->size - at - sizeof(start_code);
    enum nal_kind kind = kind_of(a, unit, n);
    u->key |= kind == NAL_KEY_SLICE || kind == NAL_SPS || kind == NAL_RECOVERY;
    u->has_slice |= kind == NAL_KEY_SLICE || kind == NAL_SLICE;
    u->has_sps |= kind == NAL_SPS;
    if ((kind == NAL_SET || kind == NAL_SPS) && u->sets < ITS_ARRAY_LEN(u->sets_at)) {
        u->sets_at[u->sets] = at;
        u->sets_size[u->sets++] = u->size - at;
    }
}

/* A unit whose end never came is cut away. */
static void drop_fragment(struct its_assembler *a)
{
    if (a->in_fragment) {
        a->unit.size = a->fragment_at;
        a->unit.damaged = true;
    }
    a->in_fragment = false;
}

static void add_unit(struct its_assembler *a, const uint8_t *unit, size_t n)
{
    if (n < header_bytes(a)) {
        a->malformed++;
        return;
    }
    drop_fragment(a);
    size_t at = a->unit.size;
    if (its_assembler_append(a, start_code, sizeof(start_code)) && its_assembler_append(a, unit, n))
        note_unit(a, at);
    else
        a->unit.size = at;
}

/* --- payloads */

/* Several units in one packet, each behind its size. */
static void add_aggregate(struct its_assembler *a, const uint8_t *p, size_t n, bool donl)
{
    for (bool first = true; n > 2; first = false) {
        size_t order = donl ? (first ? 2 : 1) : 0;
        if (n < order + 2)
            break;
        p += order;
        n -= order;
        size_t size = (size_t)p[0] << 8 | p[1];
        if (size > n - 2)
            break;
        add_unit(a, p + 2, size);
        p += 2 + size;
        n -= 2 + size;
    }
    a->malformed += n > 0;
}

/* One piece of a unit; `header` is what the unit would begin with. */
static void add_fragment(struct its_assembler *a, const uint8_t *header, const uint8_t *p, size_t n,
                         bool start, bool end)
{
    if (start) {
        drop_fragment(a);
        a->fragment_at = a->unit.size;
        a->in_fragment = its_assembler_append(a, start_code, sizeof(start_code)) &&
                         its_assembler_append(a, header, header_bytes(a));
    }
    if (!a->in_fragment) {
        a->unit.damaged = true;
        return;
    }
    if (!its_assembler_append(a, p, n)) {
        drop_fragment(a);
        return;
    }
    if (end) {
        a->in_fragment = false;
        note_unit(a, a->fragment_at);
    }
}

static void add_h264(struct its_assembler *a, const uint8_t *p, size_t n)
{
    int type = p[0] & 31;
    if (type >= 1 && type <= 23) {
        add_unit(a, p, n);
    } else if (type == 24) { /* STAP-A */
        add_aggregate(a, p + 1, n - 1, false);
    } else if (type == 28 && n > 2) { /* FU-A */
        uint8_t header = (p[0] & 0xe0) | (p[1] & 31);
        add_fragment(a, &header, p + 2, n - 2, p[1] & 0x80, p[1] & 0x40);
    } else {
        a->malformed++;
    }
}

static void add_h265(struct its_assembler *a, const uint8_t *p, size_t n)
{
    int type = p[0] >> 1 & 63;
    size_t order = a->donl ? 2 : 0;
    if (n < 3 + order) {
        a->malformed++;
    } else if (type < 48) {
        if (order) { /* the number stands between header and contents */
            add_fragment(a, p, p + 4, n - 4, true, true);
        } else {
            add_unit(a, p, n);
        }
    } else if (type == 48) { /* AP */
        add_aggregate(a, p + 2, n - 2, a->donl);
    } else if (type == 49 && n > 3 + order) { /* FU */
        uint8_t header[2] = {(p[0] & 0x81) | (p[2] & 63) << 1, p[1]};
        bool start = p[2] & 0x80;
        size_t at = 3 + (start ? order : 0);
        add_fragment(a, header, p + at, n - at, start, p[2] & 0x40);
    } else {
        a->malformed++;
    }
}

/* --- where pictures end */

/* The first bytes of the unit a packet begins or goes on with; false: it goes on. */
static bool peek(const struct its_assembler *a, const struct its_rtp *packet, uint8_t unit[4])
{
    const uint8_t *p = packet->payload;
    size_t n = packet->size;
    memset(unit, 0, 4);
    if (a->codec == ITS_RTP_H264 && (p[0] & 31) == 28 && n > 2) {
        unit[0] = (p[0] & 0xe0) | (p[1] & 31);
        unit[1] = p[2];
        return p[1] & 0x80;
    }
    if (a->codec == ITS_RTP_H265 && (p[0] >> 1 & 63) == 49 && n > 3) {
        unit[0] = (p[0] & 0x81) | (uint8_t)((p[2] & 63) << 1);
        unit[1] = p[1];
        unit[2] = p[a->donl && n > 5 ? 5 : 3];
        return p[2] & 0x80;
    }
    memcpy(unit, p, ITS_MIN(n, 4));
    if (a->codec == ITS_RTP_H265 && a->donl && n > 4)
        unit[2] = p[4];
    return true;
}

/* What a packet is to its picture, whatever its time stamp says. */
enum place { BEGINS, GOES_ON, NEITHER };

static enum place place_of(const struct its_assembler *a, const struct its_rtp *packet)
{
    const uint8_t *p = packet->payload;
    uint8_t unit[4];
    if (packet->size == 0)
        return NEITHER;
    if (a->codec == ITS_RTP_JPEG)
        return packet->size >= 8 && p[1] == 0 && p[2] == 0 && p[3] == 0 ? BEGINS : GOES_ON;
    bool start = peek(a, packet, unit);
    enum nal_kind kind = kind_of(a, unit, sizeof(unit));
    if (kind == NAL_KEY_SLICE || kind == NAL_SLICE)
        return start && is_first_slice(a, unit, sizeof(unit)) ? BEGINS : GOES_ON;
    return kind == NAL_OTHER ? NEITHER : BEGINS;
}

/* A picture under way ends before this packet. */
static bool ends_before(const struct its_assembler *a, const struct its_rtp *packet)
{
    if (a->state != ITS_UNIT_OPEN)
        return false;
    if (packet->timestamp != a->unit.timestamp)
        return true;
    return a->unit.has_slice && !a->in_fragment && place_of(a, packet) == BEGINS;
}

static bool is_worth_giving(const struct its_assembler *a)
{
    bool broken = a->codec == ITS_RTP_JPEG && a->unit.damaged; /* the next one is a key frame too */
    return !a->skip && a->unit.size > 0 && a->unit.has_slice && !broken;
}

/* False: there is nothing in it that could be shown. */
static bool finish(struct its_assembler *a)
{
    drop_fragment(a);
    if (a->codec == ITS_RTP_JPEG)
        its_jpeg_finish(a);
    if (is_worth_giving(a)) {
        a->state = ITS_UNIT_DONE;
        return true;
    }
    clear(a);
    return false;
}

/* True: packets are missing before this one. */
static bool note_sequence(struct its_assembler *a, const struct its_rtp *packet)
{
    int step = a->any ? its_rtp_distance(a->seq, packet->seq) : 1;
    a->any = true;
    a->seq = packet->seq;
    if (step == 1)
        return false;
    a->lost += step > 1 && step < SEQUENCE_JUMP ? (uint64_t)step - 1 : 1;
    if (a->state == ITS_UNIT_OPEN) {
        drop_fragment(a);
        a->unit.damaged = true;
    }
    return true;
}

static void add_payload(struct its_assembler *a, const struct its_rtp *packet)
{
    if (packet->size == 0)
        return; /* padding only: some senders keep the way open so */
    if (a->codec == ITS_RTP_H264)
        add_h264(a, packet->payload, packet->size);
    else if (a->codec == ITS_RTP_H265)
        add_h265(a, packet->payload, packet->size);
    else
        its_jpeg_add(a, packet);
}

static void open_unit(struct its_assembler *a, const struct its_rtp *packet, bool continues,
                      bool gap)
{
    enum place place = place_of(a, packet);
    if (continues && !gap && place == GOES_ON)
        a->marker_lies = true;
    a->state = ITS_UNIT_OPEN;
    a->unit.timestamp = packet->timestamp;
    a->unit.damaged = gap && place != BEGINS;
}

enum its_assembled its_assembler_push(struct its_assembler *a, const struct its_rtp *packet)
{
    bool continues = a->state == ITS_UNIT_DONE && packet->timestamp == a->unit.timestamp;
    if (a->state == ITS_UNIT_DONE)
        clear(a);
    bool gap = a->again ? a->again_gap : note_sequence(a, packet);
    a->again = false;
    if (ends_before(a, packet) && finish(a)) {
        a->again = true;
        a->again_gap = gap;
        return ITS_AU_AGAIN;
    }
    if (a->state == ITS_UNIT_EMPTY)
        open_unit(a, packet, continues, gap);
    a->unit.arrived_us = ITS_MAX(a->unit.arrived_us, packet->arrived_us); /* they may overtake */
    add_payload(a, packet);

    bool ends = packet->marker && !a->marker_lies && (a->unit.has_slice || a->skip);
    return ends && finish(a) ? ITS_AU_READY : ITS_AU_MORE;
}
