/* RGB to 8-bit BT.709 I420 with luma 16..235 (ITU-R BT.709-6, 3 and 4). */
#pragma once

#include <stdint.h>

#include "draw/canvas.h"

/* `rgb` is 0x00RRGGBB, `stride` pixels from row to row, of the size of `to`. Within 1 of the exact
 * value in every sample. */
void its_i420_from_rgb(const uint32_t *rgb, int stride, const struct its_i420 *to);
