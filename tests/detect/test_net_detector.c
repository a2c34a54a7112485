/* The network detector round a network that says what it is told: sizes and letterboxes of frames,
 * classes, doubles, edges, batches, stamps. The network is this file's own: what it defines takes
 * the place of the library's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "detect/net_detector.h"
#include "frame/frame.h"

enum { SIZE = 64, ANCHORS = 84, BATCH = 4, CLASSES = 5 };

/* --- the network */

static const char *const names[CLASSES] = {"Pedestrian", "dog", "car", "bus", "van"};

struct its_model {
    struct its_model_info info;
};

struct its_network {
    bool head_maps;
    float input[BATCH * 3 * SIZE * SIZE];
};

static struct {
    bool gives_maps;
    float output[BATCH][4 + CLASSES][ANCHORS];
    float box[BATCH][64][ANCHORS], score[BATCH][CLASSES][ANCHORS]; /* logits of one 12 x 7 level */
    int runs[64], run_count, fails;
    float seen[BATCH]; /* the middle of each picture in the last run */
} net;

const struct its_model_info *its_model_info(const struct its_model *m)
{
    return &m->info;
}

void its_network_defaults(struct its_network_settings *s)
{
    *s = (struct its_network_settings){.batch = 1, .threads = 1};
}

int its_network_create(const struct its_model *m, const struct its_network_settings *s,
                       struct its_network **out, struct its_error *err)
{
    *out = its_malloc(sizeof(**out));
    (*out)->head_maps = s->head_maps;
    return 0;
}

void its_network_destroy(struct its_network **n)
{
    free(*n);
    *n = NULL;
}

float *its_network_input(struct its_network *n)
{
    return n->input;
}

int its_network_run(struct its_network *n, int images)
{
    for (int i = 0; i < images; i++)
        net.seen[i] = n->input[(i * 3 * SIZE + SIZE / 2) * SIZE + SIZE / 2];
    net.runs[net.run_count++] = images;
    return net.fails;
}

int its_network_output_count(const struct its_network *n)
{
    return n->head_maps && net.gives_maps ? 0 : 1;
}

struct its_output its_network_output(const struct its_network *n, int index)
{
    return (struct its_output){"output0", 3, {BATCH, 4 + CLASSES, ANCHORS}, &net.output[0][0][0]};
}

int its_network_head(const struct its_network *n, const struct its_head_level **levels)
{
    static const struct its_head_level level = {
        .stride = 8,
        .w = 12,
        .h = 7,
        .box = {&net.box[0][0][0], 64 * ANCHORS, ANCHORS, 1, 1},
        .score = {&net.score[0][0][0], CLASSES * ANCHORS, ANCHORS, 1, 1},
    };
    *levels = &level;
    return n->head_maps && net.gives_maps ? 1 : 0;
}

/* --- frames and the rest */

static uint8_t luma[1024 * 1024];

static struct its_frame frame_of(int w, int h)
{
    return (struct its_frame){
        .pixels = ITS_PIXELS_GRAY,
        .plane = {luma},
        .stride = {1024},
        .coded_w = w,
        .coded_h = h,
        .display_w = w,
        .display_h = h,
        .full_range = true,
    };
}

static void say(int slot, int anchor, int class_id, float score, struct its_box input_px)
{
    net.output[slot][0][anchor] = input_px.x + input_px.w / 2;
    net.output[slot][1][anchor] = input_px.y + input_px.h / 2;
    net.output[slot][2][anchor] = input_px.w;
    net.output[slot][3][anchor] = input_px.h;
    net.output[slot][4 + class_id][anchor] = score;
}

static struct its_model model;

static int set_up(void **state)
{
    memset(&net, 0, sizeof(net));
    memset(luma, 255, sizeof(luma));
    model.info = (struct its_model_info){.path = "a.onnx",
                                         .head = ITS_HEAD_YOLO,
                                         .classes = CLASSES,
                                         .class_names = names,
                                         .native_w = SIZE,
                                         .native_h = SIZE};
    return 0;
}

static struct its_net_detector *detector(int batch, bool all_classes)
{
    struct its_net_detector_settings s;
    struct its_net_detector *d;
    struct its_error err = {0};
    its_net_detector_defaults(&s);
    s.network.batch = batch;
    s.all_classes = all_classes;
    int rc = its_net_detector_create(&model, &s, &d, &err);
    if (rc < 0)
        fail_msg("%s", err.text);
    return d;
}

static void assert_box(struct its_box b, float x, float y, float w, float h)
{
    printf("box %.2f %.2f %.2f %.2f, expected %.2f %.2f %.2f %.2f\n", b.x, b.y, b.w, b.h, x, y, w,
           h);
    assert_float_equal(b.x, x, 0.01);
    assert_float_equal(b.y, y, 0.01);
    assert_float_equal(b.w, w, 0.01);
    assert_float_equal(b.h, h, 0.01);
}

