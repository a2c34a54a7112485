#include "frame/packet_queue.h"

#include <stdlib.h>

#include "base/attr.h"
#include "base/mem.h"

const char *its_skip_name(enum its_skip skip)
{
    static const char *const names[] = {
#define X(name, text) text,
        ITS_SKIPS(X)
#undef X
    };
    return names[skip];
}

void its_packet_queue_init(struct its_packet_queue *q, const struct its_packet_queue_limits *limits)
{
    its_assert(limits->packets > 0);
    *q = (struct its_packet_queue){.limits = *limits};
    q->ring = its_calloc(limits->packets, sizeof(struct its_packet *));
}

static struct its_packet **at(const struct its_packet_queue *q, unsigned i)
{
    return &q->ring[(q->head + i) % q->limits.packets];
}

void its_packet_queue_fini(struct its_packet_queue *q)
{
    for (struct its_packet *p; (p = its_packet_queue_pop(q));)
        its_packet_unref(&p);
    free(q->ring);
    q->ring = NULL;
}

struct its_packet *its_packet_queue_pop(struct its_packet_queue *q)
{
    if (!q->count)
        return NULL;
    struct its_packet *p = *at(q, 0);
    q->head = (q->head + 1) % q->limits.packets;
    q->count--;
    q->bytes -= p->bytes;
    return p;
}

const struct its_packet *its_packet_queue_head(const struct its_packet_queue *q)
{
    return q->count ? *at(q, 0) : NULL;
}

bool its_packet_queue_has_room(const struct its_packet_queue *q, const struct its_packet *p)
{
    return q->count == 0 ||
           (q->count < q->limits.packets && q->bytes + p->bytes <= q->limits.bytes);
}

static void skip(struct its_packet_queue *q, struct its_packet *p, enum its_skip why)
{
    q->skipped[why]++;
    its_packet_unref(&p);
}

static void skip_disposable(struct its_packet_queue *q)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < q->count; i++) {
        struct its_packet *p = *at(q, i);
        if (p->disposable) {
            q->bytes -= p->bytes;
            skip(q, p, ITS_SKIP_NONREF);
        } else {
            *at(q, kept++) = p;
        }
    }
    q->count = kept;
}

/* Skips all before the newest key frame behind the head. False: there is none. */
static bool skip_to_key(struct its_packet_queue *q)
{
    unsigned key = 0;
    for (unsigned i = 1; i < q->count; i++)
        if ((*at(q, i))->key)
            key = i;
    for (unsigned i = 0; i < key; i++)
        skip(q, its_packet_queue_pop(q), ITS_SKIP_TO_KEY);
    return key > 0;
}

static void skip_all(struct its_packet_queue *q)
{
    while (q->count)
        skip(q, its_packet_queue_pop(q), ITS_SKIP_TO_KEY);
    q->wait_key = true;
}

void its_packet_queue_push(struct its_packet_queue *q, struct its_packet *p)
{
    if (!its_packet_queue_has_room(q, p))
        skip_disposable(q);
    if (!its_packet_queue_has_room(q, p) && !p->key)
        skip_to_key(q);
    if (!its_packet_queue_has_room(q, p))
        skip_all(q);

    if (q->wait_key && !p->key) {
        skip(q, p, ITS_SKIP_WAIT_KEY);
        return;
    }
    q->wait_key = false;
    *at(q, q->count++) = p;
    q->bytes += p->bytes;
    q->peak = ITS_MAX(q->peak, q->count);
}

static bool is_late(const struct its_packet_queue *q, int64_t now_us)
{
    const struct its_packet *p = its_packet_queue_head(q);
    return p && q->limits.age_us && now_us - p->arrived_us > q->limits.age_us;
}

void its_packet_queue_shed_late(struct its_packet_queue *q, int64_t now_us)
{
    if (is_late(q, now_us))
        skip_disposable(q);
    if (is_late(q, now_us))
        skip_to_key(q);
    /* Without a key frame to jump to, decoding on is the quickest way back to a whole picture. */
}
