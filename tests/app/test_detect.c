/* `detect` as people and scripts use it, on real pictures: what ONNX Runtime finds in them, we
 * find; and what is wrong is told in a way that helps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/geom.h"
#include "media.h"
#include "process.h"

#define LIMIT_S 120

static const char *testdata;
static struct media_folder folder;

static int set_up(void **state)
{
    folder = media_folder_make();
    return 0;
}

static int tear_down(void **state)
{
    media_folder_remove(&folder);
    return 0;
}

/* In the folder; `args` with MODEL and PICTURES (the folder of coco128) spelt out. */
static void detect(struct process *p, const char *args)
{
    process_shell(p, process_patience(LIMIT_S),
                  "cd '%s' && MODEL='%s/models/yolo11n-320.onnx' "
                  "PICTURES='%s/images/coco128/images/train2017' && exec '%s' detect %s",
                  folder.path, testdata, testdata, process_exe(), args);
}

static json_t *line_of(const char *text, int number)
{
    while (number-- > 0 && text)
        text = (text = strchr(text, '\n')) ? text + 1 : NULL;
    json_error_t e;
    json_t *line = text ? json_loads(text, JSON_DISABLE_EOF_CHECK, &e) : NULL;
    if (!line)
        fail_msg("no such line of JSON in: %.200s", text ? text : "");
    return line;
}

static double number(json_t *object, const char *key)
{
    json_t *v = json_object_get(object, key);
    if (!json_is_number(v))
        fail_msg("%s is no number", key);
    return json_number_value(v);
}

static struct its_box box_of(json_t *list, bool corners)
{
    float v[4];
    for (size_t i = 0; i < 4; i++)
        v[i] = (float)json_number_value(json_array_get(list, i));
    if (corners)
        return (struct its_box){v[0], v[1], v[2] - v[0], v[3] - v[1]};
    return (struct its_box){v[0], v[1], v[2], v[3]};
}

/* Whether one of our objects is that one: class, place and score. */
static bool has(json_t *objects, json_t *reference)
{
    struct its_box box = box_of(reference, true);
    double score = json_number_value(json_array_get(reference, 4));
    int class_id = (int)json_number_value(json_array_get(reference, 5));
    size_t i;
    json_t *o;
    json_array_foreach(objects, i, o)
    {
        double off = number(o, "score") - score;
        if ((int)number(o, "class_id") == class_id && off < 0.05 && off > -0.05 &&
            its_box_iou(box_of(json_object_get(o, "box"), false), box) > 0.9f)
            return true;
    }
    return false;
}

/* ONNX Runtime's detections of 640 px, against ours: those well above the threshold must be there
 * (its pictures went through another JPEG decoder and resizer). */
static void the_same_as_onnx_runtime(void **state)
{
    char path[4096];
    json_error_t e;
    snprintf(path, sizeof(path), "%s/reference/yolo11n_coco128_ort.json", testdata);
    json_t *reference = json_load_file(path, 0, &e);
    assert_non_null(reference);
    struct process p;
    process_shell(&p, process_patience(LIMIT_S),
                  "cd '%s/images/coco128/images/train2017' && ls *.jpg | head -n 24 | "
                  "xargs '%s' detect --json --all-classes --model '%s/models/yolo11n.onnx'",
                  testdata, process_exe(), testdata);
    if (p.exit_code != 0)
        fail_msg("%s", p.err.data);
    int found = 0, all = 0;
    for (int i = 0; i < 24; i++) {
        json_t *line = line_of(p.out.data, i), *dets, *one;
        size_t k;
        dets = json_object_get(
            json_object_get(reference, json_string_value(json_object_get(line, "input"))), "det");
        assert_non_null(dets);
        json_array_foreach(dets, k, one)
        {
            if (json_number_value(json_array_get(one, 4)) < 0.35)
                continue;
            all++;
            found += has(json_object_get(line, "objects"), one);
        }
        json_decref(line);
    }
    print_message("%d of %d detections of ONNX Runtime\n", found, all);
    assert_true(all > 80);
    assert_true(found >= all * 97 / 100);
    json_decref(reference);
    process_fini(&p);
}

static void the_line_of_a_picture(void **state)
{
    struct process p;
    detect(&p, "$PICTURES/000000000471.jpg --json --model $MODEL");
    if (p.exit_code != 0)
        fail_msg("%s", p.err.data);
    assert_int_equal(p.err.len, 0);
    json_t *line = line_of(p.out.data, 0), *objects = json_object_get(line, "objects");
    assert_int_equal(number(line, "v"), 1);
    assert_int_equal(number(line, "frame"), 0);
    assert_int_equal(number(line, "width"), 640);
    assert_int_equal(number(line, "height"), 427);
    assert_true(json_array_size(objects) >= 1);
    json_t *bus = json_array_get(objects, 0);
    assert_string_equal(json_string_value(json_object_get(bus, "class")), "bus");
    assert_int_equal(number(bus, "class_id"), 5);
    assert_true(number(bus, "score") > 0.8);
    struct its_box truth = {113.6f, 109.6f, 461.8f, 212.1f};
    assert_true(its_box_iou(box_of(json_object_get(bus, "box"), false), truth) > 0.9f);
    json_decref(line);
    process_fini(&p);
}

