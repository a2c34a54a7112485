/* An H.264 encoder: pictures in, access units out, one for one and in order of display. No
 * B-frames, closed groups of pictures, BT.709 with luma 16..235, Annex B with the parameter sets
 * apart. One thread at a time; encodes on the caller's thread. After creation it allocates nothing
 * itself (libavcodec makes each packet's bytes). */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "draw/canvas.h"

struct AVCodecContext;
struct AVPacket;

struct its_encoder_settings {
    int width, height; /* pixels, even */
    int fps;
    int crf;          /* constant quality, 0..51, smaller is better; ignored with a bit rate */
    int bitrate_kbps; /* 0 = constant quality */
    double key_every_s;
    bool live; /* every packet comes out at once, at the least cost, larger; a bit rate is kept
                * within every second */
};

/* crf 23, a key frame every 2 s, not live; size and fps are the caller's to fill in. */
void its_encoder_settings_default(struct its_encoder_settings *s);

struct its_encoder;

/* 0; ITS_EUNSUPPORTED when this libavcodec has no working H.264 encoder; -EINVAL; -ENOMEM. */
ITS_MUST_CHECK int its_encoder_create(const struct its_encoder_settings *settings,
                                      struct its_encoder **out, struct its_error *err);
void its_encoder_destroy(struct its_encoder **e);

/* Size, extradata, time base (1 / fps) and colours; borrowed. */
const struct AVCodecContext *its_encoder_context(const struct its_encoder *e);

/* Where to draw the next picture; good until its_encoder_send. 0 or -ENOMEM. */
ITS_MUST_CHECK int its_encoder_picture(struct its_encoder *e, struct its_i420 *picture);

/* Sends the picture drawn; the first has pts 0, each one more than the one before. Take all packets
 * before the next. 0 or negative. */
ITS_MUST_CHECK int its_encoder_send(struct its_encoder *e);

/* No more pictures: what is still on its way can be taken, then ITS_EEOF. */
ITS_MUST_CHECK int its_encoder_finish(struct its_encoder *e);

/* The next packet, times in 1 / fps; `packet` is empty before. 0, -EAGAIN: it wants a picture
 * first, ITS_EEOF, or another error. */
ITS_MUST_CHECK int its_encoder_take(struct its_encoder *e, struct AVPacket *packet);
