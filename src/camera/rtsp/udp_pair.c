#include "camera/rtsp/udp_pair.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "camera/rtsp/rtp.h"
#include "camera/rtsp/rtsp.h"

/* A key frame of a 4K camera comes in one burst. */
#define RECEIVE_BYTES (2 << 20)

#define DATAGRAM_MAX 65536
#define PORT_TRIES   50

/* So many packets may wait for one that was overtaken, and so long. */
#define WINDOW    32
#define WINDOW_US 20000

struct slot {
    uint8_t *bytes; /* grown to the largest packet it held */
    size_t size, cap;
    int64_t arrived_us;
    uint16_t seq;
    bool full;
};

struct its_udp_pair {
    int rtp, rtcp, port;
    struct sockaddr_storage peer; /* the camera; its port is not looked at */

    uint8_t *datagram;
    size_t held; /* its bytes, while it waits for room in the window */
    struct slot slots[WINDOW];
    unsigned waiting;   /* full slots */
    struct slot *given; /* handed out last */
    bool any;
    uint16_t next;      /* the sequence number that is due */
    int64_t blocked_us; /* since when one is missing */
};

/* --- ports */

static void set_port(struct sockaddr_storage *a, int port)
{
    if (a->ss_family == AF_INET6)
        ((struct sockaddr_in6 *)a)->sin6_port = htons((uint16_t)port);
    else
        ((struct sockaddr_in *)a)->sin_port = htons((uint16_t)port);
}

static int get_port(const struct sockaddr_storage *a)
{
    return ntohs(a->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)a)->sin6_port
                                          : ((const struct sockaddr_in *)a)->sin_port);
}

static bool same_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    if (a->ss_family != b->ss_family)
        return false;
    if (a->ss_family == AF_INET6)
        return memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr,
                      &((const struct sockaddr_in6 *)b)->sin6_addr, 16) == 0;
    return ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
           ((const struct sockaddr_in *)b)->sin_addr.s_addr;
}

