/* The input of some output rows, copied into rows that include the padding: inner loops then know
 * neither borders nor strides of views. A row holds its blocks of 16 channels one after the other;
 * it is read nine times for a 3x3 window, so the copy, whose target stays in the cache, pays. */
#include <string.h>

#include "nn/cpu/conv_priv.h"

/* Where the row's real pixels lie: `before` of padding, `count` from the input's column `from`. */
struct span {
    int before, from, count;
};

static struct span span_of(const struct its_conv *c)
{
    const struct its_conv_desc *d = &c->desc;
    struct span s = {ITS_MIN(ITS_MAX(d->pad_left, 0), c->row_pixels), ITS_MAX(-d->pad_left, 0), 0};
    s.count = ITS_MAX(0, ITS_MIN(d->in.w - s.from, c->row_pixels - s.before));
    return s;
}

/* Padding: the zero point in every byte for integers, else zero. */
static int padding_of(const struct its_conv *c)
{
    return c->desc.math == ITS_CONV_INT8 ? c->desc.in.zero : 0;
}

static void block_row(const struct its_conv *c, const struct span *s, const char *from, int pad,
                      char *to)
{
    size_t type = (size_t)its_conv_type_bytes(c->kind), pixel = 16 * type;
    size_t stride = (size_t)c->desc.in.pixel_stride * type;
    memset(to, pad, (size_t)s->before * pixel);
    to += (size_t)s->before * pixel;
    if (stride == pixel)
        memcpy(to, from, (size_t)s->count * pixel);
    else
        for (int x = 0; x < s->count; x++)
            memcpy(to + (size_t)x * pixel, from + (size_t)x * stride, pixel);
    memset(to + (size_t)s->count * pixel, pad,
           (size_t)(c->row_pixels - s->before - s->count) * pixel);
}

static void block_rows(const struct its_conv *c, const char *in, int n, int y, char *row)
{
    const struct its_place *p = &c->desc.in;
    struct span s = span_of(c);
    size_t type = (size_t)its_conv_type_bytes(c->kind);
    for (int b = 0; b < c->in_blocks; b++)
        block_row(c, &s, in + (size_t)its_place_index(p, n, 16 * b, y, s.from) * type,
                  padding_of(c), row + (size_t)b * 16 * type * (size_t)c->row_pixels);
}

static void plane_rows(const struct its_conv *c, const char *in, int n, int y, char *row)
{
    const struct its_place *p = &c->desc.in;
    struct span s = span_of(c);
    for (int ch = 0; ch < p->c; ch++) {
        float *to = (float *)row + (size_t)ch * (size_t)c->row_pixels;
        memset(to, 0, (size_t)c->row_pixels * sizeof(float));
        memcpy(to + s.before, in + sizeof(float) * (size_t)its_place_index(p, n, ch, y, s.from),
               (size_t)s.count * sizeof(float));
    }
}

static void quad_row(const struct its_conv *c, const char *in, int n, int y, char *row)
{
    const struct its_place *p = &c->desc.in;
    struct span s = span_of(c);
    uint32_t *to = (uint32_t *)row;
    const float *f32[4] = {NULL};
    const uint8_t *u8[4] = {NULL};
    memset(to, padding_of(c), (size_t)s.before * 4);
    for (int ch = 0; ch < p->c; ch++) {
        int64_t at = its_place_index(p, n, ch, y, s.from);
        f32[ch] = (const float *)in + at;
        u8[ch] = (const uint8_t *)in + at;
    }
    if (p->layout == ITS_LAYOUT_PIXELS)
        its_conv_quads_pixels(u8[0], p->pixel_stride, s.count, to + s.before);
    else if (p->type == ITS_F32)
        its_conv_quads_f32(f32, p->c, s.count, 1.0f / p->scale, (float)p->zero, to + s.before);
    else
        its_conv_quads_u8(u8, p->c, s.count, to + s.before);
    to += s.before + s.count;
    memset(to, padding_of(c), (size_t)(c->row_pixels - s.before - s.count) * 4);
}

void its_conv_gather(const struct its_conv *c, const void *in, int n, int from, int to, char *rows)
{
    const struct its_conv_desc *d = &c->desc;
    int first = from * d->stride - d->pad_top;
    int end = (to - 1) * d->stride - d->pad_top + d->kernel_h;
    for (int y = first; y < end; y++, rows += c->row_bytes) {
        if (y < 0 || y >= d->in.h)
            memset(rows, padding_of(c), c->row_bytes);
        else if (c->feed == ITS_FEED_QUADS)
            quad_row(c, in, n, y, rows);
        else if (c->feed == ITS_FEED_PLANES)
            plane_rows(c, in, n, y, rows);
        else
            block_rows(c, in, n, y, rows);
    }
}
