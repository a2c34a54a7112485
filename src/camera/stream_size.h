/* What a coded picture says of itself, without decoding it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct AVCodecParameters;

/* Fills width, height and, where it is told, the frame rate, from the parameter sets in par's
 * extradata and one access unit. 0; ITS_EDAMAGED: they say no size; -ENOMEM. */
int its_stream_size(struct AVCodecParameters *par, const uint8_t *data, size_t size, double *fps);
