#include "frame/packet_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/pool.h"
#include "camera/packet_pool.h"

static struct its_pool *packets;
static uint64_t next_seq;

/* 'K' key frame, 'p' referred to, 'b' disposable. */
static struct its_packet *packet(char kind, uint32_t bytes, int64_t arrived_us)
{
    struct its_packet *p = its_packet_take(packets);
    p->seq = next_seq++;
    p->key = kind == 'K';
    p->disposable = kind == 'b';
    p->bytes = bytes;
    p->arrived_us = arrived_us;
    return p;
}

static void push_all(struct its_packet_queue *q, const char *kinds)
{
    for (; *kinds; kinds++)
        its_packet_queue_push(q, packet(*kinds, 10, 0));
}

/* Pops everything and compares the sequence numbers. */
static void expect(struct its_packet_queue *q, const int *seq)
{
    for (; *seq >= 0; seq++) {
        struct its_packet *p = its_packet_queue_pop(q);
        assert_non_null(p);
        assert_int_equal(p->seq, *seq);
        its_packet_unref(&p);
    }
    assert_null(its_packet_queue_pop(q));
    assert_int_equal(q->bytes, 0);
}

static struct its_packet_queue queue_of(unsigned n, size_t bytes, int64_t age_us)
{
    struct its_packet_queue q;
    next_seq = 0;
    its_packet_queue_init(&q, &(struct its_packet_queue_limits){n, bytes, age_us});
    return q;
}

static void test_order_without_pressure(void **state)
{
    struct its_packet_queue q = queue_of(8, 1000, 0);
    push_all(&q, "Kpbpb");
    expect(&q, (int[]){0, 1, 2, 3, 4, -1});
    its_packet_queue_fini(&q);
}

static void test_disposable_go_first(void **state)
{
    struct its_packet_queue q = queue_of(5, 1000, 0);
    push_all(&q, "Kpbpbp");
    expect(&q, (int[]){0, 1, 3, 5, -1});
    assert_int_equal(q.skipped[ITS_SKIP_NONREF], 2);
    assert_int_equal(q.skipped[ITS_SKIP_TO_KEY], 0);
    its_packet_queue_fini(&q);
}

static void test_then_jump_to_the_newest_key(void **state)
{
    struct its_packet_queue q = queue_of(5, 1000, 0);
    push_all(&q, "KpKppp");
    expect(&q, (int[]){2, 3, 4, 5, -1});
    assert_int_equal(q.skipped[ITS_SKIP_TO_KEY], 2);
    its_packet_queue_fini(&q);
}

static void test_without_key_wait_for_one(void **state)
{
    struct its_packet_queue q = queue_of(4, 1000, 0);
    push_all(&q, "KppppppKp");
    expect(&q, (int[]){7, 8, -1});
    assert_int_equal(q.skipped[ITS_SKIP_TO_KEY], 4);
    assert_int_equal(q.skipped[ITS_SKIP_WAIT_KEY], 3);
    its_packet_queue_fini(&q);
}

static void test_bytes_are_a_limit_too(void **state)
{
    struct its_packet_queue q = queue_of(100, 35, 0);
    push_all(&q, "KppKp"); /* the fourth does not fit: all before it go */
    expect(&q, (int[]){3, 4, -1});
    its_packet_queue_push(&q, packet('K', 1000, 0)); /* an empty queue takes any size */
    expect(&q, (int[]){5, -1});
    its_packet_queue_fini(&q);
}

static void test_late_packets(void **state)
{
    struct its_packet_queue q = queue_of(100, 1000, 50);
    for (int i = 0; i < 6; i++)
        its_packet_queue_push(&q, packet("KpbpKp"[i], 10, i * 10));
    its_packet_queue_shed_late(&q, 50);
    assert_int_equal(q.count, 6);
    its_packet_queue_shed_late(&q, 60); /* the head is 60 old: shed, and jump to the key */
    expect(&q, (int[]){4, 5, -1});
    assert_int_equal(q.skipped[ITS_SKIP_NONREF], 1);
    assert_int_equal(q.skipped[ITS_SKIP_TO_KEY], 3);
    its_packet_queue_fini(&q);
}

static int open_pool(void **state)
{
    packets = its_packet_pool_create();
    return 0;
}

static int close_pool(void **state)
{
    struct its_pool_stats s;
    its_pool_read_stats(packets, &s);
    assert_int_equal(s.out, 0); /* nothing leaked in any test */
    its_pool_close(&packets);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_without_pressure),
        cmocka_unit_test(test_disposable_go_first),
        cmocka_unit_test(test_then_jump_to_the_newest_key),
        cmocka_unit_test(test_without_key_wait_for_one),
        cmocka_unit_test(test_bytes_are_a_limit_too),
        cmocka_unit_test(test_late_packets),
    };
    return cmocka_run_group_tests_name("frame/packet_queue", tests, open_pool, close_pool);
}
