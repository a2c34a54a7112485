/* What the Head operator computes, in plain C. */
#include <math.h>

#include "nn/fused.h"

enum { BINS = 16 };

/* Mean of the bins under the softmax of their logits. */
static float distance(const float *logits, int64_t step)
{
    float most = -INFINITY;
    double sum = 0, mean = 0;
    for (int k = 0; k < BINS; k++)
        most = fmaxf(most, logits[k * step]);
    for (int k = 0; k < BINS; k++) {
        double e = exp(logits[k * step] - most);
        sum += e;
        mean += k * e;
    }
    return (float)(mean / sum);
}

static void decode_cell(const float *box, const float *score, const int64_t *dim, int64_t classes,
                        int64_t cell, float stride, float *out, int64_t anchors)
{
    int64_t cells = dim[2] * dim[3];
    float cx = (float)(cell % dim[3]) + 0.5f, cy = (float)(cell / dim[3]) + 0.5f, side[4];
    for (int s = 0; s < 4; s++)
        side[s] = distance(box + s * BINS * cells + cell, cells);
    float x1 = cx - side[0], y1 = cy - side[1], x2 = cx + side[2], y2 = cy + side[3];
    out[0] = (x1 + x2) / 2 * stride;
    out[anchors] = (y1 + y2) / 2 * stride;
    out[2 * anchors] = (x2 - x1) * stride;
    out[3 * anchors] = (y2 - y1) * stride;
    for (int64_t c = 0; c < classes; c++)
        out[(4 + c) * anchors] = 1 / (1 + expf(-score[c * cells + cell]));
}

static int run(const struct its_node *n, const void *const *in, void *const *out)
{
    int levels;
    const int64_t *stride = its_node_ints(n, "strides", &levels);
    int64_t anchors = n->out[0]->shape.dim[2], classes = n->in[1]->shape.dim[1], at = 0;
    for (int l = 0; l < levels; l++) {
        const int64_t *dim = n->in[2 * l]->shape.dim;
        for (int64_t cell = 0; cell < dim[2] * dim[3]; cell++, at++)
            decode_cell(in[2 * l], in[2 * l + 1], dim, classes, cell, (float)stride[l],
                        (float *)out[0] + at, anchors);
    }
    return 0;
}

const struct its_op its_op_head = {.name = "Head",
                                   .domain = "its",
                                   .since = 1,
                                   .until = 1,
                                   .in_min = 2,
                                   .in_max = -1,
                                   .out_min = 1,
                                   .out_max = 1,
                                   .run = run};
