/* Traffic as it moves: road users on paths, each following the one in front (Intelligent Driver
 * Model: Treiber, Hennecke, Helbing, Phys. Rev. E 62, 2000) and stopping at red lights, so that no
 * two ever touch. Paths may cross only if signals keep their users apart. Who comes from a ramp
 * changes over where nobody has to brake hard for him (MOBIL's rule of safety: Kesting, Treiber,
 * Helbing, Transp. Res. Rec. 1999, 2007).
 * Everything follows from the seed. One thread at a time; no allocation after creation. */
#pragma once

#include <stdint.h>

#include "sim/body.h"

#define ITS_PATH_PIECES_MAX 4

/* A way over the ground: pieces of straight (curvature 0) or arc (1/m, positive to the right). */
struct its_path {
    double x, y, heading; /* of its start; heading as in its_body_pose */
    double offset_m;      /* to the right of the pieces */
    bool reversed;        /* driven from the far end to the start */
    int pieces;
    struct {
        double length_m, curvature;
    } piece[ITS_PATH_PIECES_MAX];

    double speed_mps; /* what most drive here */
    enum its_path_users {
        ITS_PATH_VEHICLES,
        ITS_PATH_BICYCLES,
        ITS_PATH_PERSONS,
    } users;
    double heavy;      /* vehicles: share of lorries and buses, 0..1 */
    double per_second; /* users entering at density 1 */
    double every_s;    /* instead: one at every so many seconds, at any density; 0 = by chance */

    /* --- where paths meet; 0 = nowhere */
    int entry, exit; /* paths of one entry share their first split_m; of one exit, their end */
    double split_m;
    int signal; /* 1 + index of the signal that holds them at stop_m */
    double stop_m;

    /* --- a ramp: a lane of the same pieces, to the right of another path, that ends */
    int into;                        /* 1 + index of that path; 0: it is none */
    double merge_from_m, merge_to_m; /* who drives on it changes over between these */
    double ramp_m; /* so far to the right it begins; at merge_from_m it has come alongside */
};

#define ITS_SIGNALS_MAX 4

/* Traffic lights with fixed times, all in seconds of one cycle. */
struct its_signals {
    double cycle_s;
    double start_s; /* where in the cycle the first moment lies */
    int count;
    struct {
        double green_from_s, green_s, amber_s;
    } signal[ITS_SIGNALS_MAX];
};

enum its_light_state {
    ITS_LIGHT_RED,
    ITS_LIGHT_GREEN,
    ITS_LIGHT_AMBER,
};

double its_path_length(const struct its_path *path);
/* Where a point s metres along it (and `right` metres to the right of it) lies. */
void its_path_at(const struct its_path *path, double s, double right, double *x, double *y,
                 double *heading);

/* How far to the right of its lane the ramp is s metres along it; 0 for other paths. */
double its_path_aside(const struct its_path *path, double s);

struct its_vehicle {
    uint32_t id; /* 1, 2, 3, … */
    struct its_body_pose pose;
    double speed_mps;
    enum its_body_kind kind;

    /* --- the driver's own business */
    int path;
    double s_m; /* of the middle, along the path */
    double wish_mps, headway_s, gap_m;
    double drift_m, drift_phase; /* nobody drives exactly in the middle */
    double pull_m;               /* to the right of the lane: who breaks down makes room */
    double merged_m, merge_m;    /* where it began to change lanes, and over what width */
    uint32_t lines_crossed;      /* one bit per counting line: for the caller */
};

#define ITS_VEHICLES_MAX 200

struct its_flow;

/* `path` and `signals` (NULL: none) are borrowed for the flow's life. density 0..1. Starts with the
 * roads already filled. */
struct its_flow *its_flow_create(const struct its_path *path, int paths,
                                 const struct its_signals *signals, double density, uint64_t seed);
void its_flow_destroy(struct its_flow **f);

void its_flow_advance(struct its_flow *f, double seconds);

/* Somebody breaks down: the next car on `path` that comes there after `after_s` pulls over by
 * `side_m`, stands still at `at_m` for hold_s, and drives on if there was nothing to pull over for.
 */
struct its_breakdown {
    int path;
    double at_m, side_m, after_s, hold_s;
};

void its_flow_break_down(struct its_flow *f, const struct its_breakdown *plan);

/* The id of the one who broke down, while he stands; 0: nobody. */
uint32_t its_flow_broken_down(const struct its_flow *f);

/* What the signal shows now. */
enum its_light_state its_flow_light(const struct its_flow *f, int signal);

/* The vehicles on the road, in no order; good until the next advance. The array keeps a vehicle's
 * place until one in front of it leaves. */
struct its_vehicle *its_flow_vehicles(struct its_flow *f, int *count);
