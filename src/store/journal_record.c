/* Records to bytes and back: the format of journal.h. The order of the fields is the order of the
 * lines below and must never change; a new field is a new kind. */
#include "store/journal.h"

#include <errno.h>
#include <string.h>

#define MAGIC       0x314a5449u /* "ITJ1" read as little-endian */
#define HEADER      12
#define PAYLOAD_MAX (ITS_JOURNAL_RECORD_MAX - HEADER)

/* CRC-32 (IEEE 802.3, reflected 0xEDB88320), four bits at a time. */
static uint32_t crc32(const uint8_t *bytes, size_t n)
{
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < n; i++) {
        crc = crc >> 4 ^ table[(crc ^ bytes[i]) & 15];
        crc = crc >> 4 ^ table[(crc ^ bytes[i] >> 4) & 15];
    }
    return ~crc;
}

/* --- writing: the buffer is large enough for every record, see the assertion in encode */

static uint8_t *put_le(uint8_t *p, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++, v >>= 8)
        *p++ = (uint8_t)v;
    return p;
}

static uint8_t *put_text(uint8_t *p, const char *text, size_t max)
{
    size_t n = strnlen(text, max);
    *p++ = (uint8_t)n;
    memcpy(p, text, n);
    return p + n;
}

static uint8_t *put_float(uint8_t *p, float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof(bits));
    return put_le(p, bits, 4);
}

static uint8_t *encode_crossing(uint8_t *p, const struct its_store_event *e)
{
    const struct its_crossing *c = &e->crossing;
    p = put_text(p, e->camera, ITS_CAMERA_MAX);
    p = put_text(p, c->line, ITS_NAME_MAX);
    p = put_le(p, (uint32_t)c->line_revision, 4);
    p = put_le(p, (uint64_t)c->direction, 1);
    p = put_text(p, its_class_name(c->cls), ITS_NAME_MAX);
    p = put_le(p, c->track, 8);
    p = put_le(p, c->frame, 8);
    p = put_le(p, (uint64_t)c->time_us, 8);
    p = put_le(p, (uint64_t)c->capture_us, 8);
    p = put_le(p, (uint64_t)e->arrived_us, 8);
    p = put_float(p, c->score);
    p = put_float(p, c->at.x);
    return put_float(p, c->at.y);
}

static uint8_t *encode_minute(uint8_t *p, const struct its_minute *m)
{
    p = put_text(p, m->camera, ITS_CAMERA_MAX);
    p = put_le(p, (uint64_t)m->start_us, 8);
    p = put_le(p, (uint64_t)m->observed_us, 8);
    p = put_le(p, m->frames_used, 8);
    p = put_le(p, m->frames_predicted, 8);
    p = put_le(p, m->frames_lost, 8);
    p = put_le(p, m->analysis_level, 4);
    return put_le(p, m->view_invalid, 1);
}

size_t its_journal_encode(const struct its_record *record, uint8_t buf[ITS_JOURNAL_RECORD_MAX])
{
    uint8_t *payload = buf + HEADER, *p = payload;
    p = put_le(p, record->kind, 1);
    memcpy(p, record->id.bytes, sizeof(record->id.bytes));
    p += sizeof(record->id.bytes);
    p = record->kind == ITS_RECORD_MINUTE ? encode_minute(p, &record->minute)
                                          : encode_crossing(p, &record->event);
    size_t n = (size_t)(p - payload);
    its_assert(n <= PAYLOAD_MAX);
    put_le(buf, MAGIC, 4);
    put_le(buf + 4, n, 4);
    put_le(buf + 8, crc32(payload, n), 4);
    return HEADER + n;
}

/* --- reading: a cursor that turns bad instead of running over its end */

struct cursor {
    const uint8_t *p, *end;
    bool bad;
};

