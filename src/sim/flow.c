#include "sim/flow.h"

#include <math.h>
#include <stdlib.h>

#include "base/attr.h"
#include "base/mem.h"
#include "sim/dice.h"

#define PATHS_MAX    18
#define STEP_S       (1 / 30.0)
#define FILL_S       120 /* long enough for the slowest to drive through */
#define ACCELERATE   1.6 /* m/s², comfortable */
#define BRAKE        2.5 /* m/s², comfortable */
#define BRAKE_MAX    8.0 /* m/s², dry road */
#define BRAKE_LIGHT  0.8 /* m/s², more than the engine brakes */
#define TURN_MPS2    3.0 /* sideways, in a bend */
#define CLEAR_ROAD_M 1e6
#define PULL_OVER_M  50.0 /* before he stands, who breaks down begins to make room */
#define BESIDE_M     2.2  /* so far apart across the lane, two do not follow each other */
#define MERGE_M      45.0 /* a lane is changed over so many metres */
#define MERGE_BRAKE  3.0  /* m/s², the most that a merging vehicle may ask of himself and others */
#define COURTESY     1.0  /* m/s², what both do to make room */
#define ROLLING      6.0  /* m/s; slower than this nobody slips in */

struct its_flow {
    const struct its_path *path;
    int paths;
    const struct its_signals *signals;
    double density;
    struct its_dice dice;
    double time_s;
    double next_s[PATHS_MAX]; /* when the next vehicle wants to enter */
    uint32_t last_id;

    struct its_breakdown plan;
    enum { NO_BREAKDOWN, BREAKDOWN_PLANNED, BREAKING_DOWN, STANDING, REPAIRED } breakdown;
    uint32_t broken_id;
    double repaired_s;

    int vehicles;
    struct its_vehicle vehicle[ITS_VEHICLES_MAX];
};

/* --- paths */

double its_path_length(const struct its_path *path)
{
    double sum = 0;
    for (int i = 0; i < path->pieces; i++)
        sum += path->piece[i].length_m;
    return sum;
}

void its_path_at(const struct its_path *path, double s, double right, double *x, double *y,
                 double *heading)
{
    double turn = 0;
    if (path->reversed) {
        s = its_path_length(path) - s;
        right = -right;
        turn = M_PI;
    }
    double px = path->x, py = path->y, h = path->heading;
    for (int i = 0; i < path->pieces; i++) {
        double k = path->piece[i].curvature;
        double len = i + 1 < path->pieces ? fmin(s, path->piece[i].length_m) : s;
        if (k == 0) {
            px += len * sin(h);
            py += len * cos(h);
        } else {
            px += (cos(h) - cos(h + k * len)) / k;
            py += (sin(h + k * len) - sin(h)) / k;
            h += k * len;
        }
        s -= len;
        if (s <= 0)
            break;
    }
    double side = path->offset_m + right;
    *x = px + side * cos(h);
    *y = py - side * sin(h);
    *heading = h + turn;
}

double its_path_aside(const struct its_path *path, double s)
{
    double left = path->into ? fmax(0, 1 - s / path->merge_from_m) : 0;
    return path->ramp_m * left * left;
}

/* --- who drives */

static const struct its_colour paints[] = {
    {.93f, .93f, .92f, 1}, {.90f, .90f, .88f, 1}, {.72f, .74f, .76f, 1}, {.10f, .10f, .11f, 1},
    {.14f, .15f, .17f, 1}, {.62f, .07f, .07f, 1}, {.72f, .10f, .08f, 1}, {.10f, .20f, .46f, 1},
    {.14f, .32f, .60f, 1}, {.80f, .80f, .78f, 1}, {.55f, .44f, .30f, 1}, {.12f, .30f, .20f, 1},
    {.85f, .62f, .10f, 1}, {.86f, .36f, .08f, 1}, {.46f, .62f, .74f, 1}, {.30f, .06f, .10f, 1},
};
static const struct its_colour bus_paints[] = {
    {.80f, .12f, .10f, 1},
    {.95f, .72f, .12f, 1},
    {.16f, .42f, .66f, 1},
    {.20f, .52f, .32f, 1},
};
static const struct its_colour loads[] = {
    {.92f, .92f, .90f, 1}, {.86f, .87f, .88f, 1}, {.20f, .36f, .62f, 1}, {.70f, .16f, .14f, 1},
    {.90f, .78f, .30f, 1}, {.24f, .48f, .34f, 1}, {.95f, .95f, .94f, 1},
};
static const struct its_colour trousers[] = {
    {.12f, .14f, .22f, 1},
    {.10f, .10f, .10f, 1},
    {.34f, .30f, .24f, 1},
    {.20f, .26f, .36f, 1},
};

