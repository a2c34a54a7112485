/* The tables. A module with options of its own keeps its rows beside its settings struct; it is
 * listed here once, as a group with its path and the place of its struct in its_config. */
#include "config/table.h"

#include <string.h>

static const char *const log_levels[] = {
#define X(name, text) text,
    ITS_LOG_LEVELS(X)
#undef X
        NULL};

static const char *const detector_kinds[] = {[ITS_DETECTOR_AUTO] = "auto",
                                             [ITS_DETECTOR_MOTION] = "motion",
                                             [ITS_DETECTOR_NETWORK] = "network",
                                             NULL};

static const char *const precisions[] = {[ITS_PRECISION_AUTO] = "auto",
                                         [ITS_PRECISION_F32] = "f32",
                                         [ITS_PRECISION_BF16] = "bf16",
                                         [ITS_PRECISION_INT8] = "int8",
                                         NULL};

static const char *const transports[] = {
    [ITS_TRANSPORT_TCP] = "tcp", [ITS_TRANSPORT_UDP] = "udp", NULL};

static const char *const priorities[] = {[ITS_PRIORITY_LOW] = "low",
                                         [ITS_PRIORITY_NORMAL] = "normal",
                                         [ITS_PRIORITY_HIGH] = "high",
                                         NULL};

static const struct its_opt top_opts[] = {
    {"state", ITS_OPT_STRING, offsetof(struct its_config, state), .min = 1, .max = 1000,
     .default_text = "`$STATE_DIRECTORY` (systemd sets it), else `$XDG_STATE_HOME/its-camera-ai`, "
                     "else `$HOME/.local/state/its-camera-ai`, else `/var/lib/its-camera-ai`",
     .doc = "Directory of everything that outlives the process, the database first of all. It is "
            "made when it is not there."},
};

static const struct its_opt log_opts[] = {
    {"level", ITS_OPT_CHOICE, offsetof(struct its_log_config, level), .choices = log_levels,
     .live = true, .doc = "The least important lines that are still written to the log."},
};

static const struct its_opt performance_opts[] = {
    {"target_latency_ms", ITS_OPT_DOUBLE,
     offsetof(struct its_performance_config, target_latency_ms), .min = 10, .max = 10000,
     .unit = "ms", .live = true,
     .doc = "What the time from the arrival of a picture to its published result shall not exceed. "
            "The decoder serves the camera whose oldest picture comes nearest to it."},
};

static const struct its_opt decode_opts[] = {
    {"workers", ITS_OPT_INT, offsetof(struct its_decode_config, workers), .min = 0, .max = 256,
     .doc = "Threads that decode. 0: one per core."},
    {"queue_packets", ITS_OPT_INT, offsetof(struct its_decode_config, queue_packets), .min = 2,
     .max = 10000, .unit = "packets",
     .doc = "How many packets of one camera may wait for the decoder. When there are more, all up "
            "to the next key frame are dropped and counted."},
    {"queue_ms", ITS_OPT_TIME, offsetof(struct its_decode_config, queue_us), .min = 40,
     .max = 60000, .unit = "ms",
     .doc = "The same limit as a time: how old the oldest waiting packet of a camera may become."},
};

