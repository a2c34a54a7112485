/* The two neighbouring UDP ports RTP and RTCP come in by, and the order of what comes: packets that
 * overtook each other on the way are put in line again. One thread. */
#pragma once

#include "camera/wire.h"

struct its_rtsp_packet;
struct its_udp_pair;

/* Ports on the local address of the connection. */
int its_udp_pair_open(const struct its_wire *wire, struct its_udp_pair **out);

/* The even one, of RTP. */
int its_udp_pair_port(const struct its_udp_pair *u);

/* Takes packets from the camera's address only, and from these ports (0: from any). Sends a first
 * packet each way, so that a firewall between lets the answers in. */
int its_udp_pair_connect(struct its_udp_pair *u, const struct its_wire *wire, int rtp_port,
                         int rtcp_port);

/* The next packet, as its_rtsp_read. Reads and drops what comes over the connection; ITS_EEOF when
 * that ends. */
int its_udp_pair_read(struct its_udp_pair *u, struct its_wire *wire, struct its_rtsp_packet *out);

void its_udp_pair_close(struct its_udp_pair **u);
