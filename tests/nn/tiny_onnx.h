/* Tiny ONNX files, written field by field: what tests and fuzz seeds need of the format, with
 * nothing to stop them from being wrong. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define TINY_FLOAT   1
#define TINY_INT8    3
#define TINY_INT64   7
#define TINY_FLOAT16 10

/* Plain protobuf fields. */
void tiny_int(struct its_str *to, int field, int64_t value);
void tiny_float(struct its_str *to, int field, float value);
void tiny_text(struct its_str *to, int field, const char *text);
void tiny_bytes(struct its_str *to, int field, const void *bytes, size_t n);
/* The message becomes a field of `to`, and is freed. */
void tiny_message(struct its_str *to, int field, struct its_str *message);

/* TensorProto with raw data. */
struct its_str tiny_tensor(const char *name, int type, int rank, const int64_t *dims,
                           const void *raw, size_t bytes);

/* A graph that grows; the parts may be added in any order. Names: space-separated lists. */
struct tiny {
    struct its_str graph;
};

void tiny_input(struct tiny *t, const char *name, int type, int rank, const int64_t *dims);
void tiny_output(struct tiny *t, const char *name);
void tiny_floats(struct tiny *t, const char *name, int rank, const int64_t *dims, const float *v);
void tiny_ints(struct tiny *t, const char *name, int count, const int64_t *v);
/* attrs: "axis=1 perm=0,2,1 mode=nearest"; NULL: none. "-" among the inputs: left out. */
void tiny_node(struct tiny *t, const char *op, const char *in, const char *out, const char *attrs);

/* The whole file, with that operator set and metadata (key, value, NULL); the graph is freed. */
struct its_str tiny_file(struct tiny *t, int opset, const char *const *meta);
