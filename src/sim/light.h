/* The light of a scene, and the air between: what weather and hour do to it. */
#pragma once

#include <stdbool.h>

#include "draw/canvas.h"
#include "sim/view.h"

/* By name: the command line and the configuration use these. */
#define ITS_WEATHERS(X) X(DAY, "day") X(DUSK, "dusk") X(NIGHT, "night") X(RAIN, "rain")

enum its_weather {
#define X(name, text) ITS_WEATHER_##name,
    ITS_WEATHERS(X)
#undef X
        ITS_WEATHER_COUNT
};

/* "day", … Static storage. */
const char *its_weather_name(enum its_weather weather);

#define ITS_STREET_LAMPS_MAX 20

struct its_light {
    /* --- the site's own, by day */
    struct its_vec3 sun;    /* unit vector towards it */
    float direct, ambient;  /* strength of both on upright things */
    struct its_colour haze; /* what far things fade into */
    double haze_m;          /* distance at which two thirds are lost */
    int lamps;              /* street lamps: where their light falls straight down */
    struct {
        float x, y;
    } lamp[ITS_STREET_LAMPS_MAX];

    /* --- from the weather */
    struct its_colour exposure; /* how bright a surface looks, by colour; 1 = as by day */
    struct its_colour zenith, cloud;
    float overcast;    /* 0..1: how much of the sky is cloud, beyond fair weather's */
    float shadow;      /* how dark shadows are, 0..1 */
    float lamp_power;  /* street lamps: exposure right below them */
    float beam;        /* head lights on the road, 0..1; 0 = vehicles drive without lamps */
    float lit_windows; /* share of them */
    float wet;         /* of the road, 0..1 */
    float noise;       /* of the sensor: times what the settings say */
};

/* Fills in what comes from the weather, and changes sun and haze to suit it. */
void its_light_set_weather(struct its_light *light, enum its_weather weather);

/* What a surface of colour c looks like at x, y on or near the ground. */
struct its_colour its_light_on(const struct its_light *light, struct its_colour c, double x,
                               double y);

/* Seen from `distance` metres. */
struct its_colour its_light_through_air(const struct its_light *light, struct its_colour c,
                                        double distance);
