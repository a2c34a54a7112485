#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/pool.h"
#include "traffic/result.h"

static void the_last_reference_gives_it_back(void **state)
{
    struct its_pool *pool = its_pool_create(
        &(struct its_pool_settings){.name = "results", .object_bytes = sizeof(struct its_result)});
    struct its_pool_stats stats;
    struct its_result *a = its_pool_take(pool), *b;
    its_ref_init(&a->ref);
    b = its_result_ref(a);
    assert_ptr_equal(a, b);

    its_result_unref(&a);
    assert_null(a);
    its_pool_read_stats(pool, &stats);
    assert_int_equal(stats.out, 1);
    its_result_unref(&b);
    its_pool_read_stats(pool, &stats);
    assert_int_equal(stats.out, 0);
    its_result_unref(&b);
    its_pool_close(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_last_reference_gives_it_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
