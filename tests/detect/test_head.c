/* Every kind of head on outputs made by hand, raw maps against the formula spelt out in both
 * layouts, and the outputs that ONNX Runtime gave for a picture of a street. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "detect/nms.h"

static uint32_t rng = 99; /* fixed */

static float uniform(float lo, float hi)
{
    rng = rng * 1664525 + 1013904223;
    return lo + (hi - lo) * (float)(rng >> 8) / (float)(1 << 24);
}

static struct its_candidates room_for(int room)
{
    struct its_candidates c;
    assert_int_equal(its_candidates_init(&c, room), 0);
    return c;
}

static void assert_box(struct its_box b, float x, float y, float w, float h)
{
    printf("box %.3f %.3f %.3f %.3f, expected %.3f %.3f %.3f %.3f\n", b.x, b.y, b.w, b.h, x, y, w,
           h);
    assert_float_equal(b.x, x, 0.01);
    assert_float_equal(b.y, y, 0.01);
    assert_float_equal(b.w, w, 0.01);
    assert_float_equal(b.h, h, 0.01);
}

/* --- YOLO */

/* Two images of 70 anchors and 3 classes: more than a run, and not a whole number of runs. */
static void yolo(void **state)
{
    enum { CLASSES = 3, ANCHORS = 70 };
    static float data[2][4 + CLASSES][ANCHORS];
    data[1][0][66] = 100, data[1][1][66] = 50, data[1][2][66] = 20, data[1][3][66] = 10;
    data[1][4][66] = 0.3f, data[1][6][66] = 0.8f;
    data[1][0][2] = 10, data[1][1][2] = 10, data[1][2][2] = 4, data[1][3][2] = 4;
    data[1][5][2] = 0.5f;
    struct its_output o = {"output0", 3, {2, 4 + CLASSES, ANCHORS}, &data[0][0][0]};
    struct its_head_want want = {0};
    its_head_want_all(&want, CLASSES, 0.25f);
    struct its_candidates c = room_for(16);

    assert_int_equal(its_head_check(ITS_HEAD_YOLO, CLASSES, &o, 64, 64, NULL), 0);
    its_head_read_yolo(&o, 0, &want, &c);
    assert_int_equal(c.count, 0);
    its_head_read_yolo(&o, 1, &want, &c);
    its_candidates_sort(&c);
    assert_int_equal(c.count, 2);
    assert_int_equal(c.item[0].class_id, 2);
    assert_int_equal(c.item[0].anchor, 66);
    assert_float_equal(c.item[0].score, 0.8f, 1e-6);
    assert_box(c.item[0].box, 90, 45, 20, 10);
    assert_box(c.item[1].box, 8, 8, 4, 4);

    want.every = true; /* the anchor with two scores is two candidates */
    its_candidates_clear(&c);
    its_head_read_yolo(&o, 1, &want, &c);
    assert_int_equal(c.count, 3);
    want.every = false;

    want.threshold[2] = 0.81f; /* a threshold for each class */
    its_candidates_clear(&c);
    its_head_read_yolo(&o, 1, &want, &c);
    assert_int_equal(c.count, 1);

    want.count = 0; /* the best of those wanted, not the best of all */
    its_head_want_add(&want, 0, 0.25f);
    its_candidates_clear(&c);
    its_head_read_yolo(&o, 1, &want, &c);
    assert_int_equal(c.count, 1);
    assert_int_equal(c.item[0].class_id, 0);
    its_candidates_fini(&c);
}

static void nobody_wanted(void **state)
{
    float data[84 * 10] = {0};
    data[4 * 10] = 1;
    struct its_output o = {"output0", 3, {1, 84, 10}, data};
    struct its_head_want want = {0};
    struct its_candidates c = room_for(4);
    its_head_read_yolo(&o, 0, &want, &c);
    assert_int_equal(c.count, 0);
    its_candidates_fini(&c);
}

/* --- raw maps */

/* A level of random logits in planes or in blocks of 16, one anchor in 8 with a score to show. */
struct level {
    struct its_head_level level;
    float *box, *score;
};