static struct its_detections look(struct its_net_detector *d, int w, int h)
{
    struct its_frame f = frame_of(w, h);
    const struct its_frame *frames = &f;
    struct its_detections out;
    assert_int_equal(its_net_detector_frames(d, &frames, 1, &out, NULL), 0);
    return out;
}

/* 640 x 320 lies in 64 x 64 at a tenth, 16 rows from the top. */
static void boxes_come_back_in_displayed_pixels(void **state)
{
    struct its_net_detector *d = detector(1, false);
    say(0, 7, 2, 0.9f, (struct its_box){10, 20, 5, 6});
    struct its_detections out = look(d, 640, 320);
    assert_int_equal(out.count, 1);
    assert_int_equal(out.item[0].cls, ITS_CLASS_CAR);
    assert_float_equal(out.item[0].score, 0.9f, 1e-6);
    assert_box(out.item[0].box, 100, 40, 50, 60);
    its_net_detector_destroy(&d);
}

/* What lies over the edge is cut, what lies in the border alone is nothing. */
static void boxes_lie_in_the_picture(void **state)
{
    struct its_net_detector *d = detector(1, false);
    say(0, 1, 2, 0.9f, (struct its_box){-3, 40, 13, 30});
    say(0, 2, 2, 0.8f, (struct its_box){20, 2, 10, 10});
    struct its_detections out = look(d, 640, 320);
    assert_int_equal(out.count, 1);
    assert_box(out.item[0].box, 0, 240, 100, 80);
    its_net_detector_destroy(&d);
}

/* A dog is nobody on the road unless asked for; a van is a car; car and bus in one place are one.
 */
static void classes(void **state)
{
    for (int all = 0; all <= 1; all++) {
        struct its_net_detector *d = detector(1, all);
        say(0, 1, 0, 0.9f, (struct its_box){0, 20, 5, 10});
        say(0, 2, 1, 0.8f, (struct its_box){10, 20, 5, 10});
        say(0, 3, 4, 0.7f, (struct its_box){20, 20, 10, 10});
        say(0, 4, 2, 0.6f, (struct its_box){40, 20, 20, 20});
        say(0, 5, 3, 0.5f, (struct its_box){41, 20, 20, 20});
        struct its_detections out = look(d, 640, 320);
        assert_int_equal(out.count, 3);
        assert_int_equal(out.item[0].cls, ITS_CLASS_PERSON);
        assert_int_equal(out.item[1].cls, ITS_CLASS_CAR);
        assert_int_equal(out.item[2].cls, ITS_CLASS_CAR);
        const struct its_candidates *c = its_net_detector_candidates(d);
        assert_int_equal(c->count, all ? 4 : 3);
        assert_int_equal(c->item[1].class_id, all ? 1 : 4);
        its_net_detector_destroy(&d);
    }
}

static void limits_for_a_class(void **state)
{
    struct its_net_detector_settings s;
    struct its_net_detector *d;
    its_net_detector_defaults(&s);
    s.class_score[ITS_CLASS_PERSON] = 0.5f;
    s.class_iou[ITS_CLASS_BUS] = 0.2f;
    assert_int_equal(its_net_detector_create(&model, &s, &d, NULL), 0);
    say(0, 1, 0, 0.4f, (struct its_box){0, 20, 5, 10});
    say(0, 2, 2, 0.4f, (struct its_box){10, 20, 10, 10}); /* two of IoU 1/3 */
    say(0, 3, 2, 0.4f, (struct its_box){15, 20, 10, 10});
    say(0, 4, 3, 0.4f, (struct its_box){40, 20, 10, 10});
    say(0, 5, 3, 0.4f, (struct its_box){45, 20, 10, 10});
    struct its_detections out = look(d, 640, 320);
    assert_int_equal(out.count, 3);
    assert_int_equal(out.item[0].cls, ITS_CLASS_CAR);
    assert_int_equal(out.item[1].cls, ITS_CLASS_CAR);
    assert_int_equal(out.item[2].cls, ITS_CLASS_BUS);
    its_net_detector_destroy(&d);
}

/* With raw maps: all the weight of a side on one bin. Cell x 3, y 2 of 12 x 7. */
static void from_raw_maps(void **state)
{
    net.gives_maps = true;
    for (int c = 0; c < CLASSES; c++)
        for (int p = 0; p < ANCHORS; p++)
            net.score[0][c][p] = -20;
    int cell = 2 * 12 + 3;
    net.score[0][2][cell] = 3;
    for (int side = 0; side < 4; side++)
        net.box[0][side * 16 + 1][cell] = 60;
    struct its_net_detector *d = detector(1, false);
    struct its_detections out = look(d, 640, 640);
    assert_int_equal(out.count, 1);
    assert_box(out.item[0].box, 200, 120, 160, 160);
    its_net_detector_destroy(&d);
}

