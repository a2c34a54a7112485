/* The evaluator against cases small enough for pencil and paper. Average precision over 101
 * recalls: precision 1 up to a recall of 1/2 covers the recalls 0, .01, … .50, which are 51. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/detect/coco_eval.h"

static const struct its_box here = {0, 0, 100, 100}, there = {300, 300, 100, 100},
                            nowhere = {600, 600, 100, 100};

struct lists {
    struct its_coco_items truth, found;
};

static void truth(struct lists *l, int image, int class_id, struct its_box box)
{
    its_coco_add(&l->truth, &(struct its_coco_item){class_id, image, 0, box});
}

static void found(struct lists *l, int image, int class_id, float score, struct its_box box)
{
    its_coco_add(&l->found, &(struct its_coco_item){class_id, image, score, box});
}

static struct its_coco_scores evaluate(struct lists *l)
{
    struct its_coco_scores s = its_coco_evaluate(&l->truth, &l->found);
    its_coco_fini(&l->truth);
    its_coco_fini(&l->found);
    return s;
}

static void all_found(void **state)
{
    struct lists l = {0};
    truth(&l, 0, 5, here);
    truth(&l, 1, 5, there);
    found(&l, 1, 5, 0.2f, there);
    found(&l, 0, 5, 0.9f, here);
    struct its_coco_scores s = evaluate(&l);
    assert_int_equal(s.classes, 1);
    assert_float_equal(s.map, 1, 1e-9);
}

static void half_found(void **state)
{
    struct lists l = {0};
    truth(&l, 0, 5, here);
    truth(&l, 0, 5, there);
    found(&l, 0, 5, 0.9f, here);
    assert_float_equal(evaluate(&l).ap[0], 51.0 / 101, 1e-9);
}

/* Right, wrong, right: precision 1, 1/2, 2/3 at recalls 1/2, 1/2, 1; made falling: 1, 2/3, 2/3. */
static void a_false_alarm_between(void **state)
{
    struct lists l = {0};
    truth(&l, 0, 5, here);
    truth(&l, 0, 5, there);
    found(&l, 0, 5, 0.9f, here);
    found(&l, 0, 5, 0.8f, nowhere);
    found(&l, 0, 5, 0.7f, there);
    assert_float_equal(evaluate(&l).ap[0], (51 + 50 * 2.0 / 3) / 101, 1e-9);
}

/* An overlap of 2/3 counts up to the limit .65: four of the ten. */
static void overlap_decides(void **state)
{
    struct lists l = {0};
    truth(&l, 0, 5, here);
    found(&l, 0, 5, 0.9f, (struct its_box){20, 0, 100, 100});
    struct its_coco_scores s = evaluate(&l);
    assert_float_equal(s.ap[3], 1, 1e-9);
    assert_float_equal(s.ap[4], 0, 1e-9);
    assert_float_equal(s.map, 0.4, 1e-9);
}

/* A second detection of the same object is wrong, even where it fits better. */
static void a_double_is_wrong(void **state)
{
    struct lists l = {0};
    truth(&l, 0, 5, here);
    truth(&l, 0, 5, there);
    found(&l, 0, 5, 0.9f, (struct its_box){5, 0, 100, 100});
    found(&l, 0, 5, 0.8f, here);
    found(&l, 0, 5, 0.7f, there);
    assert_float_equal(evaluate(&l).ap[0], (51 + 50 * 2.0 / 3) / 101, 1e-9);
}

/* Truth of another class or image is no truth; a class nobody labelled does not count. */
static void class_and_image_matter(void **state)
{
    struct lists l = {0};
    truth(&l, 0, 5, here);
    truth(&l, 1, 7, here);
    found(&l, 0, 5, 0.9f, here);
    found(&l, 0, 7, 0.9f, here);
    found(&l, 0, 9, 0.9f, here);
    struct its_coco_scores s = evaluate(&l);
    assert_int_equal(s.classes, 2);
    assert_float_equal(s.map, 0.5, 1e-9);
}

static void a_hundred_an_image(void **state)
{
    struct lists l = {0};
    truth(&l, 0, 5, here);
    for (int i = 0; i < 100; i++)
        found(&l, 0, 5, 0.9f, nowhere);
    found(&l, 0, 5, 0.1f, here);
    assert_float_equal(evaluate(&l).map, 0, 1e-9);
}

static void nothing_at_all(void **state)
{
    struct lists l = {0};
    assert_float_equal(evaluate(&l).map, 0, 1e-9);
    truth(&l, 0, 5, here);
    assert_float_equal(evaluate(&l).map, 0, 1e-9);
}

static void counts_at_a_score(void **state)
{
    struct lists l = {0};
    truth(&l, 0, 5, here);
    truth(&l, 0, 5, there);
    truth(&l, 1, 6, there);
    found(&l, 0, 5, 0.9f, here);
    found(&l, 0, 5, 0.8f, nowhere);
    found(&l, 0, 5, 0.2f, there);
    struct its_coco_counts c = its_coco_count(&l.truth, &l.found, 0.5f, 0.25f);
    assert_int_equal(c.right, 1);
    assert_int_equal(c.wrong, 1);
    assert_int_equal(c.missed, 2);
    evaluate(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_found),
        cmocka_unit_test(half_found),
        cmocka_unit_test(a_false_alarm_between),
        cmocka_unit_test(overlap_decides),
        cmocka_unit_test(a_double_is_wrong),
        cmocka_unit_test(class_and_image_matter),
        cmocka_unit_test(a_hundred_an_image),
        cmocka_unit_test(nothing_at_all),
        cmocka_unit_test(counts_at_a_score),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
