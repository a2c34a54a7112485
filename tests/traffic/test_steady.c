/* Once created, tracker and counter never ask for memory: the linker puts a counter before malloc
 * and its kin. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "track/tracker.h"
#include "traffic/counter.h"

static int allocations;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

void *__wrap_malloc(size_t n)
{
    allocations++;
    return __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    allocations++;
    return __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    allocations++;
    return __real_realloc(p, n);
}

static void no_memory_is_taken_in_the_steady_state(void **state)
{
    static struct its_detections seen;
    static struct its_tracks tracks;
    struct its_tracker_settings track;
    struct its_counter_settings count;
    struct its_line line = {.name = "l", .a = {0, 300}, .b = {900, 300}};
    struct its_crossing out[4];
    int crossings = 0;

    its_tracker_defaults(&track);
    its_counter_defaults(&count);
    allocations = 0;
    struct its_tracker *t = its_tracker_create(&track, 1);
    struct its_counter *c = its_counter_create(&count, &line, 1);
    assert_true(allocations > 0); /* the counter before malloc works */

    allocations = 0;
    srand(1);
    for (int f = 0; f < 500; f++) {
        int64_t us = (int64_t)f * 40000;
        seen.count = 30 + rand() % 100;
        for (int i = 0; i < seen.count; i++)
            seen.item[i] = (struct its_detection){
                .box = {(float)(i % 15) * 60, (float)((i / 15 * 80 + f * 5) % 600), 40, 30},
                .score = (float)(rand() % 100) / 100,
                .cls = ITS_CLASS_CAR,
            };
        if (f % 3)
            its_tracker_update(t, us, &seen, &tracks);
        else
            its_tracker_predict(t, us, &tracks);
        crossings += its_counter_update(c, &tracks, (uint64_t)f, us, us, out, 4);
    }
    assert_int_equal(allocations, 0);
    assert_true(crossings > 50); /* there was work to do */
    its_counter_destroy(&c);
    its_tracker_destroy(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_memory_is_taken_in_the_steady_state)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
