/* Site, flow, bodies and canvas put together. The background is painted once, a little larger than
 * the picture so that it can sway; each frame paints it, then all shadows, then the bodies from far
 * to near. Sway moves picture and truth alike, the counting lines stay: they belong to the
 * picture. */
#include "sim/scene.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "sim/depth.h"
#include "sim/dice.h"
#include "sim/flow.h"
#include "sim/frame_code.h"
#include "sim/rain.h"
#include "sim/scenery.h"
#include "sim/site.h"

#define NOISE_SIZE (1 << 16)
#define SHIELDS    32
#define SAMPLES    20 /* across and down: how finely occlusion is measured */

struct its_scene {
    struct its_scene_settings settings;
    struct its_site site;
    struct its_scene_line line[ITS_SCENE_LINES_MAX];
    struct its_flow *flow;
    struct its_canvas *background, *canvas;
    int margin_px;
    int8_t *noise; /* NOISE_SIZE + width samples, read from a random place per row */
    uint32_t hidden;

    /* --- the frame reached */
    bool started;
    float sway_x, sway_y;
    int order[ITS_VEHICLES_MAX]; /* of painting, far to near */
    struct its_outline outline[ITS_VEHICLES_MAX];
    struct its_scene_truth truth;

    /* --- where everybody was a frame ago, by place in `previous` */
    int previous_count;
    struct {
        uint32_t id;
        struct its_point foot;
    } previous[ITS_SCENE_USERS_MAX];
};

const char *its_scene_kind_name(enum its_scene_kind kind)
{
    static const char *const name[] = {
#define X(id, text) [ITS_SCENE_##id] = text,
        ITS_SCENES(X)
#undef X
    };
    its_assert(kind < ITS_SCENE_COUNT);
    return name[kind];
}

const char *its_scene_event_name(enum its_scene_event event)
{
    static const char *const name[] = {
#define X(id, text) [ITS_SCENE_EVENT_##id] = text,
        ITS_SCENE_EVENTS(X)
#undef X
    };
    its_assert(event < ITS_SCENE_EVENT_COUNT);
    return name[event];
}

void its_scene_settings_default(struct its_scene_settings *s)
{
    *s = (struct its_scene_settings)ITS_SCENE_DEFAULTS;
}

/* --- creation */

static int check(const struct its_scene_settings *s, struct its_error *err)
{
    if (s->kind >= ITS_SCENE_COUNT)
        return its_error_set(err, -EINVAL, "scene: no such kind (%d)", (int)s->kind);
    if (s->weather >= ITS_WEATHER_COUNT)
        return its_error_set(err, -EINVAL, "scene: no such weather (%d)", (int)s->weather);
    if (s->event >= ITS_SCENE_EVENT_COUNT)
        return its_error_set(err, -EINVAL, "scene: no such event (%d)", (int)s->event);
    if (!(s->density >= 0 && s->density <= 1))
        return its_error_set(err, -EINVAL, "scene: density %g is not within 0..1", s->density);
    if (s->width < 64 || s->width > 4096 || s->height < 64 || s->height > 4096 || s->width % 2 ||
        s->height % 2)
        return its_error_set(err, -EINVAL, "scene: %dx%d: both must be even and within 64..4096",
                             s->width, s->height);
    if (s->fps < 1 || s->fps > 120)
        return its_error_set(err, -EINVAL, "scene: %d fps is not within 1..120", s->fps);
    if (s->frame_code && (s->width < ITS_FRAME_CODE_MIN_W || s->height < ITS_FRAME_CODE_MIN_H))
        return its_error_set(err, -EINVAL,
                             "scene: %dx%d has no room for a frame code (at least "
                             "%dx%d)",
                             s->width, s->height, ITS_FRAME_CODE_MIN_W, ITS_FRAME_CODE_MIN_H);
    if (!(s->sway_px >= 0 && s->sway_px <= 8))
        return its_error_set(err, -EINVAL, "scene: a sway of %g px is not within 0..8", s->sway_px);
    if (!(s->noise >= 0 && s->noise <= 20))
        return its_error_set(err, -EINVAL, "scene: a noise of %g is not within 0..20", s->noise);
    return 0;
}