static float *map_of(struct its_head_map *m, int channels, int cells, bool blocks, int images)
{
    int rounded = (channels + 15) / 16 * 16;
    float *data = its_calloc((size_t)images * (size_t)rounded * (size_t)cells, sizeof(*data));
    *m = (struct its_head_map){
        .data = data,
        .image_stride = (int64_t)rounded * cells,
        .block_stride = blocks ? 16 * cells : cells,
        .block = blocks ? 16 : 1,
        .pixel_stride = blocks ? 16 : 1,
    };
    return data;
}

static float *cell_of(float *data, const struct its_head_map *m, int image, int channel, int cell)
{
    return data + image * m->image_stride + channel / m->block * m->block_stride +
           (int64_t)cell * m->pixel_stride + channel % m->block;
}

static struct level make_level(int stride, int w, int h, int classes, bool blocks)
{
    struct level l = {.level = {stride, w, h, {0}, {0}}};
    l.box = map_of(&l.level.box, 64, w * h, blocks, 2);
    l.score = map_of(&l.level.score, classes, w * h, blocks, 2);
    for (int image = 0; image < 2; image++)
        for (int p = 0; p < w * h; p++) {
            for (int c = 0; c < 64; c++)
                *cell_of(l.box, &l.level.box, image, c, p) = uniform(-6, 6);
            for (int c = 0; c < classes; c++)
                *cell_of(l.score, &l.level.score, image, c, p) = uniform(-9, -2);
            if (uniform(0, 1) < 0.125f)
                *cell_of(l.score, &l.level.score, image, (int)uniform(0, (float)classes), p) =
                    uniform(-3, 3);
        }
    return l;
}

/* The same image as the export's decoding would put it out: (4 + classes, cells) of one level. */
static float *decoded(struct level *l, int image, int classes)
{
    int cells = l->level.w * l->level.h;
    float *out = its_calloc((size_t)((4 + classes) * cells), sizeof(*out));
    for (int p = 0; p < cells; p++) {
        double side[4];
        for (int s = 0; s < 4; s++) {
            double sum = 0, mean = 0;
            for (int i = 0; i < 16; i++) {
                double e = exp(*cell_of(l->box, &l->level.box, image, s * 16 + i, p));
                sum += e;
                mean += e * i;
            }
            side[s] = mean / sum;
        }
        double x = p % l->level.w + 0.5, y = p / l->level.w + 0.5, stride = l->level.stride;
        out[p] = (float)((x + (side[2] - side[0]) / 2) * stride);
        out[cells + p] = (float)((y + (side[3] - side[1]) / 2) * stride);
        out[2 * cells + p] = (float)((side[0] + side[2]) * stride);
        out[3 * cells + p] = (float)((side[1] + side[3]) * stride);
        for (int c = 0; c < classes; c++)
            out[(4 + c) * cells + p] =
                (float)(1 / (1 + exp(-*cell_of(l->score, &l->level.score, image, c, p))));
    }
    return out;
}

static void compare(const struct its_candidates *maps, const struct its_candidates *rows)
{
    printf("%d candidates from maps, %d from rows\n", maps->count, rows->count);
    assert_true(maps->count > 5);
    assert_int_equal(maps->count, rows->count);
    for (int i = 0; i < maps->count; i++) {
        const struct its_candidate *a = &maps->item[i], *b = &rows->item[i];
        assert_int_equal(a->anchor, b->anchor);
        assert_int_equal(a->class_id, b->class_id);
        assert_float_equal(a->score, b->score, 1e-5);
        assert_float_equal(a->box.x, b->box.x, 1e-3);
        assert_float_equal(a->box.y, b->box.y, 1e-3);
        assert_float_equal(a->box.w, b->box.w, 1e-3);
        assert_float_equal(a->box.h, b->box.h, 1e-3);
    }
}

static void maps_give_what_rows_give(void **state)
{
    enum { CLASSES = 20 };
    for (int blocks = 0; blocks <= 1; blocks++)
        for (int every = 0; every <= 1; every++) {
            struct level l = make_level(16, 13, 11, CLASSES, blocks);
            float *rows = decoded(&l, 1, CLASSES);
            struct its_head_want want = {.every = every};
            its_head_want_all(&want, CLASSES, 0.25f);
            struct its_candidates a = room_for(500), b = room_for(500);
            its_head_read_maps(&l.level, 1, 1, &want, &a);
            struct its_output o = {"output0", 3, {1, 4 + CLASSES, 13 * 11}, rows};
            its_head_read_yolo(&o, 0, &want, &b);
            its_candidates_sort(&a);
            its_candidates_sort(&b);
            compare(&a, &b);
            its_candidates_fini(&a);
            its_candidates_fini(&b);
            free(rows);
            free(l.box);
            free(l.score);
        }
}

