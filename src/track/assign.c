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
    int *begin;      /* (rows + 1) where the row's part of `allowed` begins */
    int *allowed;    /* the columns a row may have, row after row */
    double *u;       /* (rows) */
    double *v;       /* (cols) */
    double *reached; /* (cols) cost of the cheapest way to the column in this search */
    bool *final;     /* (cols) that way is final: the column is settled */
    int *from;       /* (cols) the row it was reached from */
    int *row_of_col; /* (cols) -1 = free */
    int *open;       /* (cols) reached, not settled: the first `open_count` of them */
    int *settled;    /* (cols) in order, the first `settled_count` of them */
    int open_count, settled_count;
};

struct its_assign *its_assign_create(int max_rows, int max_cols)
{
    its_assert(max_rows > 0 && max_cols > 0);
    size_t rows = (size_t)max_rows, cols = (size_t)max_cols;
    struct its_assign *a = its_malloc(sizeof(*a));
    a->max_rows = max_rows;
    a->max_cols = max_cols;
    a->begin = its_calloc(rows + 1, sizeof(*a->begin));
    a->allowed = its_calloc(rows * cols, sizeof(*a->allowed));
    a->u = its_calloc(rows, sizeof(*a->u));
    a->v = its_calloc(cols, sizeof(*a->v));
    a->reached = its_calloc(cols, sizeof(*a->reached));
    a->final = its_calloc(cols, sizeof(*a->final));
    a->from = its_calloc(cols, sizeof(*a->from));
    a->row_of_col = its_calloc(cols, sizeof(*a->row_of_col));
    a->open = its_calloc(cols, sizeof(*a->open));
    a->settled = its_calloc(cols, sizeof(*a->settled));
    return a;
}

void its_assign_destroy(struct its_assign **pa)
{
    struct its_assign *a = *pa;
    if (!a)
        return;
    *pa = NULL;
    free(a->begin);
    free(a->allowed);
    free(a->u);
    free(a->v);
    free(a->reached);
    free(a->final);
    free(a->from);
    free(a->row_of_col);
    free(a->open);
    free(a->settled);
    free(a);
}

/* Where a search ended. */
struct way {
    double length;
    int col; /* the free column, or -1: */
    int row; /* this row stays alone */
};

/* Lowers the cost of reaching each column by a step from `row`. */
static void relax(struct its_assign *a, const float *costs, int row, double so_far)
{
    for (int k = a->begin[row]; k < a->begin[row + 1]; k++) {
        int col = a->allowed[k];
        double r = so_far + costs[col] - a->u[row] - a->v[col];
        if (a->final[col] || r >= a->reached[col])
            continue;
        if (a->reached[col] == INFINITY)
            a->open[a->open_count++] = col;
        a->reached[col] = r;
        a->from[col] = row;
    }
}

/* Index in `open` of the column that is cheapest to reach, or -1. */
static int cheapest(const struct its_assign *a)
{
    int best = -1;
    for (int k = 0; k < a->open_count; k++)
        if (best < 0 || a->reached[a->open[k]] < a->reached[a->open[best]])
            best = k;
    return best;
}

static struct way search(struct its_assign *a, const float *cost, int cols, float alone, int first)
{
    struct way alone_way = {.length = INFINITY, .col = -1};
    int row = first;
    double so_far = 0;
    for (;;) {
        if (so_far + alone - a->u[row] < alone_way.length) {
            alone_way.length = so_far + alone - a->u[row];
            alone_way.row = row;
        }
        relax(a, cost + (size_t)row * (size_t)cols, row, so_far);
        int k = cheapest(a), col = k < 0 ? -1 : a->open[k];
        if (col < 0 || alone_way.length <= a->reached[col])
            return alone_way;
        so_far = a->reached[col];
        if (a->row_of_col[col] < 0)
            return (struct way){.length = so_far, .col = col};
        a->open[k] = a->open[--a->open_count];
        a->settled[a->settled_count++] = col;
        a->final[col] = true;
        row = a->row_of_col[col];
    }
}

static void update_prices(struct its_assign *a, int first, const struct way *w)
{
    a->u[first] += w->length;
    for (int k = 0; k < a->settled_count; k++) {
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

/* Ready for the next search. */
static void forget(struct its_assign *a)
{
    for (int k = 0; k < a->open_count; k++)
        a->reached[a->open[k]] = INFINITY;
    for (int k = 0; k < a->settled_count; k++) {
        a->reached[a->settled[k]] = INFINITY;
        a->final[a->settled[k]] = false;
    }
    a->open_count = a->settled_count = 0;
}

static void prepare(struct its_assign *a, const float *cost, int rows, int cols, float alone)
{
    int n = 0;
    for (int i = 0; i < rows; i++) {
        a->u[i] = 0;
        a->begin[i] = n;
        for (int j = 0; j < cols; j++)
            if (cost[(size_t)i * (size_t)cols + (size_t)j] <= alone)
                a->allowed[n++] = j;
    }
    a->begin[rows] = n;
    for (int j = 0; j < cols; j++) {
        a->v[j] = 0;
        a->row_of_col[j] = -1;
        a->reached[j] = INFINITY;
        a->final[j] = false;
    }
    a->open_count = a->settled_count = 0;
}

int its_assign_solve(struct its_assign *a, const float *cost, int rows, int cols, float alone,
                     int *col_of_row)
{
    its_assert(rows >= 0 && rows <= a->max_rows && cols >= 0 && cols <= a->max_cols);
    its_assert(alone >= 0);
    prepare(a, cost, rows, cols, alone);
    for (int i = 0; i < rows; i++)
        col_of_row[i] = -1;
    for (int i = 0; i < rows; i++) {
        struct way w = search(a, cost, cols, alone, i);
        update_prices(a, i, &w);
        forget(a);
        step_along(a, i, &w, col_of_row);
    }
    int pairs = 0;
    for (int i = 0; i < rows; i++)
        pairs += col_of_row[i] >= 0;
    return pairs;
}
