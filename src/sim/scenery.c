/* The ground is found pixel by pixel: each ray meets the plane somewhere, and the site knows what
 * lies there. Markings come out anti-aliased because the site is told how large a pixel is on the
 * ground. This runs once per scene. */
#include "sim/scenery.h"

#include <math.h>

#include "sim/dice.h"
#include "sim/texture.h"

static uint32_t pack(struct its_colour c)
{
    uint32_t r = (uint32_t)(fmaxf(0, fminf(1, c.r)) * 255 + .5f);
    uint32_t g = (uint32_t)(fmaxf(0, fminf(1, c.g)) * 255 + .5f);
    uint32_t b = (uint32_t)(fmaxf(0, fminf(1, c.b)) * 255 + .5f);
    return r << 16 | g << 8 | b;
}

/* Height of a ridge above the horizon, as a share of the focal length, towards `bearing`. */
static float ridge(float bearing, float scale, float height, uint32_t seed)
{
    float n = its_texture_noise(bearing * scale, 0, seed) * .6f +
              its_texture_noise(bearing * scale * 3, 0, seed + 1) * .3f +
              its_texture_noise(bearing * scale * 11, 0, seed + 2) * .1f;
    return height * n;
}

/* The sky, or one of the ridges in front of it. `up` and `bearing` in shares of the focal length.
 */
static struct its_colour sky(const struct its_site *site, float bearing, float up, uint32_t seed)
{
    static const struct its_colour far = {.47f, .56f, .62f, 1}, near = {.26f, .35f, .24f, 1};
    const struct its_light *light = &site->light;
    struct its_colour dim = light->exposure; /* far from any lamp */
    if (up < ridge(bearing, 60, .022f, seed + 7))
        return its_colour_mix(its_colour_times(near, dim), light->haze, .35f);
    if (up < ridge(bearing, 7, .06f, seed + 3))
        return its_colour_mix(its_colour_times(far, dim), light->haze, .45f);
    struct its_colour c = its_colour_mix(light->haze, light->zenith, fminf(1, up * 5));
    float flat = 1 / (up + .05f); /* clouds lie flatter towards the horizon */
    float n = its_texture_noise(bearing * flat * 2, flat * 1.5f, seed) * .6f +
              its_texture_noise(bearing * flat * 6, flat * 4, seed + 1) * .4f;
    return its_colour_mix(c, light->cloud, fmaxf(0, fminf(.8f, (n - .5f + light->overcast) * 3)));
}

/* Water darkens asphalt and mirrors the sky, the more so the flatter one looks; in hollows there
 * are puddles. */
static struct its_colour wet(const struct its_site *site, const struct its_view *view,
                             struct its_colour c, struct its_vec3 at, float distance, float across,
                             uint32_t seed)
{
    float steep = (float)view->eye.z / distance;
    float mirror = .05f + .60f * powf(1 - fminf(1, steep), 4);
    float hollow = its_texture_noise((float)at.x * .55f, (float)at.y * .22f, seed + 41) * .7f +
                   its_texture_noise((float)at.x * 2, (float)at.y * .9f, seed + 42) * .3f;
    float puddle = fmaxf(0, fminf(1, (hollow - .60f) * 7)) * fmaxf(0, 1 - across * 2);
    mirror = fminf(.85f, mirror * (.75f + .4f * hollow) + .22f * puddle);
    float k = 1 - site->light.wet * .38f;
    return its_colour_mix(its_colour_scale(c, k), site->light.haze, mirror * site->light.wet);
}

static struct its_colour ground(const struct its_site *site, const struct its_view *view,
                                struct its_vec3 at, uint32_t seed)
{
    double d = hypot(hypot(at.x - view->eye.x, at.y - view->eye.y), view->eye.z);
    double across = d / view->focal_px, along = across * d / view->eye.z;
    struct its_colour c = site->ground((float)at.x, (float)at.y, (float)across, (float)along, seed);
    c = its_light_on(&site->light, c, at.x, at.y);
    if (site->light.wet > 0 && site->paved((float)at.x, (float)at.y))
        c = wet(site, view, c, at, (float)d, (float)across, seed);
    return its_light_through_air(&site->light, c, d);
}

