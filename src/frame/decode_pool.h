/* The decode pool: many cameras' decoders on few threads. A camera's packets wait in its lane; a
 * free worker takes the lane whose oldest packet has the earliest deadline. A lane is serial: one
 * worker at a time is inside it, so what hangs on its frames needs no locks.
 *
 * The pool makes no threads: app/ starts as many as there are cores and each calls
 * its_decode_pool_work. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "frame/decoder.h"
#include "frame/frame.h"
#include "frame/packet_queue.h"

struct its_decode_pool;
struct its_decode_lane;

struct its_decode_pool *its_decode_pool_create(void);
/* All lanes must be closed and all workers back. */
void its_decode_pool_destroy(struct its_decode_pool **pool);

/* A worker's body: returns after its_decode_pool_stop. */
void its_decode_pool_work(struct its_decode_pool *pool);
void its_decode_pool_stop(struct its_decode_pool *pool);

struct its_decode_lane_settings {
    struct its_packet_queue_limits limits;
    int64_t budget_us;   /* a packet's deadline is its arrival plus this */
    bool lossless;       /* pushing waits for room and nothing is ever skipped (offline) */
    double analysis_fps; /* frames per second of stream time marked `analyse`; 0 = all */

    /* Called on a worker for every decoded frame, in presentation order, one at a time per lane;
     * the reference is the callee's. NULL: the end, after its_decode_lane_finish. */
    void (*on_frame)(void *ctx, struct its_frame *frame);
    void *ctx;
};

/* 120 packets, 32 MiB, 2 s, a budget of 100 ms, every frame analysed. */
void its_decode_lane_defaults(struct its_decode_lane_settings *settings);

struct its_decode_lane *its_decode_lane_open(struct its_decode_pool *pool,
                                             const struct its_decode_lane_settings *settings);

/* Changes two of the settings from the next packet on. Any thread. */
void its_decode_lane_retune(struct its_decode_lane *lane, int64_t budget_us, double analysis_fps);

/* Gives the packet away. Live: never waits. Lossless: waits for room; -EPIPE when the lane is being
 * closed or the pool stopped meanwhile (the packet is dropped). */
int its_decode_lane_push(struct its_decode_lane *lane, struct its_packet *packet);

/* No more packets: what waits is decoded, then on_frame(NULL) comes. */
void its_decode_lane_finish(struct its_decode_lane *lane);

/* After a finish: waits for its on_frame(NULL), then takes packets again. Not from on_frame. */
void its_decode_lane_reopen(struct its_decode_lane *lane);

/* Waits until no worker is inside, drops what waits. on_frame is not called any more.
 * Clears the pointer. Not from on_frame. */
void its_decode_lane_close(struct its_decode_lane **lane);

struct its_decode_lane_stats {
    unsigned waiting, peak;
    size_t waiting_bytes;
    int64_t head_age_us; /* how long the oldest packet has waited */
    uint64_t skipped[ITS_SKIP_COUNT];
    struct its_decoder_stats decoder;
    int64_t cpu_us; /* workers' CPU time spent on this camera, on_frame included */
    int failed;     /* why the newest packet's stream cannot be decoded at all; 0 = it can */
};
void its_decode_lane_read_stats(struct its_decode_lane *lane, struct its_decode_lane_stats *stats);
