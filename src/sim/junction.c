/* The junction: a road of two lanes each way crossing one of one lane each way, under signals with
 * fixed times. Right turns from the outer lanes; everybody on foot or on a bicycle goes straight,
 * while all vehicles wait. Metres from the middle of the junction: x to the east, v to the north;
 * the world's y is v + MIDDLE. Each number below that is not a width is the distance of something
 * from the middle. */
#include <math.h>

#include "sim/dice.h"
#include "sim/scenery.h"
#include "sim/site.h"
#include "sim/texture.h"

#define MIDDLE      30.0
#define MAIN_HALF   7.0 /* half of the main road, which runs north */
#define SIDE_HALF   3.5 /* half of the side road */
#define LANE_LEFT   1.75
#define LANE_RIGHT  5.25
#define TURN        5.0  /* radius of a right turn */
#define KERB        3.25 /* radius of the kerb at the corners */
#define CYCLES      10.0 /* middle of the cycle track, 2 m wide */
#define FOOT_FROM   11.2
#define FOOT_TO     15.4
#define MAIN_STOP   8.2
#define SIDE_STOP   16.6
#define STOP_WIDTH  0.45
#define NORTH_END   160.0
#define SOUTH_END   75.0
#define SIDE_END    90.0
#define LAMP_ACROSS 16.2
#define LAMP_ARM    2.4
#define YAW         (7 * M_PI / 180)

enum {
    SIGNAL_MAIN,
    SIGNAL_SIDE,
    SIGNAL_SLOW, /* people on foot and on bicycles */
};

/* --- the surface */

/* Share of [at - size/2, at + size/2] within [low, high]. */
static float within(float at, float size, float low, float high)
{
    return fmaxf(0, fminf(at + size / 2, high) - fmaxf(at - size / 2, low)) / size;
}

/* The same for bars of `length` every `period`. */
static float bars(float at, float size, float length, float period)
{
    if (size > period / 2)
        return length / period;
    float u = at - period * floorf(at / period);
    return within(u, size, 0, length) + within(u, size, period, period + length);
}

/* Metres from the kerb, positive off the road. */
static float off_road(float ax, float av)
{
    float dx = ax - (float)(MAIN_HALF + KERB), dv = av - (float)(SIDE_HALF + KERB);
    if (dx < 0 && dv < 0)
        return (float)KERB - hypotf(dx, dv);
    return fminf(ax - (float)MAIN_HALF, av - (float)SIDE_HALF);
}

/* White paint at that place, 0..1. `fx`, `fv`: size of a pixel to the east and to the north. */
static float markings(float x, float v, float fx, float fv)
{
    float ax = fabsf(x), av = fabsf(v), sum = 0;
    if (av > (float)MAIN_STOP && ax < (float)MAIN_HALF) {
        sum += within(ax, fx, .08f, .2f) + within(ax, fx, 6.6f, 6.74f);
        sum += within(ax, fx, 3.43f, 3.57f) *
               (av < 24 ? 1 : bars(av, fv, 3, 9)); /* no changing lanes near the lights */
        if ((v < 0) == (x > 0))
            sum += within(av, fv, (float)MAIN_STOP, (float)(MAIN_STOP + STOP_WIDTH));
    }
    if (ax > (float)SIDE_STOP && av < (float)SIDE_HALF) {
        sum += within(v, fv, -.07f, .07f) * (ax < 30 ? 1 : bars(ax, fx, 3, 6));
        if ((x < 0) == (v < 0))
            sum += within(ax, fx, (float)SIDE_STOP, (float)(SIDE_STOP + STOP_WIDTH));
    }
    if (av < (float)SIDE_HALF) { /* zebra, and squares along the cycle crossing */
        sum += within(ax, fx, 12, 15) * bars(v + .25f, fv, .5f, 1);
        sum += (within(ax, fx, 8.9f, 9.2f) + within(ax, fx, 10.8f, 11.1f)) * bars(v, fv, .4f, .8f);
    }
    return fminf(1, sum);
}

