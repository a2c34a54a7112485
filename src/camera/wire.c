#include "camera/wire.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libavformat/avio.h>
#include <libavutil/dict.h>

#include "base/clock.h"

/* How long a cancellation may go unnoticed. Data wakes at once. */
#define LOOK_UP_MS 100

int its_wire_wait(struct its_source *source, struct pollfd *fds, unsigned count)
{
    for (;;) {
        int n = poll(fds, count, LOOK_UP_MS);
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return -errno;
        if (its_source_interrupted(source))
            return its_cancel_is_set(source->cancel) ? ITS_ECANCELLED : -ETIMEDOUT;
    }
}

static int wait_for(struct its_wire *w, short events)
{
    if (its_source_interrupted(w->source)) /* busy sockets must not outrun it */
        return its_cancel_is_set(w->source->cancel) ? ITS_ECANCELLED : -ETIMEDOUT;
    return its_wire_wait(w->source, &(struct pollfd){w->fd, events, 0}, 1);
}

/* --- connecting */

static int look_up(const char *host, int port, struct addrinfo **list, struct its_error *err)
{
    char service[8];
    snprintf(service, sizeof(service), "%d", port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    int rc = getaddrinfo(host, service, &hints, list);
    if (rc == EAI_NONAME || rc == EAI_AGAIN || rc == EAI_FAIL || rc == EAI_NODATA)
        return its_error_set(err, ITS_EHOST, "no host is known by the name '%s' (%s)", host,
                             gai_strerror(rc));
    if (rc != 0)
        return its_error_set(err, ITS_EHOST, "cannot look up the host '%s': %s", host,
                             gai_strerror(rc));
    return 0;
}

int its_wire_check_host(const char *host, struct its_error *err)
{
    struct addrinfo *list;
    int rc = look_up(host, 0, &list, err);
    if (rc == 0)
        freeaddrinfo(list);
    return rc;
}

static int connect_one(struct its_wire *w, const struct addrinfo *a)
{
    w->fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
    if (w->fd < 0)
        return -errno;
    if (connect(w->fd, a->ai_addr, a->ai_addrlen) < 0 && errno != EINPROGRESS)
        return -errno;
    int rc = wait_for(w, POLLOUT), failed = 0;
    socklen_t size = sizeof(failed);
    if (rc == 0 && getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &failed, &size) < 0)
        rc = -errno;
    if (rc == 0)
        rc = -failed;
    int on = 1;
    if (rc == 0)
        setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return rc;
}

static int connect_tcp(struct its_wire *w, const struct addrinfo *list)
{
    int rc = -EADDRNOTAVAIL;
    for (const struct addrinfo *a = list; a; a = a->ai_next) {
        rc = connect_one(w, a);
        if (rc == 0 || rc == ITS_ECANCELLED || rc == -ETIMEDOUT)
            return rc;
        its_wire_close(w);
    }
    return rc;
}

static int connect_tls(struct its_wire *w, const char *host, int port)
{
    char address[300];
    bool v6 = strchr(host, ':');
    snprintf(address, sizeof(address), "tls://%s%s%s:%d", v6 ? "[" : "", host, v6 ? "]" : "", port);
    AVIOInterruptCB callback = {its_source_interrupted, w->source};
    int rc = avio_open2(&w->tls, address, AVIO_FLAG_READ_WRITE | AVIO_FLAG_DIRECT, &callback, NULL);
    return rc < 0 ? its_source_map(w->source, rc) : 0;
}

int its_wire_connect(struct its_wire *w, struct its_source *source, const char *host, int port,
                     bool tls, struct its_error *err)
{
    *w = (struct its_wire){.source = source, .fd = -1};
    struct addrinfo *list;
    int rc = look_up(host, port, &list, err);
    if (rc < 0)
        return rc;
    rc = tls ? connect_tls(w, host, port) : connect_tcp(w, list);
    freeaddrinfo(list);
    if (rc < 0)
        its_wire_close(w);
    if (rc == -ETIMEDOUT)
        return its_error_set(err, rc, "%s does not answer on port %d", host, port);
    if (rc == -ECONNREFUSED)
        return its_error_set(err, rc, "%s refuses connections on port %d: nothing listens there",
                             host, port);
    if (rc < 0)
        return its_error_set(err, rc, "cannot connect to %s port %d: %s", host, port,
                             its_strerror(rc));
    return 0;
}

/* --- bytes */

static int read_tcp(struct its_wire *w, void *buf, size_t size)
{
    for (;;) {
        int rc = wait_for(w, POLLIN);
        if (rc < 0)
            return rc;
        ssize_t n = recv(w->fd, buf, size, 0);
        if (n >= 0)
            return (int)n;
        if (errno != EAGAIN && errno != EINTR)
            return -errno;
    }
}

static int read_tls(struct its_wire *w, void *buf, size_t size)
{
    int n = avio_read_partial(w->tls, buf, (int)size);
    return n < 0 ? its_source_map(w->source, n) : n;
}

int its_wire_read(struct its_wire *w, void *buf, size_t size)
{
    int n = w->tls ? read_tls(w, buf, size) : read_tcp(w, buf, size);
    w->read_us = its_mono_us();
    return n == 0 ? ITS_EEOF : n;
}

void its_wire_write_last(struct its_wire *w, const void *bytes, size_t n)
{
    if (w->fd >= 0)
        (void)!send(w->fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static int write_tls(struct its_wire *w, const void *bytes, size_t n)
{
    avio_write(w->tls, bytes, (int)n);
    avio_flush(w->tls);
    return w->tls->error < 0 ? its_source_map(w->source, w->tls->error) : 0;
}

int its_wire_write(struct its_wire *w, const void *bytes, size_t n)
{
    if (w->tls)
        return write_tls(w, bytes, n);
    for (const char *p = bytes; n;) {
        int rc = wait_for(w, POLLOUT);
        if (rc < 0)
            return rc;
        ssize_t sent = send(w->fd, p, n, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return -errno;
        if (sent > 0) {
            p += sent;
            n -= (size_t)sent;
        }
    }
    return 0;
}

void its_wire_close(struct its_wire *w)
{
    avio_closep(&w->tls);
    if (w->source && w->fd >= 0)
        close(w->fd);
    w->fd = -1;
}
