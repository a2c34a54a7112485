/* The shapes of road users: small solids made of convex prisms, in metres, seen through a view.
 * Tables and drawing only; where a body stands is the caller's business. */
#pragma once

#include <stdbool.h>

#include "base/geom.h"
#include "draw/canvas.h"
#include "sim/light.h"
#include "sim/view.h"

/* What a simulated road user is. The names are those of the detector's classes. */
#define ITS_ROAD_USERS(X)                                                                          \
    X(PERSON, "person")                                                                            \
    X(BICYCLE, "bicycle")                                                                          \
    X(MOTORCYCLE, "motorcycle")                                                                    \
    X(CAR, "car")                                                                                  \
    X(BUS, "bus")                                                                                  \
    X(TRUCK, "truck")

enum its_road_user {
#define X(name, text) ITS_ROAD_USER_##name,
    ITS_ROAD_USERS(X)
#undef X
        ITS_ROAD_USER_COUNT
};

/* "car", … Static storage. */
const char *its_road_user_name(enum its_road_user user);

enum its_body_kind {
    ITS_BODY_SALOON,
    ITS_BODY_HATCHBACK,
    ITS_BODY_ESTATE,
    ITS_BODY_VAN,
    ITS_BODY_LORRY,
    ITS_BODY_ARTICULATED,
    ITS_BODY_BUS,
    ITS_BODY_MOTORCYCLE,
    ITS_BODY_BICYCLE,
    ITS_BODY_PERSON,
    ITS_BODY_COUNT
};

struct its_body;

const struct its_body *its_body_of(enum its_body_kind kind);
enum its_road_user its_body_user(const struct its_body *body);
double its_body_length(const struct its_body *body); /* metres */
double its_body_width(const struct its_body *body);

/* A body somewhere: the middle of its footprint on the ground, the way its nose points (radians,
 * 0 = along y, growing clockwise), and its colours. */
struct its_body_pose {
    const struct its_body *body;
    double x, y, heading;
    struct its_colour paint, load;
    bool brakes; /* its tail lamps say so */
};

#define ITS_OUTLINE_MAX 64

/* The convex outline of a body in the picture, not cut at the edge of the picture. */
struct its_outline {
    int count; /* 0: it lies behind the camera */
    struct its_point corner[ITS_OUTLINE_MAX];
};

void its_body_outline(const struct its_body_pose *pose, const struct its_view *view,
                      struct its_outline *out);

/* The shadow on the ground. */
void its_body_draw_shadow(const struct its_body_pose *pose, const struct its_view *view,
                          const struct its_light *light, struct its_canvas *canvas);

void its_body_draw(const struct its_body_pose *pose, const struct its_view *view,
                   const struct its_light *light, struct its_canvas *canvas);

/* Its image in a wet road; nothing on a dry one. Painted before any body. */
void its_body_draw_reflection(const struct its_body_pose *pose, const struct its_view *view,
                              const struct its_light *light, struct its_canvas *canvas);

/* The light of its lamps on the road, painted before any body; and the lamps themselves, painted
 * right after the body. Nothing where vehicles drive without. */
void its_body_draw_beams(const struct its_body_pose *pose, const struct its_view *view,
                         const struct its_light *light, struct its_canvas *canvas);
void its_body_draw_lamps(const struct its_body_pose *pose, const struct its_view *view,
                         const struct its_light *light, struct its_canvas *canvas);

/* What its wheels throw up from a wet road. */
void its_body_draw_spray(const struct its_body_pose *pose, double speed_mps,
                         const struct its_view *view, const struct its_light *light,
                         struct its_canvas *canvas);

/* Smallest box round the outline; empty when count is 0. */
struct its_box its_outline_box(const struct its_outline *o);

/* Is the point within the convex outline? */
bool its_outline_holds(const struct its_outline *o, struct its_point p);
