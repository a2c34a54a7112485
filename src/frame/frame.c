#include "frame/frame.h"

#include <errno.h>

#include <libavutil/frame.h>
#include <libavutil/pixfmt.h>

#include "base/err.h"
#include "camera/packet.h"
#include "frame/frame_pool.h"

static int frame_init(void *object)
{
    struct its_frame *f = object;
    f->av = av_frame_alloc();
    return f->av ? 0 : -ENOMEM;
}

static void frame_reset(void *object)
{
    struct its_frame *f = object;
    av_frame_unref(f->av);
}

static void frame_fini(void *object)
{
    struct its_frame *f = object;
    av_frame_free(&f->av);
}

struct its_pool *its_frame_pool_create(void)
{
    return its_pool_create(&(struct its_pool_settings){
        .name = "frames",
        .object_bytes = sizeof(struct its_frame),
        .init = frame_init,
        .reset = frame_reset,
        .fini = frame_fini,
    });
}

struct its_frame *its_frame_take(struct its_pool *pool)
{
    struct its_frame *f = its_pool_take(pool);
    if (!f)
        return NULL;
    struct AVFrame *av = f->av;
    *f = (struct its_frame){.av = av};
    its_ref_init(&f->ref);
    return f;
}

struct its_frame *its_frame_ref(struct its_frame *f)
{
    its_ref_get(&f->ref);
    return f;
}

void its_frame_unref(struct its_frame **pf)
{
    struct its_frame *f = *pf;
    *pf = NULL;
    if (f && its_ref_put(&f->ref))
        its_pool_give(f);
}

static int pixels_of(int av_format, enum its_pixels *pixels)
{
    switch (av_format) {
    case AV_PIX_FMT_YUV420P:
    case AV_PIX_FMT_YUVJ420P:
        *pixels = ITS_PIXELS_I420;
        return 0;
    case AV_PIX_FMT_YUV422P:
    case AV_PIX_FMT_YUVJ422P:
        *pixels = ITS_PIXELS_I422;
        return 0;
    case AV_PIX_FMT_YUV444P:
    case AV_PIX_FMT_YUVJ444P:
        *pixels = ITS_PIXELS_I444;
        return 0;
    case AV_PIX_FMT_NV12:
        *pixels = ITS_PIXELS_NV12;
        return 0;
    case AV_PIX_FMT_GRAY8:
        *pixels = ITS_PIXELS_GRAY;
        return 0;
    }
    return ITS_EUNSUPPORTED;
}

static bool is_full_range(const AVFrame *av)
{
    return av->color_range == AVCOL_RANGE_JPEG || av->format == AV_PIX_FMT_YUVJ420P ||
           av->format == AV_PIX_FMT_YUVJ422P || av->format == AV_PIX_FMT_YUVJ444P;
}

/* From this height on pictures that do not say are taken for BT.709, as players do. */
#define HD_HEIGHT 720

/* What the stream says; else JPEG is BT.601, and so are small pictures. */
static enum its_matrix matrix_of(const AVFrame *av)
{
    switch (av->colorspace) {
    case AVCOL_SPC_BT709:
    case AVCOL_SPC_SMPTE240M:
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
        return ITS_MATRIX_BT709; /* for the last three: the nearest of the two */
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
    case AVCOL_SPC_FCC:
        return ITS_MATRIX_BT601;
    default:
        return is_full_range(av) || av->height < HD_HEIGHT ? ITS_MATRIX_BT601 : ITS_MATRIX_BT709;
    }
}

int its_frame_describe(struct its_frame *f, int rotation)
{
    const AVFrame *av = f->av;
    int rc = pixels_of(av->format, &f->pixels);
    if (rc < 0)
        return rc;
    for (int i = 0; i < 3; i++) {
        f->plane[i] = av->data[i];
        f->stride[i] = av->linesize[i];
    }
    f->coded_w = av->width;
    f->coded_h = av->height;
    f->full_range = is_full_range(av);
    f->matrix = matrix_of(av);
    f->rotation = rotation;
    its_displayed_size(av->width, av->height, av->sample_aspect_ratio.num,
                       av->sample_aspect_ratio.den, rotation, &f->display_w, &f->display_h);
    return 0;
}