void its_scenery_paint(const struct its_site *site, const struct its_view *view, uint64_t seed,
                       struct its_canvas *canvas)
{
    int stride, w = its_canvas_width(canvas), h = its_canvas_height(canvas);
    uint32_t *pixels = its_canvas_pixels(canvas, &stride), salt = (uint32_t)(seed * 2654435761u);
    double horizon = its_view_horizon(view);
    for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++) {
            struct its_point p = {(float)x + .5f, (float)y + .5f};
            struct its_vec3 at;
            float up = (float)((horizon - p.y) / view->focal_px);
            float bearing = (float)((p.x - view->centre_x) / view->focal_px);
            bool below = up < 0 && its_view_ground(view, p, &at);
            struct its_colour c =
                below ? ground(site, view, at, salt) : sky(site, bearing, up, salt);
            pixels[(ptrdiff_t)y * stride + x] = pack(c);
        }
    }
    its_canvas_pixels_changed(canvas);
    site->furnish(site, view, seed, canvas);
}

/* A soft dark patch where the sun does not reach. */
static void tree_shadow(const struct its_site *site, const struct its_view *view, double x,
                        double y, double height_m, float clear, struct its_canvas *canvas)
{
    struct its_vec3 sun = site->light.sun;
    struct its_point ring[16];
    for (int grow = 0; grow < 3; grow++) {
        for (int i = 0; i < 16; i++) {
            double r = height_m * (.42 - .05 * grow), a = 2 * M_PI * i / 16;
            struct its_vec3 p = {x - sun.x / sun.z * height_m * .6 + r * cos(a),
                                 y - sun.y / sun.z * height_m * .6 + r * sin(a), 0};
            if (its_view_to_camera(view, p).z < 1)
                return;
            ring[i] = its_view_project(view, p);
        }
        its_canvas_polygon(
            canvas, ring, 16,
            (struct its_colour){.03f, .05f, .04f, .16f * clear * site->light.shadow});
    }
}

void its_scenery_tree(const struct its_site *site, const struct its_view *view, double x, double y,
                      double height_m, uint64_t seed, struct its_canvas *canvas)
{
    struct its_dice dice = {seed};
    struct its_vec3 foot = {x, y, 0}, cam = its_view_to_camera(view, foot);
    if (cam.z < 3)
        return;
    float clear = (float)exp(-cam.z / site->light.haze_m);
    tree_shadow(site, view, x, y, height_m, clear, canvas);
    struct its_point low = its_view_project(view, foot);
    struct its_point top = its_view_project(view, (struct its_vec3){x, y, height_m * .4});
    float scale = (float)(view->focal_px / cam.z), hue = (float)its_dice_between(&dice, -.04, .06);
    its_canvas_line(canvas, low, top, fmaxf(1, scale * .3f),
                    its_light_on(&site->light, (struct its_colour){.2f, .16f, .12f, 1}, x, y));
    double tall_px = scale * height_m;
    int leaves = tall_px > 90 ? 900 : tall_px > 40 ? 300 : 60;
    double leaf_low = tall_px > 90 ? .02 : .035, leaf_high = tall_px > 90 ? .045 : .07;
    for (int i = 0; i < leaves; i++) {
        /* From the shaded heart outwards, lighter towards the light. */
        double a = its_dice_between(&dice, 0, 2 * M_PI), e = its_dice_between(&dice, -1, 1);
        double r = height_m * .36 * sqrt((i + 1.0) / leaves) * (1 + .15 * its_dice_normal(&dice));
        double across = r * cos(a) * sqrt(1 - e * e), up = r * e * 1.1;
        struct its_point p =
            its_view_project(view, (struct its_vec3){x + across, y, height_m * .58 + up});
        float lit = .55f + .3f * (float)((up - .7 * across * (site->light.sun.x < 0 ? 1 : -1)) /
                                         (height_m * .36));
        lit = fmaxf(.25f, lit + .12f * (float)its_dice_normal(&dice));
        struct its_colour leaf = {(.30f + hue) * lit, .43f * lit, .16f * lit, 1};
        leaf = its_colour_mix(site->light.haze, its_light_on(&site->light, leaf, x, y), clear);
        float size =
            fmaxf(.7f, scale * (float)(height_m * its_dice_between(&dice, leaf_low, leaf_high)));
        its_canvas_ellipse(canvas, p, size, size * .8f, leaf);
    }
}

