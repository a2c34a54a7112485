/* Pools, arenas and strings: reuse, bounds, order of shutdown. */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/mem.h"
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

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

enum { ALLOCATING = 40 };

struct gathering {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int holding;
};

/* Each holds its piece until all have one, so that no arena is used by turns. */
static void hold_memory(void *arg)
{
    struct gathering *g = arg;
    void *piece = malloc(1000);
    pthread_mutex_lock(&g->lock);
    g->holding++;
    pthread_cond_broadcast(&g->changed);
    while (g->holding < ALLOCATING)
        pthread_cond_wait(&g->changed, &g->lock);
    pthread_mutex_unlock(&g->lock);
    free(piece);
}

static int count_arenas(void)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    assert_int_equal(malloc_info(0, f), 0);
    fclose(f);
    int n = 0;
    for (const char *at = text; (at = strstr(at, "<heap nr")); at++)
        n++;
    free(text);
    return n;
}

static void test_threads_share_arenas(void **state)
{
    struct gathering g = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
    struct its_thread thread[ALLOCATING] = {{0}};
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    its_mem_settle();
    for (int i = 0; i < ALLOCATING; i++)
        assert_int_equal(its_thread_start(&thread[i], "holds", 0, hold_memory, &g), 0);
    for (int i = 0; i < ALLOCATING; i++)
        its_thread_join(&thread[i]);
    print_message("%d arenas for %d threads on %ld cores\n", count_arenas(), ALLOCATING, cores);
    assert_true(count_arenas() <= ITS_MAX(cores, 2));
}

#define SHARED_ARENAS cmocka_unit_test(test_threads_share_arenas),
#else
#define SHARED_ARENAS
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHARED_ARENAS cmocka_unit_test(test_pool_reuses),
        cmocka_unit_test(test_pool_limit),
        cmocka_unit_test(test_pool_dies_before_its_last_object),
        cmocka_unit_test(test_pool_between_threads),
        cmocka_unit_test(test_arena),
        cmocka_unit_test(test_str_reuse_does_not_allocate),
    };
    return cmocka_run_group_tests_name("base/memory", tests, NULL, NULL);
}