static struct its_colour pick(struct its_dice *dice, const struct its_colour *from, size_t n)
{
    return from[its_dice_bits(dice) % n];
}

static enum its_body_kind choose_kind(struct its_dice *dice, const struct its_path *path)
{
    if (path->users == ITS_PATH_BICYCLES)
        return ITS_BODY_BICYCLE;
    if (path->users == ITS_PATH_PERSONS)
        return ITS_BODY_PERSON;
    if (its_dice_between(dice, 0, 1) < path->heavy) {
        static const enum its_body_kind kinds[] = {
            ITS_BODY_LORRY, ITS_BODY_ARTICULATED, ITS_BODY_BUS, ITS_BODY_VAN, ITS_BODY_LORRY,
        };
        return kinds[its_dice_bits(dice) % ITS_ARRAY_LEN(kinds)];
    }
    static const enum its_body_kind kinds[] = {
        ITS_BODY_SALOON, ITS_BODY_HATCHBACK,  ITS_BODY_ESTATE, ITS_BODY_HATCHBACK,
        ITS_BODY_SALOON, ITS_BODY_MOTORCYCLE, ITS_BODY_ESTATE, ITS_BODY_SALOON,
        ITS_BODY_VAN,    ITS_BODY_HATCHBACK,  ITS_BODY_ESTATE, ITS_BODY_SALOON,
    };
    return kinds[its_dice_bits(dice) % ITS_ARRAY_LEN(kinds)];
}

static double wish_of(struct its_dice *dice, enum its_body_kind kind, double limit)
{
    double usual = limit * (1 + (limit < 8 ? 0.12 : 0.06) * its_dice_normal(dice));
    bool slow = kind == ITS_BODY_LORRY || kind == ITS_BODY_ARTICULATED || kind == ITS_BODY_BUS;
    return fmax(limit * 0.75, fmin(limit * 1.2, slow ? usual * 0.92 : usual));
}

static double smooth(double t)
{
    t = fmax(0, fmin(1, t));
    return t * t * (3 - 2 * t);
}

/* To the right of the lane at s, for whoever is on a ramp or changes lanes. */
static double aside(const struct its_flow *f, const struct its_vehicle *v, double s)
{
    return its_path_aside(&f->path[v->path], s) +
           v->merge_m * (1 - smooth((s - v->merged_m) / MERGE_M));
}

static void place(const struct its_flow *f, struct its_vehicle *v)
{
    const struct its_path *path = &f->path[v->path];
    /* A slow weave of at most drift_m over some 90 m; the nose follows it. */
    double wave = v->s_m * (2 * M_PI / 90) + v->drift_phase;
    double right = v->drift_m * sin(wave);
    right += v->pull_m + aside(f, v, v->s_m);
    its_path_at(path, v->s_m, right, &v->pose.x, &v->pose.y, &v->pose.heading);
    v->pose.heading += atan(v->drift_m * cos(wave) * (2 * M_PI / 90) + aside(f, v, v->s_m + .5) -
                            aside(f, v, v->s_m - .5));
}

static void paint_vehicle(struct its_dice *dice, struct its_vehicle *v)
{
    v->pose.load = pick(dice, loads, ITS_ARRAY_LEN(loads));
    if (v->kind == ITS_BODY_BUS)
        v->pose.paint = pick(dice, bus_paints, ITS_ARRAY_LEN(bus_paints));
    else if (v->kind == ITS_BODY_PERSON)
        v->pose.paint = pick(dice, trousers, ITS_ARRAY_LEN(trousers));
    else
        v->pose.paint = pick(dice, paints, ITS_ARRAY_LEN(paints));
    if (v->kind == ITS_BODY_VAN && its_dice_between(dice, 0, 1) < 0.6)
        v->pose.paint = (struct its_colour){.92f, .92f, .91f, 1};
}

