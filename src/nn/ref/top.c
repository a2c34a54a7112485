/* The largest along an axis: which they are, and the first k of them in order. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/param.h"
#include "nn/ref/element.h"
#include "nn/ref/ops.h"
#include "nn/ref/walk.h"

/* Every type of number but s64 is exact in double; s64 is compared as it is. */
static bool before(const void *p, enum its_dtype type, int64_t a, int64_t b, bool largest)
{
    if (type == ITS_S64) {
        const int64_t *v = p;
        return largest ? v[a] > v[b] : v[a] < v[b];
    }
    double va = its_real_at(p, type, a), vb = its_real_at(p, type, b);
    return largest ? va > vb : va < vb;
}

static int arg(const struct its_node *n, const void *in, int64_t *out, bool largest)
{
    const struct its_shape *s = &n->in[0]->shape;
    bool last = its_node_int(n, "select_last_index", 0) != 0;
    enum its_dtype type = n->in[0]->type;
    int64_t outer, inner;
    int axis = 0;
    its_axis_of(n, 0, s->rank, &axis, NULL);
    its_around(s, axis, &outer, &inner);
    for (int64_t o = 0; o < outer; o++)
        for (int64_t k = 0; k < inner; k++) {
            int64_t base = o * s->dim[axis] * inner + k, best = 0;
            for (int64_t i = 1; i < s->dim[axis]; i++) {
                int64_t a = base + i * inner, b = base + best * inner;
                if (last ? !before(in, type, b, a, largest) : before(in, type, a, b, largest))
                    best = i;
            }
            *out++ = best;
        }
    return 0;
}

int its_ref_arg_max(const struct its_node *n, const void *const *in, void *const *out)
{
    return arg(n, in[0], out[0], true);
}

int its_ref_arg_min(const struct its_node *n, const void *const *in, void *const *out)
{
    return arg(n, in[0], out[0], false);
}

/* --- top k: all indices sorted, ties by index */

struct order {
    const void *data;
    enum its_dtype type;
    bool largest;
    int64_t base, step;
};

static int compare(const void *pa, const void *pb, void *ctx)
{
    const struct order *o = ctx;
    int64_t a = *(const int64_t *)pa, b = *(const int64_t *)pb;
    int64_t at_a = o->base + a * o->step, at_b = o->base + b * o->step;
    if (before(o->data, o->type, at_a, at_b, o->largest))
        return -1;
    if (before(o->data, o->type, at_b, at_a, o->largest))
        return 1;
    return (a > b) - (a < b);
}

int its_ref_top_k(const struct its_node *n, const void *const *in, void *const *out)
{
    const struct its_shape *s = &n->in[0]->shape;
    int64_t outer, inner;
    int axis = 0;
    its_axis_of(n, -1, s->rank, &axis, NULL);
    its_around(s, axis, &outer, &inner);
    int64_t dim = s->dim[axis], k = *(const int64_t *)in[1];
    size_t bytes = its_dtype_bytes(n->in[0]->type);
    int64_t *index = its_try_calloc(dim + 1, sizeof *index);
    if (!index)
        return -ENOMEM;
    struct order order = {in[0], n->in[0]->type, its_node_int(n, "largest", 1) != 0, 0, inner};
    for (int64_t o = 0; o < outer; o++)
        for (int64_t i = 0; i < inner; i++) {
            order.base = o * dim * inner + i;
            for (int64_t j = 0; j < dim; j++)
                index[j] = j;
            qsort_r(index, dim, sizeof *index, compare, &order);
            for (int64_t j = 0; j < k; j++) {
                int64_t to = (o * k + j) * inner + i;
                const char *from = (const char *)in[0] + (order.base + index[j] * inner) * bytes;
                if (out[0])
                    memcpy((char *)out[0] + to * bytes, from, bytes);
                if (n->out_count > 1 && out[1])
                    ((int64_t *)out[1])[to] = index[j];
            }
        }
    free(index);
    return 0;
}
