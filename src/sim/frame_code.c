/* 4 rows of 20 cells of 8x8 pixels in a black frame half a cell wide: 32 bits of frame, 32 of time,
 * 16 of check sum, highest bit first, white = 1. A cell is read from its inner 4x4 pixels, where
 * neighbours do not bleed into. */
#include "sim/frame_code.h"

#include <string.h>

#include "base/mem.h"

#define CELL    8
#define BORDER  4
#define COLUMNS 20
#define ROWS    4
#define WIDTH   (COLUMNS * CELL + 2 * BORDER)
#define HEIGHT  (ROWS * CELL + 2 * BORDER)
#define BLACK   16
#define WHITE   235
#define GREY    128 /* chroma without colour */

/* CRC-16/CCITT-FALSE (polynomial 0x1021, start 0xffff) of both numbers, high bytes first. */
static uint16_t check_sum(struct its_frame_code c)
{
    uint64_t data = (uint64_t)c.frame << 32 | c.time_ms;
    uint16_t crc = 0xffff;
    for (int bit = 63; bit >= 0; bit--) {
        bool top = (crc >> 15 ^ (unsigned)(data >> bit & 1)) & 1;
        crc = (uint16_t)(crc << 1 ^ (top ? 0x1021 : 0));
    }
    return crc;
}

static bool bit_of(struct its_frame_code c, int i)
{
    if (i < 32)
        return c.frame >> (31 - i) & 1;
    if (i < 64)
        return c.time_ms >> (63 - i) & 1;
    return check_sum(c) >> (79 - i) & 1;
}

static void fill(uint8_t *plane, int stride, int x, int y, int w, int h, uint8_t value)
{
    for (int i = 0; i < h; i++)
        memset(plane + (ptrdiff_t)(y + i) * stride + x, value, (size_t)w);
}

void its_frame_code_draw(const struct its_i420 *to, struct its_frame_code code)
{
    its_assert(to->w >= ITS_FRAME_CODE_MIN_W && to->h >= ITS_FRAME_CODE_MIN_H);
    int top = (to->h - HEIGHT) & ~1;
    fill(to->plane[0], to->stride[0], 0, top, WIDTH, HEIGHT, BLACK);
    for (int i = 1; i < 3; i++)
        fill(to->plane[i], to->stride[i], 0, top / 2, WIDTH / 2, HEIGHT / 2, GREY);
    for (int i = 0; i < COLUMNS * ROWS; i++)
        if (bit_of(code, i))
            fill(to->plane[0], to->stride[0], BORDER + i % COLUMNS * CELL,
                 top + BORDER + i / COLUMNS * CELL, CELL, CELL, WHITE);
}

static bool is_white(const uint8_t *luma, int stride, int x, int y)
{
    int sum = 0;
    for (int i = 0; i < 16; i++)
        sum += luma[(ptrdiff_t)(y + 2 + i / 4) * stride + x + 2 + i % 4];
    return sum > 16 * (BLACK + WHITE) / 2;
}

bool its_frame_code_read(const uint8_t *luma, int stride, int w, int h, struct its_frame_code *code)
{
    if (w < ITS_FRAME_CODE_MIN_W || h < ITS_FRAME_CODE_MIN_H)
        return false;
    int top = (h - HEIGHT) & ~1;
    uint32_t word[3] = {0}; /* frame, time, check sum */
    for (int i = 0; i < COLUMNS * ROWS; i++) {
        bool white =
            is_white(luma, stride, BORDER + i % COLUMNS * CELL, top + BORDER + i / COLUMNS * CELL);
        word[i / 32] = word[i / 32] << 1 | white;
    }
    struct its_frame_code c = {word[0], word[1]};
    if (check_sum(c) != word[2])
        return false;
    *code = c;
    return true;
}
