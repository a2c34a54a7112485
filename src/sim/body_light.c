/* Lamps of vehicles and what they do to the road: beams, halos, streaks on wet asphalt, and the
 * spray behind wheels. Everything is a few translucent polygons, so that it costs little. */
#include <math.h>

#include "sim/body.h"
#include "sim/shapes.h"

#define NEAR_M       1.0
#define HALO_MAX_PX  30.0f
#define BEAM_REACH_M 17.0
#define BEAM_MIN     .2f /* weaker ones nobody sees */

static const struct its_colour head = {1, .96f, .86f, 1}, tail = {1, .12f, .07f, 1};

struct lamp_place {
    struct its_vec3 at;
    bool is_head, brakes;
    double facing; /* cosine between the lamp's axis and the way to the eye */
};

static struct its_vec3 place(const struct its_body_pose *pose, double l, double w, double z)
{
    double s = sin(pose->heading), c = cos(pose->heading);
    return (struct its_vec3){pose->x + l * s + w * c, pose->y + l * c - w * s, z};
}

static double facing(const struct its_body_pose *pose, const struct its_view *view,
                     struct its_vec3 at, bool is_head)
{
    double dx = view->eye.x - at.x, dy = view->eye.y - at.y, dz = view->eye.z - at.z;
    double along = dx * sin(pose->heading) + dy * cos(pose->heading);
    return (is_head ? along : -along) / sqrt(dx * dx + dy * dy + dz * dz);
}

/* Both lamps of a mark; one where the mark is in the middle. Returns how many. */
static int lamps_of(const struct its_body_pose *pose, const struct its_view *view,
                    const struct its_mark *m, struct lamp_place out[2])
{
    if (m->material != ITS_MATERIAL_HEADLAMP && m->material != ITS_MATERIAL_TAILLAMP)
        return 0;
    int n = m->mirrored ? 2 : 1;
    for (int i = 0; i < n; i++) {
        double w = (m->a0 + m->a1) / 2 * (i ? -1 : 1);
        bool is_head = m->material == ITS_MATERIAL_HEADLAMP;
        struct its_vec3 at = place(pose, m->at, w, (m->z0 + m->z1) / 2);
        out[i] = (struct lamp_place){at, is_head, pose->brakes && !is_head,
                                     facing(pose, view, at, is_head)};
    }
    return n;
}

/* The patch of road before the nose that the head lights reach, as an ellipse in perspective. */
static void beam(const struct its_body_pose *pose, const struct its_view *view, double reach,
                 double half, double strength, struct its_canvas *canvas)
{
    double nose = its_body_length(pose->body) / 2;
    struct its_vec3 at[3] = {
        place(pose, nose + reach * .42, 0, 0),
        place(pose, nose + reach, 0, 0),
        place(pose, nose + reach * .42, half, 0),
    };
    struct its_point p[3];
    for (int i = 0; i < 3; i++) {
        struct its_vec3 cam = its_view_to_camera(view, at[i]);
        if (cam.z < NEAR_M)
            return;
        p[i] = its_view_to_picture(view, cam);
    }
    struct its_colour c = head;
    c.a = (float)strength;
    its_canvas_beam(canvas, p[0], (struct its_point){p[1].x - p[0].x, p[1].y - p[0].y},
                    (struct its_point){p[2].x - p[0].x, p[2].y - p[0].y}, c);
}

/* A lamp mirrored in a wet road. */
static void streak(const struct lamp_place *lamp, const struct its_view *view,
                   const struct its_light *light, struct its_canvas *canvas)
{
    struct its_vec3 top = {lamp->at.x, lamp->at.y, -.1};
    struct its_vec3 low = {lamp->at.x, lamp->at.y, -1.8 * lamp->at.z};
    double depth = its_view_to_camera(view, top).z;
    if (depth < NEAR_M || lamp->facing <= 0)
        return;
    struct its_point p = its_view_project(view, top), end = its_view_project(view, low);
    struct its_point middle = {(p.x + end.x) / 2, (p.y + end.y) / 2};
    struct its_colour c = lamp->is_head ? head : tail;
    /* The brighter the day, the more of the sky lies over it in the same mirror. */
    c.a = .55f * (.35f + .65f * light->beam) * light->wet * (float)lamp->facing;
    its_canvas_glow(canvas, middle, (struct its_point){end.x - middle.x, end.y - middle.y},
                    (struct its_point){fmaxf(1.2f, (float)(view->focal_px / depth) * .24f), 0}, c);
}

