#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "tests/track/eval.h"

static void add(struct its_boxes *b, int frame, int64_t id, float x)
{
    its_boxes_add(b, &(struct its_boxes_item){
                         .frame = frame, .id = id, .box = {x, 0, 10, 10}, .score = 1});
}

static struct its_eval_scores score(struct its_boxes *truth, struct its_boxes *said,
                                    struct its_eval *e)
{
    *e = (struct its_eval){0};
    its_boxes_sort(truth);
    its_boxes_sort(said);
    its_eval_add(e, truth, said);
    its_boxes_fini(truth);
    its_boxes_fini(said);
    return its_eval_scores(e);
}

#define assert_near(a, b) assert_float_equal((float)(a), (float)(b), 1e-5f)

static void perfect(void **state)
{
    struct its_boxes truth = {0}, said = {0};
    struct its_eval e;
    for (int f = 0; f < 10; f++) {
        add(&truth, f, 1, 0);
        add(&truth, f, 2, 100);
        add(&said, f, 77, 0);
        add(&said, f, 5, 100);
    }
    struct its_eval_scores s = score(&truth, &said, &e);
    assert_near(s.hota, 1);
    assert_near(s.mota, 1);
    assert_near(s.idf1, 1);
    assert_int_equal(e.switches, 0);
}

/* One object over 10 frames, called 1 in the first 6 and 2 in the last 4. Of the hits, 6 have
 * A = 6/(10+6−6) = 0.6 and 4 have A = 4/(10+4−4) = 0.4: AssA = (6·0.6 + 4·0.4)/10 = 0.52. */
static void one_switch(void **state)
{
    struct its_boxes truth = {0}, said = {0};
    struct its_eval e;
    for (int f = 0; f < 10; f++) {
        add(&truth, f, 1, 0);
        add(&said, f, f < 6 ? 1 : 2, 0);
    }
    struct its_eval_scores s = score(&truth, &said, &e);
    assert_near(s.deta, 1);
    assert_near(s.assa, 0.52);
    assert_near(s.hota, 0.72111026); /* sqrt(0.52) */
    assert_int_equal(e.switches, 1);
    assert_near(s.mota, 0.9);
    assert_near(s.idf1, 0.6); /* 2·6 / (10 + 10) */
}

/* A = 9/(10+9−9) for all nine hits; 1 of 10 missed. */
static void one_miss(void **state)
{
    struct its_boxes truth = {0}, said = {0};
    struct its_eval e;
    for (int f = 0; f < 10; f++) {
        add(&truth, f, 1, 0);
        if (f != 4)
            add(&said, f, 1, 0);
    }
    struct its_eval_scores s = score(&truth, &said, &e);
    assert_near(s.deta, 0.9);
    assert_near(s.assa, 0.9);
    assert_near(s.hota, 0.9);
    assert_int_equal(e.fn, 1);
    assert_int_equal(e.switches, 0); /* taken up again under its old name */
    assert_near(s.mota, 0.9);
    assert_near(s.idf1, 18.0 / 19);
}

static void one_false_box(void **state)
{
    struct its_boxes truth = {0}, said = {0};
    struct its_eval e;
    for (int f = 0; f < 10; f++) {
        add(&truth, f, 1, 0);
        add(&said, f, 1, 0);
    }
    add(&said, 3, 9, 500);
    struct its_eval_scores s = score(&truth, &said, &e);
    assert_near(s.deta, 10.0 / 11);
    assert_near(s.assa, 1);
    assert_near(s.hota, 0.95346259); /* sqrt(10/11) */
    assert_int_equal(e.fp, 1);
    assert_near(s.mota, 0.9);
    assert_near(s.idf1, 20.0 / 21);
}

/* Seen in frames 0–3 as 1 and 6–9 as 2: DetA 0.8; each hit A = 4/(10+4−4); one switch. */
static void fragmented(void **state)
{
    struct its_boxes truth = {0}, said = {0};
    struct its_eval e;
    for (int f = 0; f < 10; f++) {
        add(&truth, f, 1, 0);
        if (f < 4 || f > 5)
            add(&said, f, f < 4 ? 1 : 2, 0);
    }
    struct its_eval_scores s = score(&truth, &said, &e);
    assert_near(s.deta, 0.8);
    assert_near(s.assa, 0.4);
    assert_near(s.hota, 0.56568542); /* sqrt(0.32) */
    assert_int_equal(e.switches, 1);
    assert_int_equal(e.fn, 2);
    assert_near(s.mota, 0.7);
    assert_near(s.idf1, 8.0 / 18);
}

/* Boxes off by a third of their width have IoU 0.5: right at CLEAR's threshold and at 10 of HOTA's
 * 19 (0.05 … 0.50). */
static void loose_boxes(void **state)
{
    struct its_boxes truth = {0}, said = {0};
    struct its_eval e;
    for (int f = 0; f < 6; f++) {
        add(&truth, f, 1, 0);
        add(&said, f, 1, 10.0f / 3);
    }
    struct its_eval_scores s = score(&truth, &said, &e);
    assert_near(s.hota, 10.0 / 19);
    assert_near(s.deta, 10.0 / 19);
}

/* CLEAR keeps a match that holds even when another would fit better. */
static void a_match_is_kept(void **state)
{
    struct its_boxes truth = {0}, said = {0};
    struct its_eval e;
    add(&truth, 0, 1, 0);
    add(&said, 0, 1, 0);
    add(&truth, 1, 1, 0);
    add(&said, 1, 1, 2); /* IoU 0.67, the old one */
    add(&said, 1, 2, 0); /* IoU 1 */
    struct its_eval_scores s = score(&truth, &said, &e);
    assert_int_equal(e.switches, 0);
    assert_int_equal(e.fp, 1);
    assert_near(s.mota, 0.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(perfect),       cmocka_unit_test(one_switch),
        cmocka_unit_test(one_miss),      cmocka_unit_test(one_false_box),
        cmocka_unit_test(fragmented),    cmocka_unit_test(loose_boxes),
        cmocka_unit_test(a_match_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
