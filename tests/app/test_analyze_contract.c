/* What scripts rely on: the lines, fields, order and exit codes of `analyze`, on clips of the
 * simulated highway whose crossings are known exactly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "lines.h"
#include "media.h"
#include "process.h"
#include "tests/camera/make_clip.h"

enum { FRAMES = 450, SEEDS = 3, TOLERANCE_FRAMES = 15 };

#define F1_WANTED 0.9
#define LIMIT_S   60

static struct media_folder folder;
static struct made_clip made[SEEDS];
static char clip[SEEDS][100], flags[SEEDS][512];

/* --- the clips */

static void make_one(int i)
{
    struct its_scene_settings s;
    its_scene_settings_default(&s);
    s.seed = (uint64_t)i + 1;
    s.density = 0.6;
    s.width = 640;
    s.height = 360;
    snprintf(clip[i], sizeof(clip[i]), "%s/highway-%d.mp4", folder.path, i + 1);
    make_clip(&s, FRAMES, clip[i], &made[i]);
    for (int l = 0, at = 0; l < made[i].lines; l++) {
        const struct its_scene_line *line = &made[i].line[l];
        at += snprintf(flags[i] + at, sizeof(flags[i]) - (size_t)at,
                       "--line %s:%.2f,%.2f,%.2f,%.2f ", line->name, (double)line->a.x,
                       (double)line->a.y, (double)line->b.x, (double)line->b.y);
    }
}

static int make_all(void **state)
{
    folder = media_folder_make();
    for (int i = 0; i < SEEDS; i++)
        make_one(i);
    return 0;
}

static int remove_all(void **state)
{
    media_folder_remove(&folder);
    return 0;
}

/* --- running the program */

static void analyze(struct process *p, struct lines *l, const char *args)
{
    char why[200];
    process_shell(p, process_patience(LIMIT_S), "exec '%s' analyze %s --json", process_exe(), args);
    if (p->exit_code != 0)
        fail_msg("analyze %s: exit code %d, signal %d: %s", args, p->exit_code, p->signal,
                 p->err.data);
    if (!lines_read(p->out.data, l, why))
        fail_msg("analyze %s: %s", args, why);
    assert_non_null(l->summary);
}

static const char *args_of(int i, const char *more)
{
    static char text[2048];
    snprintf(text, sizeof(text), "%s %s %s", clip[i], flags[i], more);
    return text;
}

/* --- fields */

/* Every key of the object is in the list, and the other way round, in this order. */
static void check_keys(const json_t *object, const char *keys)
{
    char got[512] = "";
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        strncat(got, key, sizeof(got) - strlen(got) - 2);
        strcat(got, " ");
    }
    if (strcmp(got, keys) != 0)
        fail_msg("fields are \"%s\", expected \"%s\"", got, keys);
}

static void check_class(const json_t *j)
{
    static const char *const known[] = {"person", "bicycle", "motorcycle", "car",
                                        "bus",    "truck",   "vehicle"};
    const char *cls = lines_string(j, "class");
    for (unsigned i = 0; i < ITS_ARRAY_LEN(known); i++)
        if (strcmp(cls, known[i]) == 0)
            return;
    fail_msg("unknown class '%s'", cls);
}

static void check_range(double v, double low, double high, const char *what)
{
    if (!(v >= low && v <= high))
        fail_msg("%s is %g, expected %g to %g", what, v, low, high);
}

static void check_crossing(const json_t *j)
{
    check_keys(j, "v type line direction class track frame time_s score ");
    const char *direction = lines_string(j, "direction");
    assert_true(strcmp(direction, "forward") == 0 || strcmp(direction, "backward") == 0);
    check_class(j);
    assert_true(lines_int(j, "track") > 0);
    assert_true(lines_int(j, "frame") > 0);
    double frame_s = (double)lines_int(j, "frame") / 15;
    check_range(lines_number(j, "time_s"), frame_s - 1.0 / 15 - 0.001, frame_s + 0.001, "time_s");
    check_range(lines_number(j, "score"), 0, 1, "score");
}

