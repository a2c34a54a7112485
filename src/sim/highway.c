/* The highway: two carriageways of two lanes, a median with guard rails, hard shoulders, a gentle
 * bend far ahead, and a ramp whose traffic merges into the inbound one. All widths in metres from
 * the middle of the median. */
#include <math.h>

#include "sim/dice.h"
#include "sim/scenery.h"
#include "sim/site.h"
#include "sim/texture.h"

#define MEDIAN      1.9 /* half of it; rails stand on it */
#define RAIL        1.35
#define LINE_IN     3.0 /* edge line towards the median */
#define LANE_FAST   5.0 /* middle of the lane */
#define DASHES      6.85
#define LANE_SLOW   8.65
#define LINE_OUT    10.6 /* edge line towards the hard shoulder */
#define SHOULDER    11.3 /* where one drives on it */
#define ASPHALT     13.2
#define OUTER_RAIL  13.9
#define STRAIGHT    150.0 /* then the bend begins */
#define RADIUS      850.0
#define BEHIND      30.0 /* the road begins this far behind the camera */
#define LAMPS       12
#define LAMP_BEYOND 1.0 /* the outer rail */
#define LAMP_ARM    2.2
#define COUNT_AT    29.0 /* the counting lines lie here */

/* The ramp, on the inbound side: it comes down from the left, runs beside the slow lane between
 * these distances ahead of the camera, and its lane is gone at the third. */
#define RAMP_LANE  12.4
#define RAMP_FROM  215.0
#define RAMP_TO    80.0
#define RAMP_GONE  42.0
#define RAMP_ASIDE 40.0 /* where it begins */
#define FAR_END    420.0

/* Along and across the road, from the place on the ground. */
static void road_coordinates(float x, float y, float *along, float *across)
{
    *along = y;
    *across = x;
    if (y > STRAIGHT) {
        float dx = (float)RADIUS - x, dy = y - (float)STRAIGHT;
        *along = (float)(STRAIGHT + RADIUS * atan2f(dy, dx));
        *across = (float)RADIUS - hypotf(dx, dy);
    }
}

static void place_on_road(double along, double across, double *x, double *y)
{
    static const struct its_path middle = {.pieces = 2,
                                           .piece = {{STRAIGHT, 0}, {500, 1 / RADIUS}}};
    double heading;
    its_path_at(&middle, along, across, x, y, &heading);
}

/* --- the ramp */

/* Driven from the far end towards us. */
static const struct its_path ramp = {
    .y = -BEHIND,
    .offset_m = -RAMP_LANE,
    .reversed = true,
    .pieces = 2,
    .piece = {{BEHIND + STRAIGHT, 0}, {FAR_END - STRAIGHT, 1 / RADIUS}},
    .speed_mps = 19,
    .heavy = .15,
    .per_second = .12,
    .into = 2,
    .merge_from_m = FAR_END - RAMP_FROM,
    .merge_to_m = FAR_END - RAMP_TO,
    .ramp_m = RAMP_ASIDE,
};

/* Half of the road: distances from the middle of the median. */
struct section {
    float line_out, asphalt, rail;
    float gore_from, gore_to; /* the grass between road and ramp; to <= from: none */
    float lane;               /* middle of the ramp's lane; 0: none */
};

static struct section section_at(float along, bool left)
{
    struct section c = {(float)LINE_OUT, (float)ASPHALT, (float)OUTER_RAIL, 0, 0, 0};
    if (!left || along < (float)RAMP_GONE)
        return c;
    float room = fminf(1, (along - (float)RAMP_GONE) / (float)(RAMP_TO - RAMP_GONE));
    c.lane = (float)RAMP_LANE + (float)its_path_aside(&ramp, FAR_END - along);
    c.line_out += room * (c.lane + 1.75f - c.line_out);
    c.asphalt = fmaxf(c.asphalt, c.line_out + 1.1f);
    c.rail = c.asphalt + (float)(OUTER_RAIL - ASPHALT);
    c.gore_from = (float)LINE_OUT + 1;
    c.gore_to = c.lane - 2.6f;
    return c;
}

