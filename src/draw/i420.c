/* Integer conversion in 16.16 fixed point. The coefficients of a chroma sample add up to exactly
 * nought, those of luma to 219/255, so that grey stays grey and white is 235. */
#include "draw/i420.h"

#include <stdlib.h>

#include "base/mem.h"

#define SIZE_MAX_PX 16384
#define ROW_ALIGN   64

#define RED(p)   ((int32_t)((p) >> 16 & 255))
#define GREEN(p) ((int32_t)((p) >> 8 & 255))
#define BLUE(p)  ((int32_t)((p)&255))

enum {
    Y_R = 11966, Y_G = 40254, Y_B = 4064,    /* (0.2126, 0.7152, 0.0722) * 219/255 */
    U_R = -6596, U_G = -22188, U_B = 28784,  /* (B - Y) / 1.8556 * 224/255 */
    V_R = 28784, V_G = -26145, V_B = -2639,  /* (R - Y) / 1.5748 * 224/255 */
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

static void luma_row(const uint32_t *restrict rgb, uint8_t *restrict y, int w)
{
    for (int x = 0; x < w; x++) {
        uint32_t p = rgb[x];
        y[x] = (uint8_t)((Y_R * RED(p) + Y_G * GREEN(p) + Y_B * BLUE(p) + HALF + (16 << 16)) >> 16);
    }
}

static void chroma_sample(int32_t r, int32_t g, int32_t b, uint8_t *u, uint8_t *v)
{
    const int32_t middle = (128 << 18) + (HALF << 2); /* r, g, b are sums of four */
    *u = (uint8_t)((U_R * r + U_G * g + U_B * b + middle) >> 18);
    *v = (uint8_t)((V_R * r + V_G * g + V_B * b + middle) >> 18);
}

/* Two rows of pixels (the same one twice at an odd bottom) to one of chroma. */
static void chroma_row(const uint32_t *restrict top, const uint32_t *restrict low,
                       uint8_t *restrict u, uint8_t *restrict v, int w)
{
    const uint32_t rb = 0x00ff00ff, g = 0x0000ff00;
    for (int x = 0; x < w / 2; x++) {
        /* Four values of at most 255 need 10 bits: red and blue add up side by side. */
        uint32_t a = top[2 * x], b = top[2 * x + 1], c = low[2 * x], d = low[2 * x + 1];
        uint32_t both = (a & rb) + (b & rb) + (c & rb) + (d & rb);
        uint32_t green = ((a & g) >> 8) + ((b & g) >> 8) + ((c & g) >> 8) + ((d & g) >> 8);
        chroma_sample((int32_t)(both >> 16), (int32_t)green, (int32_t)(both & 0xffff), &u[x],
                      &v[x]);
    }
    if (w & 1) {
        uint32_t a = top[w - 1], c = low[w - 1];
        chroma_sample(2 * (RED(a) + RED(c)), 2 * (GREEN(a) + GREEN(c)), 2 * (BLUE(a) + BLUE(c)),
                      &u[w / 2], &v[w / 2]);
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