static void make_noise(struct its_scene *s)
{
    struct its_dice dice = {(uint64_t)s->settings.seed ^ 0x6e6f697365u};
    double deviation = s->settings.noise * s->site.light.noise;
    for (int i = 0; i < NOISE_SIZE + s->settings.width; i++)
        s->noise[i] = (int8_t)lrint(fmax(-127, fmin(127, its_dice_normal(&dice) * deviation)));
}

static void make_site(const struct its_scene_settings *s, struct its_site *site)
{
    static void (*const site_of[])(struct its_site *, int, int) = {
        [ITS_SCENE_HIGHWAY] = its_site_highway,
        [ITS_SCENE_JUNCTION] = its_site_junction,
    };
    site_of[s->kind](site, s->width, s->height);
    its_light_set_weather(&site->light, s->weather);
    if (s->event == ITS_SCENE_EVENT_WRONG_WAY) {
        its_assert(site->paths < ITS_SITE_PATHS_MAX);
        if (site->wrong_way_empties >= 0)
            site->path[site->wrong_way_empties].per_second = 0;
        site->path[site->paths++] = site->wrong_way; /* the last one */
    }
}

static void make_lines(const struct its_site *site, struct its_scene_line *line)
{
    for (int i = 0; i < site->lines; i++) {
        const struct its_site_line *from = &site->line[i];
        snprintf(line[i].name, sizeof(line[i].name), "%s", from->name);
        line[i].a = its_view_project(&site->view, from->a);
        line[i].b = its_view_project(&site->view, from->b);
    }
}

int its_scene_plan_lines(const struct its_scene_settings *settings,
                         struct its_scene_line line[ITS_SCENE_LINES_MAX])
{
    struct its_site site;
    make_site(settings, &site);
    make_lines(&site, line);
    return site.lines;
}

static int make_pictures(struct its_scene *s)
{
    int w = s->settings.width, h = s->settings.height, code;
    s->margin_px = s->settings.sway_px > 0 ? (int)ceil(s->settings.sway_px) + 1 : 0;
    if ((code = its_canvas_create(w, h, &s->canvas)) < 0)
        return code;
    code = its_canvas_create(w + 2 * s->margin_px, h + 2 * s->margin_px, &s->background);
    if (code < 0)
        return code;
    if (!(s->noise = its_try_calloc((size_t)(NOISE_SIZE + w), 1)))
        return -ENOMEM;
    struct its_view wide = s->site.view;
    wide.centre_x += s->margin_px;
    wide.centre_y += s->margin_px;
    its_scenery_paint(&s->site, &wide, s->settings.seed, s->background);
    make_noise(s);
    return 0;
}

int its_scene_create(const struct its_scene_settings *settings, struct its_scene **out,
                     struct its_error *err)
{
    int code = check(settings, err);
    if (code < 0)
        return code;
    struct its_scene *s = its_malloc(sizeof(*s));
    s->settings = *settings;
    make_site(settings, &s->site);
    make_lines(&s->site, s->line);
    s->flow = its_flow_create(s->site.path, s->site.paths, &s->site.signals, settings->density,
                              settings->seed);
    if (settings->event == ITS_SCENE_EVENT_STOPPED)
        its_flow_break_down(s->flow, &s->site.breakdown);
    code = make_pictures(s);
    if (code < 0) {
        its_scene_destroy(&s);
        return its_error_set(err, code, "scene: %s", its_strerror(code));
    }
    *out = s;
    return 0;
}

void its_scene_destroy(struct its_scene **ps)
{
    struct its_scene *s = *ps;
    if (!s)
        return;
    *ps = NULL;
    its_flow_destroy(&s->flow);
    its_canvas_destroy(&s->background);
    its_canvas_destroy(&s->canvas);
    free(s->noise);
    free(s);
}

const struct its_scene_settings *its_scene_settings(const struct its_scene *s)
{
    return &s->settings;
}

const struct its_scene_line *its_scene_lines(const struct its_scene *s, int *count)
{
    *count = s->site.lines;
    return s->line;
}

void its_scene_homography(const struct its_scene *s, double h[9])
{
    its_view_homography(&s->site.view, h);
}

void its_scene_hide(struct its_scene *s, uint32_t user)
{
    s->hidden = user;
}

/* --- the truth */

