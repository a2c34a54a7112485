/* Writing a clip: pictures in, an MP4 file with H.264 out, through libavcodec and libavformat.
 * No B-frames, closed groups of pictures, BT.709 with luma 16..235. The file appears under its
 * name only once it is complete: until then it is path + ".tmp".
 * One thread at a time; encodes on the caller's thread. */
#pragma once

#include "base/err.h"
#include "draw/canvas.h"

struct its_clip_settings {
    const char *path;  /* ends in .mp4; its folder exists */
    int width, height; /* pixels, even */
    int fps;
    int crf;          /* constant quality, 0..51, smaller is better; ignored with a bit rate */
    int bitrate_kbps; /* 0 = constant quality */
    double key_every_s;
};

/* crf 23, a key frame every 2 s; path, size and fps are the caller's to fill in. */
void its_clip_settings_default(struct its_clip_settings *s);

struct its_clip;

/* 0; ITS_EUNSUPPORTED when this libavcodec has no working H.264 encoder; -EINVAL; -ENOMEM; the
 * errno of the file. */
ITS_MUST_CHECK int its_clip_create(const struct its_clip_settings *settings, struct its_clip **out,
                                   struct its_error *err);

/* The next picture, shown 1 / fps s; copied. After an error the clip can only be destroyed. */
ITS_MUST_CHECK int its_clip_add(struct its_clip *c, const struct its_i420 *picture,
                                struct its_error *err);

/* Writes what is still on its way, gives the file its name and destroys the clip, also when it
 * fails. */
ITS_MUST_CHECK int its_clip_finish(struct its_clip **c, struct its_error *err);

/* Throws an unfinished clip away, with its file. Accepts NULL. */
void its_clip_destroy(struct its_clip **c);
