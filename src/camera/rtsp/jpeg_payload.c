#include "camera/rtsp/jpeg_payload.h"

#include <string.h>

#include "base/attr.h"

/* ITU-T T.81 Annex K.1, in zigzag order: luminance, chrominance. */
static const uint8_t quantiser[2][64] = {
    {16, 11, 12,  14,  12,  10, 16, 14,  13,  14,  18,  17,  16, 19,  24,  40,
     26, 24, 22,  22,  24,  49, 35, 37,  29,  40,  58,  51,  61, 60,  57,  51,
     56, 55, 64,  72,  92,  78, 64, 68,  87,  69,  55,  56,  80, 109, 81,  87,
     95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99},
    {17, 18, 18, 24, 21, 24, 47, 26, 26, 47, 99, 66, 56, 66, 99, 99, 99, 99, 99, 99, 99, 99,
     99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
     99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99},
};

/* Annex K.3: how many codes there are of 1 to 16 bits, and what they stand for. */
static const uint8_t dc_bits[2][16] = {
    {0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0},
    {0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0},
};
static const uint8_t dc_values[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
static const uint8_t ac_bits[2][16] = {
    {0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d},
    {0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77},
};
static const uint8_t ac_values[2][162] = {
    {0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61,
     0x07, 0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52,
     0xd1, 0xf0, 0x24, 0x33, 0x62, 0x72, 0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25,
     0x26, 0x27, 0x28, 0x29, 0x2a, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45,
     0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64,
     0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x83,
     0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99,
     0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6,
     0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3,
     0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8,
     0xe9, 0xea, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa},
    {0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61,
     0x71, 0x13, 0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xa1, 0xb1, 0xc1, 0x09, 0x23, 0x33,
     0x52, 0xf0, 0x15, 0x62, 0x72, 0xd1, 0x0a, 0x16, 0x24, 0x34, 0xe1, 0x25, 0xf1, 0x17, 0x18,
     0x19, 0x1a, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44,
     0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63,
     0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a,
     0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97,
     0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4,
     0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca,
     0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7,
     0xe8, 0xe9, 0xea, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa},
};

/* The numbers in front of the data (3.1). */
struct main_header {
    uint32_t offset;
    int type, q, width, height;
    int restart; /* interval; 0 = none */
};

/* 4.2: the tables of a quality from 1 to 99. */
static void scale_tables(int q, uint8_t tables[2][64])
{
    int factor = q < 50 ? 5000 / q : 200 - 2 * q;
    for (int t = 0; t < 2; t++)
        for (int i = 0; i < 64; i++) {
            int v = (quantiser[t][i] * factor + 50) / 100;
            tables[t][i] = (uint8_t)ITS_MAX(1, ITS_MIN(v, 255));
        }
}

/* 3.1.8: tables in the first packet of a picture. Moves p and n behind them. False: damaged. */
static bool read_tables(struct its_assembler *a, int q, const uint8_t **p, size_t *n)
{
    if (*n < 4)
        return false;
    size_t len = (size_t)(*p)[2] << 8 | (*p)[3];
    bool words = (*p)[1] != 0;
    *p += 4;
    *n -= 4;
    if (len > *n || words || (len != 0 && len != 64 && len != 128))
        return false;
    if (len == 0) /* as sent before */
        return a->tables_q == q;
    memcpy(a->tables[0], *p, 64);
    memcpy(a->tables[1], len == 128 ? *p + 64 : *p, 64);
    a->tables_q = (uint8_t)q;
    *p += len;
    *n -= len;
    return true;
}

/* --- the file's head */

static uint8_t *put(uint8_t *at, const void *bytes, size_t n)
{
    memcpy(at, bytes, n);
    return at + n;
}

static uint8_t *put_huffman(uint8_t *at, int class_and_id, const uint8_t *bits,
                            const uint8_t *values, size_t n)
{
    size_t len = 2 + 1 + 16 + n;
    at = put(at, (uint8_t[]){0xff, 0xc4, (uint8_t)(len >> 8), (uint8_t)len, (uint8_t)class_and_id},
             5);
    at = put(at, bits, 16);
    return put(at, values, n);
}

static uint8_t *put_frame(uint8_t *at, const struct main_header *h)
{
    uint8_t sampling = h->type & 1 ? 0x22 : 0x21; /* 4:2:0 or 4:2:2 */
    const uint8_t frame[] = {
        0xff,
        0xc0,
        0,
        17,
        8,
        (uint8_t)(h->height >> 8),
        (uint8_t)h->height,
        (uint8_t)(h->width >> 8),
        (uint8_t)h->width,
        3,
        1,
        sampling,
        0,
        2,
        0x11,
        1,
        3,
        0x11,
        1,
    };
    return put(at, frame, sizeof(frame));
}

#define HEAD_MAX 1024

static size_t make_head(const struct main_header *h, const uint8_t tables[2][64],
                        uint8_t head[HEAD_MAX])
{
    static const uint8_t scan[] = {0xff, 0xda, 0, 12, 3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0};
    uint8_t *at = put(head, (uint8_t[]){0xff, 0xd8}, 2);
    for (uint8_t t = 0; t < 2; t++) {
        at = put(at, (uint8_t[]){0xff, 0xdb, 0, 67, t}, 5);
        at = put(at, tables[t], 64);
    }
    if (h->restart)
        at = put(at, (uint8_t[]){0xff, 0xdd, 0, 4, (uint8_t)(h->restart >> 8), (uint8_t)h->restart},
                 6);
    at = put_frame(at, h);
    for (int t = 0; t < 2; t++) {
        at = put_huffman(at, t, dc_bits[t], dc_values, sizeof(dc_values));
        at = put_huffman(at, 0x10 | t, ac_bits[t], ac_values[t], sizeof(ac_values[t]));
    }
    at = put(at, scan, sizeof(scan));
    return (size_t)(at - head);
}

/* --- packets */

static bool begin(struct its_assembler *a, const struct main_header *h, const uint8_t **p,
                  size_t *n)
{
    uint8_t tables[2][64], head[HEAD_MAX];
    if (h->q >= 128) {
        if (!read_tables(a, h->q, p, n))
            return false;
        memcpy(tables, a->tables, sizeof(tables));
    } else if (h->q >= 1 && h->q <= 99) {
        scale_tables(h->q, tables);
    } else {
        return false;
    }
    a->jpeg_head = make_head(h, tables, head);
    a->unit.width = h->width;
    a->unit.height = h->height;
    return its_assembler_append(a, head, a->jpeg_head);
}

static bool add(struct its_assembler *a, const uint8_t *p, size_t n)
{
    if (n < 8)
        return false;
    struct main_header h = {
        .offset = (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3],
        .type = p[4] & 63,
        .q = p[5],
        .width = p[6] * 8,
        .height = p[7] * 8,
    };
    bool restarts = p[4] >= 64 && p[4] < 128;
    p += 8;
    n -= 8;
    if (restarts) {
        if (n < 4)
            return false;
        h.restart = p[0] << 8 | p[1];
        p += 4;
        n -= 4;
    }
    if (h.type > 1 || !h.width || !h.height)
        return false;
    if (h.offset == 0 && a->unit.size == 0 && !begin(a, &h, &p, &n))
        return false;
    if (a->unit.size == 0 || h.offset != a->unit.size - a->jpeg_head)
        return false;
    return its_assembler_append(a, p, n);
}

void its_jpeg_add(struct its_assembler *a, const struct its_rtp *packet)
{
    if (add(a, packet->payload, packet->size)) {
        a->unit.key = a->unit.has_slice = true;
        return;
    }
    a->malformed++;
    a->unit.damaged = true;
}

void its_jpeg_finish(struct its_assembler *a)
{
    static const uint8_t end[] = {0xff, 0xd9};
    if (a->unit.size && !a->skip)
        its_assembler_append(a, end, sizeof(end));
}
