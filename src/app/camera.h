/* One camera while the server runs: its read thread, its lane in the decode pool, its analysis.
 * What goes wrong in it stays in it: it waits and tries again while the others run on. */
#pragma once

#include <stdint.h>

#include "app/analysis.h"
#include "app/camera_state.h"
#include "base/cancel.h"
#include "base/err.h"
#include "base/url.h"
#include "camera/source.h"
#include "frame/decode_pool.h"
#include "watch/latency.h"

/* What went wrong, as it is counted. Names are metric labels. The first ones ended a connection or
 * an attempt at one, the last three were passed over. */
#define ITS_CAMERA_ERRORS(X)                                                                       \
    X(UNAUTHORISED, "unauthorised")                                                                \
    X(NOT_FOUND, "not_found")                                                                      \
    X(REFUSED, "refused")                                                                          \
    X(TIMED_OUT, "timed_out")                                                                      \
    X(UNREACHABLE, "unreachable") /* no such host, or no way to it */                              \
    X(UNUSABLE, "unusable")       /* no video in it, or none we can decode */                      \
    X(CLOSED, "closed")           /* by the other side */                                          \
    X(OTHER, "other")                                                                              \
    X(READ, "read")       /* damaged stretches of the stream */                                    \
    X(PACKET, "packet")   /* packets the decoder refused */                                        \
    X(PICTURE, "picture") /* pictures decoded around missing data */

enum its_camera_error {
#define X(name, text) ITS_CAMERA_ERROR_##name,
    ITS_CAMERA_ERRORS(X)
#undef X
        ITS_CAMERA_ERROR_COUNT
};

const char *its_camera_error_name(enum its_camera_error error);

struct its_camera_settings {
    const char *id;  /* slug */
    const char *url; /* shorter than ITS_URL_MAX; may hold a password */
    bool enabled;
    int64_t stall_us; /* live, and no picture for so long (or three frame intervals, whichever is
                       * longer): stalled */
    struct its_source_settings source;     /* its url is taken from above */
    struct its_decode_lane_settings lane;  /* its callback is the camera's own */
    struct its_analysis_settings analysis; /* its camera is the id */
};

struct its_camera;

/* Starts the read thread. Texts and lines are copied; cancel, pool and bus are borrowed and outlive
 * the camera. */
int its_camera_start(const struct its_camera_settings *settings, struct its_cancel *cancel,
                     struct its_decode_pool *pool, const struct its_bus *bus,
                     struct its_camera **out, struct its_error *err);

/* Follows other settings: those of the connection (url, enabled, source) end it and begin anew when
 * they differ; stall_us, the lane's budget and analysis rate and the analysis' blind_us are changed
 * in passing. The rest of lane and analysis stays as it was started. Never waits. Any thread. */
void its_camera_change(struct its_camera *camera, const struct its_camera_settings *settings);

/* Counts over other lines from the next picture on. Any thread. */
void its_camera_change_lines(struct its_camera *camera, const struct its_line *lines, int count);

/* Notices when pictures stay away: to be called about once a second. Any thread. */
void its_camera_check(struct its_camera *camera, int64_t now_us);

/* Ends reading, waits for its thread and its lane: no more results after it. Its view stays
 * readable; no other thread may be reading it meanwhile. Twice is allowed. */
void its_camera_halt(struct its_camera *camera);

/* Ends reading, waits for its thread and its lane, frees it. Clears the pointer; NULL inside is
 * allowed. */
void its_camera_stop(struct its_camera **camera);

/* Everything that is known of a camera, for screens, metrics and answers: plain data, a copy. */
struct its_camera_view {
    char id[64];
    struct its_camera_life life;
    char reason[200];     /* why it is not live or sees nothing; credentials are masked */
    enum its_sight sight; /* of the newest picture; clear unless live */

    char codec[24];          /* of the newest connection; "" before the first */
    int width, height;       /* displayed */
    double declared_fps;     /* 0: the stream does not say */
    uint64_t connects;       /* successful openings */
    uint64_t packets, bytes; /* read so far */
    uint64_t errors[ITS_CAMERA_ERROR_COUNT];

    struct its_decode_lane_stats lane;
    uint64_t frames, analysed, failed; /* see its_analysis_stats */
    int tracks;                        /* in view; 0 unless live */
    int64_t p50_us, p99_us;            /* arrival to published result, since the start */
};

/* Any thread. */
void its_camera_read_view(struct its_camera *camera, struct its_camera_view *view);

/* latency += the camera's, since its start. Any thread. */
void its_camera_add_latency(const struct its_camera *camera, struct its_latency *latency);