static void check_object(const json_t *o)
{
    check_keys(o, "track class score box confirmed predicted ");
    assert_true(lines_int(o, "track") > 0);
    check_class(o);
    check_range(lines_number(o, "score"), 0, 1, "score");
    const json_t *box = json_object_get(o, "box");
    assert_int_equal(json_array_size(box), 4);
    for (size_t i = 0; i < 4; i++)
        assert_true(json_is_number(json_array_get(box, i)));
    check_range(json_number_value(json_array_get(box, 2)), 0.1, 640, "width");
    check_range(json_number_value(json_array_get(box, 3)), 0.1, 360, "height");
    assert_true(json_is_boolean(json_object_get(o, "confirmed")));
    assert_true(json_is_boolean(json_object_get(o, "predicted")));
}

static void check_frame(const json_t *j, long long index)
{
    check_keys(j, "v type frame time_s objects ");
    assert_int_equal(lines_int(j, "frame"), index);
    check_range(lines_number(j, "time_s"), (double)index / 15 - 0.002, (double)index / 15 + 0.002,
                "time_s");
    const json_t *objects = json_object_get(j, "objects");
    assert_true(json_is_array(objects));
    for (size_t i = 0; i < json_array_size(objects); i++)
        check_object(json_array_get(objects, i));
}

static void check_summary(const json_t *j, const char *input)
{
    check_keys(
        j,
        "v type input frames analyzed skipped blind_s wall_s fps detector lines stages_ms errors ");
    assert_string_equal(lines_string(j, "input"), input);
    assert_string_equal(lines_string(j, "detector"), "motion");
    assert_int_equal(lines_int(j, "frames"), FRAMES);
    assert_int_equal(lines_int(j, "analyzed"), FRAMES);
    assert_int_equal(lines_int(j, "skipped"), 0);
    assert_int_equal(lines_int(j, "errors"), 0);
    assert_true(lines_number(j, "wall_s") > 0 && lines_number(j, "fps") > 0);
    const char *stage;
    json_t *times;
    int stages = 0;
    json_object_foreach(json_object_get(j, "stages_ms"), stage, times)
    {
        check_keys(times, "p50 p95 p99 ");
        double p50 = lines_number(times, "p50"), p99 = lines_number(times, "p99");
        assert_true(p50 >= 0 && p50 <= p99);
        stages++;
    }
    assert_true(stages >= 5);
    assert_non_null(json_object_get(json_object_get(j, "stages_ms"), "decode"));
}

/* How many crossings of that line, direction and class the lines report. */
static long long crossings_of(const struct lines *l, const char *line, const char *direction,
                              const char *cls)
{
    long long n = 0;
    for (int i = 0; i < l->count; i++)
        n += strcmp(lines_string(l->line[i], "type"), "crossing") == 0 &&
             strcmp(lines_string(l->line[i], "line"), line) == 0 &&
             strcmp(lines_string(l->line[i], "direction"), direction) == 0 &&
             strcmp(lines_string(l->line[i], "class"), cls) == 0;
    return n;
}

/* The summary's counts are those of the crossings: no more, no fewer. */
static void check_counts(const struct lines *l)
{
    const char *line, *direction, *cls;
    json_t *directions, *classes, *count;
    long long sum = 0;
    json_object_foreach(json_object_get(l->summary, "lines"), line, directions)
    {
        check_keys(directions, "forward backward ");
        json_object_foreach(directions, direction, classes)
        {
            json_object_foreach(classes, cls, count)
            {
                assert_int_equal(json_integer_value(count), crossings_of(l, line, direction, cls));
                sum += json_integer_value(count);
            }
        }
    }
    assert_int_equal(sum, l->crossings);
}

/* --- the tests */

static void every_line_is_as_promised(void **state)
{
    struct process p;
    struct lines l;
    analyze(&p, &l, args_of(0, "--frames"));
    long long frames = 0;
    for (int i = 0; i < l.count; i++) {
        const char *type = lines_string(l.line[i], "type");
        assert_int_equal(lines_int(l.line[i], "v"), 1);
        if (strcmp(type, "crossing") == 0)
            check_crossing(l.line[i]);
        else if (strcmp(type, "frame") == 0)
            check_frame(l.line[i], frames++);
    }
    assert_int_equal(frames, FRAMES);
    assert_true(l.crossings >= 15);
    assert_string_equal(p.err.data, "");
    check_summary(l.summary, clip[0]);
    check_counts(&l);
    lines_free(&l);
    process_fini(&p);
}

