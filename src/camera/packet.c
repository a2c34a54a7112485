#include "camera/packet.h"

#include <stdlib.h>

#include <libavcodec/avcodec.h>

#include "base/mem.h"
#include "base/pool.h"
#include "camera/packet_pool.h"

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