void its_body_draw_beams(const struct its_body_pose *pose, const struct its_view *view,
                         const struct its_light *light, struct its_canvas *canvas)
{
    const struct its_body *body = pose->body;
    if (light->beam <= 0 || body->user == ITS_ROAD_USER_PERSON)
        return;
    if (body->user != ITS_ROAD_USER_BICYCLE && light->beam >= BEAM_MIN)
        beam(pose, view, BEAM_REACH_M, body->user == ITS_ROAD_USER_MOTORCYCLE ? 1.8 : 2.6,
             1.7 * light->beam, canvas);
    for (int i = 0; light->wet > 0 && i < body->marks; i++) {
        struct lamp_place lamp[2];
        int n = lamps_of(pose, view, &body->mark[i], lamp);
        for (int k = 0; k < n; k++)
            streak(&lamp[k], view, light, canvas);
    }
}

static void halo(const struct lamp_place *lamp, const struct its_view *view,
                 const struct its_light *light, struct its_canvas *canvas)
{
    struct its_vec3 cam = its_view_to_camera(view, lamp->at);
    if (cam.z < NEAR_M || lamp->facing <= .05)
        return;
    struct its_point p = its_view_to_picture(view, cam);
    struct its_colour c = lamp->is_head ? head : tail;
    float px = (float)(view->focal_px / cam.z);
    float core = fmaxf(.55f, px * (lamp->is_head || lamp->brakes ? .10f : .075f));
    float r = fminf(HALO_MAX_PX, core * (lamp->is_head ? 6 : 4.5f));
    c.a = (.25f + .55f * light->beam + (lamp->brakes ? .15f : 0)) * (float)lamp->facing;
    if (r > 2)
        its_canvas_glow(canvas, p, (struct its_point){r, 0}, (struct its_point){0, r}, c);
    c.a = 1;
    its_canvas_ellipse(canvas, p, core, core, c);
}

void its_body_draw_lamps(const struct its_body_pose *pose, const struct its_view *view,
                         const struct its_light *light, struct its_canvas *canvas)
{
    const struct its_body *body = pose->body;
    for (int i = 0; light->beam > 0 && i < body->marks; i++) {
        struct lamp_place lamp[2];
        int n = lamps_of(pose, view, &body->mark[i], lamp);
        for (int k = 0; k < n; k++)
            halo(&lamp[k], view, light, canvas);
    }
}

void its_body_draw_spray(const struct its_body_pose *pose, double speed_mps,
                         const struct its_view *view, const struct its_light *light,
                         struct its_canvas *canvas)
{
    if (light->wet <= 0 || speed_mps < 8 || pose->body->user < ITS_ROAD_USER_MOTORCYCLE)
        return;
    double tail_l = -its_body_length(pose->body) / 2, half = its_body_width(pose->body) / 2;
    for (int i = 3; i >= 0; i--) {
        struct its_vec3 at = place(pose, tail_l - .4 - 1.1 * i, 0, .35 + .12 * i);
        struct its_vec3 cam = its_view_to_camera(view, at);
        if (cam.z < NEAR_M)
            continue;
        float px = (float)(view->focal_px / cam.z);
        struct its_colour mist = its_light_through_air(light, light->cloud, cam.z);
        mist.a = (float)(fmin(1, speed_mps / 28) * .17 * light->wet * (4 - i) / 4);
        its_canvas_ellipse(canvas, its_view_to_picture(view, cam), px * (float)(half + .12 * i),
                           px * (.38f + .1f * (float)i), mist);
    }
}
