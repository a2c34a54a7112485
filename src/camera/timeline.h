/* The clock of one camera's stream: from time stamps in the stream's own units to time_us, which
 * goes on over loops and reconnects and never starts again. One thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "camera/packet.h"
#include "camera/source.h"

struct its_timeline {
    uint32_t epoch;
    int base_num, base_den; /* seconds per unit of a time stamp */
    int64_t first_ts; /* the time stamp that is the epoch's start; INT64_MIN = not yet known */
    int64_t epoch_start_us; /* time_us of the epoch's start */
    int64_t end_us;         /* largest time_us plus duration seen: where the next epoch starts */
    int64_t last_us;        /* of the packet before, for streams without time stamps */
    int64_t last_dts;       /* of the packet before; INT64_MIN = none in this epoch */
    int64_t step_us;        /* nominal duration of a picture */
    bool may_jump;          /* far ahead is a new beginning (MPEG-TS, live), not a true gap */
};

/* Goes on from where an earlier connection stood. */
void its_timeline_init(struct its_timeline *t, const struct its_source_resume *resume);

/* The units and the frame rate of the stream that is beginning; first_ts may be INT64_MIN: the
 * first stamped packet decides. */
void its_timeline_begin(struct its_timeline *t, const struct its_stream_info *info,
                        int64_t first_ts);

/* A new epoch begins where the old one ended. With INT64_MIN its first packet decides. */
void its_timeline_next_epoch(struct its_timeline *t, int64_t first_ts);

/* A time stamp as time_us; first_ts must be known. */
int64_t its_timeline_us(const struct its_timeline *t, int64_t ts);

/* Fills epoch, pts, time_us and has_time of a packet from its `av`, in the order of reading.
 * Decoding times that step back, or ahead where that may be, begin a new epoch. */
void its_timeline_stamp(struct its_timeline *t, struct its_packet *p);
