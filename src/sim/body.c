/* How a body is drawn: every prism is a convex profile (seen from the side) stretched across the
 * body's width, so its visible faces never overlap each other and painting it needs no depth
 * buffer. Prisms of one layer are painted far to near, layers from the ground up: the camera
 * always looks from above. Marks (windows, lamps, wheels) lie on a face and follow its prism.
 * Under the faces of a prism its whole outline is filled first: anti-aliased edges would
 * otherwise let the road shine through the seams. */
#include "sim/body.h"

#include <math.h>
#include <stddef.h>

#include "sim/shapes.h"

#define NEAR_M        0.5 /* nothing nearer to the camera's plane is drawn */
#define FACE_MAX      16
#define SOFT_PX_PER_M 10
#define MARKS_MIN_M   0.035 /* a pixel larger than this on the body shows no marks */

/* Filling the road between hull points is cheap; a body never has more corners than this. */
#define POINTS_MAX 256

struct painter {
    const struct its_body_pose *pose;
    const struct its_view *view;
    const struct its_light *light;
    struct its_canvas *canvas;
    double sin, cos;       /* of the heading */
    float fog;             /* share of haze, 0..1 */
    struct its_colour lit; /* what white looks like here */
};

/* Body coordinates: l towards the nose, w to the right, z up. */
static struct its_vec3 to_world(const struct painter *p, double l, double w, double z)
{
    return (struct its_vec3){p->pose->x + l * p->sin + w * p->cos,
                             p->pose->y + l * p->cos - w * p->sin, z};
}

static struct painter painter_of(const struct its_body_pose *pose, const struct its_view *view,
                                 const struct its_light *light, struct its_canvas *canvas)
{
    struct painter p = {pose, view, light, canvas, sin(pose->heading), cos(pose->heading), 0, {0}};
    if (light) {
        double d = hypot(hypot(pose->x - view->eye.x, pose->y - view->eye.y), view->eye.z);
        p.fog = (float)(1 - exp(-d / light->haze_m));
        p.lit = its_light_on(light, (struct its_colour){1, 1, 1, 1}, pose->x, pose->y);
    }
    return p;
}

/* --- outlines */

static int compare_points(struct its_point a, struct its_point b)
{
    return a.x != b.x ? (a.x < b.x ? -1 : 1) : a.y != b.y ? (a.y < b.y ? -1 : 1) : 0;
}

static void sort_points(struct its_point *p, int n)
{
    for (int i = 1; i < n; i++) {
        struct its_point one = p[i];
        int k = i;
        for (; k > 0 && compare_points(one, p[k - 1]) < 0; k--)
            p[k] = p[k - 1];
        p[k] = one;
    }
}

static double turn(struct its_point o, struct its_point a, struct its_point b)
{
    return ((double)a.x - o.x) * ((double)b.y - o.y) - ((double)a.y - o.y) * ((double)b.x - o.x);
}

/* Andrew's monotone chain. Sorts `p`; the hull has at most n corners. */
static void hull_of(struct its_point *p, int n, struct its_outline *out)
{
    struct its_point hull[2 * POINTS_MAX];
    int k = 0;
    sort_points(p, n);
    for (int i = 0; i < n; i++) {
        while (k >= 2 && turn(hull[k - 2], hull[k - 1], p[i]) <= 0)
            k--;
        hull[k++] = p[i];
    }
    for (int i = n - 2, floor = k + 1; i >= 0; i--) {
        while (k >= floor && turn(hull[k - 2], hull[k - 1], p[i]) <= 0)
            k--;
        hull[k++] = p[i];
    }
    k--; /* the first point came again */
    its_assert(k <= ITS_OUTLINE_MAX);
    out->count = k >= 3 ? k : 0;
    for (int i = 0; i < out->count; i++)
        out->corner[i] = hull[i];
}

