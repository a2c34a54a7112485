#include "camera/packet.h"

#include <math.h>
#include <stdlib.h>

#include <libavcodec/avcodec.h>

#include "base/mem.h"
#include "base/pool.h"
#include "camera/packet_pool.h"

/* A sample aspect beyond this is a damaged header, not an anamorphic camera. */
#define SAMPLE_ASPECT_MAX 4.0

struct its_stream_info *its_stream_info_create(const struct AVCodecParameters *codec)
{
    struct its_stream_info *info = its_malloc(sizeof(*info));
    its_ref_init(&info->ref);
    info->codec = avcodec_parameters_alloc();
    if (!info->codec || avcodec_parameters_copy(info->codec, codec) < 0) {
        avcodec_parameters_free(&info->codec);
        free(info);
        return NULL;
    }
    return info;
}

struct its_stream_info *its_stream_info_ref(struct its_stream_info *info)
{
    its_ref_get(&info->ref);
    return info;
}

void its_stream_info_unref(struct its_stream_info **pinfo)
{
    struct its_stream_info *info = *pinfo;
    *pinfo = NULL;
    if (!info || !its_ref_put(&info->ref))
        return;
    avcodec_parameters_free(&info->codec);
    free(info);
}

void its_displayed_size(int coded_w, int coded_h, int sar_num, int sar_den, int rotation, int *w,
                        int *h)
{
    double aspect = sar_num > 0 && sar_den > 0 ? (double)sar_num / sar_den : 1;
    if (aspect > SAMPLE_ASPECT_MAX || aspect < 1 / SAMPLE_ASPECT_MAX)
        aspect = 1;
    int stretched = (int)ITS_MAX(lround(coded_w * aspect), 1);
    bool turned = rotation % 180 != 0;
    *w = turned ? coded_h : stretched;
    *h = turned ? stretched : coded_h;
}

void its_stream_info_displayed_size(const struct its_stream_info *info, int *w, int *h)
{
    AVRational sar = info->codec->sample_aspect_ratio;
    its_displayed_size(info->coded_w, info->coded_h, sar.num, sar.den, info->rotation, w, h);
}

static int packet_init(void *object)
{
    struct its_packet *p = object;
    p->av = av_packet_alloc();
    return p->av ? 0 : -ENOMEM;
}

static void packet_reset(void *object)
{
    struct its_packet *p = object;
    av_packet_unref(p->av);
    its_stream_info_unref(&p->info);
}

static void packet_fini(void *object)
{
    struct its_packet *p = object;
    av_packet_free(&p->av);
}

struct its_pool *its_packet_pool_create(void)
{
    return its_pool_create(&(struct its_pool_settings){
        .name = "packets",
        .object_bytes = sizeof(struct its_packet),
        .init = packet_init,
        .reset = packet_reset,
        .fini = packet_fini,
    });
}

struct its_packet *its_packet_take(struct its_pool *pool)
{
    struct its_packet *p = its_pool_take(pool);
    if (p)
        its_ref_init(&p->ref);
    return p;
}

struct its_packet *its_packet_ref(struct its_packet *p)
{
    its_ref_get(&p->ref);
    return p;
}

void its_packet_unref(struct its_packet **pp)
{
    struct its_packet *p = *pp;
    *pp = NULL;
    if (p && its_ref_put(&p->ref))
        its_pool_give(p);
}
