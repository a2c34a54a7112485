/* Packets by UDP: put in line when they overtook each other, given up when they do not come, and
 * taken from the camera only. */
#include "camera/rtsp/udp_pair.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "camera/rtsp/rtsp.h"

static struct its_source source; /* lends its deadline and cancellation */
static struct its_wire wire;
static struct its_udp_pair *pair;
static int camera;      /* the camera's UDP socket */
static int camera_wire; /* its end of the connection */

static struct sockaddr_in loopback(uint32_t host, int port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(host), .sin_port = htons((uint16_t)port)};
}

static void send_from(int fd, uint16_t seq, int port_offset)
{
    uint8_t packet[16] = {0x80, 96, (uint8_t)(seq >> 8), (uint8_t)seq};
    struct sockaddr_in to = loopback(INADDR_LOOPBACK, its_udp_pair_port(pair) + port_offset);
    assert_int_equal(sendto(fd, packet, sizeof(packet), 0, (struct sockaddr *)&to, sizeof(to)), 16);
}

static void expect(uint16_t seq)
{
    struct its_rtsp_packet p;
    its_source_start_clock(&source, 2000000);
    assert_int_equal(its_udp_pair_read(pair, &wire, &p), 0);
    assert_false(p.rtcp);
    assert_int_equal(p.bytes[2] << 8 | p.bytes[3], seq);
}

static void test_in_line_again(void **state)
{
    static const uint16_t sent[] = {65534, 0, 65535, 2, 1, 1, 3};
    for (size_t i = 0; i < ITS_ARRAY_LEN(sent); i++)
        send_from(camera, sent[i], 0);
    expect(65534);
    expect(65535);
    for (uint16_t seq = 0; seq <= 3; seq++) /* 1 came twice */
        expect(seq);
}

static void test_a_lost_one_is_not_waited_for_long(void **state)
{
    send_from(camera, 10, 0);
    expect(10);
    send_from(camera, 12, 0);
    int64_t start_us = its_mono_us();
    expect(12);
    assert_in_range(its_mono_us() - start_us, 10000, 1000000);
    send_from(camera, 11, 0); /* too late */
    send_from(camera, 13, 0);
    expect(13);
}

static void test_a_long_gap_and_a_new_beginning(void **state)
{
    send_from(camera, 20, 0);
    expect(20);
    for (uint16_t seq = 22; seq < 22 + 40; seq++) /* more than may wait */
        send_from(camera, seq, 0);
    for (uint16_t seq = 22; seq < 22 + 40; seq++)
        expect(seq);
    send_from(camera, 40000, 0);
    send_from(camera, 40001, 0);
    expect(40000);
    expect(40001);
}

static void test_strangers_are_not_heard(void **state)
{
    struct sockaddr_in other = loopback(INADDR_LOOPBACK + 1, 0);
    int stranger = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(stranger, (struct sockaddr *)&other, sizeof(other)), 0);
    send_from(stranger, 30, 0);
    send_from(camera, 31, 0);
    expect(31);
    close(stranger);
}

static void test_the_end_of_the_connection_ends_it(void **state)
{
    struct its_rtsp_packet p;
    close(camera_wire);
    camera_wire = -1;
    its_source_start_clock(&source, 2000000);
    assert_int_equal(its_udp_pair_read(pair, &wire, &p), ITS_EEOF);
}

static void test_silence_has_a_deadline(void **state)
{
    struct its_rtsp_packet p;
    its_source_start_clock(&source, 50000);
    assert_int_equal(its_udp_pair_read(pair, &wire, &p), -ETIMEDOUT);
}

static int setup(void **state)
{
    struct sockaddr_in a = loopback(INADDR_LOOPBACK, 0);
    socklen_t len = sizeof(a);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&a, len), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &len), 0);
    source.cancel = its_cancel_create(NULL);
    its_source_start_clock(&source, 2000000);
    assert_int_equal(its_wire_connect(&wire, &source, "127.0.0.1", ntohs(a.sin_port), false, NULL),
                     0);
    camera_wire = accept(listener, NULL, NULL);
    close(listener);
    camera = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(its_udp_pair_open(&wire, &pair), 0);
    assert_int_equal(its_udp_pair_port(pair) % 2, 0);
    return its_udp_pair_connect(pair, &wire, 0, 0);
}

static int teardown(void **state)
{
    its_udp_pair_close(&pair);
    its_wire_close(&wire);
    if (camera_wire >= 0)
        close(camera_wire);
    close(camera);
    its_cancel_destroy(&source.cancel);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_in_line_again),
        TEST(test_a_lost_one_is_not_waited_for_long),
        TEST(test_a_long_gap_and_a_new_beginning),
        TEST(test_strangers_are_not_heard),
        TEST(test_the_end_of_the_connection_ends_it),
        TEST(test_silence_has_a_deadline),
    };
    return cmocka_run_group_tests_name("camera/udp_pair", tests, NULL, NULL);
}
