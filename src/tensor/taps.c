#include "tensor/taps.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"

int its_axis_samples(const struct its_axis *axis)
{
    return axis->halved ? (axis->in + 1) / 2 : axis->in;
}

/* Where the centre of output pixel i lies among the samples, cut to the first and the last. */
static double position(const struct its_axis *axis, int i)
{
    double p = (i + 0.5) * axis->in / axis->out - 0.5;
    if (axis->reversed)
        p = axis->in - 1 - p;
    if (axis->halved)
        p = axis->between ? (p - 0.5) / 2 : p / 2;
    return fmin(fmax(p, 0), its_axis_samples(axis) - 1);
}

void its_row_taps_plan(struct its_row_taps *rows, const struct its_axis *axis)
{
    for (int i = 0; i < axis->out; i++) {
        double p = position(axis, i);
        int at = (int)p;
        int share = (int)lround((p - at) * (1 << ITS_ROW_SHARE_BITS));
        bool next = share == 1 << ITS_ROW_SHARE_BITS; /* as good as on the second */
        rows[i] = (struct its_row_taps){at + next, next ? 0 : share};
    }
}

static int columns_alloc(struct its_columns *c, int blocks)
{
    size_t n = (size_t)blocks * ITS_COLUMNS_BLOCK;
    c->at = its_try_aligned(n * sizeof *c->at);
    c->weight = its_try_aligned(2 * n * sizeof *c->weight);
    c->base = its_try_aligned((size_t)blocks * sizeof *c->base);
    c->pick = its_try_aligned(2 * n * sizeof *c->pick);
    if (c->at && c->weight && c->base && c->pick)
        return 0;
    its_columns_fini(c);
    return -ENOMEM;
}

/* Fills base and pick of one block; returns how many samples it spans. */
static int plan_block(struct its_columns *c, int block)
{
    const int32_t *at = c->at + block * ITS_COLUMNS_BLOCK;
    uint16_t *pick = c->pick + 2 * block * ITS_COLUMNS_BLOCK;
    int low = at[0], high = at[0];
    for (int i = 1; i < ITS_COLUMNS_BLOCK; i++) {
        low = ITS_MIN(low, at[i]);
        high = ITS_MAX(high, at[i]);
    }
    c->base[block] = low;
    for (int i = 0; i < ITS_COLUMNS_BLOCK; i++) {
        pick[2 * i] = (uint16_t)(at[i] - low);
        pick[2 * i + 1] = (uint16_t)(at[i] + 1 - low);
    }
    return high + 2 - low;
}

int its_columns_plan(struct its_columns *c, const struct its_axis *axis)
{
    int blocks = (axis->out + ITS_COLUMNS_BLOCK - 1) / ITS_COLUMNS_BLOCK;
    its_columns_fini(c);
    if (columns_alloc(c, blocks) < 0)
        return -ENOMEM;
    c->count = axis->out;
    c->blocks = blocks;
    for (int i = 0; i < blocks * ITS_COLUMNS_BLOCK; i++) {
        if (i >= axis->out) {
            c->at[i] = c->at[axis->out - 1];
            continue;
        }
        double p = position(axis, i);
        c->at[i] = (int)p;
        int second = (int)lround((p - c->at[i]) * (1 << ITS_COLUMN_WEIGHT_BITS));
        c->weight[2 * i] = (int16_t)((1 << ITS_COLUMN_WEIGHT_BITS) - second);
        c->weight[2 * i + 1] = (int16_t)second;
    }
    int span = 0;
    for (int i = 0; i < blocks; i++)
        span = ITS_MAX(span, plan_block(c, i));
    c->reach = span <= 64 ? ITS_REACH_64 : span <= 128 ? ITS_REACH_128 : ITS_REACH_FAR;
    return 0;
}

void its_columns_fini(struct its_columns *c)
{
    free(c->at);
    free(c->weight);
    free(c->base);
    free(c->pick);
    memset(c, 0, sizeof *c);
}
