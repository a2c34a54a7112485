/* The decoding of a YOLO head with distribution focal loss: the distance from a cell's centre to a
 * side of the box is the mean of 16 bins under the softmax of their logits, in cells (Li et al.,
 * Generalized Focal Loss, 2020). Lanes are pixels: a tile of 16 pixels is turned, then everything
 * runs down columns. */
#include "nn/lanes/lane.h"

enum { BINS = 16 };

/* 16 pixels of one block of channels, turned: v[k] is channel k. Pixels beyond `count` repeat the
 * first. */
static inline void load_turned(const float *from, int count, f32x16 v[LANES])
{
    for (int i = 0; i < LANES; i++)
        v[i] = lane_load(from + (i < count ? i : 0) * LANES);
    lane_turn(v);
}

static f32x16 distance(const float *logits, int count)
{
    f32x16 v[BINS], sum = lane_all(0), mean = sum;
    load_turned(logits, count, v);
    f32x16 most = v[0];
    for (int k = 1; k < BINS; k++)
        most = lane_max(most, v[k]);
    for (int k = 0; k < BINS; k++) {
        f32x16 e = lane_exp(v[k] - most);
        sum += e;
        mean += e * (float)k;
    }
    return mean / sum;
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
    lane_store_some(out, ((cx - side[0]) + (cx + side[2])) * 0.5f * l->stride, count);
    lane_store_some(out + anchors, ((cy - side[1]) + (cy + side[3])) * 0.5f * l->stride, count);
    lane_store_some(out + 2 * anchors, ((cx + side[2]) - (cx - side[0])) * l->stride, count);
    lane_store_some(out + 3 * anchors, ((cy + side[3]) - (cy - side[1])) * l->stride, count);
}

static void put_scores(const struct its_lanes_level *l, int64_t pixels, int64_t x, int count,
                       int classes, float *out, int64_t anchors)
{
    for (int c = 0; c < classes; c += LANES) {
        f32x16 v[LANES];
        load_turned(l->score + c * pixels + x * LANES, count, v);
        for (int k = 0; k < LANES && c + k < classes; k++)
            lane_store_some(out + (c + k) * anchors, 1.f / (1.f + lane_exp(-v[k])), count);
    }
}

void LANE(decode)(const struct its_lanes_level *l, int classes, float *out, int64_t anchors,
                  int from, int to)
{
    int64_t pixels = (int64_t)l->w * l->h;
    for (int64_t x = from; x < to; x += LANES) {
        int count = to - x < LANES ? (int)(to - x) : LANES;
        put_boxes(l, pixels, x, count, out + x, anchors);
        put_scores(l, pixels, x, count, classes, out + 4 * anchors + x, anchors);
    }
}
