/* A scene's settings as people write them: the flags of `simulate` and the parts of a `sim:` URL
 * are made from one list. */
#pragma once

#include "base/opts.h"
#include "sim/scene.h"

extern const char *const its_scene_weathers[]; /* NULL at the end */
extern const char *const its_scene_events[];   /* the same */

/* ROW(what help calls the value, option row…). Offsets are those of its_scene_settings; `size` has
 * a function of its own below. */
#define ITS_SCENE_OPT_ROWS(ROW)                                                                    \
    ROW("WEATHER", {"weather", ITS_OPT_CHOICE, offsetof(struct its_scene_settings, weather),       \
                    .choices = its_scene_weathers, .doc = "Light and weather."})                   \
    ROW("EVENT", {"event", ITS_OPT_CHOICE, offsetof(struct its_scene_settings, event),             \
                  .choices = its_scene_events,                                                     \
                  .doc = "Something that goes wrong: somebody breaks down, or comes the wrong "    \
                         "way."})                                                                  \
    ROW("N", {"seed", ITS_OPT_INT, offsetof(struct its_scene_settings, seed), .min = 0,            \
              .max = 2147483647,                                                                   \
              .doc = "Chance begins here: the same seed gives the same traffic and pictures."})    \
    ROW("D", {"density", ITS_OPT_DOUBLE, offsetof(struct its_scene_settings, density), .min = 0,   \
              .max = 1, .doc = "Traffic, from an empty road to as much as it carries."})           \
    ROW("F", {"fps", ITS_OPT_INT, offsetof(struct its_scene_settings, fps), .min = 1, .max = 120,  \
              .unit = "frames/s", .doc = "Frame rate."})                                           \
    ROW("PX",                                                                                      \
        {"sway", ITS_OPT_DOUBLE, offsetof(struct its_scene_settings, sway_px), .min = 0, .max = 8, \
         .unit = "px", .doc = "The mast sways in the wind: how far the picture moves at most."})   \
    ROW(NULL, {"frame-code", ITS_OPT_BOOL, offsetof(struct its_scene_settings, frame_code),        \
               .doc = "Number and time of the frame as a pattern in the lower left corner."})      \
    ROW("LUMA", {"noise", ITS_OPT_DOUBLE, offsetof(struct its_scene_settings, noise), .min = 0,    \
                 .max = 20, .doc = "Noise of the sensor: standard deviation of the luma."})

/* Reads "960x540". 0, or -EINVAL with a sentence in err. */
ITS_MUST_CHECK int its_scene_set_size(struct its_scene_settings *settings, const char *text,
                                      struct its_error *err);

/* The kind of that name ("highway"), or -1. */
int its_scene_kind_from_name(const char *name);
