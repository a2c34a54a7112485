/* The running server: cameras, decode workers, the store's writer and a tick, started and stopped
 * as one. Every thread of `run` is made here (a camera makes its own read thread). */
#pragma once

#include <stdint.h>

#include "app/camera.h"
#include "app/config.h"
#include "app/recorder.h"
#include "base/err.h"
#include "base/queue.h"
#include "store/store.h"
#include "watch/latency.h"

struct its_engine;

/* Starts everything the configuration names; it must outlive the engine. feed, which may be NULL,
 * gets a reference of every result with a crossing in it (its queue decides what happens when nobody
 * takes them). On failure nothing is left running. */
int its_engine_start(const struct its_config *config, struct its_queue *feed,
                     struct its_engine **out, struct its_error *err);

/* Stops reading and waits until every frame under way is through: after it no result comes and
 * nothing is counted any more. What its_engine_read_camera shows stays. */
void its_engine_halt(struct its_engine *engine);

/* Stops reading, lets the store drain, joins every thread. Clears the pointer. */
void its_engine_stop(struct its_engine **engine);

int its_engine_camera_count(const struct its_engine *engine);

struct its_engine_camera_view {
    struct its_camera_view camera;
    const struct its_recorder *recorder;
    double fps;      /* results per second, over the last ticks */
    double cpu;      /* cores in use by this camera's decoding and analysis */
    uint64_t lost;   /* frames read but not decoded, by whatever reason */
    uint64_t errors; /* read errors, bad packets, damaged frames */
};

/* index: 0 … count − 1, in the order of the configuration. Any thread. */
void its_engine_read_camera(struct its_engine *engine, int index,
                            struct its_engine_camera_view *view);

/* The latency of all cameras together, into zeroed memory. */
void its_engine_read_latency(struct its_engine *engine, struct its_latency *latency);

void its_engine_read_store(struct its_engine *engine, struct its_store_stats *stats);
