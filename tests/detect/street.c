#include "street.h"

#include <stdlib.h>
#include <string.h>

static uint32_t next(uint32_t *rng)
{
    return *rng = *rng * 1664525 + 1013904223;
}

/* Blocks of stone with joints, some darker, so that there is texture in both directions. */
static void pave(struct street *s)
{
    uint32_t rng = 7;
    for (int y = 0; y < s->h; y += 16)
        for (int x = 0; x < s->w; x += 24) {
            int luma = 90 + (int)(next(&rng) >> 24) / 4;
            for (int j = y; j < y + 16 && j < s->h; j++)
                for (int i = x; i < x + 24 && i < s->w; i++)
                    s->ground[j * s->w + i] = (uint8_t)(i - x < 2 || j - y < 2 ? luma - 30 : luma);
        }
}

void street_init(struct street *s, int w, int h, int rotation)
{
    bool turned = rotation == 90 || rotation == 270;
    memset(s, 0, sizeof *s);
    s->w = w;
    s->h = h;
    s->rng = 99;
    s->ground = malloc((size_t)w * h);
    s->px = malloc((size_t)w * h);
    s->stored = malloc((size_t)w * h);
    s->frame.plane[0] = s->stored;
    s->frame.coded_w = s->frame.stride[0] = turned ? h : w;
    s->frame.coded_h = turned ? w : h;
    s->frame.display_w = w;
    s->frame.display_h = h;
    s->frame.rotation = rotation;
    s->frame.full_range = true;
    pave(s);
}

void street_fini(struct street *s)
{
    free(s->ground);
    free(s->px);
    free(s->stored);
}

static int clamp(int v, int lo, int hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

void street_begin(struct street *s, int64_t time_us, int dx, int dy)
{
    s->frame.time_us = time_us;
    for (int y = 0; y < s->h; y++)
        for (int x = 0; x < s->w; x++)
            s->px[y * s->w + x] =
                s->ground[clamp(y - dy, 0, s->h - 1) * s->w + clamp(x - dx, 0, s->w - 1)];
}

static void fill(struct street *s, float fx, float fy, float fw, float fh, int luma)
{
    int x0 = clamp((int)fx, 0, s->w), x1 = clamp((int)(fx + fw), 0, s->w);
    int y0 = clamp((int)fy, 0, s->h), y1 = clamp((int)(fy + fh), 0, s->h);
    for (int y = y0; y < y1; y++)
        memset(s->px + y * s->w + x0, luma, (size_t)(x1 > x0 ? x1 - x0 : 0));
}

void street_car(struct street *s, struct its_box b, int luma)
{
    fill(s, b.x, b.y, b.w, b.h, luma);
    fill(s, b.x + b.w * 0.1f, b.y + b.h * 0.15f, b.w * 0.8f, b.h * 0.25f, 30);
    fill(s, b.x + b.w * 0.05f, b.y + b.h * 0.6f, b.w * 0.2f, b.h * 0.15f, 240);
    fill(s, b.x + b.w * 0.75f, b.y + b.h * 0.6f, b.w * 0.2f, b.h * 0.15f, 240);
    fill(s, b.x + b.w * 0.4f, b.y + b.h * 0.75f, b.w * 0.2f, b.h * 0.1f, 230);
}

void street_shadow(struct street *s, struct its_box b, float share)
{
    for (int y = clamp((int)b.y, 0, s->h); y < clamp((int)(b.y + b.h), 0, s->h); y++)
        for (int x = clamp((int)b.x, 0, s->w); x < clamp((int)(b.x + b.w), 0, s->w); x++)
            s->px[y * s->w + x] = (uint8_t)((float)s->px[y * s->w + x] * share);
}

/* The stored pixel that is shown at the upright (x, y). */
static uint8_t *stored_at(struct street *s, int x, int y)
{
    int w = s->frame.coded_w, h = s->frame.coded_h;
    switch (s->frame.rotation) {
    case 90:
        return &s->stored[(h - 1 - x) * w + y];
    case 180:
        return &s->stored[(h - 1 - y) * w + w - 1 - x];
    case 270:
        return &s->stored[x * w + w - 1 - y];
    default:
        return &s->stored[y * w + x];
    }
}

const struct its_frame *street_end(struct street *s, float gain, float noise)
{
    for (int y = 0; y < s->h; y++)
        for (int x = 0; x < s->w; x++) {
            float v = (float)s->px[y * s->w + x] * gain;
            if (noise > 0) {
                int sum = 0; /* of four uniform values: near enough to normal, sigma 148 */
                for (int i = 0; i < 4; i++)
                    sum += (int)(next(&s->rng) >> 24) - 128;
                v += (float)sum * noise / 148;
            }
            *stored_at(s, x, y) = (uint8_t)clamp((int)(v + 0.5f), 0, 255);
        }
    return &s->frame;
}