/* Outlines of all vehicles, and the order to paint them in. */
static void make_outlines(struct its_scene *s, const struct its_vehicle *v, int n)
{
    const struct its_body_pose *pose[ITS_VEHICLES_MAX];
    struct its_box box[ITS_VEHICLES_MAX];
    for (int i = 0; i < n; i++) {
        struct its_outline *o = &s->outline[i];
        its_body_outline(&v[i].pose, &s->site.view, o);
        for (int k = 0; k < o->count; k++) {
            o->corner[k].x += s->sway_x;
            o->corner[k].y += s->sway_y;
        }
        box[i] = its_outline_box(o);
        pose[i] = &v[i].pose;
    }
    its_depth_order(&s->site.view, pose, box, n, s->order);
}

static struct its_box cut(struct its_box b, int w, int h)
{
    float x0 = fmaxf(0, b.x), y0 = fmaxf(0, b.y);
    float x1 = fminf((float)w, b.x + b.w), y1 = fminf((float)h, b.y + b.h);
    return (struct its_box){x0, y0, fmaxf(0, x1 - x0), fmaxf(0, y1 - y0)};
}

/* Whoever is painted later and overlaps the box: at most SHIELDS, which is more than happens. */
static int find_shields(const struct its_scene *s, int place, int n, struct its_box box,
                        const struct its_outline **shield)
{
    int count = 0;
    for (int i = place + 1; i < n && count < SHIELDS; i++) {
        const struct its_outline *o = &s->outline[s->order[i]];
        if (its_box_intersection(its_outline_box(o), box) > 0)
            shield[count++] = o;
    }
    return count;
}

static bool held_by_any(const struct its_outline *const *shield, int count, struct its_point p)
{
    for (int i = 0; i < count; i++)
        if (its_outline_holds(shield[i], p))
            return true;
    return false;
}

/* Share of the outline that shows, by sampling its box. */
static float visible_share(const struct its_scene *s, int place, int n, struct its_box box)
{
    const struct its_outline *o = &s->outline[s->order[place]];
    const struct its_outline *shield[SHIELDS];
    int inside = 0, seen = 0, shields = find_shields(s, place, n, box, shield);
    float w = (float)s->settings.width, h = (float)s->settings.height;
    for (int i = 0; i < SAMPLES * SAMPLES; i++) {
        struct its_point p = {box.x + box.w * ((float)(i % SAMPLES) + .5f) / SAMPLES,
                              box.y + box.h * ((float)(i / SAMPLES) + .5f) / SAMPLES};
        if (!its_outline_holds(o, p))
            continue;
        inside++;
        seen += p.x >= 0 && p.y >= 0 && p.x < w && p.y < h && !held_by_any(shield, shields, p);
    }
    return inside ? (float)seen / (float)inside : 0;
}

static enum its_scene_event event_of(const struct its_scene *s, const struct its_vehicle *v)
{
    if (s->settings.event == ITS_SCENE_EVENT_WRONG_WAY && v->path == s->site.paths - 1)
        return ITS_SCENE_EVENT_WRONG_WAY;
    bool stopped = v->id == its_flow_broken_down(s->flow);
    return stopped ? ITS_SCENE_EVENT_STOPPED : ITS_SCENE_EVENT_NONE;
}

/* Fills in user number truth.users unless nothing of it is in the picture. */
static void describe(struct its_scene *s, const struct its_vehicle *v, int place, int n)
{
    struct its_box whole = its_outline_box(&s->outline[s->order[place]]);
    struct its_box box = cut(whole, s->settings.width, s->settings.height);
    if (box.w < 1 || box.h < 1)
        return;
    s->truth.user[s->truth.users++] = (struct its_scene_user){
        .id = v->id,
        .cls = its_body_user(v->pose.body),
        .box = box,
        .visible = visible_share(s, place, n, whole),
        .truncated = 1 - its_box_area(box) / its_box_area(whole),
        .x_m = v->pose.x,
        .y_m = v->pose.y,
        .heading_rad = v->pose.heading,
        .speed_mps = v->speed_mps,
        .event = event_of(s, v),
    };
}

/* Positive on the left-hand side of a→b as seen on the screen (y down). */
static double side_of(const struct its_scene_line *l, struct its_point p)
{
    return ((double)l->b.y - l->a.y) * ((double)p.x - l->a.x) -
           ((double)l->b.x - l->a.x) * ((double)p.y - l->a.y);
}

