/* Background model and comparison.
 *
 * Each pixel keeps up to three grey values ("modes") with the time each has been seen. A pixel that
 * matches a mode adds to that mode's time and pulls its value one step; the others lose half as
 * much. The mode seen longest is the background; a second one nearly as old counts too (a branch, a
 * blinking light). So a street seen for 0.3 s behind a car that passes in 0.2 s is background at
 * once, a car that waits does not dissolve before it has stood longer than the street was seen, and
 * when it leaves the street's mode is still there: no ghost.
 *
 * A pixel moves when it lies outside the range of the background's 3x3 neighbourhood by more than
 * its own threshold, which follows the pixel's noise. The range makes edges immune to a pixel of
 * sway. A darker pixel whose ratio to the background is one a shadow can have, and which shows no
 * edge that the background lacks, is moving but not solid.
 *
 * All loops run over blocks of ITS_LOWRES_BLOCK pixels on distinct planes: compilers turn them into
 * vector code at -O2. */
#include "detect/background.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "detect/lowres.h"

#define BLOCK ITS_LOWRES_BLOCK
/* A pixel this near to a mode belongs to it. */
#define MODE_REACH 14
/* 1.5 s: until then a second mode counts as background when it was seen half as long. */
#define YOUNG_TICKS 375
#define NOISE_START 8
#define NOISE_MAX   60
/* A gradient that grew by more than this is an edge that the background lacks. */
#define NEW_EDGE 24

int its_background_init(struct its_background *b, int w, int h, int stride, int memory_ticks)
{
    its_assert(w > 0 && h > 0 && stride >= w && stride % BLOCK == 0);
    its_assert(memory_ticks > 0 && memory_ticks <= ITS_BACKGROUND_TICKS_MAX);
    memset(b, 0, sizeof *b);
    b->mask_stride = stride + BLOCK;
    size_t plane = (size_t)stride * h;
    size_t mask = (size_t)b->mask_stride * (h + 2) + 2 * BLOCK;
    size_t rows = 8 * ((size_t)stride + 2 * BLOCK);
    size_t bytes = plane * (ITS_BACKGROUND_MODES * 3 + 2) + 2 * mask + rows;
    uint8_t *p = b->memory = its_try_aligned(bytes);
    if (!p)
        return -ENOMEM;
    b->w = w;
    b->h = h;
    b->stride = stride;
    b->memory_ticks = memory_ticks;
    for (int i = 0; i < ITS_BACKGROUND_MODES; i++, p += 2 * plane)
        b->weight[i] = (int16_t *)p;
    for (int i = 0; i < ITS_BACKGROUND_MODES; i++, p += plane)
        b->value[i] = p;
    b->noise = p;
    b->hold = p += plane;
    b->mask = (p += plane) + b->mask_stride + BLOCK;
    b->raw = (p += mask) + b->mask_stride + BLOCK;
    b->rows = p + mask;
    return 0;
}

void its_background_fini(struct its_background *b)
{
    free(b->memory);
    memset(b, 0, sizeof *b);
}

void its_background_restart(struct its_background *b, const uint8_t *px)
{
    size_t plane = (size_t)b->stride * b->h;
    for (int i = 0; i < ITS_BACKGROUND_MODES; i++) {
        memcpy(b->value[i], px, plane);
        memset(b->weight[i], 0, plane * sizeof *b->weight[i]);
    }
    for (size_t i = 0; i < plane; i++)
        b->weight[0][i] = 1;
    memset(b->noise, NOISE_START, plane);
    memset(b->hold, 0, plane);
    b->seen_ticks = 0;
}

/* --- learning */

struct learn_block {
    uint8_t *restrict v0, *restrict v1, *restrict v2, *restrict noise;
    int16_t *restrict w0, *restrict w1, *restrict w2;
    const uint8_t *restrict px, *restrict hold;
};

static inline int16_t abs16(int16_t a)
{
    return (int16_t)(a < 0 ? -a : a);
}

static inline int16_t step_to(int16_t from, int16_t to)
{
    return (int16_t)((to > from) - (to < from));
}

