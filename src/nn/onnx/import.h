/* ONNX files → graphs. Any thread; nothing is kept between calls.
 *
 * What comes out is the file's main graph as it stands: nodes in the file's order, initialisers and
 * Constant nodes as constants, inputs with ITS_DIM_UNKNOWN where the file has a symbol (an input
 * whose rank the file does not tell is not `shaped`). Nothing is inferred or changed yet: bind it
 * (nn/bind.h), or give the inputs their shapes, and then its_graph_infer.
 *
 * Files are not trusted: at most 1 GiB, memory in proportion to the file, nesting bounded; what we
 * do not understand is refused by name and not skipped. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/sha256.h"
#include "nn/graph.h"

#define ITS_ONNX_OPSET_MIN 11
#define ITS_ONNX_OPSET_MAX 20

/* 0, and *out is the caller's (its_graph_destroy); or an error that names file, node, operator and
 * reason. sha256, if given, gets the file's digest in hexadecimal. */
int its_onnx_import(const char *path, char sha256[ITS_SHA256_CHARS], struct its_graph **out,
                    struct its_error *err);

/* The same from memory; `release`, if given, is called with `bytes` as soon as they are no longer
 * needed (in every case), so that a large file is not held twice. */
int its_onnx_import_bytes(const uint8_t *bytes, size_t size, void (*release)(void *bytes),
                          struct its_graph **out, struct its_error *err);
