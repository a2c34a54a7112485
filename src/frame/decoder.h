/* One camera's decoder: packets in, frames out, on libavcodec with one thread (the decode pool
 * spreads cameras over the cores, not one picture over threads). One thread at a time.
 *
 * A new stream (other parameters) or a new epoch is noticed in the packet: what is inside is given
 * out first, then the decoder starts anew. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "camera/packet.h"
#include "frame/frame.h"

struct its_decoder;

/* Never fails; codecs are opened with the first packet. */
struct its_decoder *its_decoder_create(void);
void its_decoder_destroy(struct its_decoder **d);

/* Feeds one packet (borrowed), or NULL at the end of the stream. `analyse` travels to its frame.
 * -EAGAIN: receive first, then send this packet again. ITS_EDAMAGED: undecodable, counted, go on.
 * ITS_EUNSUPPORTED, ITS_ETOOBIG: this stream cannot be decoded at all. */
int its_decoder_send(struct its_decoder *d, const struct its_packet *p, bool analyse);

/* The next frame in presentation order; the reference is the caller's.
 * -EAGAIN: send more. ITS_EEOF: all is out (after send(NULL)). */
int its_decoder_receive(struct its_decoder *d, struct its_frame **out);

/* Bad packets and frames decoded around missing data. */
struct its_decoder_stats {
    uint64_t packets, frames, bad_packets, damaged_frames;
};
void its_decoder_read_stats(const struct its_decoder *d, struct its_decoder_stats *stats);
