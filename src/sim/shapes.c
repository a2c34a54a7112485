/* Sizes are those of common European vehicles, to the nearest few centimetres. */
#include "sim/shapes.h"

#define PAINT    ITS_MATERIAL_PAINT
#define LOAD     ITS_MATERIAL_LOAD
#define GLASS    ITS_MATERIAL_GLASS
#define DARK     ITS_MATERIAL_DARK
#define RUBBER   ITS_MATERIAL_RUBBER
#define METAL    ITS_MATERIAL_METAL
#define HEADLAMP ITS_MATERIAL_HEADLAMP
#define TAILLAMP ITS_MATERIAL_TAILLAMP
#define PLATE    ITS_MATERIAL_PLATE
#define SKIN     ITS_MATERIAL_SKIN

#define SIDE  ITS_PLACE_SIDE
#define END   ITS_PLACE_END
#define WHEEL ITS_PLACE_WHEEL

/* A wheel of radius r at l, on both sides of prism p; rim and tyre are two marks. */
#define WHEELS(p, half, l, r)                                                                      \
    {p, WHEEL, RUBBER, true, half, l, r, r},                                                       \
    {                                                                                              \
        p, WHEEL, METAL, true, half + 0.01f, l, r * 0.55f, r                                       \
    }

/* Tables of numbers, read in columns. */
/* clang-format off */
static const struct its_body bodies[ITS_BODY_COUNT] = {
    [ITS_BODY_SALOON] = {
        .user = ITS_ROAD_USER_CAR, .length = 4.6f, .width = 1.82f,
        .prisms = 3,
        .prism = {
            {0, DARK, 4, {{2.1f, .12f, .80f, DARK}, {2.15f, .4f, .82f, DARK},
                          {-2.15f, .4f, .82f, DARK}, {-2.1f, .12f, .80f, DARK}}},
            {1, PAINT, 8, {{2.22f, .26f, .82f, DARK}, {2.3f, .5f, .88f, PAINT},
                           {2.12f, .78f, .84f, PAINT}, {.95f, .95f, .88f, PAINT},
                           {-1.75f, 1.0f, .88f, PAINT}, {-2.22f, .92f, .84f, PAINT},
                           {-2.3f, .55f, .88f, PAINT}, {-2.22f, .26f, .82f, DARK}}},
            {2, GLASS, 4, {{1.1f, .93f, .80f, GLASS}, {.25f, 1.43f, .64f, PAINT},
                           {-.95f, 1.45f, .64f, GLASS}, {-1.8f, .99f, .80f, DARK}}},
        },
        .marks = 13,
        .mark = {
            WHEELS(1, .885f, 1.38f, .33f), WHEELS(1, .885f, -1.38f, .33f),
            {1, END, HEADLAMP, true, 2.27f, .48f, .86f, .56f, .72f, .6f},
            {1, END, DARK, false, 2.31f, -.5f, .5f, .44f, .6f},
            {1, END, PLATE, false, 2.32f, -.26f, .26f, .36f, .47f},
            {1, END, TAILLAMP, true, -2.28f, .48f, .87f, .66f, .85f},
            {1, END, PLATE, false, -2.31f, -.26f, .26f, .55f, .66f},
            {2, SIDE, PAINT, true, .74f, -.12f, -.04f, 1.0f, 1.42f},
        },
    },
    [ITS_BODY_HATCHBACK] = {
        .user = ITS_ROAD_USER_CAR, .length = 4.0f, .width = 1.76f,
        .prisms = 3,
        .prism = {
            {0, DARK, 4, {{1.85f, .12f, .78f, DARK}, {1.9f, .4f, .8f, DARK},
                          {-1.85f, .4f, .8f, DARK}, {-1.85f, .12f, .78f, DARK}}},
            {1, PAINT, 8, {{1.92f, .26f, .8f, DARK}, {2.0f, .5f, .85f, PAINT},
                           {1.82f, .82f, .8f, PAINT}, {1.0f, .98f, .86f, PAINT},
                           {-1.7f, 1.02f, .86f, PAINT}, {-1.95f, .95f, .83f, PAINT},
                           {-2.0f, .55f, .85f, PAINT}, {-1.94f, .26f, .8f, DARK}}},
            {2, GLASS, 4, {{1.15f, .96f, .78f, GLASS}, {.3f, 1.47f, .62f, PAINT},
                           {-1.35f, 1.48f, .62f, GLASS}, {-1.88f, 1.0f, .78f, DARK}}},
        },
        .marks = 12,
        .mark = {
            WHEELS(1, .855f, 1.22f, .31f), WHEELS(1, .855f, -1.22f, .31f),
            {1, END, HEADLAMP, true, 1.97f, .44f, .82f, .58f, .76f, .6f},
            {1, END, PLATE, false, 2.02f, -.26f, .26f, .38f, .49f},
            {1, END, TAILLAMP, true, -1.99f, .55f, .84f, .68f, .93f},
            {1, END, PLATE, false, -2.01f, -.26f, .26f, .5f, .61f},
            {2, SIDE, PAINT, true, .72f, -.2f, -.1f, 1.0f, 1.44f},
            {1, END, DARK, false, 2.01f, -.4f, .4f, .3f, .38f},
        },
    },
    [ITS_BODY_ESTATE] = {
        .user = ITS_ROAD_USER_CAR, .length = 4.75f, .width = 1.9f,
        .prisms = 3,
        .prism = {
            {0, DARK, 4, {{2.2f, .16f, .84f, DARK}, {2.25f, .5f, .86f, DARK},
                          {-2.25f, .5f, .86f, DARK}, {-2.2f, .16f, .84f, DARK}}},
            {1, PAINT, 8, {{2.3f, .34f, .86f, DARK}, {2.37f, .62f, .92f, PAINT},
                           {2.2f, .92f, .88f, PAINT}, {1.1f, 1.08f, .92f, PAINT},
                           {-2.1f, 1.1f, .92f, PAINT}, {-2.32f, 1.05f, .9f, PAINT},
                           {-2.37f, .62f, .92f, PAINT}, {-2.3f, .34f, .86f, DARK}}},
            {2, GLASS, 4, {{1.25f, 1.06f, .85f, GLASS}, {.45f, 1.64f, .7f, PAINT},
                           {-1.95f, 1.66f, .7f, GLASS}, {-2.28f, 1.08f, .85f, DARK}}},
        },
        .marks = 14,
        .mark = {
            WHEELS(1, .925f, 1.42f, .37f), WHEELS(1, .925f, -1.42f, .37f),
            {1, END, HEADLAMP, true, 2.34f, .52f, .9f, .68f, .84f, .6f},
            {1, END, DARK, false, 2.38f, -.5f, .5f, .55f, .78f},
            {1, END, PLATE, false, 2.39f, -.26f, .26f, .44f, .55f},
            {1, END, TAILLAMP, true, -2.36f, .68f, .91f, .7f, 1.03f},
            {1, END, PLATE, false, -2.38f, -.26f, .26f, .66f, .77f},
            {2, SIDE, PAINT, true, .79f, -.05f, .05f, 1.1f, 1.62f},
            {2, SIDE, PAINT, true, .79f, -1.25f, -1.12f, 1.1f, 1.62f},
        },
    },
    [ITS_BODY_VAN] = {
        .user = ITS_ROAD_USER_TRUCK, .length = 5.6f, .width = 2.0f,
        .prisms = 4,
        .prism = {
            {0, DARK, 4, {{2.6f, .18f, .9f, DARK}, {2.65f, .5f, .92f, DARK},
                          {-2.65f, .5f, .92f, DARK}, {-2.6f, .18f, .9f, DARK}}},
            {1, PAINT, 5, {{2.72f, .36f, .92f, DARK}, {2.8f, .75f, .96f, PAINT},
                           {2.65f, 1.05f, .92f, PAINT}, {1.95f, 1.3f, .96f, PAINT},
                           {1.35f, .36f, .96f, DARK}}},
            {1, PAINT, 5, {{1.4f, .36f, .98f, PAINT}, {1.4f, 2.3f, .9f, PAINT},
                           {1.1f, 2.42f, .88f, PAINT}, {-2.7f, 2.42f, .9f, PAINT},
                           {-2.8f, .36f, .98f, DARK}}},
            {1, GLASS, 3, {{2.1f, 1.25f, .93f, GLASS}, {1.38f, 2.28f, .84f, DARK},
                           {1.38f, 1.2f, .95f, DARK}}},
        },
        .marks = 14,
        .mark = {
            WHEELS(1, .97f, 1.75f, .34f), WHEELS(2, .985f, -1.6f, .34f),
            {1, END, HEADLAMP, true, 2.78f, .58f, .92f, .72f, .95f, .3f},
            {1, END, DARK, false, 2.81f, -.5f, .5f, .6f, .82f},
            {1, END, PLATE, false, 2.82f, -.26f, .26f, .44f, .55f},
            {2, END, TAILLAMP, true, -2.81f, .82f, .96f, .9f, 1.4f},
            {2, END, PLATE, false, -2.82f, -.26f, .26f, .62f, .73f},
            {2, END, GLASS, true, -2.77f, .1f, .74f, 1.5f, 2.1f, -.04f},
            {2, END, DARK, false, -2.81f, -.02f, .02f, .5f, 2.3f, -.04f},
            {2, SIDE, GLASS, true, .955f, .65f, 1.3f, 1.35f, 2.0f},
        },
    },
    [ITS_BODY_LORRY] = {
        .user = ITS_ROAD_USER_TRUCK, .length = 8.6f, .width = 2.5f,
        .prisms = 3,
        .prism = {
            {0, DARK, 4, {{4.1f, .4f, 1.1f, DARK}, {4.1f, 1.0f, 1.1f, DARK},
                          {-4.2f, 1.0f, 1.1f, DARK}, {-4.2f, .4f, 1.1f, DARK}}},
            {1, PAINT, 6, {{4.25f, .42f, 1.18f, PAINT}, {4.3f, 1.45f, 1.2f, GLASS},
                           {4.18f, 2.4f, 1.16f, PAINT}, {3.8f, 2.75f, 1.1f, PAINT},
                           {2.45f, 2.8f, 1.12f, PAINT}, {2.45f, .42f, 1.18f, DARK}}},
            {1, LOAD, 4, {{2.3f, .98f, 1.25f, LOAD}, {2.3f, 3.4f, 1.25f, LOAD},
                          {-4.3f, 3.4f, 1.25f, LOAD}, {-4.3f, .98f, 1.25f, DARK}}},
        },
        .marks = 17,
        .mark = {
            WHEELS(1, 1.2f, 3.3f, .48f), WHEELS(0, 1.2f, -2.3f, .48f),
            WHEELS(0, 1.2f, -3.35f, .48f),
            {1, END, DARK, false, 4.29f, -.95f, .95f, .85f, 1.3f},
            {1, END, HEADLAMP, true, 4.29f, .72f, 1.1f, .58f, .78f},
            {1, END, PLATE, false, 4.3f, -.26f, .26f, .5f, .61f},
            {1, SIDE, GLASS, true, 1.2f, 3.1f, 4.0f, 1.5f, 2.3f},
            {0, END, TAILLAMP, true, -4.25f, .75f, 1.1f, .7f, .92f},
            {0, END, PLATE, false, -4.26f, -.26f, .26f, .55f, .66f},
            {2, END, DARK, false, -4.31f, -.025f, .025f, 1.0f, 3.35f},
            {2, END, DARK, true, -4.31f, 1.2f, 1.25f, 1.0f, 3.4f},
            {2, END, DARK, false, -4.31f, -1.25f, 1.25f, .98f, 1.1f},
            {2, SIDE, DARK, true, 1.26f, -4.3f, 2.3f, .98f, 1.08f},
            {2, SIDE, PAINT, true, 1.26f, -3.2f, 1.2f, 1.9f, 2.5f},
        },
    },
    [ITS_BODY_ARTICULATED] = {
        .user = ITS_ROAD_USER_TRUCK, .length = 15.5f, .width = 2.55f,
        .prisms = 4,
        .prism = {
            {0, DARK, 4, {{7.6f, .4f, 1.1f, DARK}, {7.6f, 1.1f, 1.1f, DARK},
                          {2.6f, 1.1f, 1.1f, DARK}, {2.6f, .4f, 1.1f, DARK}}},
            {0, DARK, 4, {{2.4f, .5f, 1.1f, DARK}, {2.4f, 1.1f, 1.1f, DARK},
                          {-7.7f, 1.1f, 1.1f, DARK}, {-7.7f, .5f, 1.1f, DARK}}},
            {1, PAINT, 6, {{7.7f, .4f, 1.2f, PAINT}, {7.75f, 1.6f, 1.22f, GLASS},
                           {7.62f, 2.55f, 1.2f, PAINT}, {6.9f, 3.5f, 1.1f, PAINT},
                           {5.6f, 3.6f, 1.12f, PAINT}, {5.6f, .6f, 1.2f, DARK}}},
            {1, LOAD, 4, {{5.0f, 1.08f, 1.27f, LOAD}, {5.0f, 3.95f, 1.27f, LOAD},
                          {-7.75f, 3.95f, 1.27f, LOAD}, {-7.75f, 1.08f, 1.27f, DARK}}},
        },
        .marks = 20,
        .mark = {
            WHEELS(2, 1.22f, 6.6f, .5f), WHEELS(0, 1.22f, 3.5f, .5f),
            WHEELS(1, 1.22f, -4.3f, .5f), WHEELS(1, 1.22f, -5.6f, .5f),
            {2, END, DARK, false, 7.74f, -1.0f, 1.0f, .85f, 1.45f},
            {2, END, HEADLAMP, true, 7.74f, .75f, 1.15f, .55f, .78f},
            {2, END, PLATE, false, 7.76f, -.26f, .26f, .48f, .6f},
            {2, SIDE, GLASS, true, 1.22f, 6.6f, 7.45f, 1.65f, 2.45f},
            {1, END, TAILLAMP, true, -7.72f, .75f, 1.1f, .75f, 1.0f},
            {1, END, PLATE, false, -7.73f, -.26f, .26f, .6f, .72f},
            {3, END, DARK, false, -7.76f, -.025f, .025f, 1.1f, 3.9f},
            {3, END, DARK, true, -7.76f, 1.2f, 1.27f, 1.08f, 3.95f},
            {3, END, DARK, false, -7.76f, -1.27f, 1.27f, 1.08f, 1.2f},
            {3, SIDE, DARK, true, 1.28f, -7.75f, 5.0f, 1.08f, 1.2f},
            {3, SIDE, PAINT, true, 1.28f, -5.5f, 3.2f, 2.2f, 3.1f},
            {1, SIDE, METAL, true, 1.12f, -3.4f, 1.8f, .55f, .95f},
        },
    },
    [ITS_BODY_BUS] = {
        .user = ITS_ROAD_USER_BUS, .length = 12.0f, .width = 2.5f,
        .prisms = 3,
        .prism = {
            {0, DARK, 4, {{5.8f, .2f, 1.15f, DARK}, {5.8f, .6f, 1.15f, DARK},
                          {-5.8f, .6f, 1.15f, DARK}, {-5.8f, .2f, 1.15f, DARK}}},
            {1, PAINT, 7, {{5.95f, .32f, 1.22f, PAINT}, {6.0f, 1.05f, 1.25f, GLASS},
                           {5.92f, 2.7f, 1.22f, PAINT}, {5.65f, 3.1f, 1.14f, PAINT},
                           {-5.85f, 3.1f, 1.14f, PAINT}, {-6.0f, 2.8f, 1.22f, PAINT},
                           {-6.0f, .32f, 1.25f, DARK}}},
            {2, METAL, 4, {{1.9f, 3.08f, .85f, METAL}, {1.7f, 3.36f, .8f, METAL},
                           {-1.7f, 3.36f, .8f, METAL}, {-1.9f, 3.08f, .85f, METAL}}},
        },
        .marks = 15,
        .mark = {
            {1, SIDE, GLASS, true, 1.255f, -5.6f, 5.75f, 1.25f, 2.5f},
            {1, SIDE, LOAD, true, 1.26f, -6.0f, 6.0f, .62f, .8f},
            {1, SIDE, PAINT, true, 1.265f, -2.9f, -2.75f, 1.25f, 2.5f},
            {1, SIDE, PAINT, true, 1.265f, .2f, .35f, 1.25f, 2.5f},
            {1, SIDE, PAINT, true, 1.265f, 3.1f, 3.25f, 1.25f, 2.5f},
            WHEELS(1, 1.255f, 3.4f, .5f), WHEELS(1, 1.255f, -2.7f, .5f),
            {1, END, HEADLAMP, true, 6.0f, .72f, 1.15f, .6f, .85f},
            {1, END, DARK, false, 5.97f, -.9f, .9f, 2.42f, 2.72f, .05f},
            {1, END, GLASS, false, -6.01f, -1.0f, 1.0f, 1.6f, 2.6f},
            {1, END, TAILLAMP, true, -6.01f, .98f, 1.18f, .8f, 1.4f},
            {1, END, DARK, false, -6.01f, -.85f, .85f, .75f, 1.3f},
            {1, END, PLATE, false, -6.02f, -.26f, .26f, .5f, .62f},
        },
    },
    [ITS_BODY_MOTORCYCLE] = {
        .user = ITS_ROAD_USER_MOTORCYCLE, .length = 2.1f, .width = 0.8f,
        .prisms = 5,
        .prism = {
            {0, RUBBER, 6, {{.95f, .0f, .07f, RUBBER}, {1.05f, .3f, .07f, RUBBER},
                            {.9f, .6f, .07f, RUBBER}, {-.85f, .62f, .08f, RUBBER},
                            {-1.05f, .3f, .08f, RUBBER}, {-.95f, .0f, .08f, RUBBER}}},
            {1, PAINT, 6, {{.7f, .45f, .16f, PAINT}, {.82f, .85f, .2f, PAINT},
                           {.55f, 1.05f, .34f, PAINT}, {-.1f, .95f, .2f, PAINT},
                           {-.95f, .85f, .14f, PAINT}, {-.6f, .5f, .14f, PAINT}}},
            {2, DARK, 5, {{.2f, .45f, .3f, DARK}, {.3f, .85f, .34f, DARK},
                          {-.1f, .98f, .3f, DARK}, {-.45f, .9f, .28f, DARK},
                          {-.3f, .45f, .28f, DARK}}},
            {3, LOAD, 5, {{.12f, .9f, .22f, LOAD}, {.42f, 1.2f, .36f, LOAD},
                          {.12f, 1.5f, .26f, LOAD}, {-.2f, 1.42f, .26f, LOAD},
                          {-.42f, .88f, .24f, LOAD}}},
            {4, PAINT, 6, {{.26f, 1.45f, .1f, DARK}, {.3f, 1.62f, .13f, DARK},
                           {.2f, 1.76f, .12f, PAINT}, {.02f, 1.76f, .12f, PAINT},
                           {-.06f, 1.62f, .13f, PAINT}, {-.0f, 1.45f, .1f, PAINT}}},
        },
        .marks = 3,
        .mark = {
            {1, END, HEADLAMP, false, .84f, -.12f, .12f, .74f, .92f},
            {1, END, TAILLAMP, false, -.97f, -.1f, .1f, .68f, .82f},
            {1, END, PLATE, false, -.98f, -.1f, .1f, .5f, .64f},
        },
    },
    [ITS_BODY_BICYCLE] = {
        .user = ITS_ROAD_USER_BICYCLE, .length = 1.8f, .width = 0.6f,
        .prisms = 5,
        .prism = {
            {0, RUBBER, 6, {{.8f, .0f, .025f, RUBBER}, {.9f, .34f, .025f, RUBBER},
                            {.7f, .66f, .025f, RUBBER}, {.42f, .6f, .025f, RUBBER},
                            {.25f, .34f, .025f, RUBBER}, {.45f, .02f, .025f, RUBBER}}},
            {0, RUBBER, 6, {{-.45f, .02f, .025f, RUBBER}, {-.25f, .34f, .025f, RUBBER},
                            {-.42f, .6f, .025f, RUBBER}, {-.7f, .66f, .025f, RUBBER},
                            {-.9f, .34f, .025f, RUBBER}, {-.8f, .0f, .025f, RUBBER}}},
            {1, DARK, 5, {{.18f, .3f, .13f, DARK}, {.26f, .75f, .15f, DARK},
                          {-.1f, 1.0f, .16f, DARK}, {-.3f, .95f, .16f, DARK},
                          {-.08f, .3f, .13f, DARK}}},
            {2, LOAD, 5, {{-.02f, .92f, .17f, LOAD}, {.4f, 1.12f, .27f, LOAD},
                          {.3f, 1.45f, .2f, LOAD}, {.05f, 1.46f, .2f, LOAD},
                          {-.34f, .98f, .18f, LOAD}}},
            {3, SKIN, 6, {{.34f, 1.42f, .07f, SKIN}, {.42f, 1.55f, .09f, SKIN},
                          {.38f, 1.68f, .09f, PAINT}, {.22f, 1.72f, .09f, PAINT},
                          {.12f, 1.6f, .09f, PAINT}, {.16f, 1.44f, .07f, SKIN}}},
        },
    },
    [ITS_BODY_PERSON] = {
        .user = ITS_ROAD_USER_PERSON, .length = 0.5f, .width = 0.55f,
        .prisms = 3,
        .prism = {
            {0, PAINT, 6, {{.22f, .0f, .13f, DARK}, {.2f, .1f, .13f, PAINT},
                           {.13f, .86f, .18f, PAINT}, {-.13f, .86f, .18f, PAINT},
                           {-.18f, .1f, .13f, PAINT}, {-.2f, .0f, .13f, DARK}}},
            {1, LOAD, 6, {{.14f, .8f, .19f, LOAD}, {.17f, 1.22f, .27f, LOAD},
                          {.09f, 1.5f, .19f, LOAD}, {-.1f, 1.5f, .19f, LOAD},
                          {-.15f, 1.22f, .26f, LOAD}, {-.13f, .8f, .19f, LOAD}}},
            {2, SKIN, 6, {{.07f, 1.48f, .07f, SKIN}, {.12f, 1.62f, .09f, SKIN},
                          {.07f, 1.76f, .08f, DARK}, {-.08f, 1.77f, .08f, DARK},
                          {-.12f, 1.64f, .09f, DARK}, {-.07f, 1.48f, .07f, SKIN}}},
        },
    },
};
/* clang-format on */

