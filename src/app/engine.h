/* The running server: cameras, decode workers, the store's writer and a tick, started and stopped
 * as one. Every thread of `run` is made here (a camera makes its own read thread).
 *
 * Cameras come, change and go while it runs. Adding, changing and removing may be asked for by any
 * thread; they wait for each other, and on the disk, but nobody else waits for them: the other
 * cameras run on, and looking in never takes longer than a copy. */
#pragma once

#include <stdint.h>

#include "app/seat.h"
#include "base/err.h"
#include "base/queue.h"
#include "config/config.h"
#include "store/store.h"
#include "watch/latency.h"

struct its_engine;

/* Starts everything the configuration names; nothing of it is needed afterwards. feed, which may be
 * NULL, outlives the engine and gets a reference of every result with a crossing in it (its queue
 * decides what happens when nobody takes them). On failure nothing is left running. */
int its_engine_start(const struct its_config *config, struct its_queue *feed,
                     struct its_engine **out, struct its_error *err);

/* Stops reading and waits until every frame under way is through: after it no result comes and
 * nothing is counted any more. What its_engine_read_camera shows stays. Nobody else may be inside
 * any more. */
void its_engine_halt(struct its_engine *engine);

/* Stops reading, lets the store drain, joins every thread. Nobody else may be inside any more.
 * Clears the pointer. */
void its_engine_stop(struct its_engine **engine);

/* --- cameras while it runs: any thread, blocking */

/* -EEXIST: there is one of that id. */
int its_engine_add_camera(struct its_engine *engine, const struct its_camera_config *camera,
                          struct its_error *err);

/* Makes the camera of that id follow this configuration and restarts no more of it than that takes.
 * What was changed is written into `what` ("url, lines"; nothing changed: ""), at most size bytes.
 * ITS_ENOTFOUND: no such camera; whatever else goes wrong leaves it as it was. */
int its_engine_change_camera(struct its_engine *engine, const struct its_camera_config *camera,
                             char *what, size_t size, struct its_error *err);

/* Waits until its threads are done. ITS_ENOTFOUND. */
int its_engine_remove_camera(struct its_engine *engine, const char *id, struct its_error *err);

/* Another promise of latency: the decoder's deadlines follow it. */
void its_engine_change_target(struct its_engine *engine, double target_latency_ms);

/* --- looking in: any thread */

/* index: 0, 1, … in the order in which they were added. False: there are not so many. */
bool its_engine_read_camera(struct its_engine *engine, unsigned index, struct its_seat_view *view);

/* The latency of all cameras together, or of one, added to what is in latency (zeroed memory). */
void its_engine_read_latency(struct its_engine *engine, struct its_latency *latency);
int its_engine_read_camera_latency(struct its_engine *engine, const char *id,
                                   struct its_latency *latency);

void its_engine_read_store(struct its_engine *engine, struct its_store_stats *stats);