/* A pizza is no road user. */
static void road_users_only(void **state)
{
    struct process p;
    detect(&p, "$PICTURES/000000000605.jpg --model $MODEL");
    assert_int_equal(p.exit_code, 0);
    assert_int_equal(process_count(&p.out, "cup"), 0);
    assert_int_equal(process_count(&p.out, "640x480: 0 found"), 1);
    process_fini(&p);
    detect(&p, "$PICTURES/000000000605.jpg --model $MODEL --all-classes");
    assert_int_equal(p.exit_code, 0);
    assert_true(process_count(&p.out, "cup") > 0);
    process_fini(&p);
}

static void is_picture(const char *name, const char *magic, size_t magic_bytes)
{
    char path[4096], bytes[8] = {0};
    snprintf(path, sizeof(path), "%s/%s", folder.path, name);
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("there is no %s", name);
    assert_int_equal(fread(bytes, 1, 8, f), 8);
    assert_memory_equal(bytes, magic, magic_bytes);
    fclose(f);
}

static void drawings(void **state)
{
    struct process p;
    detect(&p, "$PICTURES/000000000471.jpg --model $MODEL --draw one.png");
    assert_int_equal(p.exit_code, 0);
    process_fini(&p);
    is_picture("one.png", "\x89PNG", 4);

    detect(&p, "$PICTURES/000000000471.jpg --model $MODEL --draw one.jpg");
    assert_int_equal(p.exit_code, 0);
    process_fini(&p);
    is_picture("one.jpg", "\xff\xd8\xff", 3);

    detect(&p, "$PICTURES/000000000471.jpg one.png --model $MODEL --draw seen");
    assert_int_equal(p.exit_code, 0);
    process_fini(&p);
    is_picture("seen/000000000471.jpg", "\xff\xd8\xff", 3);
    is_picture("seen/one.png", "\x89PNG", 4);
}

static void every_so_many_frames_of_a_video(void **state)
{
    struct process p;
    detect(&p, "'sim:junction?duration=2' --every 10 --json --model $MODEL --draw frames");
    if (p.exit_code != 0)
        fail_msg("%s", p.err.data);
    int lines = process_count(&p.out, "\n");
    print_message("%d pictures\n", lines);
    assert_true(lines >= 3);
    for (int i = 0; i < lines; i++) {
        json_t *line = line_of(p.out.data, i);
        assert_int_equal(number(line, "frame"), 10 * i);
        json_decref(line);
    }
    process_fini(&p);
}

static void refuses(const char *args, int exit_code, const char *says)
{
    struct process p;
    detect(&p, args);
    print_message("detect %s: %d %s", args, p.exit_code, p.err.data);
    assert_int_equal(p.exit_code, exit_code);
    if (!strstr(p.err.data, says) || strncmp(p.err.data, "its-camera-ai detect: ", 22) != 0)
        fail_msg("expected: %s", says);
    process_fini(&p);
}

static void what_is_wrong_is_told(void **state)
{
    refuses("x.jpg", 2, "--model FILE.onnx");
    refuses("--model $MODEL", 2, "INPUT... is missing");
    refuses("x.jpg --model none.onnx", 1, "none.onnx");
    refuses("x.jpg --model $PICTURES/000000000471.jpg", 1, "000000000471.jpg");
    refuses("none.jpg --model $MODEL", 1, "none.jpg");
    refuses("$PICTURES --model $MODEL", 1, "directory");
    refuses("x.jpg --model $MODEL --size 100", 2, "multiples of 32");
    refuses("x.jpg --model $MODEL --size big", 2, "640x384");
    refuses("x.jpg --model $MODEL --conf 2", 2, "--conf");
    refuses("a.jpg b.jpg --model $MODEL --draw one.png", 2, "give a folder");
    refuses("x.jpg --model $MODEL --draw none/folder", 1, "none/folder");
    refuses("x.jpg --model $MODEL --backend gpu9", 1, "gpu9");
}

/* The others are looked at all the same. */
static void one_of_several_is_bad(void **state)
{
    struct process p;
    detect(&p, "none.jpg $PICTURES/000000000471.jpg --json --model $MODEL");
    assert_int_equal(p.exit_code, 1);
    assert_int_equal(process_count(&p.out, "\n"), 1);
    assert_int_equal(process_count(&p.err, "none.jpg"), 1);
    process_fini(&p);
}

int main(void)
{
    testdata = getenv("ITS_TESTDATA");
    if (!testdata || !*testdata) {
        printf("SKIPPED: ITS_TESTDATA is not set, so there is no network to look with\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_as_onnx_runtime),
        cmocka_unit_test(the_line_of_a_picture),
        cmocka_unit_test(road_users_only),
        cmocka_unit_test(drawings),
        cmocka_unit_test(every_so_many_frames_of_a_video),
        cmocka_unit_test(what_is_wrong_is_told),
        cmocka_unit_test(one_of_several_is_bad),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
