/* How the whole picture differs from the background: moved by wind, or brighter by exposure. */
#pragma once

#include <stdbool.h>

#include "detect/background.h"

struct its_sway {
    float dx, dy; /* the picture lies this many working pixels right of and below the background */
    bool sure;    /* enough texture agreed */
};

/* A textured pixel of the background. */
struct its_landmark {
    int at;         /* index into the planes */
    int16_t gx, gy; /* gradients over two pixels */
    uint8_t value;
};

#define ITS_LANDMARKS_MAX 3000

/* Scratch of the estimate; plain data. */
struct its_landmarks {
    int count;
    struct its_landmark item[ITS_LANDMARKS_MAX];
};

/* Movement of the picture against the background: up to ITS_SWAY_REACH working pixels per call,
 * precise to a fraction of one. */
struct its_sway its_sway_estimate(struct its_landmarks *, const struct its_background *,
                                  const uint8_t *px);
#define ITS_SWAY_REACH 6

/* How badly a picture fits the landmarks of the last estimate; smaller is better. */
int its_sway_misfit(const struct its_landmarks *, const uint8_t *px);

/* The factor by which the picture is brighter than the background, if the whole scene agrees on
 * one that matters; else 1. */
float its_exposure_estimate(const struct its_background *, const uint8_t *px);