/* All the weight on one bin is that many strides. Anchors are numbered through the levels. */
static void maps_by_hand(void **state)
{
    struct level l[2] = {make_level(8, 4, 4, 2, true), make_level(16, 2, 2, 2, true)};
    for (int i = 0; i < 2; i++)
        for (int p = 0; p < l[i].level.w * l[i].level.h; p++)
            for (int c = 0; c < 2; c++)
                *cell_of(l[i].score, &l[i].level.score, 0, c, p) = -20;
    const int bins[4] = {0, 1, 3, 15};
    for (int side = 0; side < 4; side++)
        for (int bin = 0; bin < 16; bin++)
            *cell_of(l[1].box, &l[1].level.box, 0, side * 16 + bin, 3) =
                bin == bins[side] ? 50 : -50;
    *cell_of(l[1].score, &l[1].level.score, 0, 1, 3) = 2;

    struct its_head_level levels[2] = {l[0].level, l[1].level};
    struct its_head_want want = {0};
    its_head_want_all(&want, 2, 0.5f);
    struct its_candidates c = room_for(10);
    its_head_read_maps(levels, 2, 0, &want, &c);
    assert_int_equal(c.count, 1);
    assert_int_equal(c.item[0].anchor, 16 + 3);
    assert_float_equal(c.item[0].score, 0.880797f, 1e-5); /* 1 / (1 + e^-2) */
    assert_box(c.item[0].box, 24, 24 - 16, 3 * 16, (1 + 15) * 16);
    its_candidates_fini(&c);
    for (int i = 0; i < 2; i++) {
        free(l[i].box);
        free(l[i].score);
    }
}

/* A network that went wrong: an anchor without a number, and one whose classes are all impossible.
 * Not even a threshold of 0 lets them in. */
static void logits_that_are_none(void **state)
{
    enum { CLASSES = 3 };
    for (int every = 0; every <= 1; every++) {
        struct level l = make_level(8, 4, 4, CLASSES, true);
        for (int p = 0; p < 16; p++)
            for (int c = 0; c < CLASSES; c++)
                *cell_of(l.score, &l.level.score, 0, c, p) = p % 2 ? NAN : -INFINITY;
        *cell_of(l.score, &l.level.score, 0, 1, 5) = -50;
        struct its_head_want want = {.every = every};
        its_head_want_all(&want, CLASSES, 0);
        struct its_candidates c = room_for(100);
        its_head_read_maps(&l.level, 1, 0, &want, &c);
        assert_int_equal(c.count, 1);
        assert_int_equal(c.item[0].anchor, 5);
        assert_int_equal(c.item[0].class_id, 1);
        its_candidates_fini(&c);
        free(l.box);
        free(l.score);
    }
}

/* --- YOLOX, NMS-free */

static void yolox(void **state)
{
    enum { CLASSES = 2, ANCHORS = 64 + 16 + 4 }; /* of 64 x 64 */
    static float data[ANCHORS][5 + CLASSES];
    float *o = data[64 + 6]; /* stride 16: cell x 2, y 1 */
    o[0] = 0.5f, o[1] = 0.25f, o[2] = 0, o[3] = logf(2), o[4] = 0.9f, o[5] = 0.1f, o[6] = 0.8f;
    data[83][4] = 0.9f, data[83][5] = 0.2f; /* 0.18: below */
    data[3][4] = 0.2f, data[3][5] = 1;
    struct its_output out = {"output", 3, {1, ANCHORS, 5 + CLASSES}, data[0]};
    struct its_head_want want = {0};
    its_head_want_all(&want, CLASSES, 0.25f);
    struct its_candidates c = room_for(10);
    assert_int_equal(its_head_check(ITS_HEAD_YOLOX, CLASSES, &out, 64, 64, NULL), 0);
    its_head_read_yolox(&out, 0, 64, 64, &want, &c);
    assert_int_equal(c.count, 1);
    assert_int_equal(c.item[0].class_id, 1);
    assert_float_equal(c.item[0].score, 0.72f, 1e-6);
    assert_box(c.item[0].box, 2.5f * 16 - 8, 1.25f * 16 - 16, 16, 32);
    its_candidates_fini(&c);
}

