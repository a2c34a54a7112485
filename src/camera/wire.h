/* A byte stream to a camera: TCP, or TLS over it. Blocks at most until the source's deadline and
 * gives way to its cancellation. One thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "camera/source_ops.h"

struct AVIOContext;
struct pollfd;

struct its_wire {
    struct its_source *source; /* borrowed: deadline and cancellation */
    int fd;                    /* -1 with TLS, and when closed */
    struct AVIOContext *tls;
    int64_t read_us; /* monotonic, when the latest bytes were read */
};

/* TLS encrypts, but takes any certificate: cameras sign their own. Names are looked up by the
 * system's resolver, which cannot be interrupted; its own time-out bounds it. 0 or a negative code
 * whose sentence tells a wrong name from a closed port. */
int its_wire_connect(struct its_wire *w, struct its_source *source, const char *host, int port,
                     bool tls, struct its_error *err);

/* Is there such a host? For those who connect otherwise. 0 or ITS_EHOST with a sentence. */
int its_wire_check_host(const char *host, struct its_error *err);

/* Some bytes, at least one: their number. ITS_EEOF: the other side closed. -ETIMEDOUT,
 * ITS_ECANCELLED, or what the network said. */
int its_wire_read(struct its_wire *w, void *buf, size_t size);

/* All bytes. 0 or negative. */
int its_wire_write(struct its_wire *w, const void *bytes, size_t n);

/* A farewell: what does not fit at once is left out, and cancellation does not stop it. */
void its_wire_write_last(struct its_wire *w, const void *bytes, size_t n);

/* Waits until one of the descriptors can be read. 0, -ETIMEDOUT or ITS_ECANCELLED. */
int its_wire_wait(struct its_source *source, struct pollfd *fds, unsigned count);

/* Accepts a closed one that was zeroed or connected before. */
void its_wire_close(struct its_wire *w);