static bool find_crossing(const struct its_scene_line *l, struct its_point from,
                          struct its_point to, struct its_scene_crossing *c, double *share)
{
    double before = side_of(l, from), after = side_of(l, to);
    if ((before > 0) == (after > 0))
        return false;
    double t = before / (before - after);
    c->at = (struct its_point){(float)(from.x + t * (to.x - from.x)),
                               (float)(from.y + t * (to.y - from.y))};
    double dx = l->b.x - l->a.x, dy = l->b.y - l->a.y;
    double along = ((c->at.x - l->a.x) * dx + (c->at.y - l->a.y) * dy) / (dx * dx + dy * dy);
    c->direction = after > 0 ? 1 : -1;
    *share = t;
    return along >= 0 && along <= 1;
}

static const struct its_point *foot_before(const struct its_scene *s, uint32_t id)
{
    for (int i = 0; i < s->previous_count; i++)
        if (s->previous[i].id == id)
            return &s->previous[i].foot;
    return NULL;
}

static void find_crossings(struct its_scene *s, struct its_vehicle *v,
                           const struct its_scene_user *user)
{
    const struct its_point *before = foot_before(s, user->id);
    struct its_scene_truth *t = &s->truth;
    for (int i = 0; before && i < s->site.lines; i++) {
        struct its_scene_crossing c = {.line = i, .user = user->id, .cls = user->cls};
        double share;
        if (v->lines_crossed >> i & 1 || t->crossings == ITS_SCENE_CROSSINGS_MAX ||
            !find_crossing(&s->line[i], *before, its_box_bottom_centre(user->box), &c, &share))
            continue;
        v->lines_crossed |= 1u << i;
        c.frame = t->frame;
        c.time_us = llrint(((double)t->frame - 1 + share) * 1e6 / s->settings.fps);
        t->crossing[t->crossings++] = c;
    }
}

static void remember(struct its_scene *s)
{
    s->previous_count = s->truth.users;
    for (int i = 0; i < s->truth.users; i++) {
        s->previous[i].id = s->truth.user[i].id;
        s->previous[i].foot = its_box_bottom_centre(s->truth.user[i].box);
    }
}

/* Two slow waves whose periods have no common measure. */
static void set_sway(struct its_scene *s, double time_s)
{
    double a = s->settings.sway_px;
    s->sway_x = (float)(a * (.7 * sin(time_s * 3.9) + .3 * sin(time_s * 9.1 + 1)));
    s->sway_y = (float)(a * .5 * (.6 * sin(time_s * 4.7 + 2) + .4 * sin(time_s * 11.3)));
}

const struct its_scene_truth *its_scene_next(struct its_scene *s)
{
    struct its_scene_truth *t = &s->truth;
    if (s->started) {
        remember(s);
        t->frame++;
        its_flow_advance(s->flow, 1.0 / s->settings.fps);
    }
    s->started = true;
    t->time_us = (int64_t)(t->frame * 1000000 / (unsigned)s->settings.fps);
    t->users = t->crossings = 0;
    set_sway(s, (double)t->frame / s->settings.fps);
    int n;
    struct its_vehicle *v = its_flow_vehicles(s->flow, &n);
    make_outlines(s, v, n);
    for (int i = 0; i < n; i++) {
        int before = t->users;
        describe(s, &v[s->order[i]], i, n);
        if (t->users > before)
            find_crossings(s, &v[s->order[i]], &t->user[before]);
    }
    return t;
}

/* --- the picture */

static double depth_of(const struct its_scene *s, double x, double y)
{
    return its_view_to_camera(&s->site.view, (struct its_vec3){x, y, 0}).z;
}

/* The traffic lights that stand nearer than `from` but not nearer than `to`. */
static void paint_lights(struct its_scene *s, double from, double to)
{
    for (int i = 0; i < s->site.lights; i++) {
        const struct its_site_light *light = &s->site.traffic_light[i];
        double depth = depth_of(s, light->x, light->y);
        if (depth < from && depth >= to)
            its_scenery_traffic_light(&s->site, &s->site.view, light,
                                      its_flow_light(s->flow, light->signal), s->canvas);
    }
}

