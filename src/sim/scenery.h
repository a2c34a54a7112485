/* The still part of a scene: sky, hills, ground, and what stands beside the road. */
#pragma once

#include <stdint.h>

#include "sim/site.h"

/* Paints the whole canvas as `view` sees the site; `view` may look past the site's own picture (a
 * margin for sway). Takes some 100 ns per pixel. */
void its_scenery_paint(const struct its_site *site, const struct its_view *view, uint64_t seed,
                       struct its_canvas *canvas);

/* Leafage of about `height_m` at x, y: an uneven crown, lit from the sun's side. */
void its_scenery_tree(const struct its_site *site, const struct its_view *view, double x, double y,
                      double height_m, uint64_t seed, struct its_canvas *canvas);

/* A street lamp 10 m high, its head over `arm`. */
void its_scenery_lamp_post(const struct its_site *site, const struct its_view *view,
                           struct its_vec3 foot, struct its_vec3 arm, struct its_canvas *canvas);

/* A traffic light on its post, with the lamp that burns. */
void its_scenery_traffic_light(const struct its_site *site, const struct its_view *view,
                               const struct its_site_light *light, enum its_light_state state,
                               struct its_canvas *canvas);
