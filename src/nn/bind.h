/* A file's graph → a graph for one batch and one picture size.
 *
 * Exports freeze sizes: in Reshape and Slice constants, in tables of anchor points and strides. The
 * binder runs the inference once for the size the file was made for, and once for the size wanted;
 * where a frozen number stands in between, it finds out what the number meant (a picture side over
 * a stride, cells of a level, anchors of all levels, pictures of the batch) and puts in what it
 * means now. Tables are only replaced when every value is the one we would have put there. What it
 * does not understand it refuses, naming the node. Any thread. */
#pragma once

#include "base/err.h"
#include "nn/graph.h"

/* Batch and picture size the file was made for; what it leaves open (symbols) is 1 and, unless its
 * metadata tell ("imgsz"), 640x640. */
struct its_native {
    int batch, h, w;
};

/* The graph must have one input, f32 of (batch, 3, height, width): everybody who fills it relies on
 * that. 0, or an error. */
int its_graph_native(const struct its_graph *file, struct its_native *out, struct its_error *err);

/* batch 1..32, h and w positive multiples of 32, or 0: the native one. 0, and *out is the caller's,
 * inferred and pruned; it shares the constants' data with `file`, which must outlive it. Or an
 * error that names the node. */
int its_graph_bind(const struct its_graph *file, int batch, int h, int w, struct its_graph **out,
                   struct its_error *err);
