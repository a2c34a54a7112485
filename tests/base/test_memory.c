/* Pools, arenas and strings: reuse, bounds, order of shutdown. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/pool.h"
#include "base/str.h"
#include "base/thread.h"

struct thing {
    int value;
};

static _Atomic int inits, resets, finis;

static int thing_init(void *p)
{
    inits++;
    return 0;
}

static void thing_reset(void *p)
{
    resets++;
}

static void thing_fini(void *p)
{
    finis++;
}

static struct its_pool *pool_of(unsigned max)
{
    inits = resets = finis = 0;
    return its_pool_create(&(struct its_pool_settings){.name = "things",
                                                       .object_bytes = sizeof(struct thing),
                                                       .max = max,
                                                       .init = thing_init,
                                                       .reset = thing_reset,
                                                       .fini = thing_fini});
}

static void test_pool_reuses(void **state)
{
    struct its_pool *pool = pool_of(0);
    struct thing *a = its_pool_take(pool);
    assert_int_equal((uintptr_t)a % 64, 0);
    assert_int_equal(a->value, 0);
    its_pool_give(a);
    assert_ptr_equal(its_pool_take(pool), a);
    assert_int_equal(inits, 1);
    assert_int_equal(resets, 1);
    its_pool_give(a);
    its_pool_close(&pool);
    assert_int_equal(finis, 1);
}

static void test_pool_limit(void **state)
{
    struct its_pool *pool = pool_of(2);
    void *a = its_pool_take(pool), *b = its_pool_take(pool);
    assert_non_null(b);
    assert_null(its_pool_take(pool));
    struct its_pool_stats s;
    its_pool_read_stats(pool, &s);
    assert_int_equal(s.out, 2);
    assert_int_equal(s.refused, 1);
    its_pool_give(a);
    assert_non_null(a = its_pool_take(pool));
    its_pool_give(a);
    its_pool_give(b);
    its_pool_close(&pool);
}

static void test_pool_dies_before_its_last_object(void **state)
{
    struct its_pool *pool = pool_of(0);
    struct thing *a = its_pool_take(pool), *b = its_pool_take(pool);
    its_pool_give(b);
    its_pool_close(&pool);
    assert_int_equal(finis, 0);
    a->value = 42; /* still ours: ASan would object */
    its_pool_give(a);
    assert_int_equal(finis, 2);
}

static void churn(void *arg)
{
    for (int i = 0; i < 20000; i++) {
        struct thing *t = its_pool_take(arg);
        t->value = i;
        its_pool_give(t);
    }
}

static void test_pool_between_threads(void **state)
{
    struct its_pool *pool = pool_of(0);
    struct its_thread t[3] = {0};
    for (int i = 0; i < 3; i++)
        assert_int_equal(its_thread_start(&t[i], "churn", 0, churn, pool), 0);
    for (int i = 0; i < 3; i++)
        its_thread_join(&t[i]);
    struct its_pool_stats s;
    its_pool_read_stats(pool, &s);
    assert_int_equal(s.out, 0);
    assert_in_range(s.idle, 1, 3);
    its_pool_close(&pool);
}

static void test_arena(void **state)
{
    struct its_arena *a = its_arena_create(128);
    char *first = its_arena_strdup(a, "first");
    for (int i = 0; i < 100; i++) {
        unsigned char *p = its_arena_alloc(a, (size_t)i);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (int k = 0; k < i; k++)
            assert_int_equal(p[k], 0);
        memset(p, 0xee, (size_t)i);
    }
    char *big = its_arena_alloc(a, 10000);
    big[9999] = 1;
    assert_string_equal(first, "first");
    assert_string_equal(its_arena_printf(a, "%d-%s", 7, "x"), "7-x");
    its_arena_destroy(&a);
    assert_null(a);
}

static void test_str_reuse_does_not_allocate(void **state)
{
    struct its_str s = {0};
    assert_string_equal(its_str_get(&s), "");
    for (int i = 0; i < 1000; i++)
        its_str_printf(&s, "%d,", i);
    char *data = s.data;
    size_t cap = s.cap;
    its_str_clear(&s);
    its_str_puts(&s, "short");
    assert_ptr_equal(s.data, data);
    assert_int_equal(s.cap, cap);
    assert_string_equal(its_str_get(&s), "short");
    its_str_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_reuses),
        cmocka_unit_test(test_pool_limit),
        cmocka_unit_test(test_pool_dies_before_its_last_object),
        cmocka_unit_test(test_pool_between_threads),
        cmocka_unit_test(test_arena),
        cmocka_unit_test(test_str_reuse_does_not_allocate),
    };
    return cmocka_run_group_tests_name("base/memory", tests, NULL, NULL);
}