void its_scenery_traffic_light(const struct its_site *site, const struct its_view *view,
                               const struct its_site_light *light, enum its_light_state state,
                               struct its_canvas *canvas)
{
    const struct its_light *air = &site->light;
    struct its_colour steel =
        its_light_on(air, (struct its_colour){.42f, .44f, .45f, 1}, light->x, light->y);
    struct its_colour black =
        its_light_on(air, (struct its_colour){.07f, .08f, .08f, 1}, light->x, light->y);
    struct its_colour off =
        its_light_on(air, (struct its_colour){.16f, .16f, .16f, 1}, light->x, light->y);
    static const struct {
        double z;
        enum its_light_state when;
        struct its_colour lit;
    } lamp[] = {
        {3.3, ITS_LIGHT_RED, {1, .20f, .14f, 1}},
        {3.0, ITS_LIGHT_AMBER, {1, .72f, .10f, 1}},
        {2.7, ITS_LIGHT_GREEN, {.20f, .98f, .50f, 1}},
    };
    struct its_vec3 foot = {light->x, light->y, 0}, eye = view->eye;
    double depth = its_view_to_camera(view, foot).z;
    if (depth < 2)
        return;
    float px = (float)(view->focal_px / depth);
    struct its_point low = its_view_project(view, foot);
    struct its_point mid = its_view_project(view, (struct its_vec3){light->x, light->y, 2.5});
    struct its_point top = its_view_project(view, (struct its_vec3){light->x, light->y, 3.5});
    its_canvas_line(canvas, low, mid, fmaxf(1, px * .11f), steel);
    its_canvas_line(canvas, mid, top, fmaxf(2, px * .32f), black);
    double facing =
        sin(light->heading) * (eye.x - light->x) + cos(light->heading) * (eye.y - light->y);
    for (size_t i = 0; facing > 0 && i < ITS_ARRAY_LEN(lamp); i++) {
        struct its_point p =
            its_view_project(view, (struct its_vec3){light->x, light->y, lamp[i].z});
        bool burns = lamp[i].when == state;
        float r = fmaxf(1, px * .11f);
        struct its_colour glow = lamp[i].lit;
        its_canvas_ellipse(canvas, p, r, r, burns ? lamp[i].lit : off);
        glow.a = .3f + .5f * air->beam;
        if (burns && air->beam > 0)
            its_canvas_glow(canvas, p, (struct its_point){r * 5, 0}, (struct its_point){0, r * 5},
                            glow);
    }
}

void its_scenery_lamp_post(const struct its_site *site, const struct its_view *view,
                           struct its_vec3 foot, struct its_vec3 arm, struct its_canvas *canvas)
{
    struct its_vec3 head_at = {arm.x, arm.y, 10.4}, top_at = {foot.x, foot.y, 10};
    double depth = its_view_to_camera(view, foot).z;
    if (depth < 3)
        return;
    const struct its_light *light = &site->light;
    struct its_colour steel =
        its_light_on(light, (struct its_colour){.50f, .52f, .53f, 1}, foot.x, foot.y);
    struct its_colour off =
        its_light_on(light, (struct its_colour){.75f, .76f, .76f, 1}, arm.x, arm.y);
    struct its_colour lit = {1, .93f, .76f, 1};
    steel = its_light_through_air(light, steel, depth);
    off = its_light_through_air(light, off, depth);
    float width = fmaxf(.7f, (float)(view->focal_px / depth * .16));
    struct its_point top = its_view_project(view, top_at), head = its_view_project(view, head_at);
    its_canvas_line(canvas, its_view_project(view, foot), top, width, steel);
    its_canvas_line(canvas, top, head, width * .7f, steel);
    its_canvas_ellipse(canvas, head, width * 2, width * .7f, light->lamp_power > 0 ? lit : off);
    lit.a = fminf(.7f, light->lamp_power * 1.2f);
    struct its_point u = {width * 11, 0}, v = {0, width * 9};
    if (light->lamp_power > 0)
        its_canvas_glow(canvas, head, u, v, lit);
}
