/* The motion of a box: where it is, how fast it goes and grows, and how sure we are.
 *
 * Constant velocity with white-noise acceleration (Bar-Shalom, Li, Kirubarajan, "Estimation with
 * Applications to Tracking and Navigation", 6.2.2), one independent two-state filter each for
 * centre x, centre y, width and height; the speed of the centre follows perspective as the box
 * grows or shrinks. The process noise is the integral over continuous time: two short predictions
 * of a box that does not grow equal one long one, whatever the frame interval. All noise is
 * relative to the size of the box (its longer side): what is near is big and moves fast. */
#pragma once

#include "base/geom.h"

struct its_kalman_noise {
    float measure; /* standard deviation of a detected edge or centre; sizes */
    float drift;   /* random walk of the position; sizes per square root of a second */
    float accel;   /* random walk of the velocity; sizes/s per square root of a second */
    float speed;   /* standard deviation of the speed nobody has seen yet; sizes/s */
};

struct its_kalman_axis {
    float x, v;          /* px, px/s */
    float pxx, pxv, pvv; /* their covariance */
};

/* Plain data; copying it is fine. */
struct its_kalman {
    struct its_kalman_axis cx, cy, w, h;
};

/* A first sight of the box, at rest. */
void its_kalman_start(struct its_kalman *k, const struct its_kalman_noise *n, struct its_box box);

/* Moves it on by dt_s >= 0 seconds. */
void its_kalman_predict(struct its_kalman *k, const struct its_kalman_noise *n, float dt_s);

/* The box was seen there. `doubt` >= 1 widens the measurement noise for a sight of low score. */
void its_kalman_correct(struct its_kalman *k, const struct its_kalman_noise *n, struct its_box box,
                        float doubt);

/* It stops growing or shrinking: nobody can tell from a box that is out of sight. */
void its_kalman_freeze_size(struct its_kalman *k);

/* The box now; width and height are at least 1 px. */
struct its_box its_kalman_box(const struct its_kalman *k);

/* Its longer side, px, at least 1. */
float its_kalman_size(const struct its_kalman *k);

/* Squared distance of a seen centre to the expected one, in standard deviations (Mahalanobis). */
float its_kalman_distance2(const struct its_kalman *k, const struct its_kalman_noise *n,
                           struct its_point centre);
