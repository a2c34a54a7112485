/* A pinhole camera over flat ground. The world is in metres: x right, y ahead, z up, the ground at
 * z = 0. Pure geometry, no state. */
#pragma once

#include <stdbool.h>

#include "base/geom.h"

struct its_vec3 {
    double x, y, z;
};

struct its_view {
    struct its_vec3 eye;
    double focal_px;
    double centre_x, centre_y;        /* principal point, pixels */
    struct its_vec3 right, up, ahead; /* the camera's axes in the world, unit length */
};

/* Looks `yaw` radians to the right of y and `pitch` down. The horizontal field of view is in
 * radians over w pixels. */
void its_view_init(struct its_view *view, struct its_vec3 eye, double yaw, double pitch,
                   double field, int w, int h);

/* World to camera: x right, y up, z distance along the axis. */
struct its_vec3 its_view_to_camera(const struct its_view *view, struct its_vec3 p);

/* Camera to picture; the point must lie in front (z > 0). */
struct its_point its_view_to_picture(const struct its_view *view, struct its_vec3 camera);

/* Both in one, for points known to lie in front. */
struct its_point its_view_project(const struct its_view *view, struct its_vec3 p);

/* The ground under a pixel; false at and above the horizon. */
bool its_view_ground(const struct its_view *view, struct its_point pixel, struct its_vec3 *ground);

/* Picture row of the horizon, in pixels; may lie outside the picture. */
double its_view_horizon(const struct its_view *view);

/* The ground (x, y, 1) to the picture, homogeneous, row by row. */
void its_view_homography(const struct its_view *view, double h[9]);
