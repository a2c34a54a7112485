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

/* --- top k: a heap of the best so far, the worst of them on top, in the place of the result's
 * indices; then it is taken apart from behind. Ties by index, so the order is a total one. */

struct heap {
    const void *data;
    enum its_dtype type;
    bool largest;
    int64_t base, step; /* element i of the row lies at base + i * step */
    int64_t *index;     /* entry j lies at j * stride */
    int64_t stride, count;
};

/* Does element a come before element b in the result? */
static bool ahead(const struct heap *h, int64_t a, int64_t b)
{
    int64_t at_a = h->base + a * h->step, at_b = h->base + b * h->step;
    if (before(h->data, h->type, at_a, at_b, h->largest))
        return true;
    return !before(h->data, h->type, at_b, at_a, h->largest) && a < b;
}

static int64_t *entry(const struct heap *h, int64_t j)
{
    return &h->index[j * h->stride];
}

/* Puts i where j is, or deeper: an entry is behind all that hang below it. */
static void sink(const struct heap *h, int64_t j, int64_t i)
{
    for (int64_t child; (child = 2 * j + 1) < h->count; j = child) {
        if (child + 1 < h->count && ahead(h, *entry(h, child), *entry(h, child + 1)))
            child++;
        if (!ahead(h, i, *entry(h, child)))
            break;
        *entry(h, j) = *entry(h, child);
    }
    *entry(h, j) = i;
}

/* The first k of the row of `dim`, in order. */
static void choose(struct heap *h, int64_t dim, int64_t k)
{
    for (int64_t j = 0; j < k; j++)
        *entry(h, j) = j;
    h->count = k;
    for (int64_t j = k / 2 - 1; j >= 0; j--)
        sink(h, j, *entry(h, j));
    for (int64_t i = k; i < dim && k > 0; i++)
        if (ahead(h, i, *entry(h, 0)))
            sink(h, 0, i);
    while (h->count > 1) {
        int64_t worst = *entry(h, 0), moved = *entry(h, --h->count);
        sink(h, 0, moved);
        *entry(h, h->count) = worst;
    }
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
    int64_t *indices = n->out_count > 1 ? out[1] : NULL;
    int64_t *own = indices ? NULL : its_try_calloc(k + 1, sizeof *own); /* nobody wants them */
    if (!indices && !own)
        return -ENOMEM;
    struct heap h = {.data = in[0],
                     .type = n->in[0]->type,
                     .largest = its_node_int(n, "largest", 1) != 0,
                     .step = inner,
                     .stride = own ? 1 : inner};
    for (int64_t o = 0; o < outer; o++)
        for (int64_t i = 0; i < inner; i++) {
            h.base = o * dim * inner + i;
            h.index = own ? own : indices + o * k * inner + i;
            choose(&h, dim, k);
            for (int64_t j = 0; j < k && out[0]; j++)
                memcpy((char *)out[0] + ((o * k + j) * inner + i) * bytes,
                       (const char *)in[0] + (h.base + *entry(&h, j) * inner) * bytes, bytes);
        }
    free(own);
    return 0;
}
