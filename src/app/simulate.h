/* Draws a simulated street into a clip, and writes down the truth about it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"
#include "sim/scene.h"

struct its_simulate_settings {
    struct its_scene_settings scene;
    int64_t duration_us;
    int bitrate_kbps;  /* 0 = constant quality */
    const char *clip;  /* ends in .mp4; NULL: none, nothing is drawn */
    const char *truth; /* JSON Lines; NULL: none */
    bool progress;     /* a moving line on stderr */
};

/* Each file appears under its name once it is complete. 0 or negative, with a sentence in err;
 * neither file is there then. `cancel` ends it early (ITS_ECANCELLED). */
int its_simulate(const struct its_simulate_settings *settings, struct its_cancel *cancel,
                 struct its_error *err);
