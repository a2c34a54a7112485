/* From packets to pictures: where one ends, and what happens when parts are missing. */
#include "camera/rtsp/access_unit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/attr.h"

/* --- RTP */

static void test_rtp_headers(void **state)
{
    static const uint8_t whole[] = {0xb1, 0xe0, 0x12, 0x34, 0, 0, 0, 5, 0, 0, 0,   9,   1, 2,
                                    3,    4,    0xbe, 0xde, 0, 1, 7, 7, 7, 7, 'x', 'y', 0, 2};
    struct its_rtp p;
    assert_true(its_rtp_parse(whole, sizeof(whole), &p));
    assert_true(p.marker && p.type == 0x60 && p.seq == 0x1234 && p.timestamp == 5 && p.ssrc == 9);
    assert_int_equal(p.size, 2);
    assert_memory_equal(p.payload, "xy", 2);
    for (size_t n = 0; n < 24; n++)
        if (its_rtp_parse(whole, n, &p))
            assert_true(p.payload + p.size <= whole + n);
    assert_int_equal(its_rtp_distance(65535, 1), 2);
    assert_int_equal(its_rtp_distance(1, 65535), -2);
}

static void test_sender_report(void **state)
{
    /* An empty receiver report in front, a farewell behind. NTP 0xe8000000.5 s. */
    static const uint8_t compound[] = {
        0x80, 201, 0, 1, 0, 0, 0, 1, 0x80, 200, 0, 6, 0, 0, 0,    2,   0xe8, 0, 0, 0, 0x80, 0,
        0,    0,   0, 1, 0, 0, 0, 0, 0,    0,   0, 0, 0, 0, 0x81, 203, 0,    1, 0, 0, 0,    2,
    };
    struct its_rtcp r;
    assert_true(its_rtcp_is(compound, sizeof(compound)));
    assert_true(its_rtcp_parse(compound, sizeof(compound), &r));
    assert_true(r.report && r.bye);
    assert_int_equal(r.ssrc, 2);
    assert_int_equal(r.timestamp, 0x10000);
    assert_int_equal(r.wall_us, (0xe8000000LL - 2208988800LL) * 1000000 + 500000);
    assert_false(its_rtcp_parse(compound, 20, &r)); /* cut within the report */
}

/* --- pictures */

static struct its_assembler a;
static uint16_t seq;

static int start(enum its_rtp_codec codec, size_t limit)
{
    its_assembler_fini(&a);
    its_assembler_init(&a, codec, false, limit);
    return seq = 65533; /* wraps within every test */
}

static enum its_assembled push(uint32_t timestamp, bool marker, const char *bytes, size_t n)
{
    static int64_t clock_us;
    struct its_rtp p = {.payload = (const uint8_t *)bytes,
                        .size = n,
                        .timestamp = timestamp,
                        .seq = seq++,
                        .marker = marker,
                        .arrived_us = ++clock_us};
    return its_assembler_push(&a, &p);
}
#define PUSH(ts, marker, bytes) push(ts, marker, bytes, sizeof(bytes) - 1)

#define SPS  "\x67\x42\x00\x1f"
#define PPS  "\x68\xce"
#define IDR  "\x65\x88\x01" /* first_mb_in_slice 0 */
#define P0   "\x41\x9a\x02" /* the first slice of a picture */
#define P1   "\x41\x12\x03" /* another */
#define CODE "\0\0\0\1"

static void expect(const char *bytes, size_t n)
{
    assert_int_equal(a.unit.size, n);
    assert_memory_equal(a.unit.data, bytes, n);
}
#define EXPECT(bytes) expect(bytes, sizeof(bytes) - 1)

static void test_marker_ends_a_picture(void **state)
{
    start(ITS_RTP_H264, 1 << 20);
    assert_int_equal(PUSH(1, false, SPS), ITS_AU_MORE);
    assert_int_equal(PUSH(1, false, PPS), ITS_AU_MORE);
    assert_int_equal(PUSH(1, true, IDR), ITS_AU_READY);
    EXPECT(CODE SPS CODE PPS CODE IDR);
    assert_true(a.unit.key && a.unit.has_sps && !a.unit.damaged);
    assert_int_equal(a.unit.sets, 2);
    assert_int_equal(PUSH(2, true, P0), ITS_AU_READY);
    EXPECT(CODE P0);
    assert_false(a.unit.key);
    assert_int_equal(a.lost, 0);
}

static void test_time_stamp_ends_a_picture_without_marker(void **state)
{
    start(ITS_RTP_H264, 1 << 20);
    assert_int_equal(PUSH(1, false, IDR), ITS_AU_MORE);
    assert_int_equal(PUSH(1, false, P1), ITS_AU_MORE);
    struct its_rtp next = {.payload = (const uint8_t *)P0, .size = 3, .timestamp = 2, .seq = seq};
    assert_int_equal(its_assembler_push(&a, &next), ITS_AU_AGAIN);
    EXPECT(CODE IDR CODE P1);
    assert_int_equal(its_assembler_push(&a, &next), ITS_AU_MORE);
    assert_int_equal(a.lost, 0);
}

