/* Reduction of the luma plane to the working picture.
 *
 * Area averages over whole blocks: no aliasing from far vehicles, noise falls with the factor, and
 * the window can be moved by single coded pixels, which is how the detector follows a swaying
 * camera without blurring anything. Rows are summed into 16-bit columns first, because that is the
 * part that touches every pixel and it vectorises over whole registers. Rotation is applied to the
 * small picture. */
#include "detect/lowres.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

/* 255 rows of 255 fit in 16 bits. */
#define FACTOR_MAX 256

static int round_up(int n)
{
    return (n + ITS_LOWRES_BLOCK - 1) & ~(ITS_LOWRES_BLOCK - 1);
}

void its_lowres_fini(struct its_lowres *l)
{
    if (l->side != l->px)
        free(l->side);
    free(l->px);
    free(l->sums);
    memset(l, 0, sizeof *l);
}

int its_lowres_plan(struct its_lowres *l, const struct its_frame *f, int max_side)
{
    its_lowres_fini(l);
    int longer = ITS_MAX(f->coded_w, f->coded_h);
    if (f->coded_w < 1 || f->coded_h < 1 || max_side < 1 || !f->plane[0] ||
        longer > ITS_LOWRES_SIDE_MAX)
        return -EINVAL;
    int factor = (longer + max_side - 1) / max_side;
    if (factor > FACTOR_MAX)
        return -EINVAL;
    bool turned = f->rotation == 90 || f->rotation == 270;
    l->factor = ITS_MIN(factor, ITS_MIN(f->coded_w, f->coded_h));
    l->side_w = f->coded_w / l->factor;
    l->side_h = f->coded_h / l->factor;
    l->side_stride = round_up(l->side_w);
    l->w = turned ? l->side_h : l->side_w;
    l->h = turned ? l->side_w : l->side_h;
    l->stride = round_up(l->w);
    l->coded_w = f->coded_w;
    l->coded_h = f->coded_h;
    l->rotation = f->rotation;
    l->full_range = f->full_range;
    l->px = its_try_aligned((size_t)l->stride * l->h);
    l->side = f->rotation ? its_try_aligned((size_t)l->side_stride * l->side_h) : l->px;
    l->sums = its_try_calloc(f->coded_w, sizeof *l->sums);
    if (l->px && l->side && l->sums)
        return 0;
    its_lowres_fini(l);
    return -ENOMEM;
}

bool its_lowres_fits(const struct its_lowres *l, const struct its_frame *f)
{
    return l->px && f->plane[0] && l->coded_w == f->coded_w && l->coded_h == f->coded_h &&
           l->rotation == f->rotation && l->full_range == f->full_range;
}

/* --- kernels */

void its_lowres_row_c(uint8_t *dst, const uint8_t *src, ptrdiff_t stride, int n, int factor)
{
    unsigned area = (unsigned)(factor * factor);
    for (int x = 0; x < n; x++) {
        unsigned sum = area / 2;
        for (int j = 0; j < factor; j++)
            for (int i = 0; i < factor; i++)
                sum += src[j * stride + x * factor + i];
        dst[x] = (uint8_t)(sum / area);
    }
}

/* Loops of a fixed 16 turns become a few vector instructions at -O2; that is why they are here. */
static void add_row(uint16_t *restrict sums, const uint8_t *restrict src, int n)
{
    int x = 0;
    for (; x + 16 <= n; x += 16)
        for (int i = 0; i < 16; i++)
            sums[x + i] = (uint16_t)(sums[x + i] + src[x + i]);
    for (; x < n; x++)
        sums[x] = (uint16_t)(sums[x] + src[x]);
}

static void add_first_rows(uint16_t *restrict sums, const uint8_t *restrict a,
                           const uint8_t *restrict b, int n)
{
    int x = 0;
    for (; x + 16 <= n; x += 16)
        for (int i = 0; i < 16; i++)
            sums[x + i] = (uint16_t)(a[x + i] + b[x + i]);
    for (; x < n; x++)
        sums[x] = (uint16_t)(a[x] + b[x]);
}

static void fold_2(uint8_t *restrict dst, const uint16_t *restrict s, int n)
{
    int x = 0;
    for (; x + 16 <= n; x += 16)
        for (int i = x; i < x + 16; i++)
            dst[i] = (uint8_t)((s[2 * i] + s[2 * i + 1] + 2) >> 2);
    for (; x < n; x++)
        dst[x] = (uint8_t)((s[2 * x] + s[2 * x + 1] + 2) >> 2);
}

static uint8_t mean_4(const uint16_t *s)
{
    return (uint8_t)((s[0] + s[1] + s[2] + s[3] + 8) >> 4);
}

