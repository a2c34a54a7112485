/* Pooling, enlarging, adding, copying: memory-bound steps in plain C whose inner loops run over
 * neighbouring bytes of one row of one block, which compilers turn into vector code. */
#include "nn/cpu/move.h"

#include <math.h>
#include <string.h>

#include "base/attr.h"

#define LANES 16 /* channels of a block */

static size_t type_bytes(const struct its_place *p)
{
    return its_dtype_bytes(p->type);
}

static int blocks_of(const struct its_place *p)
{
    return (p->c + LANES - 1) / LANES;
}

/* First byte of a row of a block. */
static size_t row_at(const struct its_place *p, int n, int block, int y)
{
    return (size_t)its_place_index(p, n, block * LANES, y, 0) * type_bytes(p);
}

static bool dense(const struct its_place *p)
{
    return p->layout == ITS_LAYOUT_C16 && p->block == LANES && p->pixel_stride == LANES;
}

static bool same_steps(const struct its_place *a, const struct its_place *b)
{
    bool ints = a->type == ITS_U8 || a->type == ITS_S8;
    return !ints || (a->scale == b->scale && a->zero == b->zero);
}

static bool same_size(const struct its_place *a, const struct its_place *b)
{
    return a->n == b->n && a->c == b->c && a->h == b->h && a->w == b->w;
}

/* --- pooling: maxima of columns into a row in scratch, then maxima along it */

#define MAXIMA(name, type)                                                                         \
    static void name(type *restrict to, const type *restrict from, size_t n)                       \
    {                                                                                              \
        for (size_t i = 0; i < n; i++)                                                             \
            to[i] = from[i] > to[i] ? from[i] : to[i];                                             \
    }
MAXIMA(max_u8, uint8_t)
MAXIMA(max_s8, int8_t)
MAXIMA(max_f32, float)
#undef MAXIMA

static void maxima(enum its_dtype t, void *to, const void *from, size_t n)
{
    if (t == ITS_U8)
        max_u8(to, from, n);
    else if (t == ITS_S8)
        max_s8(to, from, n);
    else
        max_f32(to, from, n);
}

static void lowest(enum its_dtype t, void *to, size_t n)
{
    if (t == ITS_F32)
        for (size_t i = 0; i < n; i++)
            ((float *)to)[i] = -INFINITY;
    else
        memset(to, t == ITS_S8 ? 0x80 : 0, n);
}

bool its_pool_can(const struct its_pool_desc *d)
{
    enum its_dtype t = d->in.type;
    return dense(&d->in) && dense(&d->out) && t == d->out.type &&
           (t == ITS_U8 || t == ITS_S8 || t == ITS_F32) && same_steps(&d->in, &d->out) &&
           d->in.n == d->out.n && d->in.c == d->out.c && d->kernel > 0 && d->stride > 0 &&
           d->pad >= 0 && d->pad < d->kernel;
}

/* Pixels of the padded row, as far as windows reach. */
static size_t pool_pixels(const struct its_pool_desc *d)
{
    size_t reach = (size_t)((d->out.w - 1) * d->stride + d->kernel);
    return ITS_MAX(reach, (size_t)(d->pad + d->in.w));
}

size_t its_pool_scratch_bytes(const struct its_pool_desc *d)
{
    return pool_pixels(d) * LANES * type_bytes(&d->in);
}

static void pool_row(const struct its_pool_desc *d, const char *in, char *out, int n, int block,
                     int y, char *row)
{
    size_t pixel = LANES * type_bytes(&d->in), width = (size_t)d->in.w * LANES;
    int top = y * d->stride - d->pad;
    lowest(d->in.type, row, pool_pixels(d) * LANES);
    for (int k = ITS_MAX(top, 0); k < ITS_MIN(top + d->kernel, d->in.h); k++)
        maxima(d->in.type, row + (size_t)d->pad * pixel, in + row_at(&d->in, n, block, k), width);
    out += row_at(&d->out, n, block, y);
    lowest(d->in.type, out, (size_t)d->out.w * LANES);
    for (int k = 0; k < d->kernel; k++)
        if (d->stride == 1)
            maxima(d->in.type, out, row + (size_t)k * pixel, (size_t)d->out.w * LANES);
        else
            for (size_t x = 0; x < (size_t)d->out.w; x++)
                maxima(d->in.type, out + x * pixel,
                       row + (x * (size_t)d->stride + (size_t)k) * pixel, LANES);
}

void its_pool_run(const struct its_pool_desc *d, const void *in, void *out, int from, int to,
                  void *scratch)
{
    for (int r = from; r < to; r++)
        for (int b = 0; b < blocks_of(&d->out); b++)
            pool_row(d, in, out, r / d->out.h, b, r % d->out.h, scratch);
}

