/* Normalisations: by given statistics, and to a sum of one. */
#include "nn/ref/ops.h"

#include <math.h>

#include "nn/op.h"
#include "nn/param.h"
#include "nn/ref/walk.h"

int its_ref_batch_norm(const struct its_node *n, const void *const *in, void *const *out)
{
    const struct its_shape *s = &n->in[0]->shape;
    const float *x = in[0], *scale = in[1], *bias = in[2], *mean = in[3], *variance = in[4];
    double epsilon = its_node_float(n, "epsilon", 1e-5f);
    int64_t size = 1;
    for (int a = 2; a < s->rank; a++)
        size *= s->dim[a];
    float *to = out[0];
    for (int64_t image = 0; image < s->dim[0]; image++)
        for (int64_t c = 0; c < s->dim[1]; c++) {
            double factor = scale[c] / sqrt(variance[c] + epsilon);
            for (int64_t i = 0; i < size; i++)
                *to++ = (*x++ - (double)mean[c]) * factor + bias[c];
        }
    return 0;
}

/* `count` elements `step` apart. The largest is taken off first, so that nothing overflows. */
static void soften(const float *x, float *to, int64_t count, int64_t step, bool logarithm)
{
    double most = -INFINITY, sum = 0;
    for (int64_t i = 0; i < count; i++)
        most = fmax(most, x[i * step]);
    for (int64_t i = 0; i < count; i++)
        sum += exp(x[i * step] - most);
    for (int64_t i = 0; i < count; i++) {
        double e = x[i * step] - most;
        to[i * step] = logarithm ? e - log(sum) : exp(e) / sum;
    }
}

/* Along one axis. */
static int along_axis(const struct its_node *n, const float *x, float *to, bool logarithm)
{
    const struct its_shape *s = &n->in[0]->shape;
    int axis = 0;
    its_axis_of(n, -1, s->rank, &axis, NULL);
    int64_t outer, step;
    its_around(s, axis, &outer, &step);
    for (int64_t o = 0; o < outer; o++)
        for (int64_t i = 0; i < step; i++) {
            int64_t first = o * s->dim[axis] * step + i;
            soften(x + first, to + first, s->dim[axis], step, logarithm);
        }
    return 0;
}

/* Over everything from the axis on: what the operator meant before opset 13. */
static int from_axis(const struct its_node *n, const float *x, float *to, bool logarithm)
{
    const struct its_shape *s = &n->in[0]->shape;
    int axis = its_node_int(n, "axis", 1);
    axis = axis < 0 ? axis + s->rank : axis;
    int64_t rows = 1, size = 1;
    for (int a = 0; a < s->rank; a++)
        *(a < axis ? &rows : &size) *= s->dim[a];
    for (int64_t r = 0; r < rows; r++)
        soften(x + r * size, to + r * size, size, 1, logarithm);
    return 0;
}

int its_ref_softmax(const struct its_node *n, const void *const *in, void *const *out)
{
    return along_axis(n, in[0], out[0], false);
}

int its_ref_log_softmax(const struct its_node *n, const void *const *in, void *const *out)
{
    return along_axis(n, in[0], out[0], true);
}

int its_ref_softmax_flat(const struct its_node *n, const void *const *in, void *const *out)
{
    return from_axis(n, in[0], out[0], false);
}

int its_ref_log_softmax_flat(const struct its_node *n, const void *const *in, void *const *out)
{
    return from_axis(n, in[0], out[0], true);
}
