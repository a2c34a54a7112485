/* The network detector with a real network: nothing is allocated per frame once every size has been
 * seen, and the same frame gives the same boxes, bit for bit. malloc and its
 * kin are wrapped at link time, which reaches our library and its engine, not shared libraries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect/net_detector.h"
#include "tests/detect/street.h"
#include "tests/base/count_alloc.h"

enum { SIZES = 3, ROUNDS = 3 };

static const int sizes[SIZES][3] = {{640, 360, 0}, {352, 288, 0}, {320, 240, 90}};
static struct street street[SIZES];
static struct its_model *model;

static struct its_net_detector *detector(int batch)
{
    struct its_net_detector_settings s;
    struct its_net_detector *d;
    struct its_error err = {0};
    its_net_detector_defaults(&s);
    s.network.batch = batch;
    s.score = 0.0003f; /* so that there is something to sort and suppress */
    s.all_classes = true;
    if (its_net_detector_create(model, &s, &d, &err) < 0)
        fail_msg("%s", err.text);
    return d;
}

static void look(struct its_net_detector *d, const struct its_frame *const *frames,
                 struct its_detections *out)
{
    struct its_stamps stamps[SIZES] = {0}, *stamp[SIZES] = {&stamps[0], &stamps[1], &stamps[2]};
    assert_int_equal(its_net_detector_frames(d, frames, SIZES, out, stamp), 0);
}

static void assert_same(const struct its_detections *a, const struct its_detections *b)
{
    assert_int_equal(a->count, b->count);
    for (int i = 0; i < a->count; i++) {
        assert_memory_equal(&a->item[i].box, &b->item[i].box, sizeof(a->item[i].box));
        assert_memory_equal(&a->item[i].score, &b->item[i].score, sizeof(float));
        assert_int_equal(a->item[i].cls, b->item[i].cls);
    }
}

static void nothing_is_allocated(void **state)
{
    static struct its_detections first[SIZES], now[SIZES];
    const struct its_frame *frames[SIZES];
    struct its_net_detector *d = detector(2);
    for (int i = 0; i < SIZES; i++)
        frames[i] = &street[i].frame;
    look(d, frames, first);
    calls = 0;
    counting = true;
    for (int round = 0; round < ROUNDS; round++)
        look(d, frames, now);
    counting = false;
    print_message("%llu allocations in %d frames; %d, %d, %d found\n", (unsigned long long)calls,
                  ROUNDS * SIZES, first[0].count, first[1].count, first[2].count);
    assert_int_equal(calls, 0);
    assert_true(first[0].count + first[1].count + first[2].count > 0);
    for (int i = 0; i < SIZES; i++)
        assert_same(&first[i], &now[i]);
    its_net_detector_destroy(&d);
}

static int set_up(void **state)
{
    char path[4096];
    struct its_error err = {0};
    snprintf(path, sizeof(path), "%s/models/yolo11n-320.onnx", getenv("ITS_TESTDATA"));
    if (its_model_open(path, &model, &err) < 0)
        fail_msg("%s", err.text);
    for (int i = 0; i < SIZES; i++) {
        street_init(&street[i], sizes[i][0], sizes[i][1], sizes[i][2]);
        street[i].frame.pixels = ITS_PIXELS_GRAY;
        street_begin(&street[i], 0, 0, 0);
        for (int n = 0; n < 6; n++)
            street_car(&street[i], (struct its_box){20 + 40 * (float)n, 60, 30, 24}, 60 + 30 * n);
        street_end(&street[i], 1, 2);
    }
    return 0;
}

static int tear_down(void **state)
{
    for (int i = 0; i < SIZES; i++)
        street_fini(&street[i]);
    its_model_close(&model);
    return 0;
}

int main(void)
{
    const char *testdata = getenv("ITS_TESTDATA");
    if (!testdata || !*testdata) {
        printf("SKIPPED: ITS_TESTDATA is not set, so there is no network to look with\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_allocated)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
