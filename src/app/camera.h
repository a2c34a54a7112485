/* One camera while the server runs: its read thread, its lane in the decode pool, its analysis.
 * What goes wrong in it stays in it: it waits and tries again while the others run on. */
#pragma once

#include <stdint.h>

#include "app/analysis.h"
#include "base/cancel.h"
#include "base/err.h"
#include "camera/source.h"
#include "frame/decode_pool.h"

/* Names are metric labels and database values. */
#define ITS_CAMERA_STATES(X)                                                                       \
    X(CONNECTING, "connecting")                                                                    \
    X(LIVE, "live")                                                                                \
    X(LOST, "lost")         /* could not be opened or read: waiting to try again */                \
    X(ENDED, "ended")       /* a file that is not looped has been read to its end */               \
    X(DISABLED, "disabled") /* by configuration */

enum its_camera_state {
#define X(name, text) ITS_CAMERA_##name,
    ITS_CAMERA_STATES(X)
#undef X
};

const char *its_camera_state_name(enum its_camera_state state);

struct its_camera_settings {
    const char *id;  /* slug; must outlive the camera */
    const char *url; /* must outlive the camera; may hold a password */
    bool enabled;
    struct its_source_settings source; /* its url is taken from above */
    struct its_decode_lane_settings lane; /* its callback is the camera's own */
    struct its_analysis_settings analysis; /* its camera is the id */
};

struct its_camera;

/* Starts the read thread, unless disabled. cancel, pool and bus are borrowed and outlive it. */
int its_camera_start(const struct its_camera_settings *settings, struct its_cancel *cancel,
                     struct its_decode_pool *pool, const struct its_bus *bus,
                     struct its_camera **out, struct its_error *err);

/* Ends reading, waits for its thread and its lane: no more results after it. Its view stays
 * readable; no other thread may be reading it meanwhile. Twice is allowed. */
void its_camera_halt(struct its_camera *camera);

/* Ends reading, waits for its thread and its lane, frees it. Clears the pointer. */
void its_camera_stop(struct its_camera **camera);

struct its_camera_view {
    const char *id;
    enum its_camera_state state;
    char reason[200];     /* why it is lost; credentials are masked */
    char codec[24];
    int width, height;    /* displayed; 0 before the first frame */
    uint64_t connects;    /* successful openings */
    uint64_t read_errors; /* damaged stretches passed over */
    uint64_t bytes;       /* read so far */
    struct its_decode_lane_stats lane;
    const struct its_analysis_stats *analysis;  /* live: good until stop */
    const struct its_latency *latency;          /* live: good until stop */
};

/* Any thread. */
void its_camera_read_view(struct its_camera *camera, struct its_camera_view *view);
