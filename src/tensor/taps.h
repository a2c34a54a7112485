/* Which pixels of a source an interpolated one is made of: tables, planned once per geometry. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Outputs per block of a table of columns. */
#define ITS_COLUMNS_BLOCK 16

/* One axis of a plane as the displayed picture walks along it. */
struct its_axis {
    int out;       /* pixels of the resized picture */
    int in;        /* luma pixels of the source */
    bool reversed; /* the displayed picture walks it backwards */
    bool halved;   /* the plane has a sample for two luma pixels */
    bool between;  /* halved: which lies between the two (MPEG-1, JPEG) and not on the first */
};

/* Samples of the plane along the axis. */
int its_axis_samples(const struct its_axis *axis);

/* Two neighbours and the share of the second one, of 1 << 15. With a share of 0 the second is not
 * to be read: it may not exist. */
struct its_row_taps {
    int at;
    int share;
};

#define ITS_ROW_SHARE_BITS 15

/* rows: axis->out of them. */
void its_row_taps_plan(struct its_row_taps *rows, const struct its_axis *axis);

/* How far apart the taps of one block lie, for kernels that shuffle registers. */
enum its_reach {
    ITS_REACH_64,  /* all taps of any block are within 64 samples */
    ITS_REACH_128, /* within 128 */
    ITS_REACH_FAR,
};

#define ITS_COLUMN_WEIGHT_BITS 14

/* Taps of the columns: column x is weight[2x] * s[at[x]] + weight[2x + 1] * s[at[x] + 1], weights
 * of 1 << ITS_COLUMN_WEIGHT_BITS. Arrays are filled up to whole blocks with taps of weight 0 that
 * may be read. The sample behind the last one must be readable whatever it holds. */
struct its_columns {
    int count, blocks;
    enum its_reach reach;
    int32_t *at;     /* [blocks * 16] */
    int16_t *weight; /* [blocks * 16 * 2] */
    int32_t *base;   /* [blocks] the lowest tap of each block */
    uint16_t *pick;  /* [blocks * 16 * 2] the two taps less the block's base */
};

/* -ENOMEM. What was planned before is freed. */
int its_columns_plan(struct its_columns *columns, const struct its_axis *axis);
void its_columns_fini(struct its_columns *columns);
