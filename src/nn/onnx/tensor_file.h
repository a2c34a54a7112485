/* A file with one TensorProto, as the ONNX tests keep their inputs and expected outputs. */
#pragma once

#include "base/err.h"
#include "nn/graph.h"

/* Adds the tensor to the graph as a constant (its name is the file's own). 0, or an error that
 * names the file and the reason. */
int its_onnx_tensor_file_read(const char *path, struct its_graph *g, struct its_value **out,
                              struct its_error *err);
