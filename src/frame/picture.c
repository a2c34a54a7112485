/* Whole rows are sampled, one in ten of a large picture: memory is read in order, and whatever is
 * ten pixels high is met. A row is averaged over blocks of eight pixels, which leaves a third of
 * the sensor's noise. An edge is where the blocks left and right of a block differ; a vignette, a
 * bag over the lens, the night sky have none. */
#include "frame/picture.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* At most one row in so many, and of a small picture so many rows at least. */
#define STEP_MAX 10
#define ROWS_MIN 64

#define BLOCK 8
/* Difference of two blocks, in sums of eight pixels: ten grey levels. Noise of a sensor at its
 * highest gain (5 levels) makes that once in 16 000 blocks. */
#define EDGE (10 * BLOCK)
/* So many edges in a tile are not chance. */
#define TILE_EDGES 2

/* Sums over what has been sampled so far. */
struct sums {
    uint64_t blocks, luma, squares; /* of block sums */
    int edges[ITS_PICTURE_TILES][ITS_PICTURE_TILES];
};

void its_picture_fini(struct its_picture *p)
{
    free(p->rows);
    *p = (struct its_picture){0};
}

static int fit(struct its_picture *p, const struct its_frame *f)
{
    its_picture_fini(p);
    if (f->coded_w < 1 || f->coded_h < 1 || !f->plane[0])
        return -EINVAL;
    int step = ITS_MAX(1, ITS_MIN(f->coded_h / ROWS_MIN, STEP_MAX));
    p->rows = its_try_calloc((size_t)(f->coded_h / step), (size_t)f->coded_w);
    if (!p->rows)
        return -ENOMEM;
    p->step = step;
    p->coded_w = f->coded_w;
    p->coded_h = f->coded_h;
    return 0;
}

/* Eight bytes added up side by side in one word. */
static unsigned block_sum(const uint8_t *px)
{
    uint64_t v;
    memcpy(&v, px, sizeof(v));
    v = (v & 0x00ff00ff00ff00ff) + (v >> 8 & 0x00ff00ff00ff00ff);
    return (unsigned)(v * 0x0001000100010001 >> 48);
}

static void add_row(struct sums *s, const uint8_t *row, int w, int edges[ITS_PICTURE_TILES])
{
    int blocks = w / BLOCK;
    unsigned before = 0, last = 0;
    for (int i = 0; i < blocks; i++) {
        unsigned sum = block_sum(row + i * BLOCK);
        s->luma += sum;
        s->squares += sum * sum;
        if (i >= 2 && abs((int)sum - (int)before) > EDGE)
            edges[(i - 1) * ITS_PICTURE_TILES / blocks]++;
        before = last;
        last = sum;
    }
    s->blocks += (uint64_t)blocks;
}

static int count_tiles(const struct sums *s)
{
    int n = 0;
    for (int y = 1; y < ITS_PICTURE_TILES - 1; y++)
        for (int x = 1; x < ITS_PICTURE_TILES - 1; x++)
            n += s->edges[y][x] >= TILE_EDGES;
    return n;
}

static void conclude(const struct sums *s, struct its_picture_measure *out)
{
    double n = (double)ITS_MAX(s->blocks, 1), mean = (double)s->luma / n;
    out->brightness = (float)(mean / BLOCK);
    out->contrast = (float)(sqrt(fmax(0, (double)s->squares / n - mean * mean)) / BLOCK);
    out->tiles = count_tiles(s);
}

int its_picture_measure(struct its_picture *p, const struct its_frame *f,
                        struct its_picture_measure *out)
{
    *out = (struct its_picture_measure){0};
    if (!p->rows || p->coded_w != f->coded_w || p->coded_h != f->coded_h) {
        int rc = fit(p, f);
        if (rc < 0)
            return rc;
        out->changed = true;
    }
    struct sums sums = {0};
    int rows = p->coded_h / p->step;
    uint8_t *kept = p->rows;
    for (int i = 0; i < rows; i++, kept += p->coded_w) {
        const uint8_t *row = f->plane[0] + (ptrdiff_t)(i * p->step + p->step / 2) * f->stride[0];
        add_row(&sums, row, p->coded_w, sums.edges[i * ITS_PICTURE_TILES / rows]);
        if (memcmp(kept, row, (size_t)p->coded_w) != 0) {
            memcpy(kept, row, (size_t)p->coded_w);
            out->changed = true;
        }
    }
    conclude(&sums, out);
    return 0;
}