static uint64_t get_le(struct cursor *c, int bytes)
{
    if (c->bad || c->end - c->p < bytes) {
        c->bad = true;
        return 0;
    }
    uint64_t v = 0;
    for (int i = bytes - 1; i >= 0; i--)
        v = v << 8 | c->p[i];
    c->p += bytes;
    return v;
}

/* Into text[max + 1]. A text is bad when it is longer, or has a NUL inside. */
static void get_text(struct cursor *c, char *text, size_t max)
{
    size_t n = get_le(c, 1);
    if (c->bad || n > max || (size_t)(c->end - c->p) < n || memchr(c->p, 0, n)) {
        c->bad = true;
        return;
    }
    memcpy(text, c->p, n);
    text[n] = 0;
    c->p += n;
}

static float get_float(struct cursor *c)
{
    uint32_t bits = (uint32_t)get_le(c, 4);
    float v;
    memcpy(&v, &bits, sizeof(v));
    return v;
}

static void decode_crossing(struct cursor *in, struct its_store_event *e)
{
    struct its_crossing *c = &e->crossing;
    char class_name[ITS_NAME_MAX + 1] = "";
    get_text(in, e->camera, ITS_CAMERA_MAX);
    get_text(in, c->line, ITS_NAME_MAX);
    c->line_revision = (int)(uint32_t)get_le(in, 4);
    uint64_t direction = get_le(in, 1);
    get_text(in, class_name, ITS_NAME_MAX);
    c->track = get_le(in, 8);
    c->frame = get_le(in, 8);
    c->time_us = (int64_t)get_le(in, 8);
    c->capture_us = (int64_t)get_le(in, 8);
    e->arrived_us = (int64_t)get_le(in, 8);
    c->score = get_float(in);
    c->at.x = get_float(in);
    c->at.y = get_float(in);
    int cls = its_class_from_name(class_name);
    if (direction > ITS_BACKWARD || cls < 0)
        in->bad = true;
    c->direction = in->bad ? ITS_FORWARD : (enum its_direction)direction;
    c->cls = in->bad ? ITS_CLASS_VEHICLE : (enum its_class)cls;
}

static void decode_minute(struct cursor *in, struct its_minute *m)
{
    get_text(in, m->camera, ITS_CAMERA_MAX);
    m->start_us = (int64_t)get_le(in, 8);
    m->observed_us = (int64_t)get_le(in, 8);
    m->frames_used = get_le(in, 8);
    m->frames_predicted = get_le(in, 8);
    m->frames_lost = get_le(in, 8);
    m->analysis_level = (uint32_t)get_le(in, 4);
    uint64_t view_invalid = get_le(in, 1);
    if (view_invalid > 1)
        in->bad = true;
    m->view_invalid = view_invalid == 1;
}

static bool decode_payload(struct cursor *in, struct its_record *record)
{
    *record = (struct its_record){.kind = (enum its_record_kind)get_le(in, 1)};
    for (size_t i = 0; i < sizeof(record->id.bytes); i++)
        record->id.bytes[i] = (uint8_t)get_le(in, 1);
    switch (record->kind) {
    case ITS_RECORD_CROSSING:
        decode_crossing(in, &record->event);
        break;
    case ITS_RECORD_MINUTE:
        decode_minute(in, &record->minute);
        break;
    default:
        return false;
    }
    return !in->bad && in->p == in->end;
}

int its_journal_decode(const uint8_t *bytes, size_t n, struct its_record *record)
{
    struct cursor in = {bytes, bytes + n, false};
    if (n < HEADER)
        return 0;
    uint32_t magic = (uint32_t)get_le(&in, 4);
    uint32_t length = (uint32_t)get_le(&in, 4);
    uint32_t crc = (uint32_t)get_le(&in, 4);
    if (magic != MAGIC || length > PAYLOAD_MAX)
        return -EBADMSG;
    if (n - HEADER < length)
        return 0;
    in.end = in.p + length;
    if (crc32(in.p, length) != crc || !decode_payload(&in, record))
        return -EBADMSG;
    return (int)(HEADER + length);
}