static void top(void **state)
{
    float data[4][6] = {
        {10, 20, 110, 70, 0.9f, 2},
        {0, 0, 10, 10, 0.8f, 1}, /* not wanted */
        {0, 0, 10, 10, 0.1f, 2}, /* too low */
        {0, 0, 10, 10, 0.9f, NAN},
    };
    struct its_output o = {"output0", 3, {1, 4, 6}, data[0]};
    struct its_head_want want = {0};
    its_head_want_add(&want, 2, 0.25f);
    struct its_candidates c = room_for(10);
    assert_int_equal(its_head_check(ITS_HEAD_TOP, 80, &o, 64, 64, NULL), 0);
    its_head_read_top(&o, 0, &want, &c);
    assert_int_equal(c.count, 1);
    assert_box(c.item[0].box, 10, 20, 100, 50);
    its_candidates_fini(&c);
}

static void wrong_shapes_are_refused(void **state)
{
    struct its_error err = {0};
    struct its_output o = {"output0", 3, {1, 84, 8400}, NULL};
    assert_int_equal(its_head_check(ITS_HEAD_YOLO, 80, &o, 640, 640, &err), 0);
    assert_int_equal(its_head_check(ITS_HEAD_YOLO, 79, &o, 640, 640, &err), ITS_EUNSUPPORTED);
    printf("%s\n", err.text);
    assert_int_equal(its_head_check(ITS_HEAD_TOP, 80, &o, 640, 640, &err), ITS_EUNSUPPORTED);
    assert_int_equal(its_head_check(ITS_HEAD_YOLOX, 80, &o, 640, 640, &err), ITS_EUNSUPPORTED);
    assert_int_equal(its_head_check(ITS_HEAD_NONE, 80, &o, 640, 640, &err), ITS_EUNSUPPORTED);
    printf("%s\n", err.text);
    assert_int_equal(its_head_check(ITS_HEAD_YOLO, 0, &o, 640, 640, &err), ITS_EUNSUPPORTED);
    assert_int_equal(its_head_check(ITS_HEAD_YOLO, 2000, &o, 640, 640, &err), ITS_EUNSUPPORTED);
}

/* --- what ONNX Runtime gave */

struct expected {
    float x, y, w, h, score;
    int class_id;
};

static float *reference(const char *name, size_t count)
{
    const char *dir = getenv("ITS_TESTDATA");
    char path[4096];
    snprintf(path, sizeof(path), "%s/reference/%s", dir ? dir : "", name);
    FILE *f = dir && *dir ? fopen(path, "rb") : NULL;
    if (!f) {
        print_message("SKIPPED: no %s (set ITS_TESTDATA)\n", path);
        skip();
    }
    float *data = its_calloc(count, sizeof(*data));
    assert_int_equal(fread(data, sizeof(*data), count, f), count);
    fclose(f);
    return data;
}

static void check_found(const struct its_candidates *c, const struct expected *e, int count)
{
    for (int i = 0; i < c->count; i++)
        printf("%8.3f %8.3f %8.3f %8.3f %.3f %d\n", c->item[i].box.x, c->item[i].box.y,
               c->item[i].box.w, c->item[i].box.h, c->item[i].score, c->item[i].class_id);
    assert_int_equal(c->count, count);
    for (int i = 0; i < count; i++) {
        assert_int_equal(c->item[i].class_id, e[i].class_id);
        assert_float_equal(c->item[i].score, e[i].score, 6e-4);
        assert_box(c->item[i].box, e[i].x, e[i].y, e[i].w, e[i].h);
    }
}

/* Decoded and suppressed by a script of a few lines from the same output. The last two of the small
 * picture are one bus, seen as bus and as lorry. */
