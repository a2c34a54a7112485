/* Reductions over any set of axes: floats in double, integers in 64 bits that wrap. */
#include "nn/ref/ops.h"

#include <math.h>

#include "nn/param.h"
#include "nn/ref/element.h"
#include "nn/ref/walk.h"

enum how { MAX, MIN, MEAN, SUM, PROD, L2 };

/* One element of the result: begun by its first input element, then folded. */
struct sum {
    bool any;
    double real;
    int64_t integer;
};

static double fold_real(enum how how, double a, double b)
{
    switch (how) {
    case MAX:
        return isnan(a) || isnan(b) ? NAN : b > a ? b : a;
    case MIN:
        return isnan(a) || isnan(b) ? NAN : b < a ? b : a;
    case PROD:
        return a * b;
    default:
        return a + b;
    }
}

static int64_t fold_integer(enum how how, int64_t a, int64_t b)
{
    switch (how) {
    case MAX:
        return b > a ? b : a;
    case MIN:
        return b < a ? b : a;
    case PROD:
        return (uint64_t)a * (uint64_t)b;
    default:
        return (uint64_t)a + (uint64_t)b;
    }
}

static void add(struct sum *s, enum how how, enum its_dtype type, const void *p, int64_t i)
{
    if (type == ITS_F32) {
        double v = ((const float *)p)[i];
        v = how == L2 ? v * v : v;
        s->real = s->any ? fold_real(how, s->real, v) : v;
    } else {
        int64_t v = its_integer_at(p, type, i);
        v = how == L2 ? (int64_t)((uint64_t)v * (uint64_t)v) : v;
        s->integer = s->any ? fold_integer(how, s->integer, v) : v;
    }
    s->any = true;
}

static void store(const struct sum *s, enum how how, enum its_dtype type, int64_t of, void *p,
                  int64_t i)
{
    double real = s->any        ? s->real
                  : how == PROD ? 1
                  : how == MAX  ? -INFINITY
                  : how == MIN  ? INFINITY
                                : 0;
    int64_t k = s->any ? s->integer : how == PROD;
    if (how == MEAN) {
        real = of ? real / of : NAN;
        k = of ? k / of : 0;
    } else if (how == L2) {
        real = sqrt(real);
        k = sqrt((double)k);
    }
    if (type == ITS_F32)
        ((float *)p)[i] = real;
    else
        its_put_integer(p, type, i, k);
}

/* Two walks, one inside the other: over the axes that stay, and over those that go. */
static int reduce(const struct its_node *n, enum how how, const void *in, void *out)
{
    struct its_reduction p;
    struct its_walk stay, go;
    enum its_dtype type = n->in[0]->type;
    int64_t steps[ITS_RANK_MAX];
    struct its_shape kept = n->in[0]->shape, gone = kept;
    its_reduction_of(n, &p, NULL);
    its_dense_steps(&n->in[0]->shape, steps);
    for (int a = 0; a < kept.rank; a++)
        *(p.axis[a] ? &kept.dim[a] : &gone.dim[a]) = 1;
    its_walk_init(&stay, &kept);
    for (int a = 0; a < kept.rank; a++)
        stay.step[0][a] = steps[a];
    int64_t o = 0;
    for (bool more = its_walk_begin(&stay); more; more = its_walk_next(&stay))
        for (int64_t x = 0; x < stay.row; x++, o++) {
            struct sum sum = {0};
            int64_t first = stay.offset[0] + x * stay.row_step[0];
            its_walk_init(&go, &gone);
            for (int a = 0; a < gone.rank; a++)
                go.step[0][a] = steps[a];
            for (bool in_go = its_walk_begin(&go); in_go; in_go = its_walk_next(&go))
                for (int64_t i = 0; i < go.row; i++)
                    add(&sum, how, type, in, first + go.offset[0] + i * go.row_step[0]);
            store(&sum, how, type, its_shape_count(&gone), out, o);
        }
    return 0;
}

#define REDUCTION(name, how)                                                                       \
    int its_ref_reduce_##name(const struct its_node *n, const void *const *in, void *const *out)   \
    {                                                                                              \
        return reduce(n, how, in[0], out[0]);                                                      \
    }

REDUCTION(max, MAX)
REDUCTION(min, MIN)
REDUCTION(mean, MEAN)
REDUCTION(sum, SUM)
REDUCTION(prod, PROD)
REDUCTION(l2, L2)
