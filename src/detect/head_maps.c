/* YOLOv8 and YOLO11 before the export's own decoding: logits, one map per stride.
 *
 * A side's distance from the cell's centre, in strides, is the mean of 0..15 under the softmax of
 * its 16 logits (distribution focal loss: Li et al., "Generalized Focal Loss", 2020, eq. 5). */
#include <math.h>

#include "detect/head_scan.h"

#define BINS 16

struct cells {
    const struct its_head_level *level;
    const float *box; /* of the image */
};

static const float *image_of(const struct its_head_map *m, int image)
{
    return m->data + image * m->image_stride;
}

static float distance(const struct cells *c, int side, int cell)
{
    const struct its_head_map *m = &c->level->box;
    const float *pixel = c->box + (int64_t)cell * m->pixel_stride;
    float logit[BINS], most = -INFINITY, sum = 0, mean = 0;
    for (int i = 0; i < BINS; i++) {
        int channel = side * BINS + i;
        logit[i] = pixel[channel / m->block * m->block_stride + channel % m->block];
        most = fmaxf(most, logit[i]);
    }
    for (int i = 0; i < BINS; i++) {
        float e = expf(logit[i] - most);
        sum += e;
        mean += e * (float)i;
    }
    return mean / sum;
}

static struct its_box box_of(const void *head, int cell)
{
    const struct cells *c = head;
    float stride = (float)c->level->stride;
    float x = (float)(cell % c->level->w) + 0.5f, y = (float)(cell / c->level->w) + 0.5f;
    float left = distance(c, 0, cell), top = distance(c, 1, cell);
    float right = distance(c, 2, cell), bottom = distance(c, 3, cell);
    return (struct its_box){(x - left) * stride, (y - top) * stride, (left + right) * stride,
                            (top + bottom) * stride};
}

void its_head_read_maps(const struct its_head_level *levels, int level_count, int image,
                        const struct its_head_want *want, struct its_candidates *out)
{
    int anchor = 0;
    for (int i = 0; i < level_count; i++) {
        const struct its_head_level *level = &levels[i];
        struct cells cells = {level, image_of(&level->box, image)};
        its_head_scan(&(struct its_head_scan){.score = image_of(&level->score, image),
                                              .block_stride = level->score.block_stride,
                                              .block = level->score.block,
                                              .pixel_stride = level->score.pixel_stride,
                                              .anchors = level->w * level->h,
                                              .first_anchor = anchor,
                                              .logits = true,
                                              .box = box_of,
                                              .head = &cells},
                      want, out);
        anchor += level->w * level->h;
    }
}
