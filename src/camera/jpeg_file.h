/* Writing a photograph: one picture into a JPEG file. */
#pragma once

#include <stdint.h>

#include "base/err.h"

/* `rgb` is 0x00RRGGBB, `stride` pixels from row to row. 0; the errno of the file; ITS_EUNSUPPORTED
 * when this libavcodec has no JPEG encoder; -ENOMEM. After an error there is no file. */
int its_jpeg_write(const char *path, const uint32_t *rgb, int stride, int w, int h,
                   struct its_error *err);
