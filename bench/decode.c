/* The physical limit that `analyze` is measured against: libavformat and libavcodec with one
 * thread, every frame decoded and thrown away.
 * usage: decode FILE   prints one line: frames, seconds, frames per second. */
#include <stdio.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "base/clock.h"

static uint64_t receive_all(AVCodecContext *codec, AVFrame *frame)
{
    uint64_t n = 0;
    while (avcodec_receive_frame(codec, frame) == 0)
        n++;
    return n;
}

int main(int argc, char **argv)
{
    AVFormatContext *format = NULL;
    if (argc != 2 || avformat_open_input(&format, argv[1], NULL, NULL) < 0 ||
        avformat_find_stream_info(format, NULL) < 0) {
        fprintf(stderr, "usage: decode FILE\n");
        return 2;
    }
    const AVCodec *decoder;
    int stream = av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, &decoder, 0);
    if (stream < 0)
        return 1;
    for (unsigned i = 0; i < format->nb_streams; i++)
        if ((int)i != stream)
            format->streams[i]->discard = AVDISCARD_ALL;
    AVCodecContext *codec = avcodec_alloc_context3(decoder);
    avcodec_parameters_to_context(codec, format->streams[stream]->codecpar);
    codec->thread_count = 1;
    if (avcodec_open2(codec, decoder, NULL) < 0)
        return 1;

    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    int64_t start_us = its_mono_us();
    uint64_t frames = 0;
    while (av_read_frame(format, packet) == 0) {
        if (packet->stream_index == stream)
            avcodec_send_packet(codec, packet);
        av_packet_unref(packet);
        frames += receive_all(codec, frame);
    }
    avcodec_send_packet(codec, NULL);
    frames += receive_all(codec, frame);
    double s = (double)(its_mono_us() - start_us) * 1e-6;
    printf("decode %llu frames %.4f s %.1f fps\n", (unsigned long long)frames, s,
           (double)frames / s);
    av_frame_free(&frame);
    av_packet_free(&packet);
    avcodec_free_context(&codec);
    avformat_close_input(&format);
    return 0;
}
