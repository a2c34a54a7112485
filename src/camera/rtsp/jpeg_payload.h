/* JPEG over RTP (RFC 2435): packets carry the compressed data only; the file's head is made anew
 * from the few numbers in front of them. For access_unit.c. */
#pragma once

#include "camera/rtsp/access_unit.h"

/* One packet into the unit. What cannot be used marks the unit damaged. */
void its_jpeg_add(struct its_assembler *a, const struct its_rtp *packet);

/* The end of the picture. */
void its_jpeg_finish(struct its_assembler *a);
