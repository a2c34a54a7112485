/* One road user, several boxes: a network reports the rider and the motorcycle, the motorcycle with
 * and without its rider, the driver behind the windscreen. Counted each for itself they would make
 * two crossings of one. */
#pragma once

#include <stdbool.h>

#include "detect/detection.h"

/* `part` is a part of the road user `whole`:
 *   - the rider of a two-wheeler: as wide, on top of it, not standing lower;
 *   - a two-wheeler inside the box of a two-wheeler;
 *   - an occupant of a vehicle: small, inside it, and well above its wheels. Who walks before a
 *     vehicle stands lower than that; who walks behind it stands out above. */
bool its_is_part(const struct its_detection *part, const struct its_detection *whole);
