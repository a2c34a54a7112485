/* Latency of one camera: a histogram per stage and one for the whole way, from the stamps of its
 * results. One writer (the camera's lane); any thread may read. */
#pragma once

#include "base/hist.h"
#include "base/stamps.h"

struct its_latency {
    struct its_hist stage[ITS_STAGE_COUNT];
    struct its_hist total; /* arrived → published */
};

/* Zeroed memory is ready for use. Stages that the frame did not pass are left out. */
void its_latency_record(struct its_latency *l, const struct its_stamps *stamps);

/* into += from. */
void its_latency_add(struct its_latency *into, const struct its_latency *from);