/* --- the surface */

/* Share of the interval [at - size/2, at + size/2] that a stripe covers. */
static float stripe(float at, float size, float middle, float width)
{
    float low = fmaxf(at - size / 2, middle - width / 2);
    float high = fminf(at + size / 2, middle + width / 2);
    return fmaxf(0, high - low) / size;
}

/* The same for dashes of `length` every `period`. */
static float dashes(float at, float size, float length, float period)
{
    if (size > period / 2)
        return length / period;
    float u = at - period * floorf(at / period);
    return stripe(u, size, length / 2, length) + stripe(u, size, length / 2 + period, length);
}

/* Tyres polish two tracks into every lane. */
static float worn(float a, const struct section *c)
{
    const float middle[] = {(float)LANE_FAST, (float)LANE_SLOW, c->lane};
    float sum = 0;
    for (int lane = 0; lane < (c->lane > 0 ? 3 : 2); lane++) {
        for (int track = -1; track <= 1; track += 2) {
            float d = (a - middle[lane] - .85f * (float)track) / .42f;
            sum += expf(-d * d);
        }
    }
    return sum;
}

static struct its_colour asphalt(float s, float a, float x, const struct section *c, float foot,
                                 uint32_t seed)
{
    static const struct its_colour grey = {.375f, .378f, .385f, 1};
    float k = 1 + .18f * its_texture_grain(x, s, foot, seed) - .10f * worn(a, c);
    /* Long streaks along the road, and the seam where the shoulder was laid. */
    k += .05f * (2 * its_texture_noise(x * 1.7f, s * .03f, seed + 11) - 1);
    if (a > c->line_out)
        k *= .93f;
    k -= .12f * stripe(a, fmaxf(.05f, foot * .2f), c->line_out + .45f, .05f);
    return its_colour_scale(grey, k);
}

/* How much of a spot is painted: the edge lines, the dashes between the lanes, and short broad ones
 * between road and ramp up to where grass parts them. */
static float paint_on(float s, float a, const struct section *c, float across, float along)
{
    float sum = stripe(a, across, (float)LINE_IN, .2f) + stripe(a, across, c->line_out, .24f);
    sum += stripe(a, across, (float)DASHES, .17f) * dashes(s, along, 4, 12);
    if (c->lane > 0 && c->gore_to < c->gore_from)
        sum += stripe(a, across, (float)LINE_OUT, .3f) * dashes(s, along, 3, 6);
    else if (c->lane > 0)
        sum += stripe(a, across, (float)LINE_OUT, .24f) + stripe(a, across, c->lane - 1.75f, .2f);
    return fminf(1, sum);
}

static struct its_colour grass(float x, float y, float foot, uint32_t seed)
{
    static const struct its_colour green = {.29f, .40f, .17f, 1}, dry = {.50f, .48f, .27f, 1};
    float patch = its_texture_noise(x / 7, y / 11, seed + 5);
    float tuft = its_texture_grain(x, y, foot, seed + 9);
    return its_colour_scale(its_colour_mix(green, dry, fmaxf(0, patch * 1.3f - .5f)),
                            1 + .42f * tuft);
}

static struct its_colour highway_ground(float x, float y, float across, float along, uint32_t seed)
{
    static const struct its_colour paint = {.88f, .88f, .86f, 1}, gravel = {.47f, .45f, .40f, 1};
    float s, lat, foot = fmaxf(across, along * .35f);
    road_coordinates(x, y, &s, &lat);
    float a = fabsf(lat), edge = .25f * (2 * its_texture_noise(x, y, seed + 21) - 1);
    struct section section = section_at(s, lat < 0);
    /* The rails' shadows, thrown to the right. */
    float shadow = .45f * (stripe(lat, across, (float)RAIL + .55f, .35f) +
                           stripe(lat, across, (float)-RAIL + .55f, .35f) +
                           stripe(lat, across, copysignf(section.rail, lat) + .5f, .35f));
    struct its_colour c;
    if (a < (float)MEDIAN || a > section.rail + 1 + edge ||
        (a > section.gore_from - edge * .4f && a < section.gore_to + edge * .4f))
        return its_colour_scale(grass(x, y, foot, seed), 1 - shadow);
    if (a > section.asphalt + edge * .4f)
        return its_colour_scale(gravel, 1 - shadow + .3f * its_texture_grain(x, y, foot, seed + 2));
    c = asphalt(s, a, lat, &section, foot, seed);
    float wear = .86f + .12f * its_texture_grain(x, y, foot, seed + 31);
    float line = paint_on(s, a, &section, across, along);
    return its_colour_scale(its_colour_mix(c, paint, line * wear), 1 - shadow);
}

