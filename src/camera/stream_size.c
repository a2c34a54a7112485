#include "camera/stream_size.h"

#include <string.h>

#include <libavcodec/avcodec.h>

#include "base/err.h"

static int parse(AVCodecContext *codec, AVCodecParserContext *parser, AVCodecParameters *par,
                 const uint8_t *data, size_t size, double *fps)
{
    uint8_t *out;
    int out_size;
    parser->flags |= PARSER_FLAG_COMPLETE_FRAMES;
    av_parser_parse2(parser, codec, &out, &out_size, data, (int)size, AV_NOPTS_VALUE,
                     AV_NOPTS_VALUE, 0);
    par->width = parser->width > 0 ? parser->width : codec->width;
    par->height = parser->height > 0 ? parser->height : codec->height;
    par->format = parser->format;
    if (codec->framerate.num > 0 && codec->framerate.den > 0)
        *fps = av_q2d(codec->framerate);
    return par->width > 0 && par->height > 0 ? 0 : ITS_EDAMAGED;
}

int its_stream_size(struct AVCodecParameters *par, const uint8_t *data, size_t size, double *fps)
{
    int rc = -ENOMEM;
    AVCodecContext *codec = avcodec_alloc_context3(NULL);
    AVCodecParserContext *parser = av_parser_init(par->codec_id);
    uint8_t *padded = av_malloc(size + AV_INPUT_BUFFER_PADDING_SIZE);
    if (codec && parser && padded && avcodec_parameters_to_context(codec, par) >= 0) {
        memcpy(padded, data, size);
        memset(padded + size, 0, AV_INPUT_BUFFER_PADDING_SIZE);
        rc = parse(codec, parser, par, padded, size, fps);
    }
    av_free(padded);
    if (parser)
        av_parser_close(parser);
    avcodec_free_context(&codec);
    return rc;
}