static struct its_colour asphalt(float x, float v, float fx, float fv, uint32_t seed)
{
    static const struct its_colour grey = {.43f, .433f, .44f, 1}, paint = {.87f, .87f, .85f, 1};
    float foot = fmaxf(fx, fv * .4f), worn = 0;
    for (int i = 0; i < 2 && fabsf(v) > (float)MAIN_STOP; i++) {
        float d = (fabsf(fabsf(x) - (float)(i ? LANE_LEFT : LANE_RIGHT)) - .85f) / .4f;
        worn += expf(-d * d);
    }
    float k = 1 + .16f * its_texture_grain(x, v, foot, seed) - .09f * worn;
    /* A trench that was filled again, and drops of oil where cars wait. */
    k -= .13f * within(x - .12f * v, fx, 2.3f, 3.0f) * within(v, fv, -40, -5);
    float wait = fabsf(v) - (float)MAIN_STOP - 3;
    k -= .10f * expf(-wait * wait / 18) * (1 - fminf(1, worn));
    float wear = .84f + .2f * its_texture_grain(x, v, foot, seed + 31);
    return its_colour_mix(its_colour_scale(grey, k), paint, markings(x, v, fx, fv) * wear);
}

static struct its_colour paving(float x, float v, float fx, float fv, uint32_t seed)
{
    static const struct its_colour slab = {.60f, .58f, .54f, 1};
    float joint = bars(x, fx, .04f, .6f) + bars(v, fv, .04f, .6f);
    float shade = its_texture_noise(floorf(x / .6f) * 3.1f, floorf(v / .6f) * 3.7f, seed + 4);
    float fine = fmaxf(0, 1 - fmaxf(fx, fv) / 1.2f);
    return its_colour_scale(slab, 1 - .16f * joint * fine + .1f * (shade - .5f) * fine +
                                      .1f * its_texture_grain(x, v, fmaxf(fx, fv * .4f), seed + 2));
}

static struct its_colour grass(float x, float v, float foot, uint32_t seed)
{
    static const struct its_colour green = {.27f, .39f, .16f, 1}, dry = {.45f, .45f, .25f, 1};
    float patch = its_texture_noise(x / 5, v / 6, seed + 5);
    return its_colour_scale(its_colour_mix(green, dry, fmaxf(0, patch * 1.2f - .5f)),
                            1 + .4f * its_texture_grain(x, v, foot, seed + 9));
}

static struct its_colour junction_ground(float x, float y, float across, float along, uint32_t seed)
{
    static const struct its_colour kerb = {.66f, .65f, .62f, 1}, red = {.50f, .27f, .22f, 1};
    float v = y - (float)MIDDLE, ax = fabsf(x), av = fabsf(v);
    float fx = across * (float)cos(YAW) + along * (float)sin(YAW);
    float fv = along * (float)cos(YAW) + across * (float)sin(YAW);
    float foot = fmaxf(fx, fv * .4f), off = off_road(ax, av);
    if (off < 0)
        return asphalt(x, v, fx, fv, seed);
    if (off < .22f)
        return its_colour_scale(kerb, 1 + .1f * its_texture_grain(x, v, foot, seed));
    if (ax > 9 && ax < 11)
        return its_colour_scale(red, 1 + .14f * its_texture_grain(x, v, foot, seed + 6));
    if ((ax > (float)FOOT_FROM && ax < (float)FOOT_TO) || av < (float)SIDE_HALF + 2.4f ||
        (ax < (float)FOOT_FROM && av < 10))
        return paving(x, v, fx, fv, seed);
    return grass(x, v, foot, seed);
}

static bool junction_paved(float x, float y)
{
    float ax = fabsf(x), av = fabsf(y - (float)MIDDLE);
    return off_road(ax, av) < 0 || (ax > (float)FOOT_FROM && ax < (float)FOOT_TO) ||
           av < (float)SIDE_HALF + 2.4f;
}

/* --- beside the road */

static void quad(const struct its_site *site, const struct its_view *view,
                 const struct its_vec3 *corner, struct its_colour c, bool shines,
                 struct its_canvas *canvas)
{
    struct its_point p[4];
    double d = 0, x = 0, y = 0;
    for (int i = 0; i < 4; i++) {
        struct its_vec3 cam = its_view_to_camera(view, corner[i]);
        if (cam.z < 1)
            return;
        d += cam.z / 4;
        x += corner[i].x / 4;
        y += corner[i].y / 4;
        p[i] = its_view_to_picture(view, cam);
    }
    if (!shines)
        c = its_light_on(&site->light, c, x, y);
    its_canvas_polygon(canvas, p, 4, its_light_through_air(&site->light, c, d));
}

