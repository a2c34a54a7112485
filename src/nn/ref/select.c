/* Any number of inputs that broadcast, choices between them, and bounds. */
#include <math.h>
#include <string.h>

#include "nn/op.h"
#include "nn/ref/element.h"
#include "nn/ref/ops.h"
#include "nn/ref/walk.h"

enum how { MIN, MAX, SUM };

/* A NaN wins. */
static double fold(enum how how, double a, double b)
{
    if (how == SUM)
        return a + b;
    if (isnan(a) || isnan(b))
        return NAN;
    return (how == MIN) == (b < a) ? b : a;
}

static int64_t fold_wide(enum how how, int64_t a, int64_t b)
{
    if (how == SUM)
        return (uint64_t)a + (uint64_t)b;
    return (how == MIN) == (b < a) ? b : a;
}

/* Folds input `index` into the result, begun by input 0. Doubles hold every type but s64. */
static void fold_input(const struct its_node *n, enum how how, int index, const void *in, void *out)
{
    struct its_walk w;
    enum its_dtype type = n->out[0]->type;
    its_walk_init(&w, &n->out[0]->shape);
    its_walk_broadcast(&w, 0, &n->in[index]->shape);
    int64_t o = 0;
    for (bool more = its_walk_begin(&w); more; more = its_walk_next(&w))
        for (int64_t i = 0; i < w.row; i++, o++) {
            int64_t at = w.offset[0] + i * w.row_step[0];
            if (type == ITS_S64) {
                int64_t *to = out, b = ((const int64_t *)in)[at];
                to[o] = index ? fold_wide(how, to[o], b) : b;
            } else {
                double b = its_real_at(in, type, at);
                its_put_real(out, type, o, index ? fold(how, its_real_at(out, type, o), b) : b);
            }
        }
}

static int fold_all(const struct its_node *n, enum how how, const void *const *in, void *out)
{
    for (int i = 0; i < n->in_count; i++)
        fold_input(n, how, i, in[i], out);
    return 0;
}

int its_ref_min(const struct its_node *n, const void *const *in, void *const *out)
{
    return fold_all(n, MIN, in, out[0]);
}

int its_ref_max(const struct its_node *n, const void *const *in, void *const *out)
{
    return fold_all(n, MAX, in, out[0]);
}

int its_ref_sum(const struct its_node *n, const void *const *in, void *const *out)
{
    return fold_all(n, SUM, in, out[0]);
}

int its_ref_mean(const struct its_node *n, const void *const *in, void *const *out)
{
    fold_all(n, SUM, in, out[0]);
    int64_t count = its_shape_count(&n->out[0]->shape);
    for (int64_t i = 0; i < count; i++)
        ((float *)out[0])[i] /= n->in_count;
    return 0;
}

int its_ref_where(const struct its_node *n, const void *const *in, void *const *out)
{
    struct its_walk w;
    size_t bytes = its_dtype_bytes(n->out[0]->type);
    its_walk_init(&w, &n->out[0]->shape);
    for (int i = 0; i < 3; i++)
        its_walk_broadcast(&w, i, &n->in[i]->shape);
    char *to = out[0];
    for (bool more = its_walk_begin(&w); more; more = its_walk_next(&w))
        for (int64_t x = 0; x < w.row; x++, to += bytes) {
            int of = ((const uint8_t *)in[0])[w.offset[0] + x * w.row_step[0]] ? 1 : 2;
            int64_t at = w.offset[of] + x * w.row_step[of];
            memcpy(to, (const char *)in[of] + at * (int64_t)bytes, bytes);
        }
    return 0;
}

/* --- bounds; where they cross, the upper one wins */

int its_ref_clip(const struct its_node *n, const void *const *in, void *const *out)
{
    enum its_dtype type = n->in[0]->type;
    const void *low = its_node_in(n, 1) ? in[1] : NULL, *high = its_node_in(n, 2) ? in[2] : NULL;
    int64_t count = its_shape_count(&n->in[0]->shape);
    for (int64_t i = 0; i < count; i++) {
        if (type == ITS_S64) {
            int64_t x = ((const int64_t *)in[0])[i];
            x = low ? fold_wide(MAX, x, *(const int64_t *)low) : x;
            ((int64_t *)out[0])[i] = high ? fold_wide(MIN, x, *(const int64_t *)high) : x;
        } else {
            double x = its_real_at(in[0], type, i);
            x = low ? fold(MAX, x, its_real_at(low, type, 0)) : x;
            its_put_real(out[0], type, i, high ? fold(MIN, x, its_real_at(high, type, 0)) : x);
        }
    }
    return 0;
}
