/* Counts of the whole program on real clips, against what people counted in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "lines.h"
#include "process.h"

enum { TOLERANCE_FRAMES = 15 };

#define F1_WANTED 0.80
#define LIMIT_S   60

static const char *testdata;

/* Where motion alone can tell road users apart; the others are printed, not judged. */
static const char *const judged[] = {"junction_crosswalk", "a_road_day_720p", "residential_street",
                                     "autostrada_tunnel", "tfl_a13_day"};

static bool is_judged(const char *clip)
{
    for (unsigned i = 0; i < ITS_ARRAY_LEN(judged); i++)
        if (strcmp(clip, judged[i]) == 0)
            return true;
    return false;
}

static struct its_truth_score count(const struct its_truth_line *l)
{
    char why[200];
    struct process p;
    struct lines out;
    process_shell(&p, process_patience(LIMIT_S),
                  "exec '%s' analyze '%s/%s' --line %s:%.2f,%.2f,%.2f,%.2f --json", process_exe(),
                  testdata, l->video, l->name, (double)l->line.a.x, (double)l->line.a.y,
                  (double)l->line.b.x, (double)l->line.b.y);
    if (p.exit_code != 0)
        fail_msg("%s: exit code %d: %s", l->video, p.exit_code, p.err.data);
    if (!lines_read(p.out.data, &out, why))
        fail_msg("%s: %s", l->video, why);
    assert_int_equal(lines_int(out.summary, "frames"), l->frames);
    assert_int_equal(out.views, 0); /* of every clip something is seen all the time */
    struct its_truth_score s =
        its_truth_compare(l, out.crossing, out.crossings, TOLERANCE_FRAMES, true);
    lines_free(&out);
    process_fini(&p);
    return s;
}

static void counts_agree_with_people(void **state)
{
    static struct its_truth truth;
    struct its_error err;
    if (its_truth_read(testdata, &truth, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(truth.count, 13);

    struct its_truth_score sum = {0}, all = {0};
    int lines = 0;
    for (int i = 0; i < truth.count; i++) {
        const struct its_truth_line *l = &truth.line[i];
        struct its_truth_score s = count(l);
        bool counts = is_judged(l->clip);
        printf("%-30s TP %3d FP %3d FN %3d  F1 %.3f, %.1f frames apart%s\n", l->name, s.hits,
               s.false_alarms, s.misses, its_truth_f1(&s), s.frame_error,
               counts ? "" : "  (not judged)");
        its_truth_add(&all, &s);
        if (counts)
            its_truth_add(&sum, &s);
        lines += counts;
    }
    printf("all lines: TP %d FP %d FN %d, F1 %.3f\n", all.hits, all.false_alarms, all.misses,
           its_truth_f1(&all));
    printf("judged:    TP %d FP %d FN %d, F1 %.3f (wanted %.2f)\n", sum.hits, sum.false_alarms,
           sum.misses, its_truth_f1(&sum), F1_WANTED);
    assert_int_equal(lines, 9);
    assert_true(its_truth_f1(&sum) >= F1_WANTED);
}

int main(void)
{
    testdata = getenv("ITS_TESTDATA");
    if (!testdata || !*testdata) {
        printf("SKIPPED: no test data (meson option testdata): counts on real clips are not "
               "checked\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(counts_agree_with_people)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