static struct its_vehicle new_vehicle(struct its_flow *f, int path)
{
    struct its_dice *dice = &f->dice;
    const struct its_path *way = &f->path[path];
    enum its_body_kind kind = choose_kind(dice, way);
    bool slim = kind == ITS_BODY_MOTORCYCLE || way->users == ITS_PATH_PERSONS;
    bool slow = way->users != ITS_PATH_VEHICLES;
    struct its_vehicle v = {
        .kind = kind,
        .path = path,
        .wish_mps = wish_of(dice, kind, way->speed_mps),
        .headway_s = its_dice_between(dice, 1.0, 1.7) * (slow ? 0.5 : 1),
        .gap_m = its_dice_between(dice, 1.8, 3) * (slow ? 0.3 : 1),
        .drift_m = its_dice_between(dice, 0.05, slim ? 0.5 : 0.2),
        .drift_phase = its_dice_between(dice, 0, 2 * M_PI),
    };
    v.pose.body = its_body_of(kind);
    paint_vehicle(dice, &v);
    v.speed_mps = v.wish_mps;
    return v;
}

/* --- how they follow each other */

static double half_length(const struct its_vehicle *v)
{
    return its_body_length(v->pose.body) / 2;
}

/* Where across the road v is, to the right of the pieces of its path. */
static double lateral(const struct its_flow *f, const struct its_vehicle *v)
{
    const struct its_path *p = &f->path[v->path];
    return (p->reversed ? -p->offset_m : p->offset_m) + v->pull_m + aside(f, v, v->s_m);
}

/* Metres from the middle of v to the middle of o ahead of it, or a negative number when o is not
 * ahead on v's way. */
static double ahead_by(const struct its_flow *f, const struct its_vehicle *v,
                       const struct its_vehicle *o)
{
    const struct its_path *pv = &f->path[v->path], *po = &f->path[o->path];
    if (fabs(o->pull_m - v->pull_m) > BESIDE_M)
        return -1;
    if (o->path == v->path)
        return o->s_m - v->s_m;
    if (pv->into == o->path + 1 || po->into == v->path + 1)
        return fabs(lateral(f, o) - lateral(f, v)) < BESIDE_M ? o->s_m - v->s_m : -1;
    if (pv->entry && pv->entry == po->entry && o->s_m - half_length(o) < po->split_m)
        return o->s_m - v->s_m;
    if (pv->exit && pv->exit == po->exit && v->s_m > pv->stop_m && o->s_m > po->stop_m)
        return its_path_length(pv) - v->s_m - (its_path_length(po) - o->s_m);
    return -1;
}

static const struct its_vehicle *leader_of(const struct its_flow *f, const struct its_vehicle *v,
                                           double *distance)
{
    const struct its_vehicle *best = NULL;
    *distance = CLEAR_ROAD_M;
    for (int i = 0; i < f->vehicles; i++) {
        const struct its_vehicle *o = &f->vehicle[i];
        double d = o != v ? ahead_by(f, v, o) : -1;
        if (d > 0 && d < *distance) {
            best = o;
            *distance = d;
        }
    }
    return best;
}

enum its_light_state its_flow_light(const struct its_flow *f, int signal)
{
    const struct its_signals *s = f->signals;
    double t = f->time_s + s->start_s - s->signal[signal].green_from_s;
    t -= s->cycle_s * floor(t / s->cycle_s);
    if (t < s->signal[signal].green_s)
        return ITS_LIGHT_GREEN;
    return t < s->signal[signal].green_s + s->signal[signal].amber_s ? ITS_LIGHT_AMBER
                                                                     : ITS_LIGHT_RED;
}