/* A wall from a to b, `height` high, with rows of windows. */
static void wall(const struct its_site *site, const struct its_view *view, struct its_vec3 a,
                 struct its_vec3 b, double height, struct its_colour c, struct its_dice *dice,
                 struct its_canvas *canvas)
{
    struct its_vec3 face[4] = {a, b, {b.x, b.y, height}, {a.x, a.y, height}};
    quad(site, view, face, c, false, canvas);
    int columns = ITS_MAX(1, (int)(hypot(b.x - a.x, b.y - a.y) / 3)), rows = (int)(height / 3.2);
    for (int row = 0; row < rows; row++) {
        for (int i = 0; i < columns; i++) {
            double t0 = (i + .28) / columns, t1 = (i + .72) / columns, z = row * 3.2 + 1.1;
            struct its_vec3 l = {a.x + t0 * (b.x - a.x), a.y + t0 * (b.y - a.y), z};
            struct its_vec3 r = {a.x + t1 * (b.x - a.x), a.y + t1 * (b.y - a.y), z};
            struct its_vec3 pane[4] = {l, r, {r.x, r.y, z + 1.5}, {l.x, l.y, z + 1.5}};
            float g = (float)its_dice_between(dice, .16, .34);
            bool lit = its_dice_between(dice, 0, 1) < site->light.lit_windows;
            struct its_colour dark = {g * .8f, g * .95f, g * 1.1f, 1};
            struct its_colour warm = {.6f + g, .42f + g, .12f + g, 1};
            quad(site, view, pane, lit ? warm : dark, lit, canvas);
        }
    }
}

/* A block of houses: the faces that a camera in the south sees. */
static void house(const struct its_site *site, const struct its_view *view, double x0, double x1,
                  double v0, double v1, double height, struct its_dice *dice,
                  struct its_canvas *canvas)
{
    static const struct its_colour walls[] = {{.70f, .62f, .52f, 1}, {.62f, .42f, .34f, 1},
                                              {.78f, .75f, .68f, 1}, {.56f, .56f, .55f, 1},
                                              {.72f, .66f, .46f, 1}, {.64f, .50f, .40f, 1}};
    struct its_colour c = walls[its_dice_bits(dice) % ITS_ARRAY_LEN(walls)];
    double side = x0 > 0 ? x0 : x1; /* the one towards the main road */
    wall(site, view, (struct its_vec3){side, v0 + MIDDLE, 0},
         (struct its_vec3){side, v1 + MIDDLE, 0}, height, its_colour_scale(c, x0 > 0 ? 1.0f : .72f),
         dice, canvas);
    wall(site, view, (struct its_vec3){x0, v0 + MIDDLE, 0}, (struct its_vec3){x1, v0 + MIDDLE, 0},
         height, its_colour_scale(c, .92f), dice, canvas);
    for (int i = 0; i < 2; i++) { /* cornice and skirting on the street side */
        double z = i ? 0 : height - .5;
        struct its_vec3 band[4] = {{x0, v0 + MIDDLE, z},
                                   {x1, v0 + MIDDLE, z},
                                   {x1, v0 + MIDDLE, z + .5},
                                   {x0, v0 + MIDDLE, z + .5}};
        quad(site, view, band, its_colour_scale(c, i ? .55f : .75f), false, canvas);
    }
}

