/* Integer conversion in 16.16 fixed point. The coefficients of a chroma sample add up to exactly
 * nought, those of luma to 219/255, so that grey stays grey and white is 235. */
#include "draw/i420.h"

#include <stdlib.h>

#include "base/mem.h"

#define SIZE_MAX_PX 16384
#define ROW_ALIGN   64
#define BLOCK       16 /* samples; a fixed count is what the compiler vectorises at -O2 */

#define RED(p)   ((int32_t)((p) >> 16 & 255))
#define GREEN(p) ((int32_t)((p) >> 8 & 255))
#define BLUE(p)  ((int32_t)((p)&255))

enum {
    Y_R = 11966,
    Y_G = 40254,
    Y_B = 4064, /* (0.2126, 0.7152, 0.0722) * 219/255 */
    U_R = -6596,
    U_G = -22188,
    U_B = 28784, /* (B - Y) / 1.8556 * 224/255 */
    V_R = 28784,
    V_G = -26145,
    V_B = -2639, /* (R - Y) / 1.5748 * 224/255 */
    HALF = 1 << 15,
};

int its_i420_init(struct its_i420 *p, int w, int h)
{
    if (w < 1 || h < 1 || w > SIZE_MAX_PX || h > SIZE_MAX_PX)
        return -EINVAL;
    int luma = (w + ROW_ALIGN - 1) & -ROW_ALIGN;
    int chroma = ((w + 1) / 2 + ROW_ALIGN - 1) & -ROW_ALIGN;
    size_t rows = (size_t)(h + 1) / 2;
    uint8_t *block = its_try_aligned((size_t)luma * (size_t)h + 2 * rows * (size_t)chroma);
    if (!block)
        return -ENOMEM;
    uint8_t *u = block + (size_t)luma * (size_t)h;
    *p = (struct its_i420){
        .w = w,
        .h = h,
        .plane = {block, u, u + rows * (size_t)chroma},
        .stride = {luma, chroma, chroma},
    };
    return 0;
}

void its_i420_fini(struct its_i420 *p)
{
    free(p->plane[0]);
    *p = (struct its_i420){0};
}

static uint8_t luma_of(uint32_t p)
{
    return (uint8_t)((Y_R * RED(p) + Y_G * GREEN(p) + Y_B * BLUE(p) + HALF + (16 << 16)) >> 16);
}

static void luma_row(const uint32_t *restrict rgb, uint8_t *restrict y, int w)
{
    int x = 0;
    for (; x + BLOCK <= w; x += BLOCK)
        for (int i = 0; i < BLOCK; i++)
            y[x + i] = luma_of(rgb[x + i]);
    for (; x < w; x++)
        y[x] = luma_of(rgb[x]);
}

/* From the sums of four pixels. */
static uint8_t chroma_of(int32_t r, int32_t g, int32_t b, int32_t kr, int32_t kg, int32_t kb)
{
    return (uint8_t)((kr * r + kg * g + kb * b + (128 << 18) + (HALF << 2)) >> 18);
}

/* Two rows of 2 * n pixels (the same row twice at an odd bottom) to n samples of each chroma. */
static inline void chroma_run(const uint32_t *restrict top, const uint32_t *restrict low,
                              uint8_t *restrict u, uint8_t *restrict v, int n)
{
    for (int x = 0; x < n; x++) {
        uint32_t p = top[2 * x], q = top[2 * x + 1], s = low[2 * x], t = low[2 * x + 1];
        int32_t r = RED(p) + RED(q) + RED(s) + RED(t);
        int32_t g = GREEN(p) + GREEN(q) + GREEN(s) + GREEN(t);
        int32_t b = BLUE(p) + BLUE(q) + BLUE(s) + BLUE(t);
        u[x] = chroma_of(r, g, b, U_R, U_G, U_B);
        v[x] = chroma_of(r, g, b, V_R, V_G, V_B);
    }
}

static void chroma_row(const uint32_t *restrict top, const uint32_t *restrict low,
                       uint8_t *restrict u, uint8_t *restrict v, int w)
{
    int x = 0;
    for (; x + BLOCK <= w / 2; x += BLOCK)
        chroma_run(top + 2 * x, low + 2 * x, u + x, v + x, BLOCK);
    chroma_run(top + 2 * x, low + 2 * x, u + x, v + x, w / 2 - x);
    if (w & 1) { /* the last column counts twice */
        const uint32_t a[2] = {top[w - 1], top[w - 1]}, b[2] = {low[w - 1], low[w - 1]};
        chroma_run(a, b, u + w / 2, v + w / 2, 1);
    }
}

void its_i420_from_rgb(const uint32_t *rgb, int stride, const struct its_i420 *to)
{
    for (int y = 0; y < to->h; y++)
        luma_row(rgb + (ptrdiff_t)y * stride, to->plane[0] + (ptrdiff_t)y * to->stride[0], to->w);
    for (int y = 0; y < (to->h + 1) / 2; y++) {
        const uint32_t *top = rgb + (ptrdiff_t)2 * y * stride;
        chroma_row(top, 2 * y + 1 < to->h ? top + stride : top,
                   to->plane[1] + (ptrdiff_t)y * to->stride[1],
                   to->plane[2] + (ptrdiff_t)y * to->stride[2], to->w);
    }
}