/* Metres to a stop line that holds v, else a clear road. */
static double stop_ahead(const struct its_flow *f, const struct its_vehicle *v)
{
    const struct its_path *path = &f->path[v->path];
    double d = path->stop_m - v->s_m - half_length(v);
    if (!path->signal || d < 0)
        return CLEAR_ROAD_M;
    enum its_light_state light = its_flow_light(f, path->signal - 1);
    if (light == ITS_LIGHT_GREEN)
        return CLEAR_ROAD_M;
    bool too_late = v->speed_mps * v->speed_mps > 2 * BRAKE * 1.2 * d;
    if (light == ITS_LIGHT_AMBER && too_late)
        return CLEAR_ROAD_M;
    return d + v->gap_m * 0.7; /* stop a little before the line, not a whole gap */
}

/* --- a breakdown */

void its_flow_break_down(struct its_flow *f, const struct its_breakdown *plan)
{
    f->plan = *plan;
    f->plan.after_s += f->time_s;
    f->breakdown = BREAKDOWN_PLANNED;
}

uint32_t its_flow_broken_down(const struct its_flow *f)
{
    return f->breakdown == STANDING ? f->broken_id : 0;
}

/* A car far enough away to brake gently, near enough to be soon there, behind the lights. */
static bool will_break_down(const struct its_flow *f, const struct its_vehicle *v)
{
    double left = f->plan.at_m - v->s_m, way = 10 + v->speed_mps * v->speed_mps / (2 * BRAKE);
    return v->path == f->plan.path && v->kind <= ITS_BODY_ESTATE && left > way && left < 140 &&
           v->s_m > f->path[v->path].stop_m;
}

static void pull_over(struct its_flow *f, struct its_vehicle *v)
{
    v->pull_m = f->plan.side_m * smooth((v->s_m - f->plan.at_m + PULL_OVER_M) / (PULL_OVER_M - 5));
    if (f->breakdown == BREAKING_DOWN && v->speed_mps < .1 && f->plan.at_m - v->s_m < 5) {
        f->breakdown = STANDING;
        f->repaired_s = f->time_s + f->plan.hold_s;
    }
    if (f->breakdown == STANDING && f->time_s >= f->repaired_s)
        f->breakdown = REPAIRED;
}

static void watch_breakdown(struct its_flow *f)
{
    if (f->breakdown == NO_BREAKDOWN || f->breakdown == REPAIRED)
        return;
    for (int i = 0; i < f->vehicles; i++) {
        struct its_vehicle *v = &f->vehicle[i];
        if (f->breakdown == BREAKDOWN_PLANNED && f->time_s >= f->plan.after_s &&
            will_break_down(f, v)) {
            f->breakdown = BREAKING_DOWN;
            f->broken_id = v->id;
        }
        if (f->breakdown != BREAKDOWN_PLANNED && v->id == f->broken_id)
            pull_over(f, v);
    }
}

static double break_down_ahead(const struct its_flow *f, const struct its_vehicle *v)
{
    bool stops = f->breakdown == BREAKING_DOWN || f->breakdown == STANDING;
    return stops && v->id == f->broken_id ? f->plan.at_m + v->gap_m - v->s_m : CLEAR_ROAD_M;
}

/* What v would like to drive here, slowing down in time for the next bend. */
static double wish_here(const struct its_flow *f, const struct its_vehicle *v)
{
    const struct its_path *path = &f->path[v->path];
    double wish = v->wish_mps, from = 0;
    if (path->into && v->s_m > path->merge_from_m)
        wish *= f->path[path->into - 1].speed_mps / path->speed_mps;
    for (int i = 0; i < path->pieces && !path->reversed; i++) {
        double k = fabs(path->piece[i].curvature), to = from + path->piece[i].length_m;
        if (k > 0 && v->s_m < to) {
            double limit2 = TURN_MPS2 / k, d = fmax(0, from - v->s_m);
            wish = fmin(wish, sqrt(limit2 + 2 * 0.6 * BRAKE * d));
        }
        from = to;
    }
    return wish;
}

static double acceleration(const struct its_vehicle *v, double wish, double gap, double closing_mps)
{
    double free = 1 - fmin(3, pow(v->speed_mps / wish, 4));
    double want =
        v->gap_m + fmax(0, v->speed_mps * v->headway_s +
                               v->speed_mps * closing_mps / (2 * sqrt(ACCELERATE * BRAKE)));
    double near = want / fmax(gap, 0.1);
    return fmax(-BRAKE_MAX, ACCELERATE * (free - near * near));
}

