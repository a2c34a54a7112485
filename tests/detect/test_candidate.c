/* Candidates: the best stay when the room is full, whatever the order they come in; sorting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "detect/candidate.h"

static struct its_candidate scored(float score, int anchor)
{
    return (struct its_candidate){{0, 0, 1, 1}, score, 0, anchor};
}

static void the_best_stay(void **state)
{
    for (int room = 1; room <= 40; room += 13) {
        struct its_candidates c;
        assert_int_equal(its_candidates_init(&c, room), 0);
        for (int i = 0; i < 100; i++) { /* 37 is prime to 100: every score once, mixed */
            struct its_candidate one = scored((float)(i * 37 % 100) / 100, i);
            its_candidates_add(&c, &one);
        }
        its_candidates_sort(&c);
        assert_int_equal(c.count, room);
        for (int i = 0; i < room; i++) {
            printf("room %d: number %d has %.2f\n", room, i, c.item[i].score);
            assert_float_equal(c.item[i].score, (float)(99 - i) / 100, 1e-6);
        }
        its_candidates_fini(&c);
    }
}

static void equal_scores_go_by_anchor(void **state)
{
    struct its_candidates c;
    assert_int_equal(its_candidates_init(&c, 3), 0);
    for (int anchor = 9; anchor >= 0; anchor--) {
        struct its_candidate one = scored(0.5f, anchor);
        its_candidates_add(&c, &one);
    }
    its_candidates_sort(&c);
    for (int i = 0; i < 3; i++)
        assert_int_equal(c.item[i].anchor, i);
    its_candidates_fini(&c);
}

static void nonsense_is_passed_over(void **state)
{
    struct its_candidates c;
    assert_int_equal(its_candidates_init(&c, 8), 0);
    const struct its_candidate bad[] = {
        {{NAN, 0, 1, 1}, 0.5f, 0, 0}, {{0, 0, INFINITY, 1}, 0.5f, 0, 0}, {{0, 0, 0, 1}, 0.5f, 0, 0},
        {{0, 0, 1, -1}, 0.5f, 0, 0},  {{0, 0, 1, 1}, NAN, 0, 0},
    };
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        its_candidates_add(&c, &bad[i]);
    assert_int_equal(c.count, 0);
    its_candidates_sort(&c);
    its_candidates_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_stay),
        cmocka_unit_test(equal_scores_go_by_anchor),
        cmocka_unit_test(nonsense_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
