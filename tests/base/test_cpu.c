/* How many processors we count: those we may run on, not those the machine has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sched.h>
#include <cmocka.h>

#include "base/cpu.h"

static void test_only_where_we_may_run(void **state)
{
    cpu_set_t had, one;
    assert_int_equal(sched_getaffinity(0, sizeof(had), &had), 0);
    int all = its_cpu_count();
    print_message("%d of %d\n", all, CPU_COUNT(&had));
    assert_in_range(all, 1, CPU_COUNT(&had));
    CPU_ZERO(&one);
    for (int i = 0; CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &had))
            CPU_SET(i, &one);
    assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
    assert_int_equal(its_cpu_count(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof(had), &had), 0);
    assert_int_equal(its_cpu_count(), all);
}

static void test_what_a_group_grants(void **state)
{
    assert_int_equal(its_cpu_granted("max 100000", 8), 8);
    assert_int_equal(its_cpu_granted("200000 100000", 8), 2);
    assert_int_equal(its_cpu_granted("150000 100000", 8), 2);
    assert_int_equal(its_cpu_granted("50000 100000", 8), 1);
    assert_int_equal(its_cpu_granted("1600000 100000", 8), 8);
    assert_int_equal(its_cpu_granted("9000000000000000000 1", 8), 8);
    assert_int_equal(its_cpu_granted("", 8), 8);
    assert_int_equal(its_cpu_granted("0 0", 8), 8);
    assert_int_equal(its_cpu_granted("-1 100000", 8), 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_only_where_we_may_run),
                                       cmocka_unit_test(test_what_a_group_grants)};
    return cmocka_run_group_tests_name("base/cpu", tests, NULL, NULL);
}