/* One block; all arithmetic in 16 bits. */
static void learn(struct learn_block k, int16_t ticks, int16_t most)
{
    int16_t quarter = (int16_t)((ticks + 3) >> 2);
    for (int i = 0; i < BLOCK; i++) {
        int16_t p = k.px[i], v0 = k.v0[i], v1 = k.v1[i], v2 = k.v2[i], n = k.noise[i];
        int16_t w0 = k.w0[i], w1 = k.w1[i], w2 = k.w2[i];
        int16_t held = k.hold[i] ? -1 : 0, kept = k.hold[i] == ITS_HOLD_KEPT ? -1 : 0;
        int16_t d0 = abs16((int16_t)(p - v0));
        int16_t m0 = d0 <= MODE_REACH ? -1 : 0;
        int16_t m1 = abs16((int16_t)(p - v1)) <= MODE_REACH ? -1 : 0;
        int16_t m2 = abs16((int16_t)(p - v2)) <= MODE_REACH ? -1 : 0;
        m1 &= ~m0;
        m2 &= ~(m0 | m1);
        int16_t fresh = (int16_t)(~(m0 | m1 | m2) & ~kept);
        /* A held pixel learns the new mode at quarter speed and forgets nothing; a kept one does
         * not learn it at all. */
        int16_t up = (int16_t)(((held & quarter) | (~held & ticks)) & ~kept);
        int16_t down = (int16_t)((ticks >> 1) & ~held);

        n = (int16_t)(n + (m0 & step_to(n, (int16_t)(4 * d0))));
        k.noise[i] = (uint8_t)(n > NOISE_MAX ? NOISE_MAX : n);
        v0 = (int16_t)(v0 + (m0 & step_to(v0, p)));
        v1 = (int16_t)(v1 + (m1 & step_to(v1, p)));
        v2 = (int16_t)((fresh & p) | (~fresh & (v2 + (m2 & step_to(v2, p)))));

        int16_t add0 = (int16_t)((m0 & ticks) - (~m0 & down));
        int16_t add1 = (int16_t)((m1 & up) - (~m1 & down));
        int16_t add2 = (int16_t)((m2 & up) - (~m2 & down));
        w0 = (int16_t)(w0 + add0);
        w1 = (int16_t)(w1 + add1);
        w2 = (int16_t)(w2 + add2);
        w0 = w0 < 0 ? 0 : w0 > most ? most : w0;
        w1 = w1 < 0 ? 0 : w1 > most ? most : w1;
        w2 = w2 < 0 ? 0 : w2 > most ? most : w2;
        w2 = (int16_t)((fresh & up) | (~fresh & w2));

        int16_t s12 = w2 > w1 ? -1 : 0;
        int16_t xv = (int16_t)((v1 ^ v2) & s12), xw = (int16_t)((w1 ^ w2) & s12);
        v1 ^= xv, v2 ^= xv, w1 ^= xw, w2 ^= xw;
        int16_t s01 = w1 > w0 ? -1 : 0;
        xv = (int16_t)((v0 ^ v1) & s01), xw = (int16_t)((w0 ^ w1) & s01);
        v0 ^= xv, v1 ^= xv, w0 ^= xw, w1 ^= xw;

        k.v0[i] = (uint8_t)v0, k.v1[i] = (uint8_t)v1, k.v2[i] = (uint8_t)v2;
        k.w0[i] = w0, k.w1[i] = w1, k.w2[i] = w2;
    }
}

void its_background_learn(struct its_background *b, const uint8_t *px, int ticks)
{
    size_t plane = (size_t)b->stride * b->h;
    ticks = ITS_MIN(ITS_MAX(ticks, 1), 250);
    for (size_t at = 0; at < plane; at += BLOCK)
        learn((struct learn_block){b->value[0] + at, b->value[1] + at, b->value[2] + at,
                                   b->noise + at, b->weight[0] + at, b->weight[1] + at,
                                   b->weight[2] + at, px + at, b->hold + at},
              (int16_t)ticks, (int16_t)b->memory_ticks);
    b->seen_ticks += ticks;
}

/* --- comparing */

static inline uint8_t min8(uint8_t a, uint8_t b)
{
    return a < b ? a : b;
}

static inline uint8_t max8(uint8_t a, uint8_t b)
{
    return a > b ? a : b;
}