struct its_box its_outline_box(const struct its_outline *o)
{
    if (!o->count)
        return (struct its_box){0};
    float x0 = o->corner[0].x, x1 = x0, y0 = o->corner[0].y, y1 = y0;
    for (int i = 1; i < o->count; i++) {
        x0 = fminf(x0, o->corner[i].x);
        x1 = fmaxf(x1, o->corner[i].x);
        y0 = fminf(y0, o->corner[i].y);
        y1 = fmaxf(y1, o->corner[i].y);
    }
    return (struct its_box){x0, y0, x1 - x0, y1 - y0};
}

bool its_outline_holds(const struct its_outline *o, struct its_point p)
{
    for (int i = 0; i < o->count; i++)
        if (turn(o->corner[i], o->corner[(i + 1) % o->count], p) < 0)
            return false;
    return o->count > 0;
}

/* --- from metres to pixels */

/* A polygon in camera space cut at the near plane and projected; returns its corners, 0 when
 * nothing of it lies in front. `out` holds twice n. */
static int project(const struct its_view *view, const struct its_vec3 *world, int n,
                   struct its_point *out)
{
    struct its_vec3 cam[FACE_MAX];
    its_assert(n <= FACE_MAX);
    for (int i = 0; i < n; i++)
        cam[i] = its_view_to_camera(view, world[i]);
    int k = 0;
    for (int i = 0; i < n; i++) {
        struct its_vec3 a = cam[i], b = cam[(i + 1) % n];
        if (a.z >= NEAR_M)
            out[k++] = its_view_to_picture(view, a);
        if ((a.z >= NEAR_M) != (b.z >= NEAR_M)) {
            double t = (NEAR_M - a.z) / (b.z - a.z);
            struct its_vec3 cut = {a.x + t * (b.x - a.x), a.y + t * (b.y - a.y), NEAR_M};
            out[k++] = its_view_to_picture(view, cut);
        }
    }
    return k;
}

/* The quad between profile corners i and i + 1, or with i = -1 / -2 the right / left side. */
static int face_of(const struct painter *p, const struct its_prism *prism, int i,
                   struct its_vec3 *face)
{
    if (i < 0) {
        double sign = i == -1 ? 1 : -1;
        for (int k = 0; k < prism->count; k++) {
            const struct its_profile *c = &prism->corner[k];
            face[k] = to_world(p, c->l, sign * c->half, c->z);
        }
        return prism->count;
    }
    const struct its_profile *a = &prism->corner[i], *b = &prism->corner[(i + 1) % prism->count];
    face[0] = to_world(p, a->l, -a->half, a->z);
    face[1] = to_world(p, a->l, a->half, a->z);
    face[2] = to_world(p, b->l, b->half, b->z);
    face[3] = to_world(p, b->l, -b->half, b->z);
    return 4;
}

/* Unit normal, from the first three corners, turned away from `inside`. */
static struct its_vec3 normal_of(const struct its_vec3 *f, struct its_vec3 inside)
{
    struct its_vec3 u = {f[1].x - f[0].x, f[1].y - f[0].y, f[1].z - f[0].z};
    struct its_vec3 v = {f[2].x - f[1].x, f[2].y - f[1].y, f[2].z - f[1].z};
    struct its_vec3 n = {u.y * v.z - u.z * v.y, u.z * v.x - u.x * v.z, u.x * v.y - u.y * v.x};
    double len = sqrt(n.x * n.x + n.y * n.y + n.z * n.z);
    double out = n.x * (f[0].x - inside.x) + n.y * (f[0].y - inside.y) + n.z * (f[0].z - inside.z);
    double scale = len > 0 ? (out < 0 ? -1 : 1) / len : 0;
    return (struct its_vec3){n.x * scale, n.y * scale, n.z * scale};
}

static bool faces_eye(const struct painter *p, const struct its_vec3 *face, struct its_vec3 n)
{
    struct its_vec3 eye = p->view->eye;
    return n.x * (eye.x - face[0].x) + n.y * (eye.y - face[0].y) + n.z * (eye.z - face[0].z) > 0;
}

