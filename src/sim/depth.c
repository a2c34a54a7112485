/* Two footprints that do not overlap are kept apart by a line along one of their edges. The wall
 * standing on that line parts the world: who is on the eye's side of it cannot be hidden by the
 * other. Only bodies whose boxes overlap in the picture need to be compared. */
#include "sim/depth.h"

#include <math.h>
#include <stdbool.h>

#include "base/attr.h"

/* Looks for an edge of `a` that has all of `b` beyond it: +1 when the eye is beyond it too (b is
 * in front), -1 when it is not (a is in front), 0 when there is no such edge. */
static int parted_by(const struct its_body_pose *a, const struct its_body_pose *b,
                     struct its_vec3 eye)
{
    double sa = sin(a->heading), ca = cos(a->heading), sb = sin(b->heading), cb = cos(b->heading);
    for (int axis = 0; axis < 2; axis++) {
        double nx = axis ? ca : sa, ny = axis ? -sa : ca;
        double half = (axis ? its_body_width(a->body) : its_body_length(a->body)) / 2;
        double reach = fabs(nx * sb + ny * cb) * its_body_length(b->body) / 2 +
                       fabs(nx * cb - ny * sb) * its_body_width(b->body) / 2;
        double at = nx * (b->x - a->x) + ny * (b->y - a->y);
        double seen = nx * (eye.x - a->x) + ny * (eye.y - a->y);
        if (at - reach >= half)
            return seen > half ? 1 : -1;
        if (at + reach <= -half)
            return seen < -half ? 1 : -1;
    }
    return 0;
}

/* May a hide part of b? */
static bool in_front(const struct its_view *view, const struct its_body_pose *a,
                     const struct its_body_pose *b)
{
    int side = -parted_by(a, b, view->eye);
    if (!side)
        side = parted_by(b, a, view->eye);
    if (side)
        return side > 0;
    struct its_vec3 pa = {a->x, a->y, 0}, pb = {b->x, b->y, 0};
    return its_view_to_camera(view, pa).z < its_view_to_camera(view, pb).z;
}

static void sort_by_distance(const struct its_view *view, const struct its_body_pose *const *pose,
                             int n, int *order)
{
    double depth[ITS_DEPTH_MAX];
    for (int i = 0; i < n; i++) {
        struct its_vec3 middle = {pose[i]->x, pose[i]->y, 0};
        depth[i] = its_view_to_camera(view, middle).z;
        int k = i;
        for (; k > 0 && depth[order[k - 1]] < depth[i]; k--)
            order[k] = order[k - 1];
        order[k] = i;
    }
}

void its_depth_order(const struct its_view *view, const struct its_body_pose *const *pose,
                     const struct its_box *box, int n, int *order)
{
    its_assert(n <= ITS_DEPTH_MAX);
    sort_by_distance(view, pose, n, order);
    for (int i = 0; i < n; i++) {
        int k = i; /* the first that hides nobody who is still to be painted */
        for (int j = i; k < n && j < n; j++) {
            int a = order[k], b = order[j];
            if (j != k && its_box_intersection(box[a], box[b]) > 0 &&
                in_front(view, pose[a], pose[b])) {
                k++;
                j = i - 1;
            }
        }
        int next = order[k < n ? k : i];
        for (int j = k < n ? k : i; j > i; j--)
            order[j] = order[j - 1];
        order[i] = next;
    }
}