static void a_street(void **state)
{
    static const struct expected large[] = {
        {409.284f, 331.86f, 91.993f, 73.967f, 0.869f, 2},
        {386.183f, 201.981f, 60.433f, 59.62f, 0.821f, 5},
        {250.393f, 204.343f, 31.92f, 29.511f, 0.776f, 2},
        {313.289f, 235.072f, 38.356f, 42.928f, 0.774f, 2},
        {355.939f, 171.012f, 58.392f, 59.293f, 0.756f, 5},
        {318.672f, 190.57f, 25.554f, 23.808f, 0.726f, 2},
        {267.906f, 163.284f, 16.344f, 14.91f, 0.694f, 2},
        {208.009f, 200.825f, 32.276f, 28.858f, 0.634f, 2},
        {237.801f, 163.155f, 19.044f, 15.227f, 0.484f, 2},
        {307.561f, 155.156f, 14.711f, 9.997f, 0.3f, 2},
        {197.737f, 142.318f, 12.338f, 13.688f, 0.255f, 2},
    };
    static const struct expected small[] = {
        {156.534f, 117.769f, 19.721f, 21.428f, 0.797f, 2},
        {199.52f, 165.728f, 51.725f, 39.109f, 0.683f, 2},
        {124.898f, 102.498f, 16.239f, 14.378f, 0.662f, 2},
        {103.488f, 101.997f, 17.094f, 13.215f, 0.563f, 2},
        {157.852f, 96.52f, 14.633f, 10.665f, 0.398f, 2},
        {192.492f, 100.946f, 30.716f, 30.29f, 0.392f, 5},
        {192.207f, 100.662f, 31.589f, 30.469f, 0.271f, 7},
    };
    struct its_head_want want = {0};
    its_head_want_all(&want, 80, 0.25f);
    struct its_nms nms;
    its_nms_set_all(&nms, 0.45f);
    struct its_candidates c = room_for(1000);

    float *data = reference("yolo11n_input640_output0.f32", 84 * 8400);
    its_head_read_yolo(&(struct its_output){"output0", 3, {1, 84, 8400}, data}, 0, &want, &c);
    its_nms_run(&nms, &c, 300);
    check_found(&c, large, ITS_ARRAY_LEN(large));
    free(data);

    its_candidates_clear(&c);
    data = reference("yolo11n-320_input320_output0.f32", 84 * 2100);
    its_head_read_yolo(&(struct its_output){"output0", 3, {1, 84, 2100}, data}, 0, &want, &c);
    its_nms_run(&nms, &c, 300);
    check_found(&c, small, ITS_ARRAY_LEN(small));
    nms.kin[2] = nms.kin[5] = nms.kin[7] = 1;
    nms.kin_iou = 0.7f;
    its_nms_run(&nms, &c, 300);
    check_found(&c, small, ITS_ARRAY_LEN(small) - 1);
    free(data);
    its_candidates_fini(&c);
}

/* YOLOX-nano sees the large vehicles of the same street in its own, top left, letterbox. */
static void a_street_by_yolox(void **state)
{
    struct its_head_want want = {0};
    its_head_want_all(&want, 80, 0.5f);
    struct its_nms nms;
    its_nms_set_all(&nms, 0.45f);
    struct its_candidates c = room_for(1000);
    float *data = reference("yolox_nano_input416_output.f32", 3549 * 85);
    its_head_read_yolox(&(struct its_output){"output", 3, {1, 3549, 85}, data}, 0, 416, 416, &want,
                        &c);
    its_nms_run(&nms, &c, 300);
    for (int i = 0; i < c.count; i++)
        printf("%8.3f %8.3f %8.3f %8.3f %.3f %d\n", c.item[i].box.x, c.item[i].box.y,
               c.item[i].box.w, c.item[i].box.h, c.item[i].score, c.item[i].class_id);
    /* The white car in front: yolo11n has it at (409, 332, 92, 74) in 640, which is so far from
     * the left and, without the 140 rows of border, from the top in 416. */
    struct its_box car = {409.3f * 0.65f, (331.9f - 140) * 0.65f, 92 * 0.65f, 74 * 0.65f};
    float most = 0;
    for (int i = 0; i < c.count; i++)
        if (c.item[i].class_id == 2)
            most = fmaxf(most, its_box_iou(c.item[i].box, car));
    printf("overlap with yolo11n's box: %.3f\n", most);
    assert_int_equal(c.count, 7);
    assert_true(most > 0.85f);
    free(data);
    its_candidates_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(yolo),
        cmocka_unit_test(nobody_wanted),
        cmocka_unit_test(maps_give_what_rows_give),
        cmocka_unit_test(maps_by_hand),
        cmocka_unit_test(logits_that_are_none),
        cmocka_unit_test(yolox),
        cmocka_unit_test(top),
        cmocka_unit_test(wrong_shapes_are_refused),
        cmocka_unit_test(a_street),
        cmocka_unit_test(a_street_by_yolox),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