static void fold_4(uint8_t *restrict dst, const uint16_t *restrict s, int n)
{
    int x = 0;
    for (; x + 16 <= n; x += 16)
        for (int i = x; i < x + 16; i++)
            dst[i] = mean_4(s + 4 * i);
    for (; x < n; x++)
        dst[x] = mean_4(s + 4 * x);
}

static void fold_any(uint8_t *restrict dst, const uint16_t *restrict s, int n, int factor)
{
    /* Division by multiplication: exact for these sums, see the test. */
    unsigned area = (unsigned)(factor * factor);
    uint64_t inverse = ((1ull << 40) + area - 1) / area;
    for (int x = 0; x < n; x++) {
        unsigned sum = area / 2;
        for (int i = 0; i < factor; i++)
            sum += *s++;
        dst[x] = (uint8_t)(sum * inverse >> 40);
    }
}

void its_lowres_row(uint8_t *dst, const uint8_t *src, ptrdiff_t stride, int n, int factor,
                    uint16_t *sums)
{
    if (factor == 1) {
        memcpy(dst, src, (size_t)n);
        return;
    }
    add_first_rows(sums, src, src + stride, n * factor);
    for (int j = 2; j < factor; j++)
        add_row(sums, src + j * stride, n * factor);
    if (factor == 2)
        fold_2(dst, sums, n);
    else if (factor == 4)
        fold_4(dst, sums, n);
    else
        fold_any(dst, sums, n, factor);
}

/* --- the picture */

static int clamp(int v, int lo, int hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* 16..235 to 0..255. Rows are padded, so whole blocks. */
static void expand_range(uint8_t *px, int n)
{
    for (int x = 0; x < n; x += ITS_LOWRES_BLOCK)
        for (int i = 0; i < ITS_LOWRES_BLOCK; i++) {
            uint16_t v = px[x + i] < 16 ? 0 : (uint16_t)(px[x + i] - 16);
            v = (uint16_t)((v * 149 + 64) >> 7);
            px[x + i] = (uint8_t)(v > 255 ? 255 : v);
        }
}

static void reduce_side(struct its_lowres *l, const struct its_frame *f, int dx, int dy)
{
    int k = l->factor;
    /* Columns whose whole block lies inside the frame: first..last. */
    int first = dx < 0 ? (-dx + k - 1) / k : 0;
    int last = ITS_MIN((l->coded_w - dx) / k, l->side_w) - 1;
    first = clamp(first, 0, l->side_w - 1);
    last = clamp(last, first, l->side_w - 1);
    int src_x = clamp(first * k + dx, 0, l->coded_w - (last - first + 1) * k);
    for (int y = 0; y < l->side_h; y++) {
        int src_y = clamp(y * k + dy, 0, l->coded_h - k);
        uint8_t *dst = l->side + (size_t)y * l->side_stride;
        its_lowres_row(dst + first, f->plane[0] + (ptrdiff_t)src_y * f->stride[0] + src_x,
                       f->stride[0], last - first + 1, k, l->sums);
        memset(dst, dst[first], (size_t)first);
        memset(dst + last + 1, dst[last], (size_t)(l->side_stride - last - 1));
        if (!l->full_range)
            expand_range(dst, l->side_stride);
    }
}

/* Clockwise by l->rotation degrees from side to px. */
static void rotate(struct its_lowres *l)
{
    ptrdiff_t s = l->side_stride, x_step, y_step;
    const uint8_t *origin = l->side;
    if (l->rotation == 90) {
        origin += (l->side_h - 1) * s;
        x_step = -s;
        y_step = 1;
    } else if (l->rotation == 180) {
        origin += (l->side_h - 1) * s + l->side_w - 1;
        x_step = -1;
        y_step = -s;
    } else {
        origin += l->side_w - 1;
        x_step = s;
        y_step = -1;
    }
    for (int y = 0; y < l->h; y++) {
        uint8_t *dst = l->px + (size_t)y * l->stride;
        for (int x = 0; x < l->w; x++)
            dst[x] = origin[y * y_step + x * x_step];
        memset(dst + l->w, dst[l->w - 1], (size_t)(l->stride - l->w));
    }
}

void its_lowres_reduce(struct its_lowres *l, const struct its_frame *f, int dx, int dy)
{
    its_assert(its_lowres_fits(l, f));
    int right = l->rotation == 90 ? dy : l->rotation == 180 ? -dx : l->rotation == 270 ? -dy : dx;
    int down = l->rotation == 90 ? -dx : l->rotation == 180 ? -dy : l->rotation == 270 ? dx : dy;
    reduce_side(l, f, right, down);
    if (l->rotation)
        rotate(l);
}
