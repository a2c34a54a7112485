/* Suppression: doubles of a class go, neighbours and other classes stay, kin go when they are the
 * same thing twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "detect/nms.h"

enum { PERSON = 0, CAR = 2, MOTORCYCLE = 3, TRUCK = 7 };

struct scene {
    struct its_nms nms;
    struct its_candidates c;
};

static void set_up(struct scene *s)
{
    its_nms_set_all(&s->nms, 0.45f);
    assert_int_equal(its_candidates_init(&s->c, 16), 0);
}

static void add(struct scene *s, int class_id, float score, struct its_box box)
{
    its_candidates_add(&s->c, &(struct its_candidate){box, score, class_id, s->c.count});
}

static void run(struct scene *s, int most, int expected)
{
    its_nms_run(&s->nms, &s->c, most);
    assert_int_equal(s->c.count, expected);
    its_candidates_fini(&s->c);
}

static void the_better_of_two_stays(void **state)
{
    struct scene s;
    set_up(&s);
    add(&s, CAR, 0.6f, (struct its_box){0, 0, 100, 100});
    add(&s, CAR, 0.9f, (struct its_box){10, 0, 100, 100}); /* IoU 90 / 110 */
    its_nms_run(&s.nms, &s.c, 300);
    assert_int_equal(s.c.count, 1);
    assert_float_equal(s.c.item[0].score, 0.9f, 1e-6);
    its_candidates_fini(&s.c);
}

/* IoU of two squares of 100 px that are d apart: (100 - d) / (100 + d). */
static void the_limit_is_exact(void **state)
{
    for (int d = 30; d <= 45; d++) {
        struct scene s;
        set_up(&s);
        add(&s, CAR, 0.6f, (struct its_box){0, 0, 100, 100});
        add(&s, CAR, 0.9f, (struct its_box){(float)d, 0, 100, 100});
        run(&s, 300, (100.0f - (float)d) / (100.0f + (float)d) > 0.45f ? 1 : 2);
    }
}

static void a_limit_for_each_class(void **state)
{
    struct scene s;
    set_up(&s);
    s.nms.iou[PERSON] = 0.7f; /* people in a crowd overlap */
    add(&s, PERSON, 0.6f, (struct its_box){0, 0, 100, 100});
    add(&s, PERSON, 0.9f, (struct its_box){25, 0, 100, 100}); /* IoU 0.6 */
    add(&s, CAR, 0.6f, (struct its_box){0, 0, 100, 100});
    add(&s, CAR, 0.9f, (struct its_box){25, 0, 100, 100});
    run(&s, 300, 3);
}

/* A suppressed box suppresses nobody: the third overlaps the second, not the first. */
static void the_suppressed_suppress_nobody(void **state)
{
    struct scene s;
    set_up(&s);
    add(&s, CAR, 0.9f, (struct its_box){0, 0, 100, 100});
    add(&s, CAR, 0.8f, (struct its_box){30, 0, 100, 100});
    add(&s, CAR, 0.7f, (struct its_box){60, 0, 100, 100});
    run(&s, 300, 2);
}

static void a_pickup_is_one_vehicle(void **state)
{
    for (int limit = 0; limit <= 1; limit++) {
        struct scene s;
        set_up(&s);
        s.nms.kin[CAR] = s.nms.kin[TRUCK] = 1;
        s.nms.kin[MOTORCYCLE] = 2;
        s.nms.kin_iou = limit ? 0.7f : 1;
        add(&s, CAR, 0.5f, (struct its_box){0, 0, 100, 100});
        add(&s, TRUCK, 0.6f, (struct its_box){2, 0, 100, 100});
        add(&s, MOTORCYCLE, 0.4f, (struct its_box){1, 0, 100, 100}); /* no kin of theirs */
        add(&s, PERSON, 0.4f, (struct its_box){1, 0, 100, 100});
        add(&s, CAR, 0.4f, (struct its_box){25, 0, 100, 100}); /* beside the lorry: IoU 0.63 */
        run(&s, 300, limit ? 4 : 4 /* then it is the other car's double */);
    }
}

static void not_more_than_asked_for(void **state)
{
    struct scene s;
    set_up(&s);
    for (int i = 0; i < 8; i++)
        add(&s, CAR, 0.5f, (struct its_box){(float)i * 200, 0, 100, 100});
    run(&s, 5, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_better_of_two_stays), cmocka_unit_test(the_limit_is_exact),
        cmocka_unit_test(a_limit_for_each_class),  cmocka_unit_test(the_suppressed_suppress_nobody),
        cmocka_unit_test(a_pickup_is_one_vehicle), cmocka_unit_test(not_more_than_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
