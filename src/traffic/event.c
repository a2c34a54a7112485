#include "traffic/event.h"

const char *its_direction_name(enum its_direction d)
{
    return d == ITS_FORWARD ? "forward" : "backward";
}
