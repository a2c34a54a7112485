/* TensorProto → constant of a graph. Private to nn/onnx/. */
#pragma once

#include <onnx.pb-c.h>

#include "base/err.h"
#include "nn/graph.h"

/* Our type for ONNX's number; ITS_EUNSUPPORTED with the reason in `err`. */
int its_onnx_type(int32_t onnx_type, enum its_dtype *type, struct its_error *err);

/* Adds the tensor as a constant called `name` (NULL: the graph makes one up). The tensor's raw
 * bytes are freed on the way: a model is never held twice. 0, or an error without the name. */
int its_onnx_tensor_add(struct its_graph *g, const char *name, Onnx__TensorProto *t,
                        struct its_value **out, struct its_error *err);
