/* The program's configuration: one immutable picture of every option and every camera.
 *
 * Layers, later ones win: defaults < YAML file < environment < command line. Everything a
 * configuration owns lives in its arena and dies with it. To change it, load another and swap the
 * pointer. Any thread may read. The reference of all options is doc/configuration.md. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/opts.h"
#include "base/report.h"
#include "base/yaml.h"
#include "camera/transport.h"
#include "nn/model.h"
#include "traffic/line.h"

#define ITS_CAMERA_ID_MAX      63
#define ITS_CAMERAS_MAX        4096
#define ITS_CAMERA_LINES_MAX   64
#define ITS_CONFIG_BYTES_MAX   ITS_YAML_BYTES_MAX
#define ITS_CONFIG_SYSTEM_FILE "/etc/its-camera-ai/its.yaml"

struct its_log_config {
    enum its_log_level level;
};

struct its_performance_config {
    double target_latency_ms; /* published − arrived, p99; the decode deadline is made from it */
};

struct its_decode_config {
    int workers;       /* 0: one per core */
    int queue_packets; /* per camera; packets beyond are dropped up to the next key frame */
    int64_t queue_us;  /* the same limit as a time span of the stream */
};

enum its_detector_kind { ITS_DETECTOR_AUTO, ITS_DETECTOR_MOTION, ITS_DETECTOR_NETWORK };

struct its_detector_config {
    enum its_detector_kind kind;
    const char *model;           /* an ONNX file; "": none */
    enum its_precision precision;
    int input_size;              /* pixels, the longer side of what the network sees */
    double confidence, iou;      /* 0..1 */
};

struct its_store_config {
    const char *path; /* of the database */
    int64_t batch_us; /* events are committed at least this often */
    int max_events_waiting;
};

enum its_priority { ITS_PRIORITY_LOW, ITS_PRIORITY_NORMAL, ITS_PRIORITY_HIGH };

struct its_line_config {
    struct its_line line;
    struct its_origin origin;
};

#define ITS_CAMERA_OPTS_MAX 16

struct its_camera_config {
    const char *id;  /* [a-z0-9-]{1,63} */
    const char *url; /* may hold a password: its_url_mask before it is printed */
    bool enabled;
    enum its_transport transport;
    bool loop; /* a file starts again at its end */
    enum its_priority priority;
    double analysis_fps; /* 0: every frame */
    int64_t stall_us;    /* no picture for so long: stalled */
    int64_t blind_us;    /* frozen or covered for so long: nothing is counted; 0: never */
    int64_t timeout_us;  /* opening, or waiting for the next byte, at most */
    struct its_line_config *lines;
    unsigned line_count;

    struct its_origin origin;                       /* of the camera itself */
    struct its_origin origins[ITS_CAMERA_OPTS_MAX]; /* of its options, by row */
};

struct its_config {
    const char *state; /* directory of all that outlives the process */
    struct its_log_config log;
    struct its_performance_config performance;
    struct its_decode_config decode;
    struct its_detector_config detector;
    struct its_store_config store;

    struct its_camera_config *cameras; /* in the order of the layers that named them */
    unsigned camera_count;

    const char *file; /* it was read from; NULL: none */
    struct its_arena *arena;
    struct its_origin *origins; /* of the options that are not a camera's, by group and row */
};

/* One value from the command line: {"cameras.north.url", "rtsp://…", "--camera"}. */
struct its_config_override {
    const char *path, *value, *flag;
};

/* The layers. Plain data, all of it borrowed during the call; nothing else is read: no file, no
 * environment of the process. */
struct its_config_sources {
    const char *yaml; /* bytes need no NUL; NULL: no file */
    size_t yaml_bytes;
    const char *file;       /* its name in errors and comments */
    const char *const *env; /* NAME=VALUE, NULL at the end; NULL: none. STATE_DIRECTORY,
                             * XDG_STATE_HOME and HOME decide the default of `state` */
    const struct its_config_override *overrides;
    unsigned override_count;
};

/* Puts the layers together and checks the whole. 0 and a configuration for the caller to destroy;
 * or ITS_ECONFIG (ITS_ETOOBIG for a document past the limits), *config = NULL and every mistake in
 * report, a line each: "its.yaml:12:5: cameras.north.analysis_fps: 'fast' is not a number …". */
ITS_MUST_CHECK int its_config_load(const struct its_config_sources *sources,
                                   struct its_config **config, struct its_report *report);

/* Clears the pointer; a pointer to NULL is allowed. */
void its_config_destroy(struct its_config **config);

/* The file to read: `flag` when given, else $ITS_CONFIG, else the system's file when there is one,
 * else NULL. Borrowed from its arguments or static. */
const char *its_config_file(const char *flag, const char *const *env);

/* Reads at most ITS_CONFIG_BYTES_MAX of a regular file, pipe or device into text. 0, negative errno
 * or ITS_ETOOBIG, with a sentence in err. */
int its_config_read_file(const char *path, struct its_str *text, struct its_error *err);

/* The camera of that id; NULL: none. */
const struct its_camera_config *its_config_camera(const struct its_config *config, const char *id);

/* Is it [a-z0-9-]{1,63}? */
bool its_camera_id_is_valid(const char *id);

/* The effective configuration as YAML that loads again to the same values (with ITS_OPT_SECRETS),
 * with the origin of every value in a comment. */
void its_config_print(const struct its_config *config, enum its_opt_show how, struct its_str *out);

/* The reference of all options, in Markdown. */
void its_config_print_docs(struct its_str *out);