static void without_frames_there_are_none(void **state)
{
    struct process p;
    struct lines l;
    analyze(&p, &l, args_of(0, ""));
    assert_int_equal(l.frames, 0);
    assert_int_equal(l.count, l.crossings + 1);
    lines_free(&l);
    process_fini(&p);
}

/* Everything but the times, as one text. */
static char *lasting_text(const char *out)
{
    struct lines l;
    char why[200];
    if (!lines_read(out, &l, why) || !l.summary)
        fail_msg("%s", why);
    json_object_del(l.summary, "wall_s");
    json_object_del(l.summary, "fps");
    json_object_del(l.summary, "stages_ms");
    char *summary = json_dumps(l.summary, JSON_COMPACT);
    const char *last = strstr(out, "{\"v\":1,\"type\":\"summary\"");
    char *text = NULL;
    assert_true(asprintf(&text, "%.*s%s", (int)(last - out), out, summary) > 0);
    free(summary);
    lines_free(&l);
    return text;
}

static void check_same_again(const char *args)
{
    struct process first, again;
    struct lines l;
    analyze(&first, &l, args);
    lines_free(&l);
    analyze(&again, &l, args);
    lines_free(&l);
    char *a = lasting_text(first.out.data), *b = lasting_text(again.out.data);
    if (strcmp(a, b) != 0)
        fail_msg("analyze %s: two runs differ", args);
    free(a);
    free(b);
    process_fini(&first);
    process_fini(&again);
}

static void same_bytes_every_time(void **state)
{
    check_same_again(args_of(0, "--frames"));
}

static void same_bytes_of_a_damaged_file(void **state)
{
    const char *bad = media_flip(&folder, clip[0], "damaged.mp4", 0.01, 5);
    char args[1024];
    snprintf(args, sizeof(args), "%s %s --frames", bad, flags[0]);
    check_same_again(args);
    strcat(args, " --max-frames 200");
    for (int i = 0; i < 5; i++)
        check_same_again(args);
}

static void max_frames_stops_there(void **state)
{
    static const int limits[] = {1, 7, 100, FRAMES, FRAMES + 50};
    for (unsigned i = 0; i < ITS_ARRAY_LEN(limits); i++) {
        char more[64];
        struct process p;
        struct lines l;
        snprintf(more, sizeof(more), "--frames --max-frames %d", limits[i]);
        analyze(&p, &l, args_of(0, more));
        assert_int_equal(l.frames, ITS_MIN(limits[i], (int)FRAMES));
        assert_int_equal(lines_int(l.summary, "frames"), ITS_MIN(limits[i], (int)FRAMES));
        lines_free(&l);
        process_fini(&p);
    }
}

static void fractions_are_pixels(void **state)
{
    char pixels[512], fractions[512];
    snprintf(pixels, sizeof(pixels), "%s --line main:64,216,576,216", clip[0]);
    snprintf(fractions, sizeof(fractions), "%s --line main:0.1,0.6,0.9,0.6", clip[0]);
    struct process p, q;
    struct lines l;
    analyze(&p, &l, pixels);
    assert_true(l.crossings > 5);
    lines_free(&l);
    analyze(&q, &l, fractions);
    lines_free(&l);
    char *a = lasting_text(p.out.data), *b = lasting_text(q.out.data);
    assert_string_equal(a, b);
    free(a);
    free(b);
    process_fini(&p);
    process_fini(&q);
}

/* The truth of one line in the shape that its_truth_compare judges. */
static void truth_of(const struct made_clip *m, int line, struct its_truth_line *t)
{
    memset(t, 0, sizeof(*t));
    snprintf(t->name, sizeof(t->name), "%s", m->line[line].name);
    t->window[1] = FRAMES;
    for (int i = 0; i < m->crossings; i++) {
        const struct its_scene_crossing *c = &m->crossing[i];
        if (c->line != line)
            continue;
        assert_true(t->count < ITS_TRUTH_EVENTS_MAX);
        t->event[t->count++] = (struct its_truth_event){
            .frame = (int64_t)c->frame,
            .direction = c->direction > 0 ? ITS_FORWARD : ITS_BACKWARD,
            .cls = "vehicle",
        };
    }
}

