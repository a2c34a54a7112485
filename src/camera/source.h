/* A source of packets: one camera's stream, opened by URL. What kinds there are: source_*.c.
 *
 * Cameras on the network: rtsp:// and rtsps:// (H.264, H.265, JPEG); http:// and https:// (MPEG-TS,
 * fragmented MP4, JPEG pictures); tcp:// and udp:// (MPEG-TS); each with
 * [user[:password]@]host[:port]/path. On this machine: v4l2:/dev/video0. Their `arrived` is the
 * last byte of the picture, where the container tells it.
 *
 * Files: PATH or file:PATH, with ?loop (play again from the start, for ever) and ?unpaced (as fast
 * as it can be read) behind it. A file plays like a camera: paced by its own time stamps and looped
 * when asked. A file whose name really contains '?' wins over an option.
 *
 * sim:SCENE?NAME=VALUE&… is a simulated street (sim/scene_opts.h has the names, and duration,
 * bitrate): paced without an end, unpaced 60 s unless duration says otherwise.
 *
 * That one regular file is read and no other: playlists, pipes, devices and directories are refused
 * with a sentence. Where decoding times jump back (or, in MPEG-TS, far ahead) a new epoch begins;
 * its time goes on where the last one ended.
 *
 * One thread at a time; reading blocks. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"
#include "camera/packet.h"
#include "camera/transport.h"

/* Where a camera's numbering goes on after a reconnect. All zero for the first time. */
struct its_source_resume {
    uint64_t seq;
    uint32_t epoch;
    int64_t time_us;
};

struct its_source_settings {
    const char *url;
    enum its_transport transport;
    bool paced;              /* hand packets out no faster than their time stamps run */
    bool loop;               /* at the end start again, with a new epoch */
    bool once;               /* never start again, whatever `loop` and the URL say */
    int64_t open_timeout_us; /* opening, up to the first picture, takes longer: -ETIMEDOUT; 0 = no
                              * limit */
    int64_t read_timeout_us; /* one read takes longer: the same */
    struct its_source_resume resume;
};

/* Unpaced, no loop, TCP, 10 s each. url stays NULL. */
void its_source_defaults(struct its_source_settings *settings);

struct its_source;

/* Opens and reads far enough to know the codec. Blocks; `cancel` ends it early (ITS_ECANCELLED).
 * Options in the URL override the settings. 0 or negative, with a sentence for people in err. */
int its_source_open(const struct its_source_settings *settings, struct its_cancel *cancel,
                    struct its_source **out, struct its_error *err);

/* Borrowed, good until the next read. */
const struct its_stream_info *its_source_info(const struct its_source *s);

/* How many pictures the file says it holds; 0 = unknown or endless. */
uint64_t its_source_frames(const struct its_source *s);

/* The next packet; the reference is the caller's. ITS_EEOF: the end (never with `loop`).
 * Damaged stretches are skipped and counted. */
int its_source_read(struct its_source *s, struct its_packet **out, struct its_error *err);

/* Where a source opened after this one has to go on: the next epoch. */
struct its_source_resume its_source_resume_point(const struct its_source *s);

/* Read errors passed over so far: one for each damaged stretch. */
uint64_t its_source_errors(const struct its_source *s);

/* Clears the pointer; a pointer to NULL is allowed. */
void its_source_close(struct its_source **s);
