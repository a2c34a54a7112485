/* What travels from a put to the database, through memory or through the journal: an event, or what
 * was added to a camera's minute. Plain data. */
#pragma once

#include <stdint.h>

#include "store/store.h"
#include "store/ulid.h"

#define ITS_MINUTE_US INT64_C(60000000)

/* What is to be added to the coverage of one minute of one camera. */
struct its_minute {
    char camera[ITS_CAMERA_MAX + 1];
    int64_t start_us; /* multiple of ITS_MINUTE_US */
    int64_t observed_us;
    uint64_t frames_used, frames_predicted, frames_lost;
    uint32_t analysis_level;
    bool view_invalid;
};

enum its_record_kind {
    ITS_RECORD_CROSSING = 1, /* numbers are written to the journal: never reuse one */
    ITS_RECORD_MINUTE = 2,
};

struct its_record {
    enum its_record_kind kind;
    struct its_ulid id; /* rises in the order of writing */
    union {
        struct its_store_event event;
        struct its_minute minute;
    };
};