struct its_colour its_material_colour(enum its_material m)
{
    static const struct its_colour colour[ITS_MATERIAL_COUNT] = {
        [GLASS] = {.07f, .085f, .10f, 1},   [DARK] = {.075f, .075f, .08f, 1},
        [RUBBER] = {.05f, .05f, .05f, 1},   [METAL] = {.58f, .59f, .6f, 1},
        [HEADLAMP] = {.97f, .97f, .92f, 1}, [TAILLAMP] = {.62f, .04f, .04f, 1},
        [PLATE] = {.88f, .87f, .78f, 1},    [SKIN] = {.78f, .58f, .46f, 1},
    };
    return colour[m];
}

const char *its_road_user_name(enum its_road_user user)
{
    static const char *const name[] = {
#define X(id, text) [ITS_ROAD_USER_##id] = text,
        ITS_ROAD_USERS(X)
#undef X
    };
    its_assert(user < ITS_ROAD_USER_COUNT);
    return name[user];
}

const struct its_body *its_body_of(enum its_body_kind kind)
{
    its_assert(kind < ITS_BODY_COUNT);
    return &bodies[kind];
}

enum its_road_user its_body_user(const struct its_body *body)
{
    return body->user;
}

double its_body_length(const struct its_body *body)
{
    return body->length;
}

double its_body_width(const struct its_body *body)
{
    return body->width;
}
