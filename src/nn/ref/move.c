/* What moves elements and leaves them as they are, of any type: rows of a strided view. */
#include "nn/ref/ops.h"

#include <string.h>

#include "nn/param.h"
#include "nn/ref/walk.h"

/* Copies the view that operand 0 of the walk is, begun at element `first`, to dense rows. */
static int copy_view(struct its_walk *w, const void *from, int64_t first, enum its_dtype type,
                     void *to)
{
    size_t bytes = its_dtype_bytes(type);
    char *row = to;
    for (bool more = its_walk_begin(w); more; more = its_walk_next(w)) {
        its_copy_row(row, (const char *)from + (first + w->offset[0]) * (int64_t)bytes, w->row,
                     w->row_step[0], bytes);
        row += w->row * bytes;
    }
    return 0;
}

/* Copies between a piece and its place in the whole along an axis. */
static void piece(char *whole, int64_t whole_row, char *part, int64_t part_row, int64_t rows,
                  bool to_part)
{
    for (int64_t r = 0; r < rows && part_row; r++)
        memcpy(to_part ? part + r * part_row : whole + r * whole_row,
               to_part ? whole + r * whole_row : part + r * part_row, part_row);
}

int its_ref_concat(const struct its_node *n, const void *const *in, void *const *out)
{
    const struct its_shape *s = &n->out[0]->shape;
    int64_t bytes = its_dtype_bytes(n->out[0]->type), outer, inner, used = 0;
    int axis = 0;
    its_axis_of(n, 1, s->rank, &axis, NULL);
    its_around(s, axis, &outer, &inner);
    for (int i = 0; i < n->in_count; i++) {
        int64_t row = n->in[i]->shape.dim[axis] * inner * bytes;
        piece((char *)out[0] + used, s->dim[axis] * inner * bytes, (char *)in[i], row, outer,
              false);
        used += row;
    }
    return 0;
}

int its_ref_split(const struct its_node *n, const void *const *in, void *const *out)
{
    const struct its_shape *s = &n->in[0]->shape;
    int64_t bytes = its_dtype_bytes(n->in[0]->type), outer, inner, used = 0;
    int axis = 0;
    its_axis_of(n, 0, s->rank, &axis, NULL);
    its_around(s, axis, &outer, &inner);
    for (int i = 0; i < n->out_count; i++) {
        int64_t row = n->out[i]->shape.dim[axis] * inner * bytes;
        piece((char *)in[0] + used, s->dim[axis] * inner * bytes, out[i], row, outer, true);
        used += row;
    }
    return 0;
}

int its_ref_slice(const struct its_node *n, const void *const *in, void *const *out)
{
    struct its_slice p;
    struct its_walk w;
    int64_t steps[ITS_RANK_MAX], first = 0;
    its_slice_of(n, &p, NULL);
    its_dense_steps(&n->in[0]->shape, steps);
    its_walk_init(&w, &n->out[0]->shape);
    for (int a = 0; a < w.over.rank; a++) {
        first += p.start[a] * steps[a];
        w.step[0][a] = p.step[a] * steps[a];
    }
    return copy_view(&w, in[0], first, n->in[0]->type, out[0]);
}

int its_ref_transpose(const struct its_node *n, const void *const *in, void *const *out)
{
    struct its_walk w;
    int p[ITS_RANK_MAX];
    int64_t steps[ITS_RANK_MAX];
    its_permutation_of(n, p, NULL);
    its_dense_steps(&n->in[0]->shape, steps);
    its_walk_init(&w, &n->out[0]->shape);
    for (int a = 0; a < w.over.rank; a++)
        w.step[0][a] = steps[p[a]];
    return copy_view(&w, in[0], 0, n->in[0]->type, out[0]);
}

int its_ref_expand(const struct its_node *n, const void *const *in, void *const *out)
{
    struct its_walk w;
    its_walk_init(&w, &n->out[0]->shape);
    its_walk_broadcast(&w, 0, &n->in[0]->shape);
    return copy_view(&w, in[0], 0, n->in[0]->type, out[0]);
}

