/* Offline analysis of one input: never drops a frame, and writes the same bytes on every run
 * (timings in the summary apart). With `realtime` the input is paced and may lose frames, as a live
 * camera would. The frames take the same way as in `run`. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "app/analysis.h"
#include "base/cancel.h"
#include "base/err.h"
#include "camera/source.h"

struct its_analyze_settings {
    const char *input;            /* source URL */
    enum its_transport transport; /* of an RTSP input */
    struct its_analysis_settings analysis;
    int64_t budget_us;   /* of a packet's deadline, with realtime */
    double analysis_fps; /* 0 = every frame */
    bool json;           /* JSON Lines on `out`; else a table for people */
    bool frames;         /* a line for every frame, too */
    bool realtime;
    bool progress;       /* a moving line on stderr */
    uint64_t max_frames; /* 0 = all */
    FILE *out;           /* borrowed */
};

/* A cancel ends it like the end of the input, with the summary of what was seen. 0 also when
 * damaged stretches were passed over (the summary counts them); negative when the input cannot be
 * opened or holds no frame that can be decoded, with a sentence in err. */
int its_analyze(const struct its_analyze_settings *settings, struct its_cancel *cancel,
                struct its_error *err);
