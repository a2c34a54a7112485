/* Procedural texture: smooth random fields over the plane. Pure functions of place and seed. */
#pragma once

#include <stdint.h>

/* Value noise, 0..1, features of about one unit. */
float its_texture_noise(float x, float y, uint32_t seed);

/* Noise with features of 8 m down to 10 cm, mean 0, within -1..1. Features smaller than
 * `footprint` (metres that one pixel covers) fade out, so that far ground does not glitter. */
float its_texture_grain(float x, float y, float footprint, uint32_t seed);
