/* Rain between the camera and the street. */
#pragma once

#include <stdint.h>

#include "draw/canvas.h"

/* Falling drops: short bright streaks, others in every frame. Deterministic in seed and frame. */
void its_rain_fall(const struct its_i420 *picture, uint64_t seed, uint64_t frame);

/* Drops that sit on the glass, the same ones all the time. */
void its_rain_drops(struct its_canvas *canvas, uint64_t seed);
