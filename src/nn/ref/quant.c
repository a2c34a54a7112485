/* Reals to integers and back: q = round(x / scale) + zero, cut to the type; halves go to the even
 * neighbour. In single precision, as the standard's own reference computes. */
#include "nn/ref/ops.h"

#include <math.h>

#include "nn/param.h"
#include "nn/ref/element.h"

/* Elements that share a scale: `run` in a row, then the next of `count` scales, over and over. */
static void scale_runs(const struct its_node *n, int64_t *run, int64_t *count)
{
    const struct its_shape *s = &n->in[0]->shape;
    int axis = 0;
    *run = 1;
    *count = its_shape_count(&n->in[1]->shape);
    if (*count == 1 || its_axis_of(n, 1, s->rank, &axis, NULL))
        return;
    for (int a = axis + 1; a < s->rank; a++)
        *run *= s->dim[a];
}

int its_ref_quantize(const struct its_node *n, const void *const *in, void *const *out)
{
    const struct its_value *zeros = its_node_in(n, 2);
    enum its_dtype type = n->out[0]->type;
    int64_t run, scales, count = its_shape_count(&n->in[0]->shape);
    int least = type == ITS_U8 ? 0 : -128, most = type == ITS_U8 ? 255 : 127;
    bool real = n->in[0]->type == ITS_F32;
    scale_runs(n, &run, &scales);
    for (int64_t i = 0; i < count; i++) {
        int64_t k = i / run % scales;
        float x = real ? ((const float *)in[0])[i] : ((const int32_t *)in[0])[i];
        float q =
            rintf(x / ((const float *)in[1])[k]) + (zeros ? its_integer_at(in[2], type, k) : 0);
        int v = isnan(q) ? least : (int)fminf(fmaxf(q, least), most);
        its_put_integer(out[0], type, i, v);
    }
    return 0;
}

int its_ref_dequantize(const struct its_node *n, const void *const *in, void *const *out)
{
    const struct its_value *zeros = its_node_in(n, 2);
    enum its_dtype type = n->in[0]->type;
    int64_t run, scales, count = its_shape_count(&n->in[0]->shape);
    scale_runs(n, &run, &scales);
    for (int64_t i = 0; i < count; i++) {
        int64_t k = i / run % scales;
        int64_t q = its_integer_at(in[0], type, i) - (zeros ? its_integer_at(in[2], type, k) : 0);
        ((float *)out[0])[i] = (float)q * ((const float *)in[1])[k];
    }
    return 0;
}

/* The range of the data, widened to hold 0, over the 255 steps of a byte. */
int its_ref_dynamic_quantize(const struct its_node *n, const void *const *in, void *const *out)
{
    const float *x = in[0];
    int64_t count = its_shape_count(&n->in[0]->shape);
    float low = 0, high = 0;
    for (int64_t i = 0; i < count; i++) {
        low = fminf(low, x[i]);
        high = fmaxf(high, x[i]);
    }
    float scale = (high - low) / 255;
    float zero = scale > 0 ? fminf(fmaxf(rintf(-low / scale), 0), 255) : 0;
    for (int64_t i = 0; i < count && out[0]; i++) {
        float q = scale > 0 ? rintf(x[i] / scale) + zero : 0;
        ((uint8_t *)out[0])[i] = isnan(q) ? 0 : (uint8_t)fminf(fmaxf(q, 0), 255);
    }
    if (n->out_count > 1 && out[1])
        *(float *)out[1] = scale;
    if (n->out_count > 2 && out[2])
        *(uint8_t *)out[2] = zero;
    return 0;
}