static inline uint8_t sub8(uint8_t a, uint8_t b)
{
    return (uint8_t)(max8(a, b) - b);
}

static inline uint8_t diff8(uint8_t a, uint8_t b)
{
    return (uint8_t)(max8(a, b) - min8(a, b));
}

/* Range and gradient of a row over its neighbours above and below. */
static void column_range(uint8_t *restrict lo, uint8_t *restrict hi, uint8_t *restrict grad,
                         const uint8_t *restrict above, const uint8_t *restrict here,
                         const uint8_t *restrict below)
{
    for (int i = 0; i < BLOCK; i++) {
        lo[i] = min8(here[i], min8(above[i], below[i]));
        hi[i] = max8(here[i], max8(above[i], below[i]));
        grad[i] = diff8(above[i], below[i]);
    }
}

struct compare_block {
    uint8_t *restrict out;
    const uint8_t *restrict px, *restrict above, *restrict below;
    const uint8_t *restrict v0, *restrict v1, *restrict noise;
    const int16_t *restrict w0, *restrict w1;
    const uint8_t *restrict lo, *restrict hi, *restrict grad;
};

/* Which pixels have a second mode that counts as background. */
static void second_modes(uint8_t *restrict ok, const int16_t *restrict w0,
                         const int16_t *restrict w1)
{
    for (int i = 0; i < BLOCK; i++) {
        int16_t half = (int16_t)(w0[i] >> 1);
        int16_t need = w0[i] < YOUNG_TICKS ? half : (int16_t)(half + (half >> 1));
        ok[i] = w1[i] >= need ? 255 : 0;
    }
}

static void compare(struct compare_block k, uint8_t threshold)
{
    uint8_t second[BLOCK];
    second_modes(second, k.w0, k.w1);
    for (int i = 0; i < BLOCK; i++) {
        uint8_t p = k.px[i], v0 = k.v0[i];
        uint8_t lo = min8(k.lo[i], min8(k.lo[i - 1], k.lo[i + 1]));
        uint8_t hi = max8(k.hi[i], max8(k.hi[i - 1], k.hi[i + 1]));
        uint8_t t = max8(threshold, (uint8_t)(k.noise[i] + 4));
        uint8_t d = (uint8_t)(sub8(p, hi) | sub8(lo, p));
        uint8_t d1 = diff8(p, k.v1[i]) | (uint8_t)~second[i];
        uint8_t moving = (d > t) & (d1 > t);
        /* A shadow keeps 0.35 to 1 of the light and adds no edge. */
        uint8_t edge = max8(diff8(k.above[i], k.below[i]), diff8(k.px[i - 1], k.px[i + 1]));
        uint8_t old_edge = max8(k.grad[i], diff8(k.v0[i - 1], k.v0[i + 1]));
        uint8_t new_edge = sub8(edge, old_edge) > NEW_EDGE;
        uint8_t bright = p > v0;
        uint8_t black = (uint8_t)((v0 >> 2) + (v0 >> 4) + (v0 >> 5)) > p;
        k.out[i] = (uint8_t)(moving | (moving & (new_edge | bright | black)) << 4);
    }
}

static void compare_row(struct its_background *b, const uint8_t *px, int y, uint8_t threshold)
{
    int s = b->stride, up = y > 0 ? -s : 0, down = y + 1 < b->h ? s : 0;
    size_t at = (size_t)y * s, row = (size_t)s + 2 * BLOCK;
    uint8_t *lo = b->rows + BLOCK, *hi = lo + row, *grad = hi + row;
    uint8_t *v = grad + row, *p = v + row;
    for (int x = 0; x < s; x += BLOCK)
        column_range(lo + x, hi + x, grad + x, b->value[0] + at + up + x, b->value[0] + at + x,
                     b->value[0] + at + down + x);
    /* Copies with a neighbour beyond both ends. */
    memcpy(v, b->value[0] + at, (size_t)s);
    memcpy(p, px + at, (size_t)s);
    lo[-1] = lo[0], hi[-1] = hi[0], v[-1] = v[0], p[-1] = p[0];
    lo[s] = lo[s - 1], hi[s] = hi[s - 1], v[s] = v[s - 1], p[s] = p[s - 1];
    for (int x = 0; x < s; x += BLOCK)
        compare((struct compare_block){b->raw + (ptrdiff_t)y * b->mask_stride + x, p + x,
                                       px + at + up + x, px + at + down + x, v + x,
                                       b->value[1] + at + x, b->noise + at + x,
                                       b->weight[0] + at + x, b->weight[1] + at + x, lo + x, hi + x,
                                       grad + x},
                threshold);
    memset(b->raw + (ptrdiff_t)y * b->mask_stride + b->w, 0, (size_t)(b->mask_stride - b->w));
}

