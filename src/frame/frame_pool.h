/* Making frames: for the decoder only. */
#pragma once

#include "base/pool.h"
#include "frame/frame.h"

/* Slots with an empty AVFrame each. Close it with its_pool_close; frames that are out stay good. */
struct its_pool *its_frame_pool_create(void);

/* A frame with one reference. NULL: no memory. */
struct its_frame *its_frame_take(struct its_pool *pool);

/* Fills pixels, planes and sizes from f->av and the stream's rotation. The format must be one of
 * enum its_pixels; anything else: ITS_EUNSUPPORTED (the decoder converts it first). */
int its_frame_describe(struct its_frame *f, int rotation);
