/* Writing a clip: pictures in, an MP4 file with H.264 out. The file appears under its name only
 * once it is complete: until then it is path + ".tmp".
 * One thread at a time; encodes on the caller's thread. */
#pragma once

#include "base/err.h"
#include "camera/encoder.h"
#include "draw/canvas.h"

struct its_clip_settings {
    const char *path; /* ends in .mp4; its folder exists */
    struct its_encoder_settings encoder;
};

/* The encoder's defaults; path, size and fps are the caller's to fill in. */
void its_clip_settings_default(struct its_clip_settings *s);

struct its_clip;

/* 0; ITS_EUNSUPPORTED when this libavcodec has no working H.264 encoder; -EINVAL; -ENOMEM; the
 * errno of the file. */
ITS_MUST_CHECK int its_clip_create(const struct its_clip_settings *settings, struct its_clip **out,
                                   struct its_error *err);

/* Where to draw the next picture; good until its_clip_add. */
ITS_MUST_CHECK int its_clip_picture(struct its_clip *c, struct its_i420 *picture,
                                    struct its_error *err);

/* Adds the picture drawn, shown 1 / fps s. After an error the clip can only be destroyed. */
ITS_MUST_CHECK int its_clip_add(struct its_clip *c, struct its_error *err);

/* Writes what is still on its way, gives the file its name and destroys the clip, also when it
 * fails. */
ITS_MUST_CHECK int its_clip_finish(struct its_clip **c, struct its_error *err);

/* Throws an unfinished clip away, with its file. Accepts NULL. */
void its_clip_destroy(struct its_clip **c);