static struct its_vec3 middle_of(const struct painter *p, const struct its_prism *prism)
{
    double l = 0, z = 0;
    for (int i = 0; i < prism->count; i++) {
        l += prism->corner[i].l / prism->count;
        z += prism->corner[i].z / prism->count;
    }
    return to_world(p, l, 0, z);
}

/* --- colour */

static struct its_colour material_colour(const struct painter *p, enum its_material m)
{
    switch (m) {
    case ITS_MATERIAL_PAINT:
        return p->pose->paint;
    case ITS_MATERIAL_LOAD:
        return p->pose->load;
    default:
        return its_material_colour(m);
    }
}

static struct its_colour shade(const struct painter *p, enum its_material m, struct its_vec3 n)
{
    static const struct its_colour brake = {1, .14f, .09f, 1};
    struct its_colour c = material_colour(p, m);
    if (m == ITS_MATERIAL_TAILLAMP && p->pose->brakes) /* a light of its own */
        return its_colour_mix(brake, p->light->haze, p->fog);
    if (m == ITS_MATERIAL_HEADLAMP || m == ITS_MATERIAL_TAILLAMP)
        return its_colour_mix(its_colour_times(c, p->lit), p->light->haze, p->fog);
    struct its_vec3 sun = p->light->sun;
    double direct = fmax(0, n.x * sun.x + n.y * sun.y + n.z * sun.z);
    float k = (float)(p->light->ambient * (0.8 + 0.2 * n.z) + p->light->direct * direct);
    c = its_colour_times(its_colour_scale(c, k), p->lit);
    /* Glass and polish mirror the sky the more they face it. */
    if (m == ITS_MATERIAL_GLASS)
        c = its_colour_mix(c, p->light->haze, 0.10f + 0.34f * (float)fmax(0, n.z));
    return its_colour_mix(c, p->light->haze, p->fog);
}

/* --- painting */

static void paint_underlay(const struct painter *p, const struct its_prism *prism)
{
    struct its_point corner[POINTS_MAX];
    int n = 0;
    for (int side = -1; side >= -2; side--) {
        struct its_vec3 face[FACE_MAX];
        int k = face_of(p, prism, side, face);
        n += project(p->view, face, k, corner + n);
    }
    if (n < 3)
        return;
    struct its_outline hull;
    hull_of(corner, n, &hull);
    struct its_colour c = shade(p, prism->side, (struct its_vec3){0, 0, 0.3});
    if (hull.count)
        its_canvas_polygon(p->canvas, hull.corner, hull.count, c);
}

static void paint_face(const struct painter *p, const struct its_vec3 *face, int n,
                       enum its_material m, struct its_vec3 normal)
{
    struct its_point corner[2 * FACE_MAX];
    int k = project(p->view, face, n, corner);
    if (k >= 3)
        its_canvas_polygon(p->canvas, corner, k, shade(p, m, normal));
}

static void paint_prism(const struct painter *p, const struct its_prism *prism)
{
    struct its_vec3 inside = middle_of(p, prism);
    paint_underlay(p, prism);
    for (int i = -2; i < prism->count; i++) {
        struct its_vec3 face[FACE_MAX];
        int n = face_of(p, prism, i, face);
        if (n < 3)
            continue;
        struct its_vec3 normal = normal_of(face, inside);
        if (faces_eye(p, face, normal))
            paint_face(p, face, n, i < 0 ? prism->side : prism->corner[i].to_next, normal);
    }
}

