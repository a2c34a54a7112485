/* Which pictures nobody refers to: they may be left undecoded without harm. Looks at the NAL unit
 * headers only (ITU-T H.264 7.4.1, H.265 7.4.2.2). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct AVCodecParameters;
struct AVPacket;

struct its_nal_scan {
    enum { ITS_NAL_NONE, ITS_NAL_H264, ITS_NAL_H265 } kind;
    int length_bytes;  /* of the size in front of each unit (avcC, hvcC); 0 = start codes */
    bool one_sublayer; /* H.265: no temporal layers, so "_N" types are disposable */
};

/* Reads the configuration record. Any codec; those that are not H.264 or H.265 have no such
 * pictures. */
void its_nal_scan_init(struct its_nal_scan *scan, const struct AVCodecParameters *codec);

/* True when every slice in it says so. Damaged packets are never disposable. */
bool its_nal_is_disposable(const struct its_nal_scan *scan, const struct AVPacket *packet);
