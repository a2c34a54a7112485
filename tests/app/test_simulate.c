/* simulate as a process: its files, and what it says when it cannot write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "lines.h"
#include "process.h"

enum { LIMIT_S = 60 };

static char dir[] = "/tmp/its-simulate-XXXXXX";

static int make_dir(void **state)
{
    return mkdtemp(dir) ? 0 : -1;
}

static int drop_dir(void **state)
{
    char command[64];
    snprintf(command, sizeof(command), "rm -r %s", dir);
    return system(command);
}

/* "cat" of a file the command wrote, read as JSON Lines. */
static void read_truth(const char *name, struct lines *out)
{
    struct process p;
    char why[200];
    process_shell(&p, LIMIT_S, "cat %s/%s", dir, name);
    if (!lines_read(p.out.data, out, why))
        fail_msg("%s: %s", name, why);
    assert_true(out->count > 0);
    process_fini(&p);
}

static void simulate(const char *args)
{
    struct process p;
    process_shell(&p, process_patience(LIMIT_S), "cd %s && exec '%s' simulate %s", dir,
                  process_exe(), args);
    if (p.exit_code != 0 || p.err.len || p.out.len)
        fail_msg("%s: exit code %d, '%s'", args, p.exit_code, p.err.data);
    process_fini(&p);
}

static void same(const char *a, const char *b, bool wanted)
{
    struct process p;
    process_shell(&p, LIMIT_S, "cmp -s %s/%s %s/%s", dir, a, dir, b);
    assert_int_equal(p.exit_code == 0, wanted);
    process_fini(&p);
}

static void same_seed_same_files(void **state)
{
    simulate("--scene junction --size 320x180 --duration 4 -o a.mp4 --truth a.jsonl");
    simulate("--scene junction --size 320x180 --duration 4 -o b.mp4 --truth b.jsonl");
    simulate("--scene junction --size 320x180 --duration 4 --truth c.jsonl");
    simulate("--scene junction --size 320x180 --duration 4 --seed 2 --truth d.jsonl");
    same("a.mp4", "b.mp4", true);
    same("a.jsonl", "b.jsonl", true);
    same("a.jsonl", "c.jsonl", true); /* nothing drawn, the same truth */
    same("a.jsonl", "d.jsonl", false);
}

/* Every key of an analyze line is in the truth's line of that type, with the same kind of value. */
static void check_keys(const json_t *of_analyze, const json_t *of_truth)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)of_analyze, key, value)
    {
        json_t *mine = json_object_get(of_truth, key);
        if (!mine || (json_typeof(mine) != json_typeof(value) &&
                      !(json_is_number(mine) && json_is_number(value)) &&
                      !(json_is_boolean(mine) && json_is_boolean(value))))
            fail_msg("'%s' is missing in the truth or of another type", key);
    }
}

static const json_t *first_of(const struct lines *l, const char *type)
{
    for (int i = 0; i < l->count; i++) {
        if (strcmp(lines_string(l->line[i], "type"), type) != 0)
            continue;
        if (strcmp(type, "frame") != 0 || json_array_size(json_object_get(l->line[i], "objects")))
            return l->line[i];
    }
    fail_msg("no line of type %s", type);
    return NULL;
}

static void speaks_the_language_of_analyze(void **state)
{
    struct lines truth, found;
    struct process p;
    char why[200];
    simulate("--scene highway --duration 10 -o h.mp4 --truth h.jsonl");
    read_truth("h.jsonl", &truth);
    process_shell(&p, process_patience(LIMIT_S),
                  "exec '%s' analyze %s/h.mp4 --json --frames --line m:0.1,0.6,0.9,0.6",
                  process_exe(), dir);
    if (!lines_read(p.out.data, &found, why))
        fail_msg("%s", why);
    assert_int_equal(truth.frames, 150);
    assert_int_equal(found.frames, 150);
    const json_t *a = first_of(&found, "frame"), *t = first_of(&truth, "frame");
    check_keys(a, t);
    const json_t *object = json_array_get(json_object_get(t, "objects"), 0);
    check_keys(json_array_get(json_object_get(a, "objects"), 0), object);
    check_keys(first_of(&found, "crossing"), first_of(&truth, "crossing"));
    static const char *const more[] = {"x_m", "y_m", "speed_kmh", "occlusion", "truncation"};
    for (size_t i = 0; i < ITS_ARRAY_LEN(more); i++)
        lines_number(object, more[i]);
    process_fini(&p);
    lines_free(&found);
    lines_free(&truth);
}

