/* The store: where events and counts rest. A writer that never blocks the frame path: the path
 * hands over small records, a writer thread commits them in batches. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "traffic/event.h"

/* One crossing as it is kept. */
struct its_store_event {
    char camera[64];
    struct its_crossing crossing;
    int64_t arrived_us;
};

/* How well a stretch of time was observed. Added up into the minute that holds capture_us. */
struct its_store_coverage {
    char camera[64];
    int64_t capture_us;  /* wall time of the end of the stretch */
    int64_t observed_us; /* how long frames kept coming */
    uint32_t frames_used, frames_predicted, frames_lost;
};
