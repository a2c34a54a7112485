/* A camera's place in the engine: the camera with what hangs on its results. Made, changed and
 * freed by the one thread that holds the engine's change lock; looked at by any thread. */
#pragma once

#include <stdint.h>

#include "app/camera.h"
#include "app/recorder.h"
#include "base/queue.h"
#include "config/config.h"
#include "store/store.h"

/* What all cameras share; borrowed, outlives them. */
struct its_seat_settings {
    struct its_cancel *cancel;
    struct its_decode_pool *pool;
    struct its_store *store;
    struct its_detectors *detectors; /* NULL: the motion detector */
    struct its_queue *feed; /* gets a reference of every result with a crossing; may be NULL */
    struct its_decode_config decode;
    _Atomic double target_latency_ms; /* read when a camera is made or changed */
};

struct its_seat;

/* Reserves track ids and lines in the store (blocks on disk) and starts the camera. The
 * configuration is copied. */
int its_seat_create(const struct its_seat_settings *settings,
                    const struct its_camera_config *config, struct its_seat **out,
                    struct its_error *err);

/* Follows another configuration of the same id, restarting no more than it must. When it fails (the
 * store does) everything stays as it was. */
int its_seat_change(struct its_seat *seat, const struct its_camera_config *config,
                    struct its_error *err);

/* Follows a target_latency_ms that was changed. */
void its_seat_retune(struct its_seat *seat);

/* What it follows now; good until the next change. */
const struct its_camera_config *its_seat_config(const struct its_seat *seat);

/* Ends reading and waits until every picture under way is through; see its_camera_halt. */
void its_seat_halt(struct its_seat *seat);

/* Ends its lines in the store, for one that is not to come back. A failure is only logged: without
 * coverage an open line claims nothing. */
void its_seat_retire(struct its_seat *seat);

/* Halts, hands the last coverage to the store, frees it. Clears the pointer; NULL inside is
 * allowed. */
void its_seat_destroy(struct its_seat **seat);

/* Rates, losses, silences: once a second, by one thread. */
void its_seat_tick(struct its_seat *seat, int64_t now_us);

/* One camera as people and machines see it: plain data, a copy. */
struct its_seat_view {
    struct its_camera_view camera;
    uint64_t crossings[2][ITS_CLASS_COUNT]; /* all lines together, by direction */
    double fps;                             /* results per second, over the last ticks */
    double cpu;      /* cores in use by this camera's decoding and analysis */
    double kbps;     /* read, over the last ticks */
    uint64_t lost;   /* frames read but not decoded, by whatever reason */
    uint64_t errors; /* all of camera.errors */
};

/* --- any thread */

const char *its_seat_id(const struct its_seat *seat);
void its_seat_read_view(struct its_seat *seat, struct its_seat_view *view);
/* latency += the camera's. */
void its_seat_add_latency(const struct its_seat *seat, struct its_latency *latency);