/* A bound socket; port 0: the system chooses. Negative errno. */
static int bind_port(struct sockaddr_storage *local, socklen_t len, int port)
{
    int fd = socket(local->ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    set_port(local, port);
    if (bind(fd, (struct sockaddr *)local, len) < 0) {
        int code = -errno;
        close(fd);
        return code;
    }
    return fd;
}

/* An even port and the one above it. */
static int bind_pair(struct its_udp_pair *u, struct sockaddr_storage *local, socklen_t len)
{
    u->rtp = bind_port(local, len, 0);
    if (u->rtp < 0)
        return u->rtp;
    socklen_t size = sizeof(*local);
    if (getsockname(u->rtp, (struct sockaddr *)local, &size) < 0)
        return -errno;
    u->port = get_port(local);
    if (u->port % 2)
        return -EADDRINUSE;
    u->rtcp = bind_port(local, len, u->port + 1);
    return u->rtcp < 0 ? u->rtcp : 0;
}

static void close_ports(struct its_udp_pair *u)
{
    if (u->rtp >= 0)
        close(u->rtp);
    if (u->rtcp >= 0)
        close(u->rtcp);
    u->rtp = u->rtcp = -1;
}

int its_udp_pair_open(const struct its_wire *wire, struct its_udp_pair **out)
{
    if (wire->fd < 0)
        return ITS_EUNSUPPORTED; /* beside TLS there is nothing unencrypted */
    struct sockaddr_storage local;
    socklen_t len = sizeof(local);
    if (getsockname(wire->fd, (struct sockaddr *)&local, &len) < 0)
        return -errno;

    struct its_udp_pair *u = its_malloc(sizeof(*u));
    u->rtp = u->rtcp = -1;
    u->datagram = its_malloc(DATAGRAM_MAX);
    int rc = -EADDRINUSE;
    for (int i = 0; i < PORT_TRIES && rc == -EADDRINUSE; i++) {
        close_ports(u);
        rc = bind_pair(u, &local, len);
    }
    if (rc < 0) {
        its_udp_pair_close(&u);
        return rc;
    }
    int bytes = RECEIVE_BYTES;
    setsockopt(u->rtp, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
    *out = u;
    return 0;
}

int its_udp_pair_port(const struct its_udp_pair *u)
{
    return u->port;
}

int its_udp_pair_connect(struct its_udp_pair *u, const struct its_wire *wire, int rtp_port,
                         int rtcp_port)
{
    /* RTP and RTCP with nothing in them. */
    static const uint8_t rtp[12] = {0x80}, rtcp[8] = {0x80, 201, 0, 1};
    socklen_t len = sizeof(u->peer);
    if (getpeername(wire->fd, (struct sockaddr *)&u->peer, &len) < 0)
        return -errno;
    struct sockaddr_storage to = u->peer;
    if (rtp_port > 0 && rtp_port < 65536) {
        set_port(&to, rtp_port);
        (void)!sendto(u->rtp, rtp, sizeof(rtp), 0, (struct sockaddr *)&to, len);
    }
    if (rtcp_port > 0 && rtcp_port < 65536) {
        set_port(&to, rtcp_port);
        (void)!sendto(u->rtcp, rtcp, sizeof(rtcp), 0, (struct sockaddr *)&to, len);
    }
    return 0;
}

void its_udp_pair_close(struct its_udp_pair **pu)
{
    struct its_udp_pair *u = *pu;
    if (!u)
        return;
    *pu = NULL;
    close_ports(u);
    for (int i = 0; i < WINDOW; i++)
        free(u->slots[i].bytes);
    free(u->datagram);
    free(u);
}

/* --- order */

static void keep(struct its_udp_pair *u, size_t n, uint16_t seq)
{
    struct slot *s = &u->slots[seq % WINDOW];
    if (s->full) /* a twin of what is there */
        return;
    if (s->cap < n) {
        s->cap = n;
        s->bytes = its_realloc(s->bytes, n);
    }
    memcpy(s->bytes, u->datagram, n);
    s->size = n;
    s->seq = seq;
    s->arrived_us = its_mono_us();
    s->full = true;
    u->waiting++;
}

/* What is due, or, when it has been waited for long enough, what comes after the gap. */
static struct slot *take_due(struct its_udp_pair *u, bool give_up)
{
    if (!u->waiting)
        return NULL;
    for (int i = 0; i < (give_up ? WINDOW : 1); i++) {
        struct slot *s = &u->slots[(uint16_t)(u->next + i) % WINDOW];
        if (!s->full)
            continue;
        u->next = (uint16_t)(s->seq + 1);
        u->blocked_us = 0;
        return s;
    }
    return NULL;
}

static void forget_all(struct its_udp_pair *u)
{
    for (int i = 0; i < WINDOW; i++)
        u->slots[i].full = false;
    u->waiting = 0;
    u->any = false;
}

/* Puts the datagram in line. False: it does not fit into the window: make room first. */
static bool line_up(struct its_udp_pair *u, size_t n)
{
    struct its_rtp rtp;
    if (!its_rtp_parse(u->datagram, n, &rtp))
        return true; /* dropped */
    if (!u->any) {
        u->any = true;
        u->next = rtp.seq;
    }
    int ahead = its_rtp_distance(u->next, rtp.seq);
    if (ahead < -1000 || ahead > 1000) { /* another sender, or it began anew */
        forget_all(u);
        u->any = true;
        u->next = rtp.seq;
        ahead = 0;
    }
    if (ahead < 0)
        return true; /* too late */
    if (ahead >= WINDOW && u->waiting)
        return false;
    if (ahead >= WINDOW)
        u->next = rtp.seq;
    keep(u, n, rtp.seq);
    return true;
}

/* --- reading */

/* A datagram of the camera into u->datagram: its size; 0: nothing there. */
static size_t receive(struct its_udp_pair *u, int fd)
{
    for (int i = 0; i < 64; i++) {
        struct sockaddr_storage from;
        socklen_t len = sizeof(from);
        ssize_t n = recvfrom(fd, u->datagram, DATAGRAM_MAX, 0, (struct sockaddr *)&from, &len);
        if (n < 0)
            return 0;
        if (n > 0 && same_host(&from, &u->peer))
            return (size_t)n;
    }
    return 0;
}

static bool give(struct its_udp_pair *u, bool give_up, struct its_rtsp_packet *out)
{
    struct slot *s = take_due(u, give_up);
    if (!s)
        return false;
    u->given = s;
    *out = (struct its_rtsp_packet){s->bytes, s->size, s->arrived_us, false};
    return true;
}

/* Until something can be read, or what is missing has been waited for. What comes over the
 * connection are answers to keep-alives, and the end of the session. */
static int wait(struct its_udp_pair *u, struct its_wire *wire)
{
    struct pollfd fds[3] = {{u->rtp, POLLIN, 0}, {u->rtcp, POLLIN, 0}, {wire->fd, POLLIN, 0}};
    if (u->waiting) {
        poll(fds, 3, WINDOW_US / 1000);
    } else {
        int rc = its_wire_wait(wire->source, fds, 3);
        if (rc < 0)
            return rc;
    }
    if (!fds[2].revents)
        return 0;
    char sink[4096];
    int n = its_wire_read(wire, sink, sizeof(sink));
    return n < 0 ? n : 0;
}

static void release_given(struct its_udp_pair *u)
{
    if (!u->given)
        return;
    u->given->full = false;
    u->given = NULL;
    u->waiting--;
}

static bool waited_long_enough(struct its_udp_pair *u)
{
    if (!u->waiting)
        return false;
    int64_t now = its_mono_us();
    if (!u->blocked_us)
        u->blocked_us = now;
    return now - u->blocked_us > WINDOW_US;
}

int its_udp_pair_read(struct its_udp_pair *u, struct its_wire *wire, struct its_rtsp_packet *out)
{
    release_given(u);
    while (!its_source_interrupted(wire->source)) { /* whatever else is sent to our ports */
        if (u->held && line_up(u, u->held))
            u->held = 0;
        if (give(u, u->held || waited_long_enough(u), out))
            return 0;
        if ((u->held = receive(u, u->rtp)))
            continue;
        size_t n = receive(u, u->rtcp);
        if (n > 0) {
            *out = (struct its_rtsp_packet){u->datagram, n, its_mono_us(), true};
            return 0;
        }
        int rc = wait(u, wire);
        if (rc < 0)
            return rc;
    }
    return its_cancel_is_set(wire->source->cancel) ? ITS_ECANCELLED : -ETIMEDOUT;
}
