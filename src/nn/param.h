/* What a node's attributes and constant inputs mean once the shapes of its inputs are known:
 * defaults filled in, negative axes counted, paddings worked out. One reading of the standard for
 * inference, the reference and every other back end.
 *
 * The functions fill *p and return 0, or an error that says what is wrong (the caller names node
 * and operator). For a node that was inferred they cannot fail; err may be NULL then. Inputs that
 * decide a shape are read from the value's data: they must be constants. */
#pragma once

#include <stdbool.h>

#include "nn/graph.h"

/* A window sliding over one or two axes: convolutions and pools. With one axis, axis 0 is a
 * height of 1 and axis 1 the width. */
struct its_window {
    int axes; /* 1 or 2 */
    int64_t group;
    int64_t in[2], out[2]; /* height, width */
    int64_t kernel[2], stride[2], dilation[2];
    int64_t pad[2], pad_after[2]; /* above and left; below and right */
};

/* Conv, ConvInteger, MaxPool, AveragePool. */
int its_window_of(const struct its_node *n, struct its_window *p, struct its_error *err);
/* A convolution of one picture as the direct kernels take it: weights and bias constant, no
 * dilation, one stride, and every channel with all others or all by themselves. */
bool its_conv_is_plain(const struct its_node *n);
/* ConvTranspose: `in` and `out` as they are named, so out is the larger. */
int its_window_of_transposed(const struct its_node *n, struct its_window *p, struct its_error *err);

/* Slice: element i of axis a is start[a] + i * step[a] of the input. */
struct its_slice {
    int64_t start[ITS_RANK_MAX], step[ITS_RANK_MAX], count[ITS_RANK_MAX];
};
int its_slice_of(const struct its_node *n, struct its_slice *p, struct its_error *err);

/* Reductions: which axes go, and whether they stay as 1. */
struct its_reduction {
    bool axis[ITS_RANK_MAX];
    bool keep;
};
int its_reduction_of(const struct its_node *n, struct its_reduction *p, struct its_error *err);

/* Pad: elements put before and after each axis; negative ones are taken away. */
struct its_padding {
    int64_t before[ITS_RANK_MAX], after[ITS_RANK_MAX];
};
int its_padding_of(const struct its_node *n, struct its_padding *p, struct its_error *err);

enum its_resize_mode { ITS_RESIZE_NEAREST, ITS_RESIZE_LINEAR, ITS_RESIZE_CUBIC };
enum its_resize_coordinates {
    ITS_RESIZE_HALF_PIXEL,
    ITS_RESIZE_HALF_PIXEL_SYMMETRIC,
    ITS_RESIZE_PYTORCH_HALF_PIXEL,
    ITS_RESIZE_ALIGN_CORNERS,
    ITS_RESIZE_ASYMMETRIC,
    ITS_RESIZE_TF_HALF_PIXEL,
    ITS_RESIZE_TF_CROP
};
enum its_resize_rounding {
    ITS_RESIZE_ROUND_PREFER_FLOOR,
    ITS_RESIZE_ROUND_PREFER_CEIL,
    ITS_RESIZE_FLOOR,
    ITS_RESIZE_CEIL
};

struct its_resize {
    enum its_resize_mode mode;
    enum its_resize_coordinates coordinates;
    enum its_resize_rounding rounding; /* of ITS_RESIZE_NEAREST */
    double scale[ITS_RANK_MAX];        /* out / in */
    int64_t out[ITS_RANK_MAX];
    double roi[2][ITS_RANK_MAX]; /* begin, end in 0..1: of ITS_RESIZE_TF_CROP */
    double cubic_a, extrapolation;
    bool exclude_outside, antialias;
};
int its_resize_of(const struct its_node *n, struct its_resize *p, struct its_error *err);

/* The axes' order of a Transpose: axis i of the result is axis p[i] of the input. */
int its_permutation_of(const struct its_node *n, int p[ITS_RANK_MAX], struct its_error *err);

/* The attribute `axis`, counted from the front. `rank` axes may be meant. */
int its_axis_of(const struct its_node *n, int64_t otherwise, int rank, int *axis,
                struct its_error *err);

/* Counts a negative axis from the end. */
int its_axis_resolve(int64_t axis, int rank, int *out, struct its_error *err);

/* The integers of a constant input (s32 or s64), at most `max`; an input left out has count -1. */
int its_param_ints(const struct its_node *n, int index, int64_t *to, int max, int *count,
                   struct its_error *err);
