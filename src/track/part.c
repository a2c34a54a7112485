#include "track/part.h"

#include <math.h>

/* Measured on clips of motorcycles seen from behind and of drivers seen through windscreens. */
#define RIDER_ALIGNED   0.6f  /* of the narrower box's width is common */
#define RIDER_BELOW     0.1f  /* at most, of the two-wheeler's height: where the feet may be */
#define INSIDE          0.85f /* of the part's area */
#define OCCUPANT_HEIGHT 0.4f  /* at most, of the vehicle's */
#define OCCUPANT_BOTTOM 0.75f /* at most, of the vehicle's height from its top */

static bool two_wheels(enum its_class cls)
{
    return cls == ITS_CLASS_BICYCLE || cls == ITS_CLASS_MOTORCYCLE;
}

static float bottom(struct its_box b)
{
    return b.y + b.h;
}

static bool inside(struct its_box part, struct its_box whole)
{
    return its_box_intersection(part, whole) >= INSIDE * its_box_area(part);
}

static bool rides(struct its_box person, struct its_box bike)
{
    float common = fminf(person.x + person.w, bike.x + bike.w) - fmaxf(person.x, bike.x);
    return common >= RIDER_ALIGNED * fminf(person.w, bike.w) && bottom(person) >= bike.y &&
           bottom(person) <= bottom(bike) + RIDER_BELOW * bike.h;
}

static bool sits_in(struct its_box person, struct its_box car)
{
    return inside(person, car) && person.h <= OCCUPANT_HEIGHT * car.h &&
           bottom(person) <= car.y + OCCUPANT_BOTTOM * car.h;
}

bool its_is_part(const struct its_detection *part, const struct its_detection *whole)
{
    if (two_wheels(part->cls))
        return two_wheels(whole->cls) && inside(part->box, whole->box) &&
               its_box_area(part->box) < its_box_area(whole->box);
    if (part->cls != ITS_CLASS_PERSON)
        return false;
    if (two_wheels(whole->cls))
        return rides(part->box, whole->box);
    return whole->cls != ITS_CLASS_PERSON && whole->cls != ITS_CLASS_VEHICLE &&
           sits_in(part->box, whole->box);
}