/* The middle of a footprint, taken to the picture, lies within the box of who stands there. */
static void homography_leads_to_the_boxes(void **state)
{
    struct lines truth;
    int checked = 0;
    read_truth("h.jsonl", &truth);
    json_t *h = json_object_get(truth.line[0], "homography");
    for (int i = 1; i < truth.count; i++) {
        size_t k;
        json_t *object;
        json_array_foreach(json_object_get(truth.line[i], "objects"), k, object)
        {
            if (lines_number(object, "truncation") > 0)
                continue;
            double p[3], box[4];
            for (int r = 0; r < 3; r++) {
                json_t *row = json_array_get(h, (size_t)r);
                p[r] = json_number_value(json_array_get(row, 0)) * lines_number(object, "x_m") +
                       json_number_value(json_array_get(row, 1)) * lines_number(object, "y_m") +
                       json_number_value(json_array_get(row, 2));
            }
            for (size_t b = 0; b < 4; b++)
                box[b] = json_number_value(json_array_get(json_object_get(object, "box"), b));
            double x = p[0] / p[2], y = p[1] / p[2];
            if (x < box[0] - 1 || x > box[0] + box[2] + 1 || y < box[1] - 1 ||
                y > box[1] + box[3] + 1)
                fail_msg("%.1f,%.1f is outside %.1f,%.1f %.1fx%.1f", x, y, box[0], box[1], box[2],
                         box[3]);
            checked++;
        }
    }
    print_message("%d places compared\n", checked);
    assert_true(checked > 1000);
    lines_free(&truth);
}

static void says_what_is_wrong(void **state)
{
    static const struct {
        const char *args;
        int exit_code;
        const char *error;
    } cases[] = {
        {"", 2, "nothing to write"},
        {"-o a.mp4 --size 961x540", 2, "--size: '961x540' is not a size"},
        {"-o a.mp4 --scene motorway", 2, "--scene: 'motorway'"},
        {"-o a.mp4 --truth a.mp4", 2, "the same file"},
        {"-o /nonexistent/a.mp4 --duration 1", 1, "/nonexistent/a.mp4"},
        {"-o new.mp4 --truth /nonexistent/t --duration 1", 1, "/nonexistent/t"},
        {"-o new.mp4 --size 64x64 --frame-code", 1, "no room for a frame code"},
    };
    for (size_t i = 0; i < ITS_ARRAY_LEN(cases); i++) {
        struct process p;
        process_shell(&p, process_patience(LIMIT_S), "cd %s && exec '%s' simulate %s", dir,
                      process_exe(), cases[i].args);
        if (p.exit_code != cases[i].exit_code || !strstr(p.err.data, cases[i].error))
            fail_msg("%s: exit code %d, '%s'", cases[i].args, p.exit_code, p.err.data);
        process_fini(&p);
    }
    struct process p;
    process_shell(&p, LIMIT_S, "ls %s | grep -c 'new\\|tmp'", dir);
    assert_string_equal(p.out.data, "0\n"); /* nothing is left lying about */
    process_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_seed_same_files),
        cmocka_unit_test(speaks_the_language_of_analyze),
        cmocka_unit_test(homography_leads_to_the_boxes),
        cmocka_unit_test(says_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
