/* Products of matrices: one row of the result at a time, floats summed in double. */
#include "nn/ref/ops.h"

#include "base/attr.h"
#include "nn/infer.h"
#include "nn/ref/element.h"
#include "nn/ref/walk.h"

enum { COLUMNS = 256 };

/* Both inputs as stacks of matrices, walked through the broadcast leading axes. */
struct product {
    struct its_walk walk; /* rows: one matrix each; operands count matrices' elements */
    int64_t rows, inner, columns;
};

static struct its_shape leading(const struct its_shape *s)
{
    struct its_shape lead = *s;
    lead.rank = s->rank > 2 ? s->rank - 2 : 0;
    return lead;
}

/* The walk gets a last axis of 1, so that every step of it is one matrix. */
static void place(struct its_walk *w, int operand, const struct its_shape *s, int64_t size)
{
    struct its_shape lead = leading(s);
    lead.dim[lead.rank++] = 1;
    its_walk_broadcast(w, operand, &lead);
    for (int a = 0; a < w->over.rank; a++)
        w->step[operand][a] *= size;
}

static void product_init(struct product *p, const struct its_node *n)
{
    const struct its_shape *a = &n->in[0]->shape, *b = &n->in[1]->shape;
    p->rows = a->rank > 1 ? a->dim[a->rank - 2] : 1;
    p->inner = a->dim[a->rank - 1];
    p->columns = b->rank > 1 ? b->dim[b->rank - 1] : 1;
    struct its_shape over = leading(a), lead = leading(b);
    its_infer_broadcast(&over, &lead, NULL);
    over.dim[over.rank++] = 1;
    its_walk_init(&p->walk, &over);
    place(&p->walk, 0, a, p->rows * p->inner);
    place(&p->walk, 1, b, p->inner * p->columns);
}

/* A run of columns of one row: the sums stay in the first-level cache. */
static void float_row(const struct product *p, const float *a, const float *b, float *to,
                      int64_t count)
{
    double sum[COLUMNS] = {0};
    for (int64_t k = 0; k < p->inner; k++)
        for (int64_t x = 0; x < count; x++)
            sum[x] += (double)a[k] * b[k * p->columns + x];
    for (int64_t x = 0; x < count; x++)
        to[x] = sum[x];
}

static void float_matrix(const struct product *p, const float *a, const float *b, float *to)
{
    for (int64_t y = 0; y < p->rows; y++)
        for (int64_t x = 0; x < p->columns; x += COLUMNS)
            float_row(p, a + y * p->inner, b + x, to + y * p->columns + x,
                      ITS_MIN(COLUMNS, p->columns - x));
}

/* Zero points are taken off; the sum wraps at the result's width. */
static void integer_matrix(const struct its_node *n, const struct product *p, const void *const *in,
                           const int64_t zero[2], void *out, int64_t at)
{
    int64_t a0 = p->walk.offset[0], b0 = p->walk.offset[1];
    for (int64_t y = 0; y < p->rows; y++)
        for (int64_t x = 0; x < p->columns; x++, at++) {
            uint64_t sum = 0;
            for (int64_t k = 0; k < p->inner; k++) {
                int64_t a = its_integer_at(in[0], n->in[0]->type, a0 + y * p->inner + k) - zero[0];
                int64_t b =
                    its_integer_at(in[1], n->in[1]->type, b0 + k * p->columns + x) - zero[1];
                sum += (uint64_t)a * (uint64_t)b;
            }
            its_put_integer(out, n->out[0]->type, at, sum);
        }
}

int its_ref_matmul(const struct its_node *n, const void *const *in, void *const *out)
{
    struct product p;
    const int64_t zero[2] = {0, 0};
    product_init(&p, n);
    int64_t at = 0;
    for (bool more = its_walk_begin(&p.walk); more; more = its_walk_next(&p.walk)) {
        if (n->in[0]->type == ITS_F32)
            float_matrix(&p, (const float *)in[0] + p.walk.offset[0],
                         (const float *)in[1] + p.walk.offset[1], (float *)out[0] + at);
        else
            integer_matrix(n, &p, in, zero, out[0], at);
        at += p.rows * p.columns;
    }
    return 0;
}

int its_ref_matmul_integer(const struct its_node *n, const void *const *in, void *const *out)
{
    struct product p;
    int64_t zero[2] = {0, 0};
    for (int i = 0; i < 2; i++)
        if (its_node_in(n, 2 + i))
            zero[i] = its_integer_at(in[2 + i], n->in[2 + i]->type, 0);
    product_init(&p, n);
    int64_t at = 0;
    for (bool more = its_walk_begin(&p.walk); more; more = its_walk_next(&p.walk)) {
        integer_matrix(n, &p, in, zero, out[0], at);
        at += p.rows * p.columns;
    }
    return 0;
}

/* alpha * A B + beta * C */
int its_ref_gemm(const struct its_node *n, const void *const *in, void *const *out)
{
    double alpha = its_node_float(n, "alpha", 1), beta = its_node_float(n, "beta", 1);
    bool ta = its_node_int(n, "transA", 0) != 0, tb = its_node_int(n, "transB", 0) != 0;
    const struct its_shape *sa = &n->in[0]->shape, *s = &n->out[0]->shape;
    int64_t rows = s->dim[0], columns = s->dim[1], inner = sa->dim[!ta];
    const float *a = in[0], *b = in[1], *c = its_node_in(n, 2) ? in[2] : NULL;
    struct its_walk w;
    its_walk_init(&w, s);
    if (c)
        its_walk_broadcast(&w, 0, &n->in[2]->shape);
    float *to = out[0];
    int64_t y = 0;
    for (bool more = its_walk_begin(&w); more; more = its_walk_next(&w), y++)
        for (int64_t x = 0; x < columns; x++) {
            double sum = 0;
            for (int64_t k = 0; k < inner; k++)
                sum += (double)a[ta ? k * rows + y : y * inner + k] *
                       b[tb ? x * inner + k : k * columns + x];
            *to++ = alpha * sum + (c ? beta * c[w.offset[0] + x * w.row_step[0]] : 0);
        }
    return 0;
}
