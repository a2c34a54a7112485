/* Attributes of a node, and the constants that Constant nodes keep in them. Private to nn/onnx/. */
#pragma once

#include <stdbool.h>

#include <onnx.pb-c.h>

#include "base/err.h"
#include "nn/graph.h"

bool its_onnx_attributes_have_graph(const Onnx__NodeProto *file);

/* Gives the node the file's attributes. One that its operator's row does not list is refused, and
 * so is a kind that graphs do not have. */
int its_onnx_attributes_add(struct its_graph *g, struct its_node *n, const Onnx__NodeProto *file,
                            struct its_error *err);

/* The constant of a Constant node whose value is not a tensor: value_int, value_floats, … */
int its_onnx_attribute_constant(struct its_graph *g, const char *name,
                                const Onnx__AttributeProto *a, struct its_value **out,
                                struct its_error *err);
