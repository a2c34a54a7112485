/* A small pattern of black and white squares in the lower left corner that says which frame this
 * is: what comes out at the far end of a chain tells how long it was on its way, and what was lost.
 * It survives hard compression; a check sum tells it from any other picture. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "draw/canvas.h"

/* The smallest picture that has room for it, pixels. */
#define ITS_FRAME_CODE_MIN_W 192
#define ITS_FRAME_CODE_MIN_H 64

struct its_frame_code {
    uint32_t frame;
    uint32_t time_ms;
};

void its_frame_code_draw(const struct its_i420 *to, struct its_frame_code code);

/* Reads it from a luma plane. False: there is none, or it is damaged. */
bool its_frame_code_read(const uint8_t *luma, int stride, int w, int h,
                         struct its_frame_code *code);
