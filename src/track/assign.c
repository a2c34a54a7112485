/* Rows enter one after the other. Each looks for the cheapest way in: Dijkstra over the columns in
 * reduced costs, stepping from a taken column to the row that has it. The way ends at a free column
 * or where a row on it would rather stay alone; then every row on the way moves one step. The prices
 * (u of rows, v of columns) keep all reduced costs >= 0 and those of the pairs made = 0, which is
 * the proof of optimality. "Alone" is a private column of each row with price 0, never stored. */
#include "track/assign.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/attr.h"
#include "base/mem.h"

struct its_assign {
    int max_rows, max_cols;
    double *u;       /* (rows) */
    double *v;       /* (cols) */
    double *reached; /* (cols) cost of the cheapest way to the column in this search */
    int *from;       /* (cols) the row it was reached from */
    int *row_of_col; /* (cols) -1 = free */
    int *open;       /* (cols) columns not settled yet: the first `n` of them */
    int *settled;    /* (cols) columns whose way is final, in order */
};

struct its_assign *its_assign_create(int max_rows, int max_cols)
{
    its_assert(max_rows > 0 && max_cols > 0);
    struct its_assign *a = its_malloc(sizeof(*a));
    a->max_rows = max_rows;
    a->max_cols = max_cols;
    a->u = its_try_calloc((size_t)max_rows, sizeof(*a->u));
    a->v = its_try_calloc((size_t)max_cols, sizeof(*a->v));
    a->reached = its_try_calloc((size_t)max_cols, sizeof(*a->reached));
    a->from = its_try_calloc((size_t)max_cols, sizeof(*a->from));
    a->row_of_col = its_try_calloc((size_t)max_cols, sizeof(*a->row_of_col));
    a->open = its_try_calloc((size_t)max_cols, sizeof(*a->open));
    a->settled = its_try_calloc((size_t)max_cols, sizeof(*a->settled));
    if (!a->u || !a->v || !a->reached || !a->from || !a->row_of_col || !a->open || !a->settled)
        its_assign_destroy(&a);
    return a;
}

void its_assign_destroy(struct its_assign **pa)
{
    struct its_assign *a = *pa;
    if (!a)
        return;
    *pa = NULL;
    free(a->u);
    free(a->v);
    free(a->reached);
    free(a->from);
    free(a->row_of_col);
    free(a->open);
    free(a->settled);
    free(a);
}

/* Where a search ended. */
struct way {
    double length;
    int col;      /* the free column, or -1: */
    int row;      /* this row stays alone */
    int settled;  /* how many columns were settled */
};

/* Lowers the cost of reaching each open column by a step from `row`; returns the index in `open` of
 * the cheapest one, or -1. */
static int relax(struct its_assign *a, const float *costs, int row, double so_far, int open)
{
    int best = -1;
    for (int k = 0; k < open; k++) {
        int col = a->open[k];
        double r = so_far + costs[col] - a->u[row] - a->v[col];
        if (r < a->reached[col]) {
            a->reached[col] = r;
            a->from[col] = row;
        }
        if (a->reached[col] < INFINITY && (best < 0 || a->reached[col] < a->reached[a->open[best]]))
            best = k;
    }
    return best;
}

static struct way search(struct its_assign *a, const float *cost, int cols, float alone, int first)
{
    struct way alone_way = {.length = INFINITY, .col = -1};
    int open = cols, settled = 0, row = first;
    double so_far = 0;
    for (int j = 0; j < cols; j++) {
        a->open[j] = j;
        a->reached[j] = INFINITY;
    }
    for (;;) {
        if (so_far + alone - a->u[row] < alone_way.length) {
            alone_way.length = so_far + alone - a->u[row];
            alone_way.row = row;
        }
        int k = relax(a, cost + (size_t)row * (size_t)cols, row, so_far, open);
        int col = k < 0 ? -1 : a->open[k];
        if (col < 0 || alone_way.length <= a->reached[col]) {
            alone_way.settled = settled;
            return alone_way;
        }
        so_far = a->reached[col];
        if (a->row_of_col[col] < 0)
            return (struct way){.length = so_far, .col = col, .settled = settled};
        a->open[k] = a->open[--open];
        a->settled[settled++] = col;
        row = a->row_of_col[col];
    }
}

static void update_prices(struct its_assign *a, int first, const struct way *w)
{
    a->u[first] += w->length;
    for (int k = 0; k < w->settled; k++) {
        int col = a->settled[k];
        double slack = w->length - a->reached[col];
        a->u[a->row_of_col[col]] += slack;
        a->v[col] -= slack;
    }
}

/* Moves every row on the way one step on; `first` is in at the end of it. */
static void step_along(struct its_assign *a, int first, const struct way *w, int *col_of_row)
{
    int col = w->col;
    if (col < 0) {
        col = col_of_row[w->row];
        col_of_row[w->row] = -1;
        if (w->row == first)
            return;
    }
    for (;;) {
        int row = a->from[col], left = col_of_row[row];
        a->row_of_col[col] = row;
        col_of_row[row] = col;
        if (row == first)
            return;
        col = left;
    }
}

int its_assign_solve(struct its_assign *a, const float *cost, int rows, int cols, float alone,
                     int *col_of_row)
{
    its_assert(rows >= 0 && rows <= a->max_rows && cols >= 0 && cols <= a->max_cols);
    its_assert(alone >= 0);
    for (int i = 0; i < rows; i++) {
        a->u[i] = 0;
        col_of_row[i] = -1;
    }
    for (int j = 0; j < cols; j++) {
        a->v[j] = 0;
        a->row_of_col[j] = -1;
    }
    for (int i = 0; i < rows; i++) {
        struct way w = search(a, cost, cols, alone, i);
        update_prices(a, i, &w);
        step_along(a, i, &w, col_of_row);
    }
    int pairs = 0;
    for (int i = 0; i < rows; i++)
        pairs += col_of_row[i] >= 0;
    return pairs;
}
