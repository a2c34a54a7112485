/* Making packets: for the sources of camera/ only. */
#pragma once

#include "base/pool.h"
#include "camera/packet.h"

/* One pool per source; close it with its_pool_close, packets that are out stay good. */
struct its_pool *its_packet_pool_create(void);

/* A packet with one reference, its `av` empty. NULL: no memory. */
struct its_packet *its_packet_take(struct its_pool *pool);

/* With one reference and a copy of the parameters; sizes are the caller's to fill. NULL: no memory.
 */
struct its_stream_info *its_stream_info_create(const struct AVCodecParameters *codec);
