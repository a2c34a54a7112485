/* Looks at a camera for a few seconds and says what it sends. No decoding. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"
#include "camera/source.h"

struct its_probe_settings {
    const char *url;
    enum its_transport transport;
    int64_t timeout_us; /* the first picture, and each after it, takes longer: -ETIMEDOUT */
    int64_t watch_us;   /* so much of the stream is looked at, or all of a shorter one */
};

/* TCP, 10 s, 5 s. url stays NULL. */
void its_probe_defaults(struct its_probe_settings *settings);

/* What was seen; 0 where the stream does not tell. */
struct its_probe {
    char codec[24];
    char profile[40];  /* "" = not known */
    int width, height; /* displayed */
    double declared_fps, measured_fps;
    double bitrate_kbps;
    double key_interval_s;    /* from key frame to key frame, their mean; 0 = fewer than two seen */
    bool b_frames;            /* pictures come in another order than they are shown in */
    int64_t first_picture_us; /* from the beginning of the probe */
    enum its_capture_source clock;
    uint64_t pictures, read_errors; /* that it rests on */
};

/* Blocks; `cancel` ends it early. A file is read as fast as it goes, a camera at its own speed. 0,
 * or negative with a sentence in err; a stream that breaks off after the first second of it is no
 * failure: what was seen until then counts. */
int its_probe(const struct its_probe_settings *settings, struct its_cancel *cancel,
              struct its_probe *out, struct its_error *err);