/* One quad or disc of a mark: `sign` mirrors it across the body. */
static void paint_mark(const struct painter *p, const struct its_mark *m, double sign)
{
    struct its_vec3 face[FACE_MAX], normal;
    int n = 4;
    if (m->place == ITS_PLACE_WHEEL) {
        n = 12;
        for (int i = 0; i < n; i++) {
            double turned = 2 * M_PI * i / n;
            face[i] =
                to_world(p, m->a0 + m->a1 * cos(turned), sign * m->at, m->z0 + m->a1 * sin(turned));
        }
    } else if (m->place == ITS_PLACE_SIDE) {
        const double l[4] = {m->a0, m->a1, m->a1, m->a0};
        const double z[4] = {m->z0, m->z0, m->z1, m->z1};
        for (int i = 0; i < n; i++)
            face[i] = to_world(p, l[i], sign * m->at, z[i]);
    } else {
        const double w[4] = {m->a0, m->a1, m->a1, m->a0};
        const double z[4] = {m->z0, m->z0, m->z1, m->z1};
        for (int i = 0; i < n; i++)
            face[i] = to_world(p, m->at - m->lean * (z[i] - m->z0), sign * w[i], z[i]);
    }
    if (m->place == ITS_PLACE_END)
        normal = (struct its_vec3){p->sin * (m->at > 0 ? 1 : -1), p->cos * (m->at > 0 ? 1 : -1), 0};
    else
        normal = (struct its_vec3){p->cos * sign, -p->sin * sign, 0};
    if (faces_eye(p, face, normal))
        paint_face(p, face, n, m->material, normal);
}

static void paint_marks(const struct painter *p, int prism)
{
    const struct its_body *body = p->pose->body;
    for (int i = 0; i < body->marks; i++) {
        const struct its_mark *m = &body->mark[i];
        if (m->prism != prism)
            continue;
        paint_mark(p, m, 1);
        if (m->mirrored)
            paint_mark(p, m, -1);
    }
}

/* The order of painting: by layer, then from far to near. */
static void order_prisms(const struct painter *p, int *order)
{
    const struct its_body *body = p->pose->body;
    double depth[ITS_PRISMS_MAX];
    for (int i = 0; i < body->prisms; i++) {
        depth[i] = its_view_to_camera(p->view, middle_of(p, &body->prism[i])).z;
        int k = i;
        for (; k > 0; k--) {
            const struct its_prism *a = &body->prism[order[k - 1]], *b = &body->prism[i];
            if (a->layer < b->layer || (a->layer == b->layer && depth[order[k - 1]] >= depth[i]))
                break;
            order[k] = order[k - 1];
        }
        order[k] = i;
    }
}

void its_body_draw(const struct its_body_pose *pose, const struct its_view *view,
                   const struct its_light *light, struct its_canvas *canvas)
{
    struct painter p = painter_of(pose, view, light, canvas);
    int order[ITS_PRISMS_MAX];
    order_prisms(&p, order);
    double depth = its_view_to_camera(view, (struct its_vec3){pose->x, pose->y, 0.5}).z;
    bool marks = fmax(depth, 1) / view->focal_px < MARKS_MIN_M * 4;
    for (int i = 0; i < pose->body->prisms; i++) {
        paint_prism(&p, &pose->body->prism[order[i]]);
        if (marks)
            paint_marks(&p, order[i]);
    }
}

/* Wheels reach lower than any prism. */
static int wheel_corners(const struct painter *p, struct its_point *out, int room)
{
    const struct its_body *body = p->pose->body;
    int n = 0;
    for (int i = 0; i < body->marks; i++) {
        const struct its_mark *m = &body->mark[i];
        for (int side = -1; m->place == ITS_PLACE_WHEEL && side <= 1; side += 2) {
            struct its_vec3 foot[3];
            for (int k = 0; k < 3; k++) /* the lowest quarter of the tyre */
                foot[k] = to_world(p, m->a0 + m->a1 * (k - 1) * M_SQRT1_2, side * m->at,
                                   m->z0 - m->a1 * (k == 1 ? 1 : M_SQRT1_2));
            its_assert(room - n >= 6);
            n += project(p->view, foot, 3, out + n);
        }
    }
    return n;
}

