#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "track/assign.h"

#define SIDE 6

/* The least price of rows from `row` on, trying everything. */
static double brute(const float *cost, int rows, int cols, float alone, int row, unsigned taken)
{
    if (row == rows)
        return 0;
    double best = alone + brute(cost, rows, cols, alone, row + 1, taken);
    for (int j = 0; j < cols; j++) {
        float c = cost[row * cols + j];
        if ((taken & 1u << j) || c == ITS_ASSIGN_NEVER)
            continue;
        double all = c + brute(cost, rows, cols, alone, row + 1, taken | 1u << j);
        best = all < best ? all : best;
    }
    return best;
}

static double price(const float *cost, int rows, int cols, float alone, const int *pair)
{
    unsigned taken = 0;
    double sum = 0;
    for (int i = 0; i < rows; i++) {
        if (pair[i] < 0) {
            sum += alone;
            continue;
        }
        assert_true(pair[i] < cols && !(taken & 1u << pair[i]));
        taken |= 1u << pair[i];
        sum += cost[i * cols + pair[i]];
    }
    return sum;
}

static void is_as_cheap_as_brute_force(void **state)
{
    struct its_assign *a = its_assign_create(SIDE, SIDE);
    unsigned seed = 20240501;
    srand(seed);
    for (int round = 0; round < 4000; round++) {
        float cost[SIDE * SIDE], alone = (float)(rand() % 120) / 100;
        int rows = rand() % (SIDE + 1), cols = rand() % (SIDE + 1), pair[SIDE];
        int forbidden = rand() % 100; /* per cent */
        bool coarse = rand() % 2;     /* many ties */
        for (int i = 0; i < rows * cols; i++) {
            cost[i] = coarse ? (float)(rand() % 4) / 4 : (float)rand() / (float)RAND_MAX;
            if (rand() % 100 < forbidden)
                cost[i] = ITS_ASSIGN_NEVER;
        }
        int pairs = its_assign_solve(a, cost, rows, cols, alone, pair), counted = 0;
        for (int i = 0; i < rows; i++)
            counted += pair[i] >= 0;
        double ours = price(cost, rows, cols, alone, pair);
        double best = brute(cost, rows, cols, alone, 0, 0);
        if (ours > best + 1e-5 || pairs != counted)
            fail_msg("seed %u round %d: %d x %d alone %g: %g, but %g is possible", seed, round,
                     rows, cols, (double)alone, ours, best);
    }
    its_assign_destroy(&a);
    assert_null(a);
    its_assign_destroy(&a);
}

static void a_row_gives_way_for_the_common_good(void **state)
{
    /* Row 0 prefers column 0, but row 1 can have nothing else. */
    const float cost[] = {0.1f, 0.3f, 0.2f, ITS_ASSIGN_NEVER};
    int pair[2];
    struct its_assign *a = its_assign_create(2, 2);
    assert_int_equal(its_assign_solve(a, cost, 2, 2, 1, pair), 2);
    assert_int_equal(pair[0], 1);
    assert_int_equal(pair[1], 0);
    its_assign_destroy(&a);
}

static void a_dear_pair_is_not_made(void **state)
{
    const float cost[] = {0.6f};
    int pair[1];
    struct its_assign *a = its_assign_create(1, 1);
    assert_int_equal(its_assign_solve(a, cost, 1, 1, 0.5f, pair), 0);
    assert_int_equal(pair[0], -1);
    assert_int_equal(its_assign_solve(a, cost, 1, 1, 0.7f, pair), 1);
    its_assign_destroy(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_as_cheap_as_brute_force),
        cmocka_unit_test(a_row_gives_way_for_the_common_good),
        cmocka_unit_test(a_dear_pair_is_not_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