/* Seven frames of different sizes in batches of four: each is in its own slot, and its answer is in
 * its own pixels. */
static void batches(void **state)
{
    struct its_net_detector *d = detector(BATCH, false);
    for (int slot = 0; slot < BATCH; slot++)
        say(slot, slot, 2, 0.9f, (struct its_box){0, 30, (float)slot + 1, 4});
    struct its_frame f[7];
    const struct its_frame *frames[7];
    struct its_stamps stamp[7] = {0}, *stamps[7];
    struct its_detections out[7];
    for (int i = 0; i < 7; i++) {
        f[i] = frame_of(64 * (i + 1), 64 * (i + 1));
        frames[i] = &f[i];
        stamps[i] = &stamp[i];
    }
    assert_int_equal(its_net_detector_frames(d, frames, 7, out, stamps), 0);
    assert_int_equal(net.run_count, 2);
    assert_int_equal(net.runs[0], 4);
    assert_int_equal(net.runs[1], 3);
    for (int i = 0; i < 7; i++) {
        assert_int_equal(out[i].count, 1);
        assert_box(out[i].item[0].box, 0, 30 * (float)(i + 1), (float)(i % 4 + 1) * (float)(i + 1),
                   4 * (float)(i + 1));
        assert_true(stamp[i].end_us[ITS_STAGE_PREPARE] > 0);
        assert_true(stamp[i].end_us[ITS_STAGE_INFER] >= stamp[i].end_us[ITS_STAGE_PREPARE]);
        assert_true(stamp[i].end_us[ITS_STAGE_POST] >= stamp[i].end_us[ITS_STAGE_INFER]);
    }
    assert_float_equal(net.seen[0], 1, 1e-3); /* white, in every slot */
    assert_float_equal(net.seen[2], 1, 1e-3);
    its_net_detector_destroy(&d);
}

/* More sizes than letterboxers are kept, over and over. */
static void many_sizes(void **state)
{
    struct its_net_detector *d = detector(1, false);
    say(0, 0, 2, 0.9f, (struct its_box){0, 30, 10, 4});
    for (int i = 0; i < 60; i++) {
        int side = 64 + 16 * (i % 11);
        struct its_detections out = look(d, side, side);
        assert_int_equal(out.count, 1);
        assert_float_equal(out.item[0].box.w, 10 * (float)side / 64, 0.01);
    }
    its_net_detector_destroy(&d);
}

static void failures(void **state)
{
    struct its_net_detector *d = detector(1, false);
    say(0, 7, 2, 0.9f, (struct its_box){10, 20, 5, 6});
    struct its_frame f = frame_of(640, 320);
    const struct its_frame *frames = &f;
    struct its_detections out = {.count = 5};
    net.fails = -EIO;
    assert_int_equal(its_net_detector_frames(d, &frames, 1, &out, NULL), -EIO);
    assert_int_equal(out.count, 0);
    net.fails = 0;
    f.plane[0] = NULL;
    assert_int_equal(its_net_detector_frames(d, &frames, 1, &out, NULL), -EINVAL);
    its_net_detector_destroy(&d);
}

static void refused(void (*spoil)(struct its_model_info *))
{
    struct its_net_detector_settings s;
    struct its_net_detector *d;
    struct its_error err = {0};
    its_net_detector_defaults(&s);
    set_up(NULL);
    spoil(&model.info);
    assert_int_equal(its_net_detector_create(&model, &s, &d, &err), ITS_EUNSUPPORTED);
    assert_null(d);
    printf("%s\n", err.text);
    assert_non_null(strstr(err.text, "a.onnx"));
}

static void no_head(struct its_model_info *info)
{
    info->head = ITS_HEAD_NONE;
}

static void no_names(struct its_model_info *info)
{
    info->class_names = NULL;
}

static const char *const more_names[] = {"car", "bus", "van", "dog", "cat", "cow"};

/* The file names more classes than its output has room for. */
static void more_classes(struct its_model_info *info)
{
    info->classes = ITS_ARRAY_LEN(more_names);
    info->class_names = more_names;
}

static void too_many_classes(struct its_model_info *info)
{
    info->classes = 100000;
}

static void models_that_do_not_do(void **state)
{
    refused(no_head);
    refused(no_names);
    refused(too_many_classes);
    refused(more_classes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(boxes_come_back_in_displayed_pixels, set_up),
        cmocka_unit_test_setup(boxes_lie_in_the_picture, set_up),
        cmocka_unit_test_setup(classes, set_up),
        cmocka_unit_test_setup(limits_for_a_class, set_up),
        cmocka_unit_test_setup(from_raw_maps, set_up),
        cmocka_unit_test_setup(batches, set_up),
        cmocka_unit_test_setup(many_sizes, set_up),
        cmocka_unit_test_setup(failures, set_up),
        cmocka_unit_test_setup(models_that_do_not_do, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
