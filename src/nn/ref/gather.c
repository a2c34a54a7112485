/* Elements picked by index. Negative indices count from the end; one outside the axis, which the
 * standard forbids, takes the nearest element there is. */
#include "nn/ref/ops.h"

#include <string.h>

#include "nn/param.h"
#include "nn/ref/element.h"
#include "nn/ref/walk.h"

static int64_t index_at(const struct its_value *v, const void *p, int64_t i, int64_t dim)
{
    int64_t k = its_integer_at(p, v->type, i);
    k = k < 0 ? k + dim : k;
    return k < 0 ? 0 : k >= dim ? dim - 1 : k;
}

/* (outer, axis, inner) and a list of indices to (outer, indices, inner). */
int its_ref_gather(const struct its_node *n, const void *const *in, void *const *out)
{
    const struct its_shape *s = &n->in[0]->shape;
    int64_t outer, inner, count = its_shape_count(&n->in[1]->shape);
    int axis = 0;
    its_axis_of(n, 0, s->rank, &axis, NULL);
    its_around(s, axis, &outer, &inner);
    int64_t dim = s->dim[axis], bytes = inner * its_dtype_bytes(n->in[0]->type);
    char *to = out[0];
    for (int64_t o = 0; o < outer && bytes; o++)
        for (int64_t i = 0; i < count; i++, to += bytes)
            memcpy(to, (const char *)in[0] + (o * dim + index_at(n->in[1], in[1], i, dim)) * bytes,
                   bytes);
    return 0;
}

/* The result has the indices' shape; each says where along the axis its element lies. */
int its_ref_gather_elements(const struct its_node *n, const void *const *in, void *const *out)
{
    const struct its_shape *s = &n->in[0]->shape;
    int64_t steps[ITS_RANK_MAX], bytes = its_dtype_bytes(n->in[0]->type), o = 0;
    int axis = 0;
    its_axis_of(n, 0, s->rank, &axis, NULL);
    its_dense_steps(s, steps);
    struct its_walk w;
    its_walk_init(&w, &n->out[0]->shape);
    for (int a = 0; a < s->rank; a++)
        w.step[0][a] = a == axis ? 0 : steps[a];
    for (bool more = its_walk_begin(&w); more; more = its_walk_next(&w))
        for (int64_t i = 0; i < w.row; i++, o++) {
            int64_t at = w.offset[0] + i * w.row_step[0] +
                         index_at(n->in[1], in[1], o, s->dim[axis]) * steps[axis];
            memcpy((char *)out[0] + o * bytes, (const char *)in[0] + at * bytes, bytes);
        }
    return 0;
}
