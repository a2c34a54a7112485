/* Value names of a file → values. Private to nn/onnx/. */
#pragma once

#include "nn/graph.h"

struct its_onnx_names {
    struct its_value **slot;
    size_t size, count; /* size: a power of two, kept at most half full */
};

/* NULL: not there. */
struct its_value *its_onnx_names_find(const struct its_onnx_names *n, const char *name);
/* The name must not be there yet. */
void its_onnx_names_add(struct its_onnx_names *n, struct its_value *v);
void its_onnx_names_fini(struct its_onnx_names *n);
