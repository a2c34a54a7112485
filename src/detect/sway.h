/* How the whole picture differs from the background: moved by wind, or brighter by exposure. */
#pragma once

#include <stdbool.h>

#include "detect/background.h"

struct its_sway {
    float dx, dy;   /* the picture lies this many working pixels right of and below the background */
    bool sure;      /* enough texture agreed */
};

/* Least squares over the pixels that show no road user. Good for up to about a pixel. */
struct its_sway its_sway_estimate(const struct its_background *, const uint8_t *px);

/* The factor by which the picture is brighter than the background, if the whole scene agrees on
 * one that matters; else 1. */
float its_exposure_estimate(const struct its_background *, const uint8_t *px);
