#include "base/queue.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/thread.h"

static int dropped_sum;

static void count_drop(void *item)
{
    dropped_sum += (int)(intptr_t)item;
}

static void *item(int n)
{
    return (void *)(intptr_t)n;
}

static struct its_queue *queue_of(unsigned capacity, enum its_queue_full full)
{
    dropped_sum = 0;
    return its_queue_create(&(struct its_queue_settings){
        .name = "test", .capacity = capacity, .full = full, .drop = count_drop});
}

static void test_fifo_and_stats(void **state)
{
    struct its_queue *q = queue_of(3, ITS_QUEUE_REJECT);
    void *out[3];
    for (int round = 0; round < 5; round++) { /* runs round the ring */
        assert_int_equal(its_queue_push(q, item(1)), 0);
        assert_int_equal(its_queue_push(q, item(2)), 0);
        assert_int_equal(its_queue_pop(q, out, 3, 0), 2);
        assert_ptr_equal(out[0], item(1));
        assert_ptr_equal(out[1], item(2));
    }
    struct its_queue_stats s;
    its_queue_read_stats(q, &s);
    assert_int_equal(s.pushed, 10);
    assert_int_equal(s.popped, 10);
    assert_int_equal(s.peak, 2);
    assert_int_equal(s.depth, 0);
    assert_int_equal(its_queue_pop(q, out, 3, 0), 0);
    its_queue_destroy(&q);
    assert_null(q);
}

static void test_reject_leaves_item_with_caller(void **state)
{
    struct its_queue *q = queue_of(1, ITS_QUEUE_REJECT);
    assert_int_equal(its_queue_push(q, item(1)), 0);
    assert_int_equal(its_queue_push(q, item(2)), -EAGAIN);
    its_queue_destroy(&q); /* drops what is left: only the 1 */
    assert_int_equal(dropped_sum, 1);
}

static void test_drop_oldest(void **state)
{
    struct its_queue *q = queue_of(2, ITS_QUEUE_DROP_OLDEST);
    void *out[2];
    for (int i = 1; i <= 5; i++)
        assert_int_equal(its_queue_push(q, item(i)), 0);
    assert_int_equal(dropped_sum, 1 + 2 + 3);
    assert_int_equal(its_queue_pop(q, out, 2, 0), 2);
    assert_ptr_equal(out[0], item(4));
    struct its_queue_stats s;
    its_queue_read_stats(q, &s);
    assert_int_equal(s.dropped, 3);
    its_queue_destroy(&q);
}

static void test_close_drains_then_ends(void **state)
{
    struct its_queue *q = queue_of(2, ITS_QUEUE_BLOCK);
    void *out[2];
    its_queue_push(q, item(7));
    its_queue_close(q);
    assert_int_equal(its_queue_push(q, item(8)), -EPIPE);
    assert_int_equal(its_queue_pop(q, out, 2, INT64_MAX), 1);
    assert_int_equal(its_queue_pop(q, out, 2, INT64_MAX), -EPIPE);
    its_queue_destroy(&q);
}

/* Four producers against a small blocking queue: every item arrives once, in order per producer. */
enum { PRODUCERS = 4, EACH = 5000 };

struct producer {
    struct its_queue *q;
    int id;
};

static void produce(void *arg)
{
    struct producer *p = arg;
    for (int i = 0; i < EACH; i++)
        its_queue_push(p->q, item(p->id * EACH + i + 1));
}

static void test_many_producers(void **state)
{
    struct its_queue *q = queue_of(8, ITS_QUEUE_BLOCK);
    struct its_thread threads[PRODUCERS] = {0};
    struct producer producers[PRODUCERS];
    int next[PRODUCERS] = {0}, got = 0;
    for (int i = 0; i < PRODUCERS; i++) {
        producers[i] = (struct producer){q, i};
        assert_int_equal(its_thread_start(&threads[i], "produce", 0, produce, &producers[i]), 0);
    }
    while (got < PRODUCERS * EACH) {
        void *out[5];
        int n = its_queue_pop(q, out, 5, INT64_MAX);
        for (int i = 0; i < n; i++) {
            int v = (int)(intptr_t)out[i] - 1;
            assert_int_equal(v % EACH, next[v / EACH]++);
        }
        got += n;
    }
    for (int i = 0; i < PRODUCERS; i++)
        its_thread_join(&threads[i]);
    its_queue_destroy(&q);
    assert_int_equal(dropped_sum, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fifo_and_stats),
        cmocka_unit_test(test_reject_leaves_item_with_caller),
        cmocka_unit_test(test_drop_oldest),
        cmocka_unit_test(test_close_drains_then_ends),
        cmocka_unit_test(test_many_producers),
    };
    return cmocka_run_group_tests_name("base/queue", tests, NULL, NULL);
}
