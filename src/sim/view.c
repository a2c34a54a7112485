#include "sim/view.h"

#include <math.h>

static double dot(struct its_vec3 a, struct its_vec3 b)
{
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

void its_view_init(struct its_view *view, struct its_vec3 eye, double yaw, double pitch,
                   double field, int w, int h)
{
    double sy = sin(yaw), cy = cos(yaw), sp = sin(pitch), cp = cos(pitch);
    *view = (struct its_view){
        .eye = eye,
        .focal_px = w * 0.5 / tan(field * 0.5),
        .centre_x = w * 0.5,
        .centre_y = h * 0.5,
        .right = {cy, -sy, 0},
        .up = {sy * sp, cy * sp, cp},
        .ahead = {sy * cp, cy * cp, -sp},
    };
}

struct its_vec3 its_view_to_camera(const struct its_view *view, struct its_vec3 p)
{
    struct its_vec3 d = {p.x - view->eye.x, p.y - view->eye.y, p.z - view->eye.z};
    return (struct its_vec3){dot(d, view->right), dot(d, view->up), dot(d, view->ahead)};
}

struct its_point its_view_to_picture(const struct its_view *view, struct its_vec3 camera)
{
    double scale = view->focal_px / camera.z;
    return (struct its_point){(float)(view->centre_x + camera.x * scale),
                              (float)(view->centre_y - camera.y * scale)};
}

struct its_point its_view_project(const struct its_view *view, struct its_vec3 p)
{
    return its_view_to_picture(view, its_view_to_camera(view, p));
}

bool its_view_ground(const struct its_view *view, struct its_point pixel, struct its_vec3 *ground)
{
    double u = (pixel.x - view->centre_x) / view->focal_px;
    double v = (view->centre_y - pixel.y) / view->focal_px;
    struct its_vec3 ray = {
        view->ahead.x + u * view->right.x + v * view->up.x,
        view->ahead.y + u * view->right.y + v * view->up.y,
        view->ahead.z + u * view->right.z + v * view->up.z,
    };
    if (ray.z >= -1e-9)
        return false;
    double t = view->eye.z / -ray.z;
    *ground = (struct its_vec3){view->eye.x + t * ray.x, view->eye.y + t * ray.y, 0};
    return true;
}

double its_view_horizon(const struct its_view *view)
{
    return view->centre_y + view->focal_px * view->ahead.z / view->up.z;
}

void its_view_homography(const struct its_view *v, double h[9])
{
    const struct its_vec3 axis[3] = {v->right, v->up, v->ahead};
    double cam[3][3]; /* ground to camera: x, y and the constant */
    for (int i = 0; i < 3; i++) {
        cam[i][0] = axis[i].x;
        cam[i][1] = axis[i].y;
        cam[i][2] = -dot(axis[i], v->eye);
    }
    for (int k = 0; k < 3; k++) {
        h[k] = v->focal_px * cam[0][k] + v->centre_x * cam[2][k];
        h[3 + k] = v->centre_y * cam[2][k] - v->focal_px * cam[1][k];
        h[6 + k] = cam[2][k];
    }
}
