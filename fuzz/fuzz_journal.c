/* The journal's records: what a damaged disk may hand us. Any bytes may come; what is taken must be
 * whole, within the bytes, and go out again as it came in. The input is tried twice: as a file, and
 * as the payload of a record whose checksum is right, which no mutation would find. */
#include <string.h>

#include "store/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_file(const uint8_t *data, size_t size)
{
    for (size_t at = 0; at < size;) {
        struct its_record record;
        uint8_t again[ITS_JOURNAL_RECORD_MAX];
        int used = its_journal_decode(data + at, size - at, &record);
        if (used <= 0) {
            at++;
            continue;
        }
        its_assert((size_t)used <= size - at);
        its_assert(its_journal_encode(&record, again) == (size_t)used);
        its_assert(!memcmp(again, data + at, (size_t)used));
        at += (size_t)used;
    }
}

static uint32_t crc32(const uint8_t *bytes, size_t n)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < 8 * n; i++) {
        crc ^= bytes[i / 8] >> i % 8 & 1;
        crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static void put_le32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++, v >>= 8)
        p[i] = (uint8_t)v;
}

static void read_payload(const uint8_t *data, size_t size)
{
    uint8_t file[ITS_JOURNAL_RECORD_MAX + 100];
    size = ITS_MIN(size, sizeof(file) - 12);
    memcpy(file, "ITJ1", 4);
    put_le32(file + 4, (uint32_t)size);
    put_le32(file + 8, crc32(data, size));
    memcpy(file + 12, data, size);
    read_file(file, 12 + size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_file(data, size);
    read_payload(data, size);
    return 0;
}
