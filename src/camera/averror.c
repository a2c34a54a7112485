#include "camera/averror.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <libavutil/error.h>
#include <libavutil/log.h>

#include "base/err.h"
#include "base/log.h"

int its_averror_map(int averror)
{
    switch (averror) {
    case AVERROR_INVALIDDATA:
        return ITS_EDAMAGED;
    case AVERROR_EOF:
        return ITS_EEOF;
    case AVERROR_EXIT:
        return ITS_ECANCELLED;
    case AVERROR_HTTP_UNAUTHORIZED:
    case AVERROR_HTTP_FORBIDDEN:
        return ITS_EUNAUTHORISED;
    case AVERROR_HTTP_NOT_FOUND:
        return ITS_ENOTFOUND;
    case AVERROR_DECODER_NOT_FOUND:
    case AVERROR_DEMUXER_NOT_FOUND:
    case AVERROR_PROTOCOL_NOT_FOUND:
    case AVERROR_PATCHWELCOME:
        return ITS_EUNSUPPORTED;
    case AVERROR_STREAM_NOT_FOUND:
        return ITS_ENOVIDEO;
    }
    /* The rest is AVERROR(errno) or one of libav's four-letter tags, which lie far below. */
    return averror > -4096 ? averror : -EIO;
}

static void on_av_log(void *object, int level, const char *fmt, va_list args)
{
    if (level > AV_LOG_ERROR)
        return;
    char text[512];
    vsnprintf(text, sizeof(text), fmt, args);
    text[strcspn(text, "\n")] = 0;
    if (text[0])
        its_log(ITS_LOG_DEBUG, "libav", "%s", text);
}

void its_av_log_adopt(void)
{
    av_log_set_callback(on_av_log);
}