static bool highway_paved(float x, float y)
{
    float s, lat;
    road_coordinates(x, y, &s, &lat);
    struct section c = section_at(s, lat < 0);
    float a = fabsf(lat);
    return a > (float)MEDIAN && a < c.asphalt && !(a > c.gore_from && a < c.gore_to);
}

/* --- beside the road */

static struct its_point at_road(const struct its_view *view, double along, double across, double z)
{
    struct its_vec3 p = {.z = z};
    place_on_road(along, across, &p.x, &p.y);
    return its_view_project(view, p);
}

static struct its_colour hazed(const struct its_site *site, struct its_colour c, double s,
                               double across)
{
    double x, y;
    place_on_road(s, across, &x, &y);
    return its_light_through_air(&site->light, its_light_on(&site->light, c, x, y), s);
}

/* The outer rail of a side (-1: left), from the middle. */
static double rail_at(double s, int side)
{
    return (double)section_at((float)s, side < 0).rail;
}

/* One length of rail from s to s + 4 m with the post at its end; `beyond`: across, there. */
static void rail_piece(const struct its_site *site, const struct its_view *view, double s,
                       double across, double beyond, struct its_canvas *canvas)
{
    static const struct its_colour zinc = {.66f, .68f, .69f, 1}, rib = {.47f, .49f, .5f, 1};
    static const struct its_colour post = {.36f, .37f, .37f, 1}, bright = {.70f, .71f, .72f, 1};
    static const double z[] = {.46, .58, .68, .78};
    struct its_point foot[4] = {
        at_road(view, s + 4, beyond - .05, 0), at_road(view, s + 4, beyond + .05, 0),
        at_road(view, s + 4, beyond + .05, .6), at_road(view, s + 4, beyond - .05, .6)};
    its_canvas_polygon(canvas, foot, 4, hazed(site, post, s, across));
    for (int i = 0; i < 3; i++) {
        struct its_point beam[4] = {
            at_road(view, s, across, z[i]), at_road(view, s + 4, beyond, z[i]),
            at_road(view, s + 4, beyond, z[i + 1]), at_road(view, s, across, z[i + 1])};
        its_canvas_polygon(canvas, beam, 4, hazed(site, i == 1 ? rib : zinc, s, across));
    }
    struct its_point top[4] = {
        at_road(view, s, across - .07, .78), at_road(view, s + 4, beyond - .07, .78),
        at_road(view, s + 4, beyond + .07, .78), at_road(view, s, across + .07, .78)};
    its_canvas_polygon(canvas, top, 4, hazed(site, bright, s, across));
}

static void rails(const struct its_site *site, const struct its_view *view,
                  struct its_canvas *canvas)
{
    for (double s = 320; s >= 4; s -= 4) {
        rail_piece(site, view, s, -rail_at(s, -1), -rail_at(s + 4, -1), canvas);
        rail_piece(site, view, s, -RAIL, -RAIL, canvas);
        rail_piece(site, view, s, RAIL, RAIL, canvas);
        rail_piece(site, view, s, OUTER_RAIL, OUTER_RAIL, canvas);
    }
}

/* Pairs, the farthest first. */
static double lamp_along(int i)
{
    return 260 - 45 * (i / 2);
}

