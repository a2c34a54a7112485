/* Slices picked, or overwritten, by tuples of indices: the last axis of the indices says where in
 * the leading axes of the data a slice lies. Negative ones count from the end; one outside its
 * axis, which the standard forbids, means the nearest there is. */
#include <string.h>

#include "nn/ref/element.h"
#include "nn/ref/ops.h"

/* Elements of the axes [from, to). */
static int64_t product(const struct its_shape *s, int from, int to)
{
    int64_t count = 1;
    for (int a = from; a < to; a++)
        count *= s->dim[a];
    return count;
}

/* The slice that tuple t means, counted in slices from the beginning of its batch. */
static int64_t slice_at(const struct its_value *v, const void *indices, int64_t t,
                        const struct its_shape *s, int batch, int length)
{
    int64_t slice = 0;
    for (int k = 0; k < length; k++) {
        int64_t dim = s->dim[batch + k], i = its_integer_at(indices, v->type, t * length + k);
        i = i < 0 ? i + dim : i;
        slice = slice * dim + (i < 0 ? 0 : i >= dim ? dim - 1 : i);
    }
    return slice;
}

int its_ref_gather_nd(const struct its_node *n, const void *const *in, void *const *out)
{
    const struct its_shape *s = &n->in[0]->shape, *i = &n->in[1]->shape;
    int batch = its_node_int(n, "batch_dims", 0), length = i->dim[i->rank - 1];
    int64_t batches = product(s, 0, batch), tuples = product(i, batch, i->rank - 1);
    int64_t slices = product(s, batch, batch + length);
    int64_t bytes = product(s, batch + length, s->rank) * its_dtype_bytes(n->in[0]->type);
    char *to = out[0];
    for (int64_t b = 0; b < batches && bytes; b++)
        for (int64_t t = 0; t < tuples; t++, to += bytes) {
            int64_t slice = slice_at(n->in[1], in[1], b * tuples + t, s, batch, length);
            memcpy(to, (const char *)in[0] + (b * slices + slice) * bytes, bytes);
        }
    return 0;
}

/* Later updates overwrite earlier ones. */
int its_ref_scatter_nd(const struct its_node *n, const void *const *in, void *const *out)
{
    const struct its_shape *s = &n->in[0]->shape, *i = &n->in[1]->shape;
    int length = i->dim[i->rank - 1];
    int64_t tuples = product(i, 0, i->rank - 1);
    int64_t bytes = product(s, length, s->rank) * its_dtype_bytes(n->in[0]->type);
    its_ref_identity(n, in, out);
    for (int64_t t = 0; t < tuples && bytes && its_shape_count(s); t++)
        memcpy((char *)out[0] + slice_at(n->in[1], in[1], t, s, 0, length) * bytes,
               (const char *)in[2] + t * bytes, bytes);
    return 0;
}