/* Where the point's shadow falls, `grow` times as far from the middle of the body. */
static struct its_vec3 shadow_of(const struct painter *p, struct its_vec3 at, double grow)
{
    struct its_vec3 sun = p->light->sun;
    double x = at.x - sun.x / sun.z * at.z, y = at.y - sun.y / sun.z * at.z;
    return (struct its_vec3){p->pose->x + (x - p->pose->x) * grow,
                             p->pose->y + (y - p->pose->y) * grow, 0};
}

/* All corners of the body in the picture; with `shadow` > 0, those of its shadow grown that much;
 * with `mirror` > 0, those of its image below the ground, shortened to that share. */
static int corners_of(const struct painter *p, double shadow, double mirror, struct its_point *out)
{
    const struct its_body *body = p->pose->body;
    struct its_vec3 face[FACE_MAX];
    int n = 0;
    for (int i = 0; i < body->prisms; i++) {
        for (int side = -1; side >= -2; side--) {
            int k = face_of(p, &body->prism[i], side, face);
            for (int c = 0; shadow > 0 && c < k; c++)
                face[c] = shadow_of(p, face[c], shadow);
            for (int c = 0; mirror > 0 && c < k; c++)
                face[c].z *= -mirror;
            its_assert(n + 2 * k <= POINTS_MAX);
            n += project(p->view, face, k, out + n);
        }
    }
    return n + wheel_corners(p, out + n, POINTS_MAX - n);
}

void its_body_outline(const struct its_body_pose *pose, const struct its_view *view,
                      struct its_outline *out)
{
    struct painter p = painter_of(pose, view, NULL, NULL);
    struct its_point corner[POINTS_MAX];
    int n = corners_of(&p, 0, 0, corner);
    out->count = 0;
    if (n >= 3)
        hull_of(corner, n, out);
}

void its_body_draw_shadow(const struct its_body_pose *pose, const struct its_view *view,
                          const struct its_light *light, struct its_canvas *canvas)
{
    static const struct {
        float grow, alpha;
    } ring[] = {{1.05f, 0.14f}, {1.0f, 0.22f}, {0.94f, 0.24f}}; /* a soft edge */
    struct painter p = painter_of(pose, view, light, canvas);
    double depth = its_view_to_camera(view, (struct its_vec3){pose->x, pose->y, 0}).z;
    bool soft = view->focal_px > SOFT_PX_PER_M * depth; /* a far one is a few pixels anyhow */
    for (size_t i = 0; i < ITS_ARRAY_LEN(ring); i++) {
        if (!soft && i != 1)
            continue;
        struct its_point corner[POINTS_MAX];
        int n = corners_of(&p, ring[i].grow, 0, corner);
        struct its_outline hull = {0};
        if (n >= 3)
            hull_of(corner, n, &hull);
        float alpha = (soft ? ring[i].alpha : .45f) * (1 - p.fog) * light->shadow;
        if (hull.count)
            its_canvas_polygon(canvas, hull.corner, hull.count,
                               (struct its_colour){0.05f, 0.06f, 0.08f, alpha});
    }
}

void its_body_draw_reflection(const struct its_body_pose *pose, const struct its_view *view,
                              const struct its_light *light, struct its_canvas *canvas)
{
    struct painter p = painter_of(pose, view, light, canvas);
    static const float length[] = {.8f, .5f}; /* a rough mirror: the higher, the fainter */
    for (size_t i = 0; light->wet > 0 && i < ITS_ARRAY_LEN(length); i++) {
        struct its_point corner[POINTS_MAX];
        int n = corners_of(&p, 0, length[i], corner);
        struct its_outline hull = {0};
        if (n >= 3)
            hull_of(corner, n, &hull);
        struct its_colour c = its_colour_times(its_colour_scale(pose->paint, .55f), p.lit);
        c.a = .17f * light->wet * (1 - p.fog);
        if (hull.count)
            its_canvas_polygon(canvas, hull.corner, hull.count, c);
    }
}
