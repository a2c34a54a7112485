/* libavformat opened on one input: finds its video stream, says what it is, reads its packets. For
 * the kinds of source that rest on it. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "camera/source_ops.h"

struct AVDictionary;
struct AVFormatContext;
struct AVIOContext;
struct AVInputFormat;

struct its_demux {
    struct AVFormatContext *format;
    int stream; /* the video's index */
    int errors_in_a_row;
};

struct its_demux_input {
    const char *address;
    struct AVIOContext *io;             /* borrowed; given: this is read and nothing else */
    const struct AVInputFormat *format; /* NULL: libavformat finds out */
    struct AVDictionary **options;      /* as in avformat_open_input; may be NULL */
};

/* Opens the input and calls its_source_begin. The caller has started the clock. */
int its_demux_open(struct its_demux *d, struct its_source *s, const struct its_demux_input *input,
                   struct its_error *err);

/* The next packet of the video stream into p->av. Passes over damaged stretches and counts them in
 * s->errors. ITS_EEOF at the end. Within `timeout_us`. */
int its_demux_read(struct its_demux *d, struct its_source *s, struct its_packet *p,
                   int64_t timeout_us, struct its_error *err);

/* Accepts a half-open one. */
void its_demux_close(struct its_demux *d);
