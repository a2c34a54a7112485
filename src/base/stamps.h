/* When a frame passed each stage boundary. Travels with packet, frame and result.
 * The list of stages is the one list: code, metrics, API and dashboard use these names. */
#pragma once

#include <stdint.h>

#define ITS_STAGES(X)                                                                              \
    X(DECODE_WAIT, "decode_wait")                                                                  \
    X(DECODE, "decode")                                                                            \
    X(PREPARE, "prepare")                                                                          \
    X(BATCH_WAIT, "batch_wait")                                                                    \
    X(INFER, "infer")                                                                              \
    X(POST, "post")                                                                                \
    X(TRACK, "track")                                                                              \
    X(PUBLISH, "publish")

enum its_stage {
#define X(name, text) ITS_STAGE_##name,
    ITS_STAGES(X)
#undef X
        ITS_STAGE_COUNT
};

/* Monotonic microseconds (base/clock.h). end_us[s] = 0: the frame did not pass stage s. */
struct its_stamps {
    int64_t arrived_us; /* last byte of the access unit was read */
    int64_t end_us[ITS_STAGE_COUNT];
};

/* "decode_wait", … Static storage. */
const char *its_stage_name(enum its_stage stage);

/* Time spent in a stage: its end minus the end of the last stage before it that the frame passed.
 * -1 when the frame did not pass it. */
int64_t its_stamps_spent_us(const struct its_stamps *s, enum its_stage stage);

/* published − arrived; -1 when not published yet. */
int64_t its_stamps_total_us(const struct its_stamps *s);
