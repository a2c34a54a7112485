/* A site: the place a scene plays at. Its camera, its paths, its counting lines and what its
 * ground looks like. One file per site fills this in; nothing here changes afterwards. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sim/body.h"
#include "sim/flow.h"
#include "sim/view.h"

#define ITS_SITE_PATHS_MAX  18
#define ITS_SITE_LINES_MAX  4
#define ITS_SITE_LIGHTS_MAX 8

/* A counting line on the ground. */
struct its_site_line {
    const char *name;
    struct its_vec3 a, b;
};

/* A traffic light on its post. */
struct its_site_light {
    double x, y, heading; /* the way it faces */
    int signal;           /* index */
};

struct its_site {
    struct its_view view;
    struct its_light light;
    int paths, lines, lights;
    struct its_path path[ITS_SITE_PATHS_MAX];
    struct its_site_line line[ITS_SITE_LINES_MAX];
    struct its_site_light traffic_light[ITS_SITE_LIGHTS_MAX];
    struct its_signals signals; /* count 0: none */

    struct its_breakdown breakdown; /* for who asks for a stopped vehicle */
    struct its_path wrong_way;      /* for who asks for a wrong-way driver … */
    int wrong_way_empties;          /* … a path nobody else drives then; -1: none */

    /* Colour of the ground at x, y; a pixel covers `across` by `along` metres there. */
    struct its_colour (*ground)(float x, float y, float across, float along, uint32_t seed);
    /* Is it road or pavement, which shine when they are wet? */
    bool (*paved)(float x, float y);
    /* What stands beside the road, painted over the ground from far to near. */
    void (*furnish)(const struct its_site *site, const struct its_view *view, uint64_t seed,
                    struct its_canvas *canvas);
};

/* 2 + 2 lanes with a median, seen from a bridge, traffic both ways. */
void its_site_highway(struct its_site *site, int w, int h);

/* Two roads crossing under signals: queues, turning vehicles, zebra crossings, cycle tracks. */
void its_site_junction(struct its_site *site, int w, int h);
