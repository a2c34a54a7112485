/* The waits between attempts: their steps, their spread, and what was promised of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "app/backoff.h"

enum { SEEDS = 1000 };

static void steps_grow_to_half_a_minute(void **state)
{
    static const double step_s[] = {0.5, 1, 2, 2, 2, 4, 8, 16, 30, 30, 30};
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        struct its_backoff b;
        its_backoff_init(&b, seed);
        for (unsigned i = 0; i < sizeof(step_s) / sizeof(step_s[0]); i++) {
            double s = (double)its_backoff_next_us(&b) * 1e-6;
            if (s < 0.8 * step_s[i] || s > 1.2 * step_s[i])
                fail_msg("seed %u, step %u: %.3f s", seed, i, s);
        }
    }
}

/* Whenever within its first 5 s a server returns, it is tried again 2.4 s later at the latest, even
 * where every attempt takes no time. */
static void a_short_absence_ends_soon(void **state)
{
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        struct its_backoff b;
        its_backoff_init(&b, seed);
        for (double at = 0; at < 5;) {
            double wait = (double)its_backoff_next_us(&b) * 1e-6;
            if (wait > 2.4)
                fail_msg("seed %u: a wait of %.3f s begins at %.3f s", seed, wait, at);
            at += wait;
        }
    }
}

static void cameras_do_not_come_back_in_step(void **state)
{
    double least = 1e9, most = 0;
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        struct its_backoff b;
        its_backoff_init(&b, seed);
        for (int i = 0; i < 8; i++)
            its_backoff_next_us(&b);
        double s = (double)its_backoff_next_us(&b) * 1e-6;
        least = s < least ? s : least;
        most = s > most ? s : most;
    }
    print_message("the longest step is %.1f to %.1f s\n", least, most);
    assert_true(least < 26 && most > 34);
}

static void a_success_that_held_is_forgiven(void **state)
{
    struct its_backoff b;
    its_backoff_init(&b, 1);
    for (int i = 0; i < 9; i++)
        its_backoff_next_us(&b);
    its_backoff_held(&b, ITS_BACKOFF_FORGIVE_US - 1);
    assert_true(its_backoff_next_us(&b) > 20000000);
    its_backoff_held(&b, ITS_BACKOFF_FORGIVE_US);
    assert_true(its_backoff_next_us(&b) < 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_grow_to_half_a_minute),
        cmocka_unit_test(a_short_absence_ends_soon),
        cmocka_unit_test(cameras_do_not_come_back_in_step),
        cmocka_unit_test(a_success_that_held_is_forgiven),
    };
    return cmocka_run_group_tests_name("app/backoff", tests, NULL, NULL);
}