/* --- where each index is worked out */

static int64_t tiled(const void *ctx, int axis, int64_t i)
{
    return i % ((const struct its_node *)ctx)->in[0]->shape.dim[axis];
}

int its_ref_tile(const struct its_node *n, const void *const *in, void *const *out)
{
    its_copy_by_index(n->out[0], n->in[0], in[0], NULL, tiled, n, out[0]);
    return 0;
}

static int64_t padded_index(int64_t i, int64_t dim, char mode)
{
    if (i >= 0 && i < dim)
        return i;
    switch (mode) {
    case 'e':
        return i < 0 ? 0 : dim - 1;
    case 'r':
        return i < 0 ? -i : 2 * (dim - 1) - i;
    case 'w':
        return (i % dim + dim) % dim;
    default:
        return -1;
    }
}

struct padded {
    struct its_padding p;
    const struct its_shape *in;
    char mode;
};

static int64_t padded(const void *ctx, int axis, int64_t i)
{
    const struct padded *p = ctx;
    return padded_index(i - p->p.before[axis], p->in->dim[axis], p->mode);
}

int its_ref_pad(const struct its_node *n, const void *const *in, void *const *out)
{
    static const char zeros[8];
    struct padded p = {.in = &n->in[0]->shape, .mode = its_node_string(n, "mode", "constant")[0]};
    its_padding_of(n, &p.p, NULL);
    its_copy_by_index(n->out[0], n->in[0], in[0], its_node_in(n, 2) ? in[2] : zeros, padded, &p,
                      out[0]);
    return 0;
}

/* --- channels and pixels */

/* Channel (j, i, c) or (c, j, i) of a pixel becomes pixel (j, i) of a block. */
int its_ref_depth_to_space(const struct its_node *n, const void *const *in, void *const *out)
{
    const struct its_shape *s = &n->out[0]->shape;
    int64_t b = its_node_int(n, "blocksize", 1), h = s->dim[2] / b, w = s->dim[3] / b;
    int64_t plane = h * w, channels = s->dim[1], bytes = its_dtype_bytes(n->out[0]->type);
    bool block_first = its_node_string(n, "mode", "DCR")[0] == 'D';
    char *to = out[0];
    for (int64_t image = 0; image < s->dim[0]; image++)
        for (int64_t c = 0; c < channels; c++)
            for (int64_t y = 0; y < s->dim[2]; y++)
                for (int64_t x = 0; x < s->dim[3]; x++, to += bytes) {
                    int64_t k = y % b * b + x % b;
                    int64_t from = block_first ? k * channels + c : c * b * b + k;
                    int64_t at = (image * channels * b * b + from) * plane + y / b * w + x / b;
                    memcpy(to, (const char *)in[0] + at * bytes, bytes);
                }
    return 0;
}

int its_ref_space_to_depth(const struct its_node *n, const void *const *in, void *const *out)
{
    const struct its_shape *x = &n->in[0]->shape, *s = &n->out[0]->shape;
    int64_t b = its_node_int(n, "blocksize", 1), bytes = its_dtype_bytes(n->out[0]->type);
    char *to = out[0];
    for (int64_t image = 0; image < s->dim[0]; image++)
        for (int64_t m = 0; m < s->dim[1]; m++)
            for (int64_t y = 0; y < s->dim[2]; y++)
                for (int64_t col = 0; col < s->dim[3]; col++, to += bytes) {
                    int64_t k = m / x->dim[1], c = m % x->dim[1];
                    int64_t row = (image * x->dim[1] + c) * x->dim[2] + y * b + k / b;
                    int64_t at = row * x->dim[3] + col * b + k % b;
                    memcpy(to, (const char *)in[0] + at * bytes, bytes);
                }
    return 0;
}
