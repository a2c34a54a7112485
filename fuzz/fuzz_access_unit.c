/* A byte of codec, then packets (length, flags, time, contents) → pictures. What must hold: a
 * picture is within its limit, its parameter sets lie within it, nothing is given twice, and memory
 * does not grow past the limit. */
#include <string.h>

#include "base/mem.h"
#include "camera/rtsp/access_unit.h"
#include "fuzz.h"

#define LIMIT 100000

static void check(const struct its_assembler *a)
{
    const struct its_access_unit *u = &a->unit;
    its_assert(u->size > 0 && u->size <= LIMIT && u->size <= u->cap && u->cap <= 2 * LIMIT);
    for (unsigned i = 0; i < u->sets; i++)
        its_assert(u->sets_size[i] <= u->size && u->sets_at[i] <= u->size - u->sets_size[i]);
    its_assert(u->has_slice);
}

static void push(struct its_assembler *a, const struct its_rtp *packet)
{
    enum its_assembled got = its_assembler_push(a, packet);
    if (got != ITS_AU_MORE)
        check(a);
    if (got != ITS_AU_AGAIN)
        return;
    got = its_assembler_push(a, packet);
    its_assert(got != ITS_AU_AGAIN);
    if (got == ITS_AU_READY)
        check(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum its_rtp_codec codecs[] = {ITS_RTP_H264, ITS_RTP_H265, ITS_RTP_JPEG};
    if (size < 1)
        return 0;
    struct its_assembler a;
    its_assembler_init(&a, codecs[data[0] % 3], data[0] & 0x80, LIMIT);
    const uint8_t *p = data + 1, *end = data + size;
    uint16_t seq = 0xfff0;
    while (end - p >= 3) {
        size_t n = ITS_MIN((size_t)p[0], (size_t)(end - p - 3));
        seq = (uint16_t)(seq + 1 + (p[1] >> 4 & 3));
        struct its_rtp packet = {
            .payload = p + 3, .size = n, .timestamp = p[2], .seq = seq, .marker = p[1] & 1};
        push(&a, &packet);
        p += 3 + n;
    }
    its_assembler_fini(&a);
    return 0;
}
