/* Blocks of 16 channels ↔ planes, f32 ↔ bf16. Tiles of 16 pixels x 16 channels turn in registers.
 */
#include "nn/lanes/lane.h"

void LANE(to_planes)(const float *block, float *planes, int channels, int64_t pixels,
                     int64_t plane_stride)
{
    for (int64_t x = 0; x < pixels; x += LANES) {
        int count = pixels - x < LANES ? (int)(pixels - x) : LANES;
        f32x16 v[LANES];
        for (int i = 0; i < LANES; i++)
            v[i] = lane_load(block + (x + (i < count ? i : 0)) * LANES);
        lane_turn(v);
        for (int k = 0; k < channels; k++)
            lane_store_some(planes + k * plane_stride + x, v[k], count);
    }
}

void LANE(to_block)(const float *planes, float *block, int channels, int64_t pixels,
                    int64_t plane_stride)
{
    for (int64_t x = 0; x < pixels; x += LANES) {
        int count = pixels - x < LANES ? (int)(pixels - x) : LANES;
        f32x16 v[LANES];
        for (int k = 0; k < LANES; k++)
            v[k] =
                k < channels ? lane_load_some(planes + k * plane_stride + x, count) : lane_all(0);
        lane_turn(v);
        for (int i = 0; i < count; i++)
            lane_store(block + (x + i) * LANES, v[i]);
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

/* Adding 1.5 * 2^23 leaves the nearest integer (ties to even) in the low bits: nothing to call, so
 * the loop becomes vectors. Clamped first, to where that is exact. */
void LANE(to_u8)(const float *in, uint8_t *out, int64_t count, float scale, int zero)
{
    const float magic = 12582912.f, low = (float)-zero, high = (float)(255 - zero);
    for (int64_t i = 0; i < count; i++) {
        float q = in[i] / scale;
        q = q > low ? q : low;
        q = q < high ? q : high;
        q += magic;
        int32_t bits;
        memcpy(&bits, &q, 4);
        out[i] = (uint8_t)(bits - 0x4b400000 + zero);
    }
}

void LANE(from_u8)(const uint8_t *in, float *out, int64_t count, float scale, int zero)
{
    for (int64_t i = 0; i < count; i++)
        out[i] = (float)(in[i] - zero) * scale;
}
