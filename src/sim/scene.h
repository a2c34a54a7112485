/* A simulated traffic scene: a street as a traffic camera sees it, and the exact truth about
 * everything in it. The same settings give the same pictures and the same truth, byte for byte, on
 * the same machine (another C library may differ in the last bit of a sine).
 * One thread at a time. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/geom.h"
#include "sim/body.h"
#include "draw/canvas.h"

/* Raised whenever the same settings give other pictures or another truth than before. */
#define ITS_SCENE_VERSION 4

/* Kinds by name: the configuration and the command line use these. */
#define ITS_SCENES(X) X(HIGHWAY, "highway") X(JUNCTION, "junction")

enum its_scene_kind {
#define X(name, text) ITS_SCENE_##name,
    ITS_SCENES(X)
#undef X
        ITS_SCENE_COUNT
};

/* What goes wrong on request. */
#define ITS_SCENE_EVENTS(X) X(NONE, "none") X(STOPPED, "stopped") X(WRONG_WAY, "wrong-way")

enum its_scene_event {
#define X(name, text) ITS_SCENE_EVENT_##name,
    ITS_SCENE_EVENTS(X)
#undef X
        ITS_SCENE_EVENT_COUNT
};

/* "stopped", … Static storage. */
const char *its_scene_event_name(enum its_scene_event event);

/* "highway", … Static storage. */
const char *its_scene_kind_name(enum its_scene_kind kind);

struct its_scene_settings {
    enum its_scene_kind kind;
    enum its_weather weather;
    enum its_scene_event event;
    unsigned seed;
    double density;    /* 0 = empty road … 1 = as much as the road carries */
    int width, height; /* pixels, even, 64..4096 */
    int fps;           /* 1..120 */
    double sway_px;    /* the mast in the wind: largest shift of the picture, 0..8 */
    bool frame_code;   /* the frame's number and time in the lower left corner (frame_code.h) */
    double noise;      /* of the sensor: standard deviation of the luma by day, 0..20; bad light
                        * makes it larger */
};

/* Highway by day, seed 1, density 0.6, 960x540 at 15 fps, no sway, noise 1. */
#define ITS_SCENE_DEFAULTS                                                                         \
    {                                                                                              \
        .kind = ITS_SCENE_HIGHWAY, .seed = 1, .density = 0.6, .width = 960, .height = 540,         \
        .fps = 15, .noise = 1,                                                                     \
    }
void its_scene_settings_default(struct its_scene_settings *s);

#define ITS_SCENE_USERS_MAX     200
#define ITS_SCENE_LINES_MAX     4
#define ITS_SCENE_CROSSINGS_MAX 16
#define ITS_SCENE_NAME_MAX      31

/* A road user with at least a pixel in the picture. */
struct its_scene_user {
    uint32_t id; /* 1, 2, 3, …: the same one in every frame */
    enum its_road_user cls;
    struct its_box box; /* round its outline, without shadow, cut at the edge of the picture */
    float visible;      /* share of its outline that is in the picture and behind nobody, 0..1 */
    float truncated;    /* share of its box beyond the edge of the picture, 0..1 */
    double x_m, y_m;    /* middle of its footprint on the ground */
    double heading_rad; /* 0 = along y (away from the camera), clockwise */
    double speed_mps;
    enum its_scene_event event; /* what is wrong with this one now */
};

/* A counting line: displayed pixels. */
struct its_scene_line {
    char name[ITS_SCENE_NAME_MAX + 1];
    struct its_point a, b;
};

/* The bottom centre of a road user's box went over the segment of a line: once per user and line.
 */
struct its_scene_crossing {
    int line; /* index */
    uint32_t user;
    enum its_road_user cls;
    int direction;       /* +1 forward: to the left-hand side of a→b on the screen; -1 backward */
    uint64_t frame;      /* the first one on the new side */
    int64_t time_us;     /* between that frame and the one before */
    struct its_point at; /* where on the line */
};

/* Everything that is true of one frame. */
struct its_scene_truth {
    uint64_t frame;  /* 0, 1, 2, … */
    int64_t time_us; /* frame / fps */
    int users, crossings;
    struct its_scene_user user[ITS_SCENE_USERS_MAX]; /* from far to near */
    struct its_scene_crossing crossing[ITS_SCENE_CROSSINGS_MAX];
};

struct its_scene;

/* Paints the background: some 100 ms. 0, -EINVAL with a sentence for settings out of range,
 * -ENOMEM. */
ITS_MUST_CHECK int its_scene_create(const struct its_scene_settings *settings,
                                    struct its_scene **out, struct its_error *err);
void its_scene_destroy(struct its_scene **s);

/* The counting lines that a scene of these (valid) settings has, without making it; returns how
 * many. */
int its_scene_plan_lines(const struct its_scene_settings *settings,
                         struct its_scene_line line[ITS_SCENE_LINES_MAX]);

/* What it was made from. */
const struct its_scene_settings *its_scene_settings(const struct its_scene *s);

/* The counting lines of the scene; good for its life. */
const struct its_scene_line *its_scene_lines(const struct its_scene *s, int *count);

/* Where a point of the ground (x right, y ahead, metres) lies in a picture that does not sway:
 * h * (x, y, 1) divided by its third part gives pixels. Row by row. */
void its_scene_homography(const struct its_scene *s, double h[9]);

/* Goes on to the next frame (the first call: frame 0) and tells the truth about it; good until the
 * next call. */
const struct its_scene_truth *its_scene_next(struct its_scene *s);

/* The picture of the frame that its_scene_next reached: the same bytes however often it is asked
 * for. `to` is of the size in the settings. */
void its_scene_draw(struct its_scene *s, const struct its_i420 *to);

/* What is drawn, before it became YUV and noisy; good until the next call on the scene. */
struct its_canvas *its_scene_canvas(struct its_scene *s);

/* Leaves one user (and its shadow) out of the pictures from now on; 0 = nobody. Tests compare the
 * pictures with and without. */
void its_scene_hide(struct its_scene *s, uint32_t user);
