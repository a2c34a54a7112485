/* Optimal assignment: which row goes with which column so that the sum of costs is least, where a
 * row may also stay alone at a fixed price.
 *
 * Shortest augmenting paths with dual prices (Jonker and Volgenant 1987; in the form of Crouse,
 * "On implementing 2D rectangular assignment algorithms", 2016). A pair dearer than the price of
 * staying alone is never made; ITS_ASSIGN_NEVER forbids one. O(rows² · columns) at worst; gated
 * problems, where most pairs are forbidden, are near linear. */
#pragma once

#include <math.h>

#define ITS_ASSIGN_NEVER INFINITY

struct its_assign;

/* Room for problems up to that size; all memory is taken here. Never NULL. */
struct its_assign *its_assign_create(int max_rows, int max_cols);
void its_assign_destroy(struct its_assign **a);

/* cost is (rows, cols), row by row, >= 0. alone >= 0 is the price of a row without a column.
 * Writes the column of each row, or -1, to col_of_row (rows). Returns the number of pairs. */
int its_assign_solve(struct its_assign *a, const float *cost, int rows, int cols, float alone,
                     int *col_of_row);