static void junction_furnish(const struct its_site *site, const struct its_view *view,
                             uint64_t seed, struct its_canvas *canvas)
{
    struct its_dice dice = {seed ^ 0x686f75736573u};
    for (double v = 126; v > 6; v -= 20) { /* rows of houses along the main road, far ones first */
        double depth = its_dice_between(&dice, 13, 18);
        house(site, view, -24 - depth, -24, v - 8, v + 9, its_dice_between(&dice, 9, 17), &dice,
              canvas);
        house(site, view, 23, 23 + depth, v - 8, v + 9, its_dice_between(&dice, 9, 17), &dice,
              canvas);
        for (int side = -1; side <= 1; side += 2)
            for (double k = 0; k < 2; k++)
                its_scenery_tree(site, view, side * its_dice_between(&dice, 17, 19.5),
                                 v - 4 + k * 9 + MIDDLE, its_dice_between(&dice, 4.5, 7),
                                 its_dice_bits(&dice), canvas);
    }
    for (double x = 140; x > 45; x -= 21) /* and along the side road */
        for (int side = -1; side <= 1; side += 2)
            house(site, view, side > 0 ? x : -x - 16, side > 0 ? x + 16 : -x, 9, 20,
                  its_dice_between(&dice, 8, 14), &dice, canvas);
    for (int i = 0; i < site->light.lamps; i++) {
        struct its_vec3 arm = {site->light.lamp[i].x, site->light.lamp[i].y, 0}, foot = arm;
        foot.x += copysign(LAMP_ARM, arm.x);
        its_scenery_lamp_post(site, view, foot, arm, canvas);
    }
    for (int side = -1; side <= 1; side += 2)
        for (double v = -9; v > -30; v -= 7)
            its_scenery_tree(site, view, side * its_dice_between(&dice, 18, 26), v + MIDDLE,
                             its_dice_between(&dice, 3, 5), its_dice_bits(&dice), canvas);
}

/* --- who drives where */

static struct its_path way(double x, double v, double heading, double length_m, double stop_m)
{
    return (struct its_path){
        .x = x,
        .y = v + MIDDLE,
        .heading = heading,
        .pieces = 1,
        .piece = {{length_m, 0}},
        .speed_mps = 12.5,
        .stop_m = stop_m,
    };
}

/* Replaces the end of a path by a right turn `at` metres along and `then` metres straight on. */
static struct its_path turning(struct its_path p, double at, double then)
{
    p.pieces = 3;
    p.piece[0].length_m = at;
    p.piece[1].length_m = TURN * M_PI / 2;
    p.piece[1].curvature = 1 / TURN;
    p.piece[2].length_m = then;
    p.heavy = 0;
    p.per_second *= 0.3;
    return p;
}

static void add(struct its_site *site, struct its_path p)
{
    its_assert(site->paths < ITS_SITE_PATHS_MAX);
    site->path[site->paths++] = p;
}

/* A lane from which some turn right: entry and exits are named by the caller. */
static void add_lane(struct its_site *site, struct its_path p, int entry, int exit, int turn_exit,
                     double turn_at, double then)
{
    p.entry = entry;
    p.split_m = turn_at;
    struct its_path turn = turning(p, turn_at, then);
    p.exit = exit;
    turn.exit = turn_exit;
    add(site, p);
    add(site, turn);
}

static void add_vehicles(struct its_site *site)
{
    enum { EAST = 1, WEST, SOUTH, NORTH };
    double main_length = NORTH_END + SOUTH_END, turn_v = LANE_LEFT + TURN,
           turn_x = LANE_RIGHT + TURN;
    struct its_path p;
    for (int lane = 0; lane < 2; lane++) {
        double x = lane ? LANE_RIGHT : LANE_LEFT;
        p = way(x, -SOUTH_END, 0, main_length, SOUTH_END - MAIN_STOP - STOP_WIDTH);
        p.signal = 1 + SIGNAL_MAIN;
        p.per_second = .19;
        p.heavy = .14;
        struct its_path back =
            way(-x, NORTH_END, M_PI, main_length, NORTH_END - MAIN_STOP - STOP_WIDTH);
        back.signal = p.signal;
        back.per_second = p.per_second;
        back.heavy = p.heavy;
        if (lane) {
            add_lane(site, p, SOUTH, NORTH, EAST, SOUTH_END - turn_v, SIDE_END - turn_x);
            add_lane(site, back, NORTH, SOUTH, WEST, NORTH_END - turn_v, SIDE_END - turn_x);
        } else {
            add(site, p);
            add(site, back);
        }
    }
    p = way(-SIDE_END, -LANE_LEFT, M_PI / 2, 2 * SIDE_END, SIDE_END - SIDE_STOP - STOP_WIDTH);
    p.signal = 1 + SIGNAL_SIDE;
    p.per_second = .16;
    p.heavy = .06;
    add_lane(site, p, WEST, EAST, SOUTH, SIDE_END - turn_x, SOUTH_END - turn_v);
    p.x = SIDE_END;
    p.y = MIDDLE + LANE_LEFT;
    p.heading = -M_PI / 2;
    add_lane(site, p, EAST, WEST, NORTH, SIDE_END - turn_x, NORTH_END - turn_v);
}

