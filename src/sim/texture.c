#include "sim/texture.h"

#include <math.h>
#include <stddef.h>

#include "base/attr.h"

/* An integer hash of two coordinates (the finaliser of MurmurHash3), 0..1. */
static float corner(int32_t x, int32_t y, uint32_t seed)
{
    uint32_t h = (uint32_t)x * 0x8da6b343u ^ (uint32_t)y * 0xd8163841u ^ seed * 0xcb1ab31fu;
    h = (h ^ (h >> 16)) * 0x85ebca6bu;
    h = (h ^ (h >> 13)) * 0xc2b2ae35u;
    return (float)((h ^ (h >> 16)) >> 8) * 0x1p-24f;
}

static float ease(float t)
{
    return t * t * (3 - 2 * t);
}

float its_texture_noise(float x, float y, uint32_t seed)
{
    float fx = floorf(x), fy = floorf(y);
    int32_t ix = (int32_t)fx, iy = (int32_t)fy;
    float u = ease(x - fx), v = ease(y - fy);
    float top = corner(ix, iy, seed) * (1 - u) + corner(ix + 1, iy, seed) * u;
    float low = corner(ix, iy + 1, seed) * (1 - u) + corner(ix + 1, iy + 1, seed) * u;
    return top * (1 - v) + low * v;
}

float its_texture_grain(float x, float y, float footprint, uint32_t seed)
{
    static const struct {
        float size_m, strength;
    } octave[] = {{8, .3f}, {2.3f, .25f}, {.7f, .2f}, {.25f, .15f}, {.1f, .1f}};
    float sum = 0;
    for (size_t i = 0; i < ITS_ARRAY_LEN(octave); i++) {
        float keep = 1 - footprint / (octave[i].size_m * 2);
        if (keep <= 0)
            break;
        float n = its_texture_noise(x / octave[i].size_m, y / octave[i].size_m, seed + (uint32_t)i);
        sum += octave[i].strength * fminf(1, keep) * (2 * n - 1);
    }
    return sum;
}