static const struct its_opt detector_opts[] = {
    {"kind", ITS_OPT_CHOICE, offsetof(struct its_detector_config, kind), .choices = detector_kinds,
     .doc = "What finds the road users in a picture. `network`: the model of `detector.model`. "
            "`motion`: whatever moves against a learnt background; needs no model, tells classes "
            "apart only roughly. `auto`: the network where a model is given, else motion."},
    {"model", ITS_OPT_STRING, offsetof(struct its_detector_config, model), .max = 1024,
     .default_text = "none",
     .doc =
         "The network, an ONNX file: YOLO11 or YOLOv8 (n to x), YOLOX, or a YOLOv10-style model, "
         "as the usual tools export them, or quantised by `its-camera-ai model quantize`."},
    {"precision", ITS_OPT_CHOICE, offsetof(struct its_detector_config, precision),
     .choices = precisions,
     .doc = "In what numbers the network calculates. `auto`: int8 for a quantised model, else "
            "f32."},
    {"input_size", ITS_OPT_INT, offsetof(struct its_detector_config, input_size), .min = 160,
     .max = 1920, .unit = "pixels",
     .doc = "The longer side of what the network sees of a picture; the shorter one follows the "
            "picture. Both are rounded up to multiples of 32."},
    {"confidence", ITS_OPT_DOUBLE, offsetof(struct its_detector_config, confidence), .min = 0.01,
     .max = 0.99,
     .doc = "What the network finds with a lower score is ignored. The tracker begins tracks only "
            "with good scores, but keeps them alive with low ones."},
    {"iou", ITS_OPT_DOUBLE, offsetof(struct its_detector_config, iou), .min = 0.1, .max = 0.95,
     .doc = "Of two boxes of one class that overlap more than this (intersection over union), the "
            "lower-scored one is dropped."},
};

static const struct its_opt store_opts[] = {
    {"path", ITS_OPT_STRING, offsetof(struct its_store_config, path), .min = 1, .max = 1024,
     .default_text = "`its.db` in the `state` directory", .doc = "File of the SQLite database."},
    {"batch_ms", ITS_OPT_TIME, offsetof(struct its_store_config, batch_us), .min = 1, .max = 10000,
     .unit = "ms",
     .doc = "Events are written together, at the latest this long after the first of them. After a "
            "power failure at most this much is missing."},
    {"max_events_waiting", ITS_OPT_INT, offsetof(struct its_store_config, max_events_waiting),
     .min = 1000, .max = 10000000, .unit = "events",
     .doc = "How many events may wait in memory while the disk is slow or full. Those beyond are "
            "dropped and counted."},
};

const struct its_opt its_camera_opts[] = {
    {"url", ITS_OPT_URL, offsetof(struct its_camera_config, url), .required = true, .live = true,
     .doc =
         "Where the pictures come from: `rtsp://user:password@host/path` (or `rtsps`, whose "
         "certificate is not checked: cameras sign their own), "
         "`http://host/path` (or `https`; MPEG-TS, MP4 in fragments, JPEG pictures), "
         "`tcp://host:port` or `udp://host:port` (MPEG-TS), `v4l2:/dev/video0`, or a file. Special "
         "characters of a password may be written as they are or as %40 and the like. The "
         "password is never printed or logged."},
    {"transport", ITS_OPT_CHOICE, offsetof(struct its_camera_config, transport),
     .choices = transports, .live = true,
     .doc = "How RTSP brings the pictures. `tcp`: nothing is lost, and it passes most networks. "
            "`udp`: for cameras that offer nothing else, or where a lost packet should not hold up "
            "the rest."},
    {"enabled", ITS_OPT_BOOL, offsetof(struct its_camera_config, enabled), .live = true,
     .doc = "false: the camera is known but not opened."},
    {"priority", ITS_OPT_CHOICE, offsetof(struct its_camera_config, priority),
     .choices = priorities, .live = true,
     .doc = "Under load the analysis of low priority is thinned out first, of high priority last."},
    {"analysis_fps", ITS_OPT_DOUBLE, offsetof(struct its_camera_config, analysis_fps), .min = 0,
     .max = 120, .unit = "frames/s", .live = true,
     .doc = "How many pictures per second are analysed at most. 0: every one."},
    {"loop", ITS_OPT_BOOL, offsetof(struct its_camera_config, loop), .live = true,
     .doc = "A file starts again at its end."},
    {"stall_s", ITS_OPT_TIME, offsetof(struct its_camera_config, stall_us), .min = 0.1, .max = 3600,
     .unit = "s", .live = true,
     .doc = "A camera that is open but sends no picture for so long is called stalled (a slow one "
            "only after three of its frame intervals)."},
    {"blind_s", ITS_OPT_TIME, offsetof(struct its_camera_config, blind_us), .min = 0, .max = 3600,
     .unit = "s", .live = true,
     .doc = "A camera whose pictures have not changed at all for so long (`frozen`), or in which "
            "nothing can be seen (`covered`: a lid, paint, darkness, dense fog), is not counted on "
            "until it sees again. Shorter than the time between key frames, a still night looks "
            "frozen. 0: never."},
    {"timeout_s", ITS_OPT_TIME, offsetof(struct its_camera_config, timeout_us), .min = 0.1,
     .max = 3600, .unit = "s", .live = true,
     .doc = "A camera that takes longer to be opened, or sends nothing for so long, is lost: it is "
            "closed and tried again after a pause that grows from half a second to half a "
            "minute."},
};
const unsigned its_camera_opt_count = ITS_ARRAY_LEN(its_camera_opts);

