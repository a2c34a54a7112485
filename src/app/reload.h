/* A running engine made to follow another configuration. */
#pragma once

#include "app/engine.h"
#include "config/config.h"

/* Starts the cameras that are new, changes those that differ, removes those that are gone and
 * leaves the others alone; takes over the other options that may change while it runs. What is
 * done, what failed and what needs a restart is told in the log, a line each. A camera that failed
 * is tried again by the next reload. `started` is what the engine was started with. One thread at a
 * time. */
void its_reload(struct its_engine *engine, const struct its_config *started,
                const struct its_config *to);
