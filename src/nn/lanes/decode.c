/* The decoding of a YOLO head with distribution focal loss: the distance from a cell's centre to a
 * side of the box is the mean of 16 bins under the softmax of their logits, in cells (Li et al.,
 * Generalized Focal Loss, 2020). Lanes are pixels: a tile of 16 pixels is turned, then everything
 * runs down columns. */
#include "nn/lanes/lane.h"

enum { BINS = 16 };

/* 16 pixels of one block of channels, turned: row k is channel k. Pixels beyond `count` repeat the
 * last one. */
static inline void turn(const float *from, int count, float (*to)[LANES])
{
    for (int i = 0; i < LANES; i++)
        for (int k = 0; k < LANES; k++)
            to[k][i] = from[(i < count ? i : count - 1) * LANES + k];
}

static f32x16 distance(const float *logits, int count)
{
    float tile[BINS][LANES];
    turn(logits, count, tile);
    f32x16 most = lane_load(tile[0]), sum = lane_all(0), mean = sum;
    for (int k = 1; k < BINS; k++)
        most = lane_max(most, lane_load(tile[k]));
    for (int k = 0; k < BINS; k++) {
        f32x16 e = lane_exp(lane_load(tile[k]) - most);
        sum += e;
        mean += e * (float)k;
    }
    return mean / sum;
}

static void put(float *to, f32x16 v, int count)
{
    float tile[LANES];
    if (count == LANES) {
        lane_store(to, v);
        return;
    }
    lane_store(tile, v);
    memcpy(to, tile, (size_t)count * sizeof(float));
}

static void put_boxes(const struct its_lanes_level *l, int64_t pixels, int64_t x, int count,
                      float *out, int64_t anchors)
{
    f32x16 side[4], cx, cy;
    for (int s = 0; s < 4; s++)
        side[s] = distance(l->box + s * pixels * LANES + x * LANES, count);
    for (int i = 0; i < LANES; i++) {
        cx[i] = (float)((x + i) % l->w) + 0.5f;
        cy[i] = (float)((x + i) / l->w) + 0.5f;
    }
    put(out, ((cx - side[0]) + (cx + side[2])) * 0.5f * l->stride, count);
    put(out + anchors, ((cy - side[1]) + (cy + side[3])) * 0.5f * l->stride, count);
    put(out + 2 * anchors, ((cx + side[2]) - (cx - side[0])) * l->stride, count);
    put(out + 3 * anchors, ((cy + side[3]) - (cy - side[1])) * l->stride, count);
}

static void put_scores(const struct its_lanes_level *l, int64_t pixels, int64_t x, int count,
                       int classes, float *out, int64_t anchors)
{
    float tile[LANES][LANES];
    for (int c = 0; c < classes; c++) {
        if (c % LANES == 0)
            turn(l->score + (int64_t)c * pixels + x * LANES, count, tile);
        f32x16 e = lane_exp(-lane_load(tile[c % LANES]));
        put(out + c * anchors, 1.f / (1.f + e), count);
    }
}

void LANE(decode)(const struct its_lanes_level *l, int classes, float *out, int64_t anchors,
                  int64_t at)
{
    int64_t pixels = (int64_t)l->w * l->h;
    for (int64_t x = 0; x < pixels; x += LANES) {
        int count = pixels - x < LANES ? (int)(pixels - x) : LANES;
        put_boxes(l, pixels, x, count, out + at + x, anchors);
        put_scores(l, pixels, x, count, classes, out + 4 * anchors + at + x, anchors);
    }
}