_Static_assert(ITS_ARRAY_LEN(its_camera_opts) <= ITS_CAMERA_OPTS_MAX, "room for the origins");

#define GROUP(path, rows, field, doc)                                                              \
    {                                                                                              \
        path, doc, rows, ITS_ARRAY_LEN(rows), field                                                \
    }

const struct its_config_group its_config_groups[] = {
    GROUP("", top_opts, 0, "At the top of the file."),
    GROUP("log", log_opts, offsetof(struct its_config, log), "The log, on stderr."),
    GROUP("performance", performance_opts, offsetof(struct its_config, performance),
          "What the server promises."),
    GROUP("decode", decode_opts, offsetof(struct its_config, decode), "From packets to pictures."),
    GROUP("detector", detector_opts, offsetof(struct its_config, detector),
          "From pictures to road users."),
    GROUP("store", store_opts, offsetof(struct its_config, store), "Where events and counts rest."),
};
const unsigned its_config_group_count = ITS_ARRAY_LEN(its_config_groups);

void its_config_set_defaults(struct its_config *c)
{
    c->state = "/var/lib/its-camera-ai";
    c->log.level = ITS_LOG_INFO;
    c->performance.target_latency_ms = 100;
    c->decode = (struct its_decode_config){.queue_packets = 256, .queue_us = 2000000};
    c->detector =
        (struct its_detector_config){.model = "", .input_size = 640, .confidence = 0.1, .iou = 0.6};
    c->store = (struct its_store_config){.batch_us = 200000, .max_events_waiting = 100000};
}

void its_camera_config_set_defaults(struct its_camera_config *c)
{
    c->enabled = true;
    c->priority = ITS_PRIORITY_NORMAL;
    c->stall_us = 3000000;
    c->blind_us = 15000000;
    c->timeout_us = 10000000;
}

unsigned its_config_origin_count(void)
{
    unsigned n = 0;
    for (unsigned i = 0; i < its_config_group_count; i++)
        n += its_config_groups[i].count;
    return n;
}

int its_config_group_find(const char *path)
{
    for (unsigned i = 0; i < its_config_group_count; i++)
        if (strcmp(its_config_groups[i].path, path) == 0)
            return (int)i;
    return -1;
}

struct its_config_section its_config_group_section(const struct its_config *config, unsigned group)
{
    its_assert(group < its_config_group_count);
    struct its_origin *origins = config->origins;
    for (unsigned i = 0; i < group; i++)
        origins += its_config_groups[i].count;
    const struct its_config_group *g = &its_config_groups[group];
    return (struct its_config_section){g->path, g->opts, g->count,
                                       (char *)(uintptr_t)config + g->offset, origins};
}

struct its_config_section its_config_camera_section(const struct its_config *config,
                                                    struct its_camera_config *camera)
{
    return (struct its_config_section){its_arena_printf(config->arena, "cameras.%s", camera->id),
                                       its_camera_opts, its_camera_opt_count, camera,
                                       camera->origins};
}
