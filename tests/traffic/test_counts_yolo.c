/* Detections of YOLO11n on real clips through tracker and counter, against counted truth. No
 * decoder and no network take part: what is judged is track/ and traffic/ alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "tests/track/boxes.h"
#include "tests/traffic/truth.h"
#include "track/tracker.h"
#include "traffic/counter.h"

#define TOLERANCE_FRAMES 15
#define F1_WANTED        0.95

static const char *testdata;

/* Runs one clip against one of its lines; returns the number of reports. The detector looks at every
 * step-th frame only; the tracker predicts the others, as it does when load is shed. */
static int count_clip(const struct its_truth_line *l, int step, struct its_truth_report *reports,
                      int max)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/tracking/yolo11n_dets/%s.txt", testdata, l->clip);
    struct its_boxes boxes = {0};
    assert_int_equal(its_boxes_read_mot(path, true, &boxes), 0);

    struct its_tracker_settings track;
    struct its_counter_settings count;
    its_tracker_defaults(&track);
    its_counter_defaults(&count);
    struct its_tracker *tracker = its_tracker_create(&track, 1);
    struct its_counter *counter = its_counter_create(&count, &l->line, 1);

    int n = 0;
    for (int64_t f = 0; f < l->frames; f++) {
        struct its_detections seen;
        struct its_tracks tracks;
        struct its_crossing out[16];
        int64_t time_us = (int64_t)((double)f * 1e6 / l->fps);
        its_boxes_detections(&boxes, (int)f, &seen);
        if (f % step == 0)
            its_tracker_update(tracker, time_us, &seen, &tracks);
        else
            its_tracker_predict(tracker, time_us, &tracks);
        int got = its_counter_update(counter, &tracks, (uint64_t)f, time_us, time_us, out, 16);
        for (int i = 0; i < got && n < max; i++, n++) {
            reports[n].direction = out[i].direction;
            reports[n].frame = (int64_t)out[i].frame;
            memcpy(reports[n].line, out[i].line, sizeof(reports[n].line));
        }
    }
    its_counter_destroy(&counter);
    its_tracker_destroy(&tracker);
    its_boxes_fini(&boxes);
    return n;
}

/* F1 over all lines, and a table. */
static double count_all(int step)
{
    static struct its_truth truth;
    struct its_error err;
    if (its_truth_read(testdata, &truth, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(truth.count, 13);

    struct its_truth_score sum = {0};
    printf("%-28s %5s %5s %6s %7s   (every frame no. %d)\n", "line", "hits", "false", "missed",
           "frames", step);
    for (int i = 0; i < truth.count; i++) {
        const struct its_truth_line *l = &truth.line[i];
        struct its_truth_report reports[256];
        int n = count_clip(l, step, reports, ITS_ARRAY_LEN(reports));
        struct its_truth_score s = its_truth_compare(l, reports, n, TOLERANCE_FRAMES, true);
        printf("%-28s %5d %5d %6d %7.1f\n", l->name, s.hits, s.false_alarms, s.misses,
               s.frame_error);
        its_truth_add(&sum, &s);
    }
    printf("%-28s %5d %5d %6d %7.1f  F1 %.3f\n", "all", sum.hits, sum.false_alarms, sum.misses,
           sum.frame_error, its_truth_f1(&sum));
    assert_int_equal(sum.hits + sum.misses, 115);
    return its_truth_f1(&sum);
}

static void every_line_agrees_with_the_truth(void **state)
{
    assert_true(count_all(1) >= F1_WANTED);
}

static void a_fifth_of_the_frames_is_enough(void **state)
{
    assert_true(count_all(2) >= F1_WANTED);
    assert_true(count_all(3) >= F1_WANTED);
    assert_true(count_all(5) >= F1_WANTED);
}

int main(void)
{
    testdata = getenv("ITS_TESTDATA");
    if (!testdata || !*testdata) {
        printf("SKIPPED: no test data (meson option testdata): counts are not checked\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_agrees_with_the_truth),
        cmocka_unit_test(a_fifth_of_the_frames_is_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