static void counts_are_those_of_the_scene(void **state)
{
    bool good = true;
    for (int i = 0; i < SEEDS; i++) {
        struct process p;
        struct lines l;
        struct its_truth_score sum = {0};
        analyze(&p, &l, args_of(i, ""));
        for (int line = 0; line < made[i].lines; line++) {
            struct its_truth_line truth;
            truth_of(&made[i], line, &truth);
            struct its_truth_score s =
                its_truth_compare(&truth, l.crossing, l.crossings, TOLERANCE_FRAMES, true);
            its_truth_add(&sum, &s);
        }
        printf("seed %d: %d hits, %d false, %d missed, %.1f frames apart, F1 %.3f (wanted %.2f)\n",
               i + 1, sum.hits, sum.false_alarms, sum.misses, sum.frame_error, its_truth_f1(&sum),
               F1_WANTED);
        assert_true(sum.hits + sum.misses >= 15);
        good &= its_truth_f1(&sum) >= F1_WANTED;
        lines_free(&l);
        process_fini(&p);
    }
    assert_true(good);
}

static void realtime_takes_its_time(void **state)
{
    struct process p;
    struct lines l;
    const char *path = media_make(&folder, "short.mp4", "-i highway-1.mp4 -t 4 -c copy");
    char args[1024];
    snprintf(args, sizeof(args), "%s %s --realtime --frames", path, flags[0]);
    analyze(&p, &l, args);
    printf("a clip of 4 s took %.2f s, %lld of 60 frames skipped\n", p.wall_s,
           lines_int(l.summary, "skipped"));
    check_range(p.wall_s, 3.8, process_patience(6), "wall_s");
    assert_int_equal(lines_int(l.summary, "frames") + lines_int(l.summary, "skipped"), 60);
    assert_int_equal(lines_int(l.summary, "skipped"), 0);
    lines_free(&l);
    process_fini(&p);
}

/* Also one that is played again and again in `run`: here it is one clip. */
static void a_camera_of_the_configuration(void **state)
{
    char yaml[1024], args[512];
    struct process p;
    struct lines l;
    snprintf(yaml, sizeof(yaml),
             "cameras:\n  north:\n    url: file:%s?loop\n    lines:\n"
             "      gate: 64,216,576,216\n",
             clip[0]);
    const char *path = media_text(&folder, "its.yaml", yaml);
    snprintf(args, sizeof(args), "north --config %s", path);
    analyze(&p, &l, args);
    assert_true(l.crossings > 5);
    for (int i = 0; i < l.crossings; i++)
        assert_string_equal(l.crossing[i].line, "gate");
    assert_int_equal(lines_int(l.summary, "frames"), FRAMES);
    lines_free(&l);
    process_fini(&p);
}

/* The same for people: the counts stand in the table. */
static void text_for_people(void **state)
{
    struct process p;
    process_shell(&p, process_patience(LIMIT_S), "exec '%s' analyze %s", process_exe(),
                  args_of(0, ""));
    assert_int_equal(p.exit_code, 0);
    assert_non_null(strstr(p.out.data, "450 frames"));
    assert_non_null(strstr(p.out.data, "forward"));
    assert_string_equal(p.err.data, "");
    process_fini(&p);
}

/* --- usage */

struct misuse {
    const char *args; /* %s is the clip */
    int exit_code;
    const char *says;
};

static const struct misuse misuses[] = {
    {"", 2, "INPUT is missing"},
    {"%s other.mp4", 2, "unexpected argument 'other.mp4'"},
    {"%s --lin x", 2, "did you mean --line?"},
    {"%s -j", 2, "flags are written --name"},
    {"%s --line", 2, "--line needs a value: --line=NAME:X1,Y1,X2,Y2"},
    {"%s --line=", 2, "--line"},
    {"%s --line main", 2, "no colon after a name"},
    {"%s --line main:1,2,3", 2, "x2 is not a number"},
    {"%s --line main:1,2,3,4,5", 2, "y2 is not a number followed by the end"},
    {"%s --line main:nan,0,1,1", 2, "x1 is not a number"},
    {"%s --line main:0,inf,1,1", 2, "y1 is not a number"},
    {"%s --line main:0,1e39,1,1", 2, "y1 is not a number"},
    {"%s --line main:5,5,5,5", 2, "both ends are the same point"},
    {"%s --line main:-1,5,5,5", 2, "points lie in the picture"},
    {"%s --line :1,2,3,4", 2, "expected 1 to 63"},
    {"%s --line 'a b:1,2,3,4'", 2, "character 2 of the name"},
    {"%s --line $(head -c 64 /dev/zero | tr '\\0' n):1,2,3,4", 2, "expected 1 to 63"},
    {"%s --line a:1,2,3,4 --line a:5,6,7,8", 2, "'a' is there twice"},
    {"%s --max-frames -1", 2, "out of range"},
    {"%s --max-frames many", 2, "not a"},
    {"%s --max-frames 1e99", 2, "--max-frames"},
    {"%s --config /nonexistent.yaml", 1, "/nonexistent.yaml"},
    {"%s $(for i in $(seq 65); do echo --line l$i:1,$i,9,9; done)", 2, "more than 64 lines"},
};