/* What vehicles do to the road under and before them. */
static void paint_road(struct its_scene *s, const struct its_vehicle *v, int n)
{
    const struct its_view *view = &s->site.view;
    const struct its_light *light = &s->site.light;
    for (int i = 0; i < n; i++) {
        const struct its_body_pose *pose = &v[s->order[i]].pose;
        if (v[s->order[i]].id == s->hidden)
            continue;
        its_body_draw_shadow(pose, view, light, s->canvas);
        its_body_draw_reflection(pose, view, light, s->canvas);
        its_body_draw_beams(pose, view, light, s->canvas);
    }
}

/* Spray hangs behind: who comes towards us covers his own. */
static void paint_vehicle(struct its_scene *s, const struct its_vehicle *v)
{
    const struct its_view *view = &s->site.view;
    const struct its_light *light = &s->site.light;
    double towards = sin(v->pose.heading) * (view->eye.x - v->pose.x) +
                     cos(v->pose.heading) * (view->eye.y - v->pose.y);
    if (towards > 0)
        its_body_draw_spray(&v->pose, v->speed_mps, view, light, s->canvas);
    its_body_draw(&v->pose, view, light, s->canvas);
    its_body_draw_lamps(&v->pose, view, light, s->canvas);
    if (towards <= 0)
        its_body_draw_spray(&v->pose, v->speed_mps, view, light, s->canvas);
}

static void paint(struct its_scene *s)
{
    int n;
    const struct its_vehicle *v = its_flow_vehicles(s->flow, &n);
    its_canvas_set_origin(s->canvas, 0, 0);
    its_canvas_paint(s->canvas, s->background, s->sway_x - (float)s->margin_px,
                     s->sway_y - (float)s->margin_px);
    its_canvas_set_origin(s->canvas, s->sway_x, s->sway_y);
    paint_road(s, v, n);
    double deep = INFINITY;
    for (int i = 0; i < n; i++) {
        const struct its_body_pose *pose = &v[s->order[i]].pose;
        double depth = depth_of(s, pose->x, pose->y);
        paint_lights(s, deep, depth);
        deep = fmin(deep, depth);
        if (v[s->order[i]].id != s->hidden)
            paint_vehicle(s, &v[s->order[i]]);
    }
    paint_lights(s, deep, -INFINITY);
    if (s->site.light.wet > 0) {
        its_canvas_set_origin(s->canvas, 0, 0);
        its_rain_drops(s->canvas, s->settings.seed);
    }
}

static uint8_t noisy(uint8_t y, int8_t noise)
{
    int v = y + noise;
    return (uint8_t)(v < 16 ? 16 : v > 235 ? 235 : v);
}

/* Blocks of a fixed size are what the compiler vectorises at -O2. */
static void add_noise(uint8_t *restrict y, const int8_t *restrict noise, int n)
{
    int x = 0;
    for (; x + 32 <= n; x += 32)
        for (int i = 0; i < 32; i++)
            y[x + i] = noisy(y[x + i], noise[x + i]);
    for (; x < n; x++)
        y[x] = noisy(y[x], noise[x]);
}

static void draw_noise(const struct its_scene *s, const struct its_i420 *to)
{
    if (s->settings.noise <= 0)
        return;
    struct its_dice dice = {s->settings.seed + s->truth.frame * 0x632be59bd9b4e019u};
    for (int y = 0; y < to->h; y++)
        add_noise(to->plane[0] + (ptrdiff_t)y * to->stride[0],
                  s->noise + its_dice_bits(&dice) % NOISE_SIZE, to->w);
}

void its_scene_draw(struct its_scene *s, const struct its_i420 *to)
{
    its_assert(s->started);
    paint(s);
    its_canvas_to_i420(s->canvas, to);
    if (s->site.light.wet > 0)
        its_rain_fall(to, s->settings.seed, s->truth.frame);
    draw_noise(s, to);
    if (s->settings.frame_code)
        its_frame_code_draw(to, (struct its_frame_code){(uint32_t)s->truth.frame,
                                                        (uint32_t)(s->truth.time_us / 1000)});
}

struct its_canvas *its_scene_canvas(struct its_scene *s)
{
    paint(s);
    return s->canvas;
}
