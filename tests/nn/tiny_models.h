/* Networks without weights that end as detectors do, made for pictures of 64x64 with the numbers
 * that exports freeze. */
#pragma once

#include "tiny_onnx.h"

#define TINY_SIDE  64
#define TINY_CELLS 84 /* 8 x 8 + 4 x 4 + 2 x 2 */

/* Three levels of the picture, pooled, flattened by frozen Reshapes and joined: "all",
 * (1, channels, 84). Has no output yet. */
struct tiny tiny_levels(int channels);

/* The end of a YOLO head: points + two channels, times strides, joined with the third. One point is
 * wrong by `spoil`. */
struct tiny tiny_decoder(float spoil);

/* The end of an NMS-free head: the five best cells, picked through a list of (picture, place)
 * whose first half is frozen for a batch of one. */
struct tiny tiny_best_of(void);

/* Convolutions as detectors join them, with made-up weights: x (1, 3, 64, 64) -> "c1" (8, 3x3),
 * split in two halves, "c2" (4, 3x3, in 2 groups) of the first, both joined with the halves, then
 * "c3" (6, 1x1) and from it "one" (1 channel); y is c3 and one joined. */
struct tiny tiny_convs(void);
