/* A Reshape regroups neighbouring dims: cut both shapes into the smallest runs of equal product,
 * and each run of the result depends on one run of the input. A run that became one dim is the
 * product, whatever it meant. Only where a run was split does a number need a meaning, and then the
 * new product tells right from wrong. */
#include "nn/sizes.h"

int64_t its_levels_cells(const struct its_picture *p, struct its_levels l)
{
    int64_t cells = 0;
    for (int i = l.first; i <= l.last; i++) {
        int64_t stride = INT64_C(1) << i;
        if (p->h % stride || p->w % stride)
            return 0;
        cells += (p->h / stride) * (p->w / stride);
    }
    return cells;
}

bool its_levels_find(const struct its_sizes *s, int64_t cells, struct its_levels *out)
{
    for (int count = ITS_STRIDES; count >= 1; count--)
        for (int first = ITS_STRIDES - count; first >= 0; first--) {
            struct its_levels l = {first, first + count - 1};
            if (its_levels_cells(&s->from, l) == cells && its_levels_cells(&s->to, l)) {
                *out = l;
                return true;
            }
        }
    return false;
}

/* --- runs that were split */

struct split {
    const struct its_sizes *sizes;
    const int64_t *old; /* the dims of the run, as they were */
    int64_t *new;
    int count;
    bool leads; /* its first dim is the result's: the batch, if it can be */
};

static bool solve(const struct split *sp, int at, int64_t left);

/* Takes `n` dims from `at` as given in new[], and solves the rest. */
static bool take(const struct split *sp, int at, int n, int64_t left)
{
    for (int i = at; i < at + n; i++) {
        if (sp->new[i] <= 0 || left % sp->new[i])
            return false;
        left /= sp->new[i];
    }
    return solve(sp, at + n, left);
}

/* Two neighbours that were the sides of a level. */
static bool solve_sides(const struct split *sp, int at, int64_t left)
{
    const struct its_picture *f = &sp->sizes->from, *t = &sp->sizes->to;
    if (at + 1 >= sp->count)
        return false;
    for (int64_t s = INT64_C(1) << (ITS_STRIDES - 1); s >= 1; s /= 2) {
        if (sp->old[at] * s != f->h || sp->old[at + 1] * s != f->w || t->h % s || t->w % s)
            continue;
        sp->new[at] = t->h / s;
        sp->new[at + 1] = t->w / s;
        if (take(sp, at, 2, left))
            return true;
    }
    return false;
}

/* Cells of some levels, finest meanings last. */
static bool solve_cells(const struct split *sp, int at, int64_t left)
{
    struct its_levels l;
    if (!its_levels_find(sp->sizes, sp->old[at], &l))
        return false;
    sp->new[at] = its_levels_cells(&sp->sizes->to, l);
    return take(sp, at, 1, left);
}

static bool solve_number(const struct split *sp, int at, int64_t left)
{
    sp->new[at] = sp->old[at];
    return take(sp, at, 1, left);
}

/* The batch, times something. */
static bool solve_batch(const struct split *sp, int at, int64_t left)
{
    const struct its_sizes *s = sp->sizes;
    if (sp->old[at] % s->from.batch)
        return false;
    sp->new[at] = sp->old[at] / s->from.batch * s->to.batch;
    return take(sp, at, 1, left);
}

static bool solve_side(const struct split *sp, int at, int64_t left)
{
    const struct its_picture *f = &sp->sizes->from, *t = &sp->sizes->to;
    for (int64_t s = INT64_C(1) << (ITS_STRIDES - 1); s >= 1; s /= 2) {
        sp->new[at] = sp->old[at] * s == f->h ? t->h / s : 0;
        if (take(sp, at, 1, left))
            return true;
        sp->new[at] = sp->old[at] * s == f->w ? t->w / s : 0;
        if (take(sp, at, 1, left))
            return true;
    }
    return false;
}

/* Meanings for the dims from `at` whose product is `left`; the likeliest first. */
static bool solve(const struct split *sp, int at, int64_t left)
{
    if (at == sp->count)
        return left == 1;
    if (at == 0 && sp->leads && solve_batch(sp, at, left))
        return true;
    return solve_sides(sp, at, left) || solve_cells(sp, at, left) || solve_number(sp, at, left) ||
           solve_batch(sp, at, left) || solve_side(sp, at, left);
}

/* --- runs */

/* Dims [in, in_end) of the input make dims [out, out_end) of the result. */
struct run {
    int in, in_end, out, out_end;
};

static bool next_run(const struct its_shape *in, const struct its_shape *out, struct run *r)
{
    int64_t a = 1, b = 1;
    r->in = r->in_end;
    r->out = r->out_end;
    if (r->in_end < in->rank)
        a = in->dim[r->in_end++];
    if (r->out_end < out->rank)
        b = out->dim[r->out_end++];
    while (a != b) {
        if (a < b && r->in_end < in->rank)
            a *= in->dim[r->in_end++];
        else if (b < a && r->out_end < out->rank)
            b *= out->dim[r->out_end++];
        else
            return false;
    }
    return true;
}

static bool has_zero(const struct its_shape *s)
{
    for (int i = 0; i < s->rank; i++)
        if (s->dim[i] <= 0)
            return true;
    return false;
}

bool its_sizes_reshape(const struct its_sizes *s, const struct its_shape *in,
                       const struct its_shape *now, const struct its_shape *out,
                       struct its_shape *result)
{
    if (in->rank != now->rank || has_zero(in) || has_zero(now) || has_zero(out))
        return false;
    *result = *out;
    struct run r = {0};
    while (r.in_end < in->rank || r.out_end < out->rank) {
        if (!next_run(in, out, &r))
            return false;
        int64_t product = 1;
        for (int i = r.in; i < r.in_end; i++)
            product *= now->dim[i];
        struct split sp = {s, out->dim + r.out, result->dim + r.out, r.out_end - r.out, r.out == 0};
        if (sp.count == 1)
            sp.new[0] = product;
        else if (!solve(&sp, 0, product))
            return false;
    }
    return true;
}