/* --- merging */

/* How hard v brakes behind o, whose middle is `distance` ahead; o NULL: a clear road. */
static double follow(const struct its_flow *f, const struct its_vehicle *v,
                     const struct its_vehicle *o, double distance)
{
    double gap = o ? distance - half_length(o) - half_length(v) : CLEAR_ROAD_M;
    return acceleration(v, wish_here(f, v), gap, o ? v->speed_mps - o->speed_mps : 0);
}

static const struct its_vehicle *follower_of(const struct its_flow *f, const struct its_vehicle *v,
                                             double *distance)
{
    const struct its_vehicle *best = NULL;
    *distance = CLEAR_ROAD_M;
    for (int i = 0; i < f->vehicles; i++) {
        const struct its_vehicle *o = &f->vehicle[i];
        double d = o->path == v->path ? v->s_m - o->s_m : -1;
        if (d >= 0 && d < *distance) {
            best = o;
            *distance = d;
        }
    }
    return best;
}

/* v as it would be in the lane it wants to. */
static struct its_vehicle changed_over(const struct its_flow *f, const struct its_vehicle *v)
{
    const struct its_path *ramp = &f->path[v->path], *lane = &f->path[ramp->into - 1];
    struct its_vehicle there = *v;
    there.path = ramp->into - 1;
    there.wish_mps *= lane->speed_mps / ramp->speed_mps;
    there.merged_m = v->s_m;
    there.merge_m = lateral(f, v) - lateral(f, &(struct its_vehicle){.path = there.path});
    return there;
}

static bool has_room(const struct its_flow *f, const struct its_vehicle *there)
{
    double ahead, behind;
    const struct its_vehicle *leader = leader_of(f, there, &ahead);
    const struct its_vehicle *follower = follower_of(f, there, &behind);
    if (leader && (ahead < half_length(leader) + half_length(there) + there->gap_m ||
                   follow(f, there, leader, ahead) < -MERGE_BRAKE))
        return false;
    return !follower || (behind > half_length(follower) + half_length(there) + follower->gap_m &&
                         follow(f, follower, there, behind) > -MERGE_BRAKE);
}

static void merge(struct its_flow *f)
{
    for (int i = 0; i < f->vehicles; i++) {
        struct its_vehicle *v = &f->vehicle[i];
        const struct its_path *ramp = &f->path[v->path];
        if (!ramp->into || v->s_m < ramp->merge_from_m)
            continue;
        struct its_vehicle there = changed_over(f, v);
        if (has_room(f, &there))
            *v = there;
    }
}

/* Metres to the end of a lane that ends, once it is time to brake for it. */
static double lane_end_ahead(const struct its_flow *f, const struct its_vehicle *v)
{
    const struct its_path *path = &f->path[v->path];
    double d = path->merge_to_m - v->s_m - half_length(v);
    bool soon = d < v->speed_mps * v->speed_mps / (2 * BRAKE) + v->speed_mps;
    return path->into && soon ? d + v->gap_m * .7 : CLEAR_ROAD_M;
}

/* Is v beside the lane it wants to, and fast enough to slip in? */
static bool is_merging(const struct its_flow *f, const struct its_vehicle *v)
{
    const struct its_path *path = &f->path[v->path];
    return path->into && v->s_m > path->merge_from_m && v->speed_mps > ROLLING;
}

/* Before anybody changes over, gaps are made: who merges drops back behind the one ahead in the
 * other lane, who drives there does so behind the one on the ramp, both gently. */
static double courtesy(const struct its_flow *f, const struct its_vehicle *v)
{
    double least = ACCELERATE, distance;
    if (is_merging(f, v)) {
        struct its_vehicle there = changed_over(f, v);
        const struct its_vehicle *leader = leader_of(f, &there, &distance);
        least = follow(f, &there, leader, distance);
    }
    for (int i = 0; i < f->vehicles; i++) {
        const struct its_vehicle *o = &f->vehicle[i];
        distance = o->s_m - v->s_m;
        if (distance > 0 && is_merging(f, o) && f->path[o->path].into == v->path + 1)
            least = fmin(least, follow(f, v, o, distance));
    }
    return fmax(least, -COURTESY);
}

