/* Counts of the whole program with a network on real clips, against what people counted in them:
 * where, when, in which direction, and of what class. */
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
#include "media.h"
#include "process.h"

enum { TOLERANCE_FRAMES = 15, LINES = 13 };

#define F1_WANTED        0.95 /* a hit of a class that people do not accept is none */
#define LIMIT_S          300
#define QUANTISE_LIMIT_S 60

static const char *testdata;
static struct its_truth truth;
static struct media_folder folder;

static int set_up(void **state)
{
    struct its_error err;
    folder = media_folder_make();
    if (its_truth_read(testdata, &truth, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(truth.count, LINES);
    return 0;
}

static int tear_down(void **state)
{
    media_folder_remove(&folder);
    return 0;
}

/* " --line A:… --line B:…" of all lines of the clip that begin at `first`; their number. */
static int line_flags(int first, char *out, size_t size)
{
    int count = 0;
    for (size_t at = 0; first + count < truth.count; count++) {
        const struct its_truth_line *l = &truth.line[first + count];
        if (strcmp(l->clip, truth.line[first].clip) != 0)
            break;
        at += (size_t)snprintf(out + at, size - at, " --line %s:%.2f,%.2f,%.2f,%.2f", l->name,
                               (double)l->line.a.x, (double)l->line.a.y, (double)l->line.b.x,
                               (double)l->line.b.y);
        assert_true(at < size);
    }
    return count;
}

/* Threads that wait for each other sleep, so that the test takes no more of a busy machine than
 * the network needs. */
static void analyze(int first, const char *flags, const char *model, struct lines *out)
{
    char why[200];
    struct process p;
    const struct its_truth_line *l = &truth.line[first];
    process_shell(&p, process_patience(LIMIT_S),
                  "OMP_WAIT_POLICY=passive exec '%s' analyze '%s/%s' --model '%s' --json "
                  "--set state='%s' %s",
                  process_exe(), testdata, l->video, model, folder.path, flags);
    if (p.exit_code != 0)
        fail_msg("%s: exit code %d: %s", l->video, p.exit_code, p.err.data);
    if (!lines_read(p.out.data, out, why))
        fail_msg("%s: %s", l->video, why);
    assert_int_equal(lines_int(out->summary, "frames"), l->frames);
    assert_string_equal(lines_string(out->summary, "detector"), "network");
    process_fini(&p);
}

static void tell(const char *name, const struct its_truth_score *s)
{
    printf("%-30s TP %3d FP %3d FN %3d  F1 %.3f, with its class %.3f, %.1f frames apart\n", name,
           s->hits, s->false_alarms, s->misses, its_truth_f1(s), its_truth_f1_by_class(s),
           s->frame_error);
    fflush(stdout);
}

static void count_all(const char *model)
{
    struct its_truth_score all = {0};
    char flags[2048];
    for (int first = 0, count; first < truth.count; first += count) {
        static struct lines out;
        count = line_flags(first, flags, sizeof(flags));
        analyze(first, flags, model, &out);
        for (int i = first; i < first + count; i++) {
            struct its_truth_score s = its_truth_compare(&truth.line[i], out.crossing,
                                                         out.crossings, TOLERANCE_FRAMES, true);
            tell(truth.line[i].name, &s);
            its_truth_add(&all, &s);
        }
        lines_free(&out);
    }
    tell("all lines", &all);
    assert_true(its_truth_f1_by_class(&all) >= F1_WANTED);
}

static void counts_in_f32(void **state)
{
    char model[4096];
    snprintf(model, sizeof(model), "%s/models/yolo11n.onnx", testdata);
    count_all(model);
}

/* The calibration pictures are of clips that nothing is counted in. */
static void counts_in_int8(void **state)
{
    struct process p;
    process_shell(&p, QUANTISE_LIMIT_S,
                  "V='%s/videos'; OMP_WAIT_POLICY=passive exec '%s' model quantize "
                  "'%s/models/yolo11n.onnx' --calib \"$V/toll_plaza_hevc_720p.mp4\" --calib "
                  "\"$V/city_congestion.mp4\" --calib \"$V/tfl_a13_rush.mp4\" --pictures 12 "
                  "--ranges mse --wide 0 -o '%s/int8.onnx'",
                  testdata, process_exe(), testdata, folder.path);
    if (p.timed_out) {
        printf("SKIPPED: quantising took more than %d s on this machine: counts in int8 are not "
               "checked\n",
               QUANTISE_LIMIT_S);
        process_fini(&p);
        skip();
    }
    if (p.exit_code != 0)
        fail_msg("model quantize: exit code %d: %s", p.exit_code, p.err.data);
    process_fini(&p);
    count_all(media_path(&folder, "int8.onnx"));
}

int main(void)
{
    testdata = getenv("ITS_TESTDATA");
    if (!testdata || !*testdata) {
        printf("SKIPPED: no test data (meson option testdata): a network's counts on real clips "
               "are not checked\n");
        return 77;
    }
    if (process_patience(1) > 1) {
        printf("SKIPPED: a sanitizer makes thousands of pictures too slow: a network's counts on "
               "real clips are not checked\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(counts_in_f32),
                                       cmocka_unit_test(counts_in_int8)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
