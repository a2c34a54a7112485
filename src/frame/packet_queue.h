/* Packets of one camera that wait for a decoder. Knows what may be left out without breaking the
 * pictures after it: single disposable pictures, or everything up to a key frame. Not locked: the
 * decode pool guards it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "camera/packet.h"

/* Why a packet was never decoded. Names are metric labels. */
#define ITS_SKIPS(X)                                                                               \
    X(NONREF, "nonref")       /* behind schedule: nobody refers to it */                           \
    X(TO_KEY, "to_key")       /* behind schedule: jumped to a newer key frame */                   \
    X(WAIT_KEY, "wait_key")   /* came after a jump that found no key frame, before the next one */ \
    X(RATE, "rate")           /* the analysis rate does not need it and nobody refers to it */     \
    X(NO_MEMORY, "no_memory") /* could not be decoded for lack of memory */

enum its_skip {
#define X(name, text) ITS_SKIP_##name,
    ITS_SKIPS(X)
#undef X
        ITS_SKIP_COUNT
};

const char *its_skip_name(enum its_skip skip);

struct its_packet_queue_limits {
    unsigned packets;
    size_t bytes;
    int64_t age_us; /* of the oldest packet, since its arrival; 0 = no limit */
};

struct its_packet_queue {
    struct its_packet_queue_limits limits;
    struct its_packet **ring; /* [limits.packets] */
    unsigned head, count, peak;
    size_t bytes;
    bool wait_key; /* nothing before the next key frame can be decoded */
    uint64_t skipped[ITS_SKIP_COUNT];
};

void its_packet_queue_init(struct its_packet_queue *q,
                           const struct its_packet_queue_limits *limits);
void its_packet_queue_fini(struct its_packet_queue *q);

/* Whether p fits within packets and bytes; an empty queue takes any size. */
bool its_packet_queue_has_room(const struct its_packet_queue *q, const struct its_packet *p);

/* Takes p over, making room by skipping: first disposable pictures, then all before the newest key
 * frame, then everything up to the next key frame. */
void its_packet_queue_push(struct its_packet_queue *q, struct its_packet *p);

/* Skips what has become too old to matter (limits.age_us), by the same order. */
void its_packet_queue_shed_late(struct its_packet_queue *q, int64_t now_us);

/* The oldest, for the caller to own; NULL when empty. */
struct its_packet *its_packet_queue_pop(struct its_packet_queue *q);

/* The oldest, borrowed; NULL when empty. */
const struct its_packet *its_packet_queue_head(const struct its_packet_queue *q);
