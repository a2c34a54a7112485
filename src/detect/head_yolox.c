/* YOLOX as it is exported: for the cell (x, y) of stride s an anchor o holds
 *
 *   cx = (o0 + x) s   cy = (o1 + y) s   w = exp(o2) s   h = exp(o3) s   score = o4 * o(5 + class)
 *
 * with the grids of stride 8, 16, 32 one after the other (Ge et al., "YOLOX", 2021, and its
 * demo_postprocess). Objectness and class scores are 0..1 already. */
#include <math.h>

#include "detect/head.h"

static struct its_box box_of(const float *o, int x, int y, float stride)
{
    float cx = (o[0] + (float)x) * stride, cy = (o[1] + (float)y) * stride;
    float w = expf(o[2]) * stride, h = expf(o[3]) * stride;
    return (struct its_box){cx - w / 2, cy - h / 2, w, h};
}

/* Takes the best class, or with `every` each that reaches its threshold. */
static void read_anchor(const float *o, struct its_candidate *one, const struct its_head_want *want,
                        struct its_candidates *out)
{
    const float *score = o + 5;
    int best = want->id[0];
    for (int k = 0; k < want->count; k++) {
        int c = want->id[k];
        if (score[c] > score[best])
            best = c;
        one->class_id = c;
        one->score = o[4] * score[c];
        if (want->every && one->score >= want->threshold[c])
            its_candidates_add(out, one);
    }
    one->class_id = best;
    one->score = o[4] * score[best];
    if (!want->every && one->score >= want->threshold[best])
        its_candidates_add(out, one);
}

void its_head_read_yolox(const struct its_output *o, int image, int w, int h,
                         const struct its_head_want *want, struct its_candidates *out)
{
    float lowest = its_head_want_lowest(want);
    const float *row = o->data + image * o->dim[1] * o->dim[2];
    if (want->count == 0)
        return;
    for (int stride = 8, anchor = 0; stride <= 32; stride *= 2) {
        int columns = w / stride, cells = columns * (h / stride);
        for (int i = 0; i < cells; i++, anchor++, row += o->dim[2]) {
            if (!(row[4] >= lowest))
                continue; /* no class score is above 1 */
            struct its_candidate one = {.anchor = anchor};
            one.box = box_of(row, i % columns, i / columns, (float)stride);
            read_anchor(row, &one, want, out);
        }
    }
}
