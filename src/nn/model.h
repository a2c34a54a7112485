/* A detection network: the file as read (model), and an instance that runs it (network).
 *
 * A model is immutable and may be shared by any number of threads; it must outlive its networks.
 * A network belongs to one thread at a time and allocates nothing once it is made.
 * No back end shows here: the same calls serve the CPU and a GPU. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dtype.h"
#include "base/err.h"

/* --- the file */

struct its_model;

/* What the outputs mean. */
enum its_head {
    ITS_HEAD_NONE,  /* not a detector we know: may be run, gives no detections */
    ITS_HEAD_YOLO,  /* YOLOv8, YOLO11: (N, 4 + classes, anchors), cx cy w h px, scores 0..1 */
    ITS_HEAD_YOLOX, /* (N, anchors, 5 + classes): raw offsets, objectness, scores */
    ITS_HEAD_TOP,   /* NMS-free, YOLOv10 style: (N, boxes, 6) x1 y1 x2 y2 score class */
};

struct its_model_info {
    const char *path, *name; /* name: the file's without folder and ending */
    char sha256[65];
    int opset;
    enum its_head head;
    int classes;                    /* 0 without a head */
    const char *const *class_names; /* COCO's, or the file's own; NULL: not known */
    int native_w, native_h;         /* the size it was exported for */
    bool resizable;                 /* other multiples of 32 work too */
    bool quantised;                 /* a QDQ file: carries its own int8 */
    int64_t parameters;
    int node_count;
};

/* Reads an ONNX file. 0, or an error that names file, node and reason. */
int its_model_open(const char *path, struct its_model **out, struct its_error *err);
void its_model_close(struct its_model **m);
/* Belongs to the model. */
const struct its_model_info *its_model_info(const struct its_model *m);

/* --- an instance */

enum its_precision {
    ITS_PRECISION_AUTO,
    ITS_PRECISION_F32,
    ITS_PRECISION_BF16,
    ITS_PRECISION_INT8
};

struct its_network_settings {
    int batch, width, height;     /* 1..32; multiples of 32; 0: the model's own */
    enum its_precision precision; /* AUTO: int8 for a quantised file, else f32 */
    int threads;                  /* used by one run; 1 = instances side by side instead */
    const char *backend;          /* "cpu", "ref"; NULL: the best there is */
    const char *cache_dir;        /* of compiled plans; NULL: none */
    bool head_maps;               /* stop before the head's decoding: its_network_head gives maps */
};

void its_network_defaults(struct its_network_settings *s);

struct its_network;

int its_network_create(const struct its_model *m, const struct its_network_settings *s,
                       struct its_network **out, struct its_error *err);
void its_network_destroy(struct its_network **n);

/* The input slot: dense NCHW f32, (batch, 3, height, width), 64-byte aligned, valid as long as the
 * network. Values as the model wants them (YOLO: RGB 0..1; YOLOX: BGR 0..255). */
float *its_network_input(struct its_network *n);

/* Runs what is in the input slot; `images` <= batch: how many of its pictures count. 0, or a
 * negative code when the back end failed (the caller falls back). */
int its_network_run(struct its_network *n, int images);

struct its_output {
    const char *name;
    int rank;
    int64_t dim[6];
    const float *data; /* dense, good until the next run */
};

/* Output tensors as in the file, (batch, …) f32; none with head_maps. */
int its_network_output_count(const struct its_network *n);
struct its_output its_network_output(const struct its_network *n, int index);

/* Raw maps of a YOLO head, before decoding: one level per stride. Channel c of pixel p lies at
 * base[image * image_stride + (c / block) * block_stride + p * pixel_stride + c % block]. */
struct its_head_map {
    const float *data;
    int64_t image_stride, block_stride;
    int block, pixel_stride;
};

struct its_head_level {
    int stride, w, h;          /* pixels of the input per cell; cells */
    struct its_head_map box;   /* 4 x 16 DFL logits: left, top, right, bottom */
    struct its_head_map score; /* classes, logits */
};

/* The levels, with head_maps set and a head that has them; 0 otherwise. Good until the network is
 * destroyed; the data change with every run. */
int its_network_head(const struct its_network *n, const struct its_head_level **levels);

/* --- what it does with its time */

struct its_network_stats {
    size_t weight_bytes, activation_bytes; /* prepared weights; the one block of activations */
    double gflop;                          /* of one image */
    bool from_cache;                       /* the plan came from the cache */
    enum its_precision precision;
    const char *backend;
};
struct its_network_stats its_network_stats(const struct its_network *n);

struct its_layer_time {
    const char *name, *op, *how; /* node, operator, the kernel that runs it */
    char shape[48];
    enum its_dtype type;
    double ms, gflop; /* of the last run; only while timing is on */
};

/* Switches the clock round every step on or off (it costs a little). */
void its_network_time_layers(struct its_network *n, bool on);
int its_network_layers(const struct its_network *n, const struct its_layer_time **layers);

/* Appends the plan as a table: every step with shape, layout, type, place in memory, bytes, and the
 * time of the last run while timing is on. */
struct its_str;
void its_network_print(const struct its_network *n, struct its_str *out);
