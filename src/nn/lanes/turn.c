/* Blocks of 16 channels ↔ planes, f32 ↔ bf16. Tiles of 16 pixels x 16 channels, which the compiler
 * keeps in registers. */
#include "nn/lanes/lane.h"

static inline void turn_tile(const float *from, int64_t from_step, float *to, int64_t to_step,
                             int rows, int columns)
{
    for (int i = 0; i < rows; i++)
        for (int k = 0; k < columns; k++)
            to[k * to_step + i] = from[i * from_step + k];
}

void LANE(to_planes)(const float *blocks, float *planes, int c, int64_t pixels)
{
    for (int b = 0; b < c; b += LANES) {
        int channels = c - b < LANES ? c - b : LANES;
        const float *from = blocks + b * pixels;
        float *to = planes + b * pixels;
        int64_t x = 0;
        if (channels == LANES)
            for (; x + LANES <= pixels; x += LANES)
                turn_tile(from + x * LANES, LANES, to + x, pixels, LANES, LANES);
        if (x < pixels)
            turn_tile(from + x * LANES, LANES, to + x, pixels, (int)(pixels - x), channels);
    }
}

void LANE(to_blocks)(const float *planes, float *blocks, int c, int64_t pixels)
{
    for (int b = 0; b < c; b += LANES) {
        int channels = c - b < LANES ? c - b : LANES;
        const float *from = planes + b * pixels;
        float *to = blocks + b * pixels;
        int64_t x = 0;
        if (channels < LANES)
            memset(to, 0, (size_t)pixels * LANES * sizeof(*to));
        else
            for (; x + LANES <= pixels; x += LANES)
                turn_tile(from + x, pixels, to + x * LANES, LANES, LANES, LANES);
        for (; x < pixels; x++)
            for (int k = 0; k < channels; k++)
                to[x * LANES + k] = from[k * pixels + x];
    }
}

void LANE(to_bf16)(const float *in, uint16_t *out, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &in[i], 4);
        uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
        uint32_t nan = bits >> 16 | 0x40;
        out[i] = (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? nan : rounded);
    }
}

void LANE(from_bf16)(const uint16_t *in, float *out, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits = (uint32_t)in[i] << 16;
        memcpy(&out[i], &bits, 4);
    }
}
