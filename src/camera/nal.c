#include "camera/nal.h"

#include <stddef.h>

#include <libavcodec/avcodec.h>

void its_nal_scan_init(struct its_nal_scan *scan, const struct AVCodecParameters *codec)
{
    const uint8_t *x = codec->extradata;
    int n = codec->extradata_size;
    *scan = (struct its_nal_scan){0};

    /* Configuration records start with version 1; start codes with 0 (ISO/IEC 14496-15). */
    if (codec->codec_id == AV_CODEC_ID_H264) {
        scan->kind = ITS_NAL_H264;
        if (n >= 7 && x[0] == 1)
            scan->length_bytes = (x[4] & 3) + 1;
    } else if (codec->codec_id == AV_CODEC_ID_HEVC) {
        scan->kind = ITS_NAL_H265;
        if (n >= 23 && x[0] == 1) {
            scan->length_bytes = (x[21] & 3) + 1;
            scan->one_sublayer = ((x[21] >> 3) & 7) <= 1;
        }
    }
}

/* The next unit in [*p, end): sets *unit and returns its size, moves *p behind it. 0 = no more. */
static size_t next_unit(const struct its_nal_scan *scan, const uint8_t **p, const uint8_t *end,
                        const uint8_t **unit)
{
    const uint8_t *at = *p;
    if (scan->length_bytes) {
        if (end - at < scan->length_bytes)
            return 0;
        size_t size = 0;
        for (int i = 0; i < scan->length_bytes; i++)
            size = size << 8 | *at++;
        if (size == 0 || size > (size_t)(end - at))
            return 0;
        *unit = at;
        *p = at + size;
        return size;
    }
    while (end - at >= 4 && !(at[0] == 0 && at[1] == 0 && at[2] == 1))
        at++;
    if (end - at < 4)
        return 0;
    at += 3;
    *unit = at;
    while (end - at >= 3 && !(at[0] == 0 && at[1] == 0 && at[2] <= 1))
        at++;
    *p = end - at >= 3 ? at : end;
    return (size_t)(*p - *unit);
}

enum verdict { NOT_A_SLICE, REFERRED_TO, DISPOSABLE };

static enum verdict judge(const struct its_nal_scan *scan, const uint8_t *unit)
{
    if (scan->kind == ITS_NAL_H264) {
        int type = unit[0] & 31, ref_idc = unit[0] >> 5 & 3;
        if (type < 1 || type > 5)
            return NOT_A_SLICE;
        return ref_idc ? REFERRED_TO : DISPOSABLE;
    }
    int type = unit[0] >> 1 & 63;
    if (type > 31)
        return NOT_A_SLICE;
    /* Types 0..15 that are even are sub-layer non-reference pictures. */
    return type < 16 && type % 2 == 0 && scan->one_sublayer ? DISPOSABLE : REFERRED_TO;
}

bool its_nal_is_disposable(const struct its_nal_scan *scan, const struct AVPacket *packet)
{
    if (packet->flags & AV_PKT_FLAG_DISPOSABLE)
        return true;
    if (scan->kind == ITS_NAL_NONE)
        return false;

    const uint8_t *p = packet->data, *end = p + packet->size, *unit;
    bool any = false;
    for (size_t size; (size = next_unit(scan, &p, end, &unit));) {
        enum verdict v = judge(scan, unit);
        if (v == REFERRED_TO)
            return false;
        any |= v == DISPOSABLE;
    }
    return any;
}