static void drive(struct its_flow *f, double dt)
{
    double wanted[ITS_VEHICLES_MAX];
    for (int i = 0; i < f->vehicles; i++) {
        const struct its_vehicle *v = &f->vehicle[i];
        double distance;
        const struct its_vehicle *o = leader_of(f, v, &distance);
        double stop = fmin(fmin(stop_ahead(f, v), break_down_ahead(f, v)), lane_end_ahead(f, v));
        wanted[i] =
            fmin(follow(f, v, o, distance), acceleration(v, wish_here(f, v), stop, v->speed_mps));
        wanted[i] = fmin(wanted[i], courtesy(f, v));
    }
    for (int i = 0; i < f->vehicles; i++) {
        struct its_vehicle *v = &f->vehicle[i];
        double before = v->speed_mps;
        bool brakes = wanted[i] < (v->pose.brakes ? -BRAKE_LIGHT / 4 : -BRAKE_LIGHT);
        v->pose.brakes = brakes || before < .1;
        v->speed_mps = fmax(0, before + wanted[i] * dt);
        v->s_m += (before + v->speed_mps) / 2 * dt;
    }
}

static void leave(struct its_flow *f)
{
    int kept = 0;
    for (int i = 0; i < f->vehicles; i++) {
        const struct its_vehicle *v = &f->vehicle[i];
        if (v->s_m + half_length(v) < its_path_length(&f->path[v->path]))
            f->vehicle[kept++] = *v;
    }
    f->vehicles = kept;
}

static double interval(struct its_flow *f, int path)
{
    if (f->path[path].every_s > 0)
        return f->path[path].every_s;
    double rate = f->path[path].per_second * f->density;
    if (rate <= 0)
        return INFINITY;
    return -log(1 - its_dice_between(&f->dice, 0, 1)) / rate;
}

static void enter(struct its_flow *f, int path)
{
    if (f->time_s < f->next_s[path] || f->vehicles == ITS_VEHICLES_MAX)
        return;
    struct its_vehicle v = new_vehicle(f, path);
    double distance; /* it still stands before everybody, at s = 0 */
    const struct its_vehicle *o = leader_of(f, &v, &distance);
    double gap = o ? distance - half_length(o) - 2 * half_length(&v) : CLEAR_ROAD_M;
    if (o)
        v.speed_mps = fmin(v.speed_mps, o->speed_mps);
    if (gap < v.gap_m + v.speed_mps * v.headway_s)
        return; /* no room: somebody tries again at the next step */
    v.id = ++f->last_id;
    v.s_m = half_length(&v);
    f->vehicle[f->vehicles++] = v;
    f->next_s[path] = f->time_s + interval(f, path);
}

void its_flow_advance(struct its_flow *f, double seconds)
{
    int steps = (int)ceil(seconds / STEP_S - 1e-9);
    for (int i = 0; i < steps; i++) {
        double dt = seconds / steps;
        watch_breakdown(f);
        merge(f);
        drive(f, dt);
        leave(f);
        for (int path = 0; path < f->paths; path++)
            enter(f, path);
        f->time_s += dt;
    }
    for (int i = 0; i < f->vehicles; i++)
        place(f, &f->vehicle[i]);
}

struct its_flow *its_flow_create(const struct its_path *path, int paths,
                                 const struct its_signals *signals, double density, uint64_t seed)
{
    its_assert(paths <= PATHS_MAX);
    struct its_flow *f = its_malloc(sizeof(*f));
    f->path = path;
    f->paths = paths;
    f->signals = signals;
    f->density = density;
    f->dice.state = seed;
    for (int i = 0; i < paths; i++)
        f->next_s[i] = interval(f, i);
    its_flow_advance(f, FILL_S);
    return f;
}

void its_flow_destroy(struct its_flow **f)
{
    free(*f);
    *f = NULL;
}

struct its_vehicle *its_flow_vehicles(struct its_flow *f, int *count)
{
    *count = f->vehicles;
    return f->vehicle;
}
