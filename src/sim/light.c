#include "sim/light.h"

#include <math.h>

#include "base/attr.h"
#include "base/mem.h"

#define LAMP_REACH_M 9.0f /* where a street lamp gives about a third */

const char *its_weather_name(enum its_weather weather)
{
    static const char *const name[] = {
#define X(id, text) [ITS_WEATHER_##id] = text,
        ITS_WEATHERS(X)
#undef X
    };
    its_assert(weather < ITS_WEATHER_COUNT);
    return name[weather];
}

static void set_day(struct its_light *l)
{
    l->exposure = (struct its_colour){1, 1, 1, 1};
    l->zenith = (struct its_colour){.42f, .60f, .83f, 1};
    l->cloud = (struct its_colour){.95f, .96f, .97f, 1};
    l->shadow = l->noise = 1;
}

/* The sun is about to set behind the left: long soft shadows, warm light, first lamps. */
static void set_dusk(struct its_light *l)
{
    l->sun = (struct its_vec3){-.82, -.30, .487};
    l->direct = .50f;
    l->ambient = .62f;
    l->haze = (struct its_colour){.86f, .60f, .44f, 1};
    l->haze_m *= .8;
    l->exposure = (struct its_colour){.72f, .57f, .52f, 1};
    l->zenith = (struct its_colour){.30f, .34f, .50f, 1};
    l->cloud = (struct its_colour){.80f, .50f, .42f, 1};
    l->shadow = .62f;
    l->lamp_power = .12f;
    l->beam = .30f;
    l->lit_windows = .25f;
    l->noise = 1.6f;
}

static void set_night(struct its_light *l)
{
    l->sun = (struct its_vec3){0, 0, 1}; /* lamps from above: a dark patch under each vehicle */
    l->direct = .35f;
    l->ambient = .75f;
    l->haze = (struct its_colour){.050f, .050f, .075f, 1};
    l->haze_m *= .7;
    l->exposure = (struct its_colour){.115f, .125f, .175f, 1};
    l->zenith = (struct its_colour){.012f, .016f, .040f, 1};
    l->cloud = (struct its_colour){.055f, .052f, .075f, 1};
    l->shadow = .8f;
    l->lamp_power = 1.15f;
    l->beam = 1;
    l->lit_windows = .4f;
    l->noise = 2.4f;
}

static void set_rain(struct its_light *l)
{
    l->sun = (struct its_vec3){0, 0, 1};
    l->direct = .18f;
    l->ambient = .82f;
    l->haze = (struct its_colour){.60f, .63f, .66f, 1};
    l->haze_m *= .34;
    l->exposure = (struct its_colour){.70f, .73f, .77f, 1};
    l->zenith = (struct its_colour){.50f, .53f, .57f, 1};
    l->cloud = (struct its_colour){.62f, .65f, .68f, 1};
    l->overcast = .5f;
    l->shadow = .55f;
    l->beam = .16f;
    l->lit_windows = .12f;
    l->wet = 1;
    l->noise = 1.6f;
}

void its_light_set_weather(struct its_light *light, enum its_weather weather)
{
    static void (*const set[])(struct its_light *) = {
        [ITS_WEATHER_DAY] = set_day,
        [ITS_WEATHER_DUSK] = set_dusk,
        [ITS_WEATHER_NIGHT] = set_night,
        [ITS_WEATHER_RAIN] = set_rain,
    };
    its_assert(weather < ITS_WEATHER_COUNT);
    set[weather](light);
}

struct its_colour its_light_on(const struct its_light *l, struct its_colour c, double x, double y)
{
    float lamps = 0;
    for (int i = 0; i < l->lamps && l->lamp_power > 0; i++) {
        float dx = ((float)x - l->lamp[i].x) / LAMP_REACH_M;
        float dy = ((float)y - l->lamp[i].y) / LAMP_REACH_M;
        float d2 = 1 + dx * dx + dy * dy;
        lamps += l->lamp_power / (d2 * sqrtf(d2));
    }
    /* Sodium and warm LED: more red than blue. */
    return (struct its_colour){
        c.r * (l->exposure.r + lamps),
        c.g * (l->exposure.g + lamps * .84f),
        c.b * (l->exposure.b + lamps * .62f),
        1,
    };
}

struct its_colour its_light_through_air(const struct its_light *l, struct its_colour c,
                                        double distance)
{
    return its_colour_mix(c, l->haze, (float)(1 - exp(-distance / l->haze_m)));
}
