/* What differs between two configurations, for people and for whoever applies it. */
#pragma once

#include "config/config.h"

/* The names of the camera options that differ in value, then "lines" when these do, as "url, lines"
 * into what (at most size bytes, cut with "…" where there is no room). False: nothing differs.
 * Where a value comes from, and the order of the lines, make no difference. */
bool its_camera_config_diff(const struct its_camera_config *a, const struct its_camera_config *b,
                            char *what, size_t size);

bool its_camera_config_same_lines(const struct its_camera_config *a,
                                  const struct its_camera_config *b);

/* The same for the options of a configuration that only take effect with a restart: "state,
 * store.path". */
bool its_config_diff_restart(const struct its_config *a, const struct its_config *b, char *what,
                             size_t size);

/* A copy with all of its texts and lines in the arena; where they came from is left out. */
const struct its_camera_config *its_camera_config_copy(const struct its_camera_config *config,
                                                       struct its_arena *arena);