/* Four of nine neighbours decide: specks go, holes close. */
static void vote(uint8_t *restrict out, const uint8_t *restrict columns)
{
    for (int i = 0; i < BLOCK; i++) {
        uint8_t sum = (uint8_t)(columns[i - 1] + columns[i] + columns[i + 1]);
        uint8_t moving = (sum & 15) >= 4, solid = (sum >> 4) >= 5;
        out[i] = (uint8_t)(moving | (moving & solid) << 1);
    }
}

static void vote_row(struct its_background *b, int y)
{
    const uint8_t *raw = b->raw + (ptrdiff_t)y * b->mask_stride;
    const uint8_t *above = raw - b->mask_stride, *below = raw + b->mask_stride;
    uint8_t *mask = b->mask + (ptrdiff_t)y * b->mask_stride, *columns = b->rows + BLOCK;
    for (int x = 0; x < b->stride; x += BLOCK)
        for (int i = x; i < x + BLOCK; i++)
            columns[i] = (uint8_t)(above[i] + raw[i] + below[i]);
    columns[-1] = columns[b->stride] = 0;
    for (int x = 0; x < b->stride; x += BLOCK)
        vote(mask + x, columns + x);
    memset(mask + b->w, 0, (size_t)(b->mask_stride - b->w));
}

void its_background_compare(struct its_background *b, const uint8_t *px, int threshold)
{
    for (int y = 0; y < b->h; y++)
        compare_row(b, px, y, (uint8_t)threshold);
    for (int y = 0; y < b->h; y++)
        vote_row(b, y);
}

void its_background_ignore(struct its_background *b, int left, int top, int right, int bottom)
{
    left = ITS_MIN(left, b->w);
    right = ITS_MIN(right, b->w);
    for (int y = 0; y < b->h; y++) {
        uint8_t *row = b->mask + (ptrdiff_t)y * b->mask_stride;
        if (y < top || y >= b->h - bottom)
            memset(row, 0, (size_t)b->w);
        memset(row, 0, (size_t)left);
        memset(row + b->w - right, 0, (size_t)right);
    }
}

/* --- corrections */

void its_background_scale(struct its_background *b, float gain)
{
    if (gain == 1)
        return;
    uint8_t table[256];
    for (int i = 0; i < 256; i++) {
        float v = (float)i * gain + 0.5f;
        table[i] = v > 255 ? 255 : (uint8_t)v;
    }
    size_t plane = (size_t)b->stride * b->h;
    for (int m = 0; m < ITS_BACKGROUND_MODES; m++)
        for (size_t i = 0; i < plane; i++)
            b->value[m][i] = table[b->value[m][i]];
}

void its_background_accept(struct its_background *b, int x0, int x1, int y, const uint8_t *px)
{
    for (size_t at = (size_t)y * b->stride + x0, end = at + (size_t)(x1 - x0); at < end; at++) {
        int16_t top = b->weight[0][at];
        b->value[2][at] = b->value[1][at];
        b->weight[2][at] = 0;
        b->value[1][at] = b->value[0][at];
        b->weight[1][at] = (int16_t)(top / 2);
        b->value[0][at] = px[at];
        b->weight[0][at] = top;
        b->noise[at] = NOISE_START;
    }
}

void its_background_accept_unheld(struct its_background *b, const uint8_t *px)
{
    for (int y = 0; y < b->h; y++)
        for (int x = 0; x < b->w; x++)
            if (b->mask[(ptrdiff_t)y * b->mask_stride + x] && !b->hold[(size_t)y * b->stride + x]) {
                its_background_accept(b, x, x + 1, y, px);
                b->mask[(ptrdiff_t)y * b->mask_stride + x] = 0;
            }
}
