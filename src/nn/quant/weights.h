/* A convolution's weights as eight-bit integers, one scale per output channel, and what rounding
 * them does to the sums. Plain functions. */
#pragma once

#include <stdint.h>

/* weights: (channels, each), row-major. Writes q in -127..127 and scale[channels]; a channel of
 * zeros gets scale 1. The scale is the one with the least squared error among clippings of the
 * channel's largest weight. */
void its_quant_weights(const float *weights, int channels, int each, int8_t *q, float *scale);

/* What a bias must take back so that the mean of every output stays where it was:
 * shift[o] = sum over inputs and taps of (w - q * scale) * mean of that input channel.
 * weights: (channels, ins, taps); mean: per input channel of the whole tensor; output channel o
 * of a convolution with `groups` groups reads the ins channels from (o / (channels / groups)) *
 * ins. */
void its_quant_bias_shift(const float *weights, const int8_t *q, const float *scale, int channels,
                          int ins, int taps, int groups, const float *mean, float *shift);