/* --- enlarging */

bool its_enlarge_can(const struct its_place *in, const struct its_place *out, int factor)
{
    return dense(in) && dense(out) && in->type == out->type && same_steps(in, out) && factor > 0 &&
           in->n == out->n && in->c == out->c && out->h == in->h * factor &&
           out->w == in->w * factor;
}

void its_enlarge_run(const struct its_place *in, const struct its_place *out, int factor,
                     const void *from, void *to, int row_from, int row_to)
{
    size_t pixel = LANES * type_bytes(in);
    for (int r = row_from; r < row_to; r++)
        for (int b = 0; b < blocks_of(out); b++) {
            int n = r / out->h, y = r % out->h;
            const char *source = (const char *)from + row_at(in, n, b, y / factor);
            char *target = (char *)to + row_at(out, n, b, y);
            for (int x = 0; x < in->w; x++, source += pixel)
                for (int k = 0; k < factor; k++, target += pixel)
                    memcpy(target, source, pixel);
        }
}

/* --- copies and sums */

static uint8_t step_of(float x)
{
    x = x > 255 ? 255 : x;
    return (uint8_t)(x < 0 ? 0 : x + 0.5f);
}

/* A row as a * factor_a + b * factor_b + rest, rounded; signed bytes with their upper bit turned.
 */
struct mix {
    float factor_a, factor_b, rest;
    uint8_t flip;
};

static void mix_row(const struct mix *m, uint8_t *to, const uint8_t *a, const uint8_t *b, size_t n)
{
    float factor_a = m->factor_a, factor_b = m->factor_b, rest = m->rest;
    uint8_t flip = m->flip;
    for (size_t i = 0; i < n; i++)
        to[i] = step_of((float)(uint8_t)(a[i] ^ flip) * factor_a +
                        (float)(uint8_t)(b[i] ^ flip) * factor_b + rest) ^
                flip;
}

static struct mix mix_of(const struct its_place *a, const struct its_place *b,
                         const struct its_place *out)
{
    float bias = a->type == ITS_S8 ? 128 : 0;
    struct mix m = {.factor_a = a->scale / out->scale,
                    .factor_b = b ? b->scale / out->scale : 0,
                    .flip = a->type == ITS_S8 ? 0x80 : 0};
    m.rest = (float)out->zero + bias - ((float)a->zero + bias) * m.factor_a -
             (b ? ((float)b->zero + bias) * m.factor_b : 0);
    return m;
}

bool its_copy_can(const struct its_place *in, const struct its_place *out)
{
    return dense(in) && dense(out) && in->type == out->type && same_size(in, out);
}

void its_copy_run(const struct its_place *in, const struct its_place *out, const void *from,
                  void *to, int row_from, int row_to)
{
    size_t count = (size_t)out->w * LANES;
    bool same = same_steps(in, out);
    struct mix m = same ? (struct mix){0} : mix_of(in, NULL, out);
    for (int b = 0; b < blocks_of(out); b++)
        for (int r = row_from; r < row_to; r++) {
            const char *source = (const char *)from + row_at(in, r / out->h, b, r % out->h);
            char *target = (char *)to + row_at(out, r / out->h, b, r % out->h);
            if (same)
                memcpy(target, source, count * type_bytes(in));
            else
                mix_row(&m, (uint8_t *)target, (const uint8_t *)source, (const uint8_t *)source,
                        count);
        }
}

bool its_add_can(const struct its_place *a, const struct its_place *b, const struct its_place *out)
{
    enum its_dtype t = out->type;
    return dense(a) && dense(b) && dense(out) && a->type == t && b->type == t &&
           (t == ITS_U8 || t == ITS_S8 || t == ITS_F32) && same_size(a, out) && same_size(b, out);
}

static void sum_row(float *to, const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = a[i] + b[i];
}

void its_add_run(const struct its_place *a, const struct its_place *b, const struct its_place *out,
                 const void *from_a, const void *from_b, void *to, int row_from, int row_to)
{
    size_t count = (size_t)out->w * LANES;
    struct mix m = out->type == ITS_F32 ? (struct mix){0} : mix_of(a, b, out);
    for (int block = 0; block < blocks_of(out); block++)
        for (int r = row_from; r < row_to; r++) {
            int n = r / out->h, y = r % out->h;
            const char *pa = (const char *)from_a + row_at(a, n, block, y);
            const char *pb = (const char *)from_b + row_at(b, n, block, y);
            char *target = (char *)to + row_at(out, n, block, y);
            if (out->type == ITS_F32)
                sum_row((float *)target, (const float *)pa, (const float *)pb, count);
            else
                mix_row(&m, (uint8_t *)target, (const uint8_t *)pa, (const uint8_t *)pb, count);
        }
}