/* A sender that gives all pictures one time stamp, and no marker. */
static void test_first_slice_ends_a_picture(void **state)
{
    start(ITS_RTP_H264, 1 << 20);
    PUSH(1, false, IDR);
    PUSH(1, false, P1);
    assert_int_equal(PUSH(1, false, P0), ITS_AU_AGAIN);
    EXPECT(CODE IDR CODE P1);
}

/* Some cameras set it on every slice: the first picture comes in two, none after it. */
static void test_a_marker_that_lies_is_found_out(void **state)
{
    start(ITS_RTP_H264, 1 << 20);
    assert_int_equal(PUSH(1, true, IDR), ITS_AU_READY);
    assert_int_equal(PUSH(1, true, P1), ITS_AU_MORE);
    assert_true(a.marker_lies);
    assert_int_equal(PUSH(2, true, P0), ITS_AU_AGAIN);
    seq--;
    assert_int_equal(PUSH(2, true, P0), ITS_AU_MORE);
    assert_int_equal(PUSH(2, true, P1), ITS_AU_MORE);
    assert_int_equal(PUSH(3, true, P0), ITS_AU_AGAIN);
    EXPECT(CODE P0 CODE P1);
}

static void test_fragments_and_aggregates(void **state)
{
    start(ITS_RTP_H264, 1 << 20);
    assert_int_equal(PUSH(1, false, "\x78\0\4" SPS "\0\2" PPS), ITS_AU_MORE);
    assert_int_equal(PUSH(1, false,
                          "\x7c\x85\x88"
                          "abc"),
                     ITS_AU_MORE); /* start, type 5 */
    assert_int_equal(PUSH(1, false,
                          "\x7c\x05"
                          "def"),
                     ITS_AU_MORE);
    assert_int_equal(PUSH(1, true,
                          "\x7c\x45"
                          "g"),
                     ITS_AU_READY);
    EXPECT(CODE SPS CODE PPS CODE "\x65\x88"
                                  "abcdefg");
    assert_true(a.unit.key && !a.unit.damaged);
}

static void test_a_hole_in_a_fragment(void **state)
{
    start(ITS_RTP_H264, 1 << 20);
    PUSH(1, false, P0);
    PUSH(1, false,
         "\x7c\x81\x12"
         "abc");
    seq++;
    assert_int_equal(PUSH(1, true,
                          "\x7c\x41"
                          "g"),
                     ITS_AU_READY);
    EXPECT(CODE P0); /* the slice without its middle is cut away */
    assert_true(a.unit.damaged);
    assert_int_equal(a.lost, 1);
    assert_int_equal(PUSH(2, true, P0), ITS_AU_READY);
    assert_false(a.unit.damaged); /* the next picture is whole */
}

/* A parameter set within a fragmented slice: once its place was kept, but not its bytes. */
static void r_unit_within_a_fragment(void **state)
{
    start(ITS_RTP_H264, 1 << 20);
    PUSH(1, false, P0);
    PUSH(1, false,
         "\x7c\x81\x12"
         "abcdef");
    PUSH(1, false, SPS);
    assert_int_equal(PUSH(1, true,
                          "\x7c\x41"
                          "g"),
                     ITS_AU_READY);
    EXPECT(CODE P0 CODE SPS);
    assert_int_equal(a.unit.sets_at[0] + a.unit.sets_size[0], a.unit.size);
    assert_true(a.unit.damaged);
}

/* The packet with the marker is lost: the next picture ends it, and knows that it is not whole. */
static void test_a_lost_end(void **state)
{
    start(ITS_RTP_H264, 1 << 20);
    PUSH(1, false, P0);
    seq++;
    assert_int_equal(PUSH(2, true, P0), ITS_AU_AGAIN);
    assert_true(a.unit.damaged);
    seq--;
    assert_int_equal(PUSH(2, true, P0), ITS_AU_READY);
    assert_false(a.unit.damaged);
    assert_int_equal(a.lost, 1);
}

static void test_too_big_is_dropped_and_counted(void **state)
{
    start(ITS_RTP_H264, 1000);
    char piece[400] = "\x7c\x85\x88";
    PUSH(1, false, SPS);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(push(1, i == 99, piece, sizeof(piece)), ITS_AU_MORE);
        piece[1] = 5;
    }
    assert_int_equal(a.too_big, 1);
    assert_true(a.unit.cap <= 65536);
    assert_int_equal(PUSH(2, true, P0), ITS_AU_READY);
    EXPECT(CODE P0);
}

static void test_endless_parameter_sets_are_bounded(void **state)
{
    start(ITS_RTP_H264, 1 << 16);
    for (int i = 0; i < 100000; i++)
        assert_int_equal(PUSH(1, i % 2, SPS), ITS_AU_MORE);
    assert_true(a.unit.size <= 1 << 16);
    assert_true(a.unit.sets <= ITS_ARRAY_LEN(a.unit.sets_at));
    assert_true(a.too_big > 0);
}

