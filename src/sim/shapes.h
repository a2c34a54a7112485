/* The tables behind body.h: which prisms and marks make a saloon, a bus, … Folder-private. */
#pragma once

#include <stdbool.h>

#include "sim/body.h"

enum its_material {
    ITS_MATERIAL_PAINT, /* the vehicle's own colour */
    ITS_MATERIAL_LOAD,  /* its second colour: box, trailer, the rider's jacket */
    ITS_MATERIAL_GLASS,
    ITS_MATERIAL_DARK, /* plastic, underside */
    ITS_MATERIAL_RUBBER,
    ITS_MATERIAL_METAL,
    ITS_MATERIAL_HEADLAMP,
    ITS_MATERIAL_TAILLAMP,
    ITS_MATERIAL_PLATE,
    ITS_MATERIAL_SKIN,
    ITS_MATERIAL_COUNT
};

/* Of the materials with a colour of their own (not PAINT, LOAD). */
struct its_colour its_material_colour(enum its_material m);

/* A corner of the profile, seen from the right side: metres towards the nose, metres above the
 * ground, half the width there, and what covers the face from here to the next corner. */
struct its_profile {
    float l, z, half;
    enum its_material to_next;
};

#define ITS_PROFILE_MAX 8

/* The profile is convex and runs from the lower front over the top to the rear. */
struct its_prism {
    int layer; /* painted from 0 upwards */
    enum its_material side;
    int count;
    struct its_profile corner[ITS_PROFILE_MAX];
};

enum its_place {
    ITS_PLACE_SIDE,  /* rectangle on a side: l from a0 to a1, z from z0 to z1, `at` from the middle
                      */
    ITS_PLACE_END,   /* rectangle on nose (at > 0) or tail: w from a0 to a1, z from z0 to z1, l = at
                      */
    ITS_PLACE_WHEEL, /* disc on a side: centre l = a0, z = z0, radius a1, `at` from the middle */
};

struct its_mark {
    int prism; /* painted right after it */
    enum its_place place;
    enum its_material material;
    bool mirrored; /* on the other half as well */
    float at, a0, a1, z0, z1;
    float lean; /* END: metres that the face moves back per metre of height */
};

#define ITS_PRISMS_MAX 6
#define ITS_MARKS_MAX  20

struct its_body {
    enum its_road_user user;
    float length, width;
    int prisms, marks;
    struct its_prism prism[ITS_PRISMS_MAX];
    struct its_mark mark[ITS_MARKS_MAX];
};