static void highway_furnish(const struct its_site *site, const struct its_view *view, uint64_t seed,
                            struct its_canvas *canvas)
{
    struct its_dice dice = {seed ^ 0x7265657473u};
    rails(site, view, canvas);
    for (double s = 330; s > 18; s -= its_dice_between(&dice, 1.5, 5)) {
        for (int side = -1; side <= 1; side += 2) {
            double x, y, size = its_dice_between(&dice, 4, 9);
            bool bush = its_dice_between(&dice, 0, 1) < .45;
            double away = bush ? its_dice_between(&dice, 18, 26) : its_dice_between(&dice, 23, 70);
            place_on_road(s, side * (away + rail_at(s, side) - OUTER_RAIL), &x, &y);
            its_scenery_tree(site, view, x, y, bush ? size * .35 : size, its_dice_bits(&dice),
                             canvas);
        }
    }
    for (int i = 0; i < site->light.lamps; i++) {
        struct its_vec3 foot = {0}, arm = {0};
        int side = i % 2 ? 1 : -1;
        double s = lamp_along(i), across = rail_at(s, side) + LAMP_BEYOND;
        place_on_road(s, side * across, &foot.x, &foot.y);
        place_on_road(s, side * (across - LAMP_ARM), &arm.x, &arm.y);
        its_scenery_lamp_post(site, view, foot, arm, canvas);
    }
}

static struct its_path lane(double offset_m, double speed_mps, double heavy)
{
    return (struct its_path){
        .y = -BEHIND,
        .offset_m = offset_m,
        .reversed = offset_m < 0,
        .pieces = 2,
        .piece = {{BEHIND + STRAIGHT, 0}, {FAR_END - STRAIGHT, 1 / RADIUS}},
        .speed_mps = speed_mps,
        .heavy = heavy,
        .per_second = 0.6,
    };
}

/* Along the hard shoulder, against the traffic. */
static struct its_path wrong_way(void)
{
    struct its_path p = lane(SHOULDER, 20, 0);
    p.reversed = true;
    p.per_second = 0;
    p.every_s = 38;
    return p;
}

static void add_lamps(struct its_light *light)
{
    for (light->lamps = 0; light->lamps < LAMPS; light->lamps++) {
        int i = light->lamps, side = i % 2 ? 1 : -1;
        double x, y, across = rail_at(lamp_along(i), side) + LAMP_BEYOND - LAMP_ARM;
        place_on_road(lamp_along(i), side * across, &x, &y);
        light->lamp[i].x = (float)x;
        light->lamp[i].y = (float)y;
    }
}

void its_site_highway(struct its_site *site, int w, int h)
{
    *site = (struct its_site){
        .light = {.sun = {-.46, -.38, .803},
                  .direct = .62f,
                  .ambient = .62f,
                  .haze = {.80f, .85f, .89f, 1},
                  .haze_m = 750},
        .paths = 5,
        .path = {lane(-LANE_FAST, 25, 0), lane(-LANE_SLOW, 21, .3), lane(LANE_FAST, 25, 0),
                 lane(LANE_SLOW, 21, .3), ramp},
        .breakdown = {3, BEHIND + 47, 3.2, 3, INFINITY}, /* on the hard shoulder */
        .wrong_way = wrong_way(),
        .wrong_way_empties = -1,
        .lines = 2,
        .line = {{"inbound", {-LINE_OUT - 1.2, COUNT_AT, 0}, {-MEDIAN - .2, COUNT_AT, 0}},
                 {"outbound", {MEDIAN + .2, COUNT_AT, 0}, {LINE_OUT + 1.2, COUNT_AT, 0}}},
        .ground = highway_ground,
        .paved = highway_paved,
        .furnish = highway_furnish,
    };
    /* A lane carries half a vehicle a second; who comes by the ramp needs room in it. */
    site->path[1].per_second -= 2 * ramp.per_second;
    add_lamps(&site->light);
    /* The vertical field counts: a taller picture must not lose the road. */
    double field = 2 * atan(tan(29 * M_PI / 180) * w / h / (16 / 9.0));
    its_view_init(&site->view, (struct its_vec3){.6, 0, 9.5}, 0, 15.2 * M_PI / 180, field, w, h);
}