static void misuse_is_explained(void **state)
{
    for (unsigned i = 0; i < ITS_ARRAY_LEN(misuses); i++) {
        struct process p;
        char args[512];
        const struct misuse *m = &misuses[i];
        snprintf(args, sizeof(args), m->args, clip[0]);
        process_shell(&p, process_patience(20), "exec '%s' analyze %s", process_exe(), args);
        if (p.exit_code != m->exit_code || p.out.len || !strstr(p.err.data, m->says))
            fail_msg("analyze %s: exit code %d, expected %d; stdout \"%.200s\"; stderr \"%s\", "
                     "expected \"%s\" in it",
                     args, p.exit_code, m->exit_code, p.out.data, p.err.data, m->says);
        process_fini(&p);
    }
}

static void as_many_lines_as_allowed(void **state)
{
    struct process p;
    struct lines l;
    analyze(&p, &l,
            args_of(1, "--max-frames 20 $(for i in $(seq 60); do echo --line "
                       "$(head -c 60 /dev/zero | tr '\\0' n)$i:1,$i,9,9; done)"));
    lines_free(&l);
    process_fini(&p);
}

/* --- where stdout cannot be written */

static void lost_output_is_told(void **state)
{
    static const char *const where[] = {">/dev/full", ">&-", "--frames >/dev/full",
                                        "--json --frames >/dev/full", "--json >&-"};
    for (unsigned i = 0; i < ITS_ARRAY_LEN(where); i++) {
        struct process p;
        process_shell(&p, process_patience(30), "exec '%s' analyze %s %s", process_exe(),
                      args_of(0, ""), where[i]);
        if (p.exit_code != 1 || !strstr(p.err.data, "cannot write the output"))
            fail_msg("analyze %s: exit code %d, signal %d: \"%s\"", where[i], p.exit_code, p.signal,
                     p.err.data);
        process_fini(&p);
    }
}

static void a_closed_pipe_ends_it(void **state)
{
    struct process p;
    process_shell(&p, process_patience(30),
                  "{ '%s' analyze %s --json --frames; echo \"code $?\" >&2; } | head -1",
                  process_exe(), args_of(0, ""));
    assert_non_null(strstr(p.err.data, "cannot write the output: Broken pipe"));
    assert_non_null(strstr(p.err.data, "code 1"));
    process_fini(&p);
}

static void closed_stdin_does_not_matter(void **state)
{
    struct process p;
    struct lines l;
    analyze(&p, &l, args_of(0, "<&-"));
    assert_true(l.crossings >= 15);
    lines_free(&l);
    process_fini(&p);
}

int main(void)
{
    media_need_ffmpeg();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_is_as_promised),
        cmocka_unit_test(without_frames_there_are_none),
        cmocka_unit_test(same_bytes_every_time),
        cmocka_unit_test(same_bytes_of_a_damaged_file),
        cmocka_unit_test(max_frames_stops_there),
        cmocka_unit_test(fractions_are_pixels),
        cmocka_unit_test(counts_are_those_of_the_scene),
        cmocka_unit_test(realtime_takes_its_time),
        cmocka_unit_test(a_camera_of_the_configuration),
        cmocka_unit_test(text_for_people),
        cmocka_unit_test(misuse_is_explained),
        cmocka_unit_test(as_many_lines_as_allowed),
        cmocka_unit_test(lost_output_is_told),
        cmocka_unit_test(a_closed_pipe_ends_it),
        cmocka_unit_test(closed_stdin_does_not_matter),
    };
    return cmocka_run_group_tests(tests, make_all, remove_all);
}