static void test_nonsense_is_counted(void **state)
{
    static const char *const rows[] = {"\x7c", "\x78\xff\xff\x65", "\x1f\x00", "\x00\x00"};
    start(ITS_RTP_H264, 1 << 16);
    for (size_t i = 0; i < ITS_ARRAY_LEN(rows); i++) {
        push((uint32_t)i, true, rows[i], i == 0 ? 1 : 2);
        assert_int_equal(a.malformed, i + 1);
    }
    assert_int_equal(push(9, true, "", 0), ITS_AU_MORE);
}

#define VPS265 "\x40\x01\x0c"
#define SPS265 "\x42\x01\x01"
#define IDR265 "\x26\x01\xaf"
#define P265   "\x02\x01\xd0"

static void test_h265(void **state)
{
    start(ITS_RTP_H265, 1 << 20);
    assert_int_equal(PUSH(1, false, "\x60\x01\0\3" VPS265 "\0\3" SPS265), ITS_AU_MORE);
    assert_int_equal(PUSH(1, false,
                          "\x62\x01\x93\xaf"
                          "ab"),
                     ITS_AU_MORE); /* start, type 19 */
    assert_int_equal(PUSH(1, true,
                          "\x62\x01\x53"
                          "c"),
                     ITS_AU_READY);
    EXPECT(CODE VPS265 CODE SPS265 CODE "\x26\x01\xaf"
                                        "abc");
    assert_true(a.unit.key && a.unit.has_sps);
    assert_int_equal(PUSH(2, false, P265), ITS_AU_MORE);
    assert_int_equal(PUSH(3, true, P265), ITS_AU_AGAIN);
    EXPECT(CODE P265);
    assert_false(a.unit.key);
}

/* Decoding order numbers (sprop-max-don-diff > 0) stand between header and contents. */
static void test_h265_with_order_numbers(void **state)
{
    its_assembler_fini(&a);
    its_assembler_init(&a, ITS_RTP_H265, true, 1 << 20);
    assert_int_equal(PUSH(1, true,
                          "\x26\x01\0\7\xaf"
                          "x"),
                     ITS_AU_READY);
    EXPECT(CODE "\x26\x01\xaf"
                "x");
    assert_int_equal(PUSH(2, true, "\x60\x01\0\1\0\3" VPS265 "\1\0\3" P265), ITS_AU_READY);
    EXPECT(CODE VPS265 CODE P265);
}

static void test_jpeg(void **state)
{
    start(ITS_RTP_JPEG, 1 << 20);
    assert_int_equal(PUSH(1, false,
                          "\0\0\0\0\1\x32\x28\x1e"
                          "abcd"),
                     ITS_AU_MORE);
    assert_int_equal(PUSH(1, true,
                          "\0\0\0\4\1\x32\x28\x1e"
                          "efg"),
                     ITS_AU_READY);
    assert_int_equal(a.unit.width, 320);
    assert_int_equal(a.unit.height, 240);
    assert_true(a.unit.key);
    assert_memory_equal(a.unit.data, "\xff\xd8\xff\xdb", 4);
    assert_memory_equal(a.unit.data + a.unit.size - 9, "abcdefg\xff\xd9", 9);

    /* a piece is missing: half a picture is none */
    PUSH(2, false,
         "\0\0\0\0\1\x32\x28\x1e"
         "abcd");
    seq++;
    assert_int_equal(PUSH(2, true,
                          "\0\0\0\x10\1\x32\x28\x1e"
                          "efg"),
                     ITS_AU_MORE);
    assert_int_equal(PUSH(3, true,
                          "\0\0\0\0\1\x32\x28\x1e"
                          "abcd"),
                     ITS_AU_READY);
    /* tables that were never sent */
    assert_int_equal(PUSH(4, true,
                          "\0\0\0\0\1\xc8\x28\x1e\0\0\0\0"
                          "abcd"),
                     ITS_AU_MORE);
}

static int teardown(void **state)
{
    its_assembler_fini(&a);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rtp_headers),
        cmocka_unit_test(test_sender_report),
        cmocka_unit_test(test_marker_ends_a_picture),
        cmocka_unit_test(test_time_stamp_ends_a_picture_without_marker),
        cmocka_unit_test(test_first_slice_ends_a_picture),
        cmocka_unit_test(test_a_marker_that_lies_is_found_out),
        cmocka_unit_test(test_fragments_and_aggregates),
        cmocka_unit_test(test_a_hole_in_a_fragment),
        cmocka_unit_test(r_unit_within_a_fragment),
        cmocka_unit_test(test_a_lost_end),
        cmocka_unit_test(test_too_big_is_dropped_and_counted),
        cmocka_unit_test(test_endless_parameter_sets_are_bounded),
        cmocka_unit_test(test_nonsense_is_counted),
        cmocka_unit_test(test_h265),
        cmocka_unit_test(test_h265_with_order_numbers),
        cmocka_unit_test(test_jpeg),
    };
    return cmocka_run_group_tests_name("camera/access_unit", tests, NULL, teardown);
}