static void add_slow(struct its_site *site, double x, int users)
{
    bool walk = users == ITS_PATH_PERSONS;
    double from = walk ? 34 : SOUTH_END, to = walk ? 70 : NORTH_END, stop = walk ? 4.3 : 4.8;
    bool south = x < 0 ? !walk || x < -13.5 : walk && x > 13.5;
    struct its_path p =
        south ? way(x, to, M_PI, from + to, to - stop) : way(x, -from, 0, from + to, from - stop);
    p.users = users;
    p.signal = 1 + SIGNAL_SLOW;
    p.speed_mps = walk ? 1.4 : 4.8;
    p.per_second = walk ? .07 : .09;
    add(site, p);
}

void its_site_junction(struct its_site *site, int w, int h)
{
    *site = (struct its_site){
        .light = {.sun = {-.50, -.40, .768},
                  .direct = .60f,
                  .ambient = .62f,
                  .haze = {.80f, .85f, .89f, 1},
                  .haze_m = 900},
        .breakdown = {2, SOUTH_END + 45, 0, 3, 30}, /* in the outer lane, beyond the lights */
        .wrong_way_empties = 0,
        .lines = 4,
        .line = {{"south", {-7.2, MIDDLE - 7, 0}, {7.2, MIDDLE - 7, 0}}, /* nobody waits on it */
                 {"west", {-8.6, MIDDLE - 3.8, 0}, {-8.6, MIDDLE + 3.8, 0}},
                 {"east", {8.6, MIDDLE - 3.8, 0}, {8.6, MIDDLE + 3.8, 0}},
                 {"footway", {9, MIDDLE + 15.5, 0}, {15.4, MIDDLE + 15.5, 0}}},
        .lights = 6,
        .traffic_light = {{7.6, MIDDLE - MAIN_STOP, M_PI, SIGNAL_MAIN},
                          {7.9, MIDDLE + 6.2, M_PI, SIGNAL_MAIN},
                          {-7.6, MIDDLE + MAIN_STOP, 0, SIGNAL_MAIN},
                          {-SIDE_STOP, MIDDLE - 4.2, -M_PI / 2, SIGNAL_SIDE},
                          {SIDE_STOP, MIDDLE + 4.2, M_PI / 2, SIGNAL_SIDE},
                          {11.4, MIDDLE + 4.4, M_PI, SIGNAL_SLOW}},
        .signals = {.cycle_s = 38,
                    .start_s = 0,
                    .count = 3,
                    .signal = {[SIGNAL_MAIN] = {0, 10, 3},
                               [SIGNAL_SIDE] = {15.5, 6.5, 3},
                               [SIGNAL_SLOW] = {27.5, 4, 1.2}}},
        .ground = junction_ground,
        .paved = junction_paved,
        .furnish = junction_furnish,
    };
    for (int i = 0; i < 10; i++) { /* behind the pavements, far ones first */
        site->light.lamp[i].x = (float)((i % 2 ? 1 : -1) * (LAMP_ACROSS - LAMP_ARM));
        site->light.lamp[i].y = (float)(MIDDLE + 86 - 24 * (i / 2));
    }
    site->light.lamps = 10;
    add_vehicles(site);
    for (int side = -1; side <= 1; side += 2) {
        add_slow(site, side * CYCLES, ITS_PATH_BICYCLES);
        add_slow(site, side * 12.8, ITS_PATH_PERSONS);
        add_slow(site, side * 14.2, ITS_PATH_PERSONS);
    }
    site->wrong_way =
        way(LANE_LEFT, NORTH_END, M_PI, NORTH_END + SOUTH_END, NORTH_END - MAIN_STOP - STOP_WIDTH);
    site->wrong_way.signal = 1 + SIGNAL_MAIN;
    site->wrong_way.every_s = 38;
    double field = 2 * atan(tan(31 * M_PI / 180) * w / h / (16 / 9.0));
    its_view_init(&site->view, (struct its_vec3){-3.5, -2, 12}, YAW, 19.5 * M_PI / 180, field, w,
                  h);
}
