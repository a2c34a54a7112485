/* `analyze` and `run` with a network as users start them: what is wrong is said before any camera
 * opens, what runs is said first, and packed weights are kept where there is a place for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "lines.h"
#include "media.h"
#include "process.h"
#include "tests/camera/make_clip.h"

enum { FRAMES = 30 };

#define LIMIT_S 60

static const char *testdata;
static struct media_folder folder;
static char model[4096];

static int make_all(void **state)
{
    static struct made_clip truth;
    struct its_scene_settings scene;
    folder = media_folder_make();
    its_scene_settings_default(&scene);
    scene.width = 640;
    scene.height = 360;
    scene.density = 0.8;
    make_clip(&scene, FRAMES, media_path(&folder, "clip.mp4"), &truth);
    snprintf(model, sizeof(model), "%s/models/yolo11n-320.onnx", testdata);
    media_cut(&folder, model, "cut.onnx", 0.4);
    media_text(&folder, "text.onnx", "no network at all\n");
    return 0;
}

static int remove_all(void **state)
{
    media_folder_remove(&folder);
    return 0;
}

/* The program with those arguments, in the folder; $M is the model. */
static void its(struct process *p, const char *args)
{
    process_shell(p, process_patience(LIMIT_S), "cd '%s'; M='%s'; exec '%s' %s", folder.path, model,
                  process_exe(), args);
}

static bool is_there(const char *name)
{
    return access(media_path(&folder, name), F_OK) == 0;
}

/* --- mistakes */

struct refusal {
    const char *flags, *says;
};

static const struct refusal refusals[] = {
    {"--model missing.onnx", "missing.onnx: No such file"},
    {"--model cut.onnx", "cut.onnx: damaged, or not an ONNX file"},
    {"--model text.onnx", "text.onnx: damaged, or not an ONNX file"},
    {"--model .", ".: not a file"},
    {"--model clip.mp4", "clip.mp4: damaged, or not an ONNX file"},
    {"--model $M --precision int8", "yolo11n-320.onnx is not quantised: int8 needs a file that is "
                                    "(its-camera-ai model quantize makes one)"},
    {"--model $M --precision int9", "--precision: detector.precision: 'int9' is not known"},
    {"--model $M --set detector.input_size=16", "detector.input_size"},
    {"--set detector.kind=network", "no detector.model: give an ONNX file (--model FILE)"},
    {"--set detector.kind=net", "detector.kind: 'net' is not known"},
};

/* Exit code 1 and a sentence; the camera, which is not there either, is not even tried. */
static void check_refusal(const char *command, const struct refusal *r)
{
    struct process p;
    char args[600];
    snprintf(args, sizeof(args), "%s %s", command, r->flags);
    its(&p, args);
    if (p.exit_code != 1 || !strstr(p.err.data, r->says) || strstr(p.err.data, "gone.mp4"))
        fail_msg("%s: exit code %d: \"%s\", expected \"%s\" in it", args, p.exit_code, p.err.data,
                 r->says);
    process_fini(&p);
}

static void mistakes_are_explained(void **state)
{
    for (unsigned i = 0; i < ITS_ARRAY_LEN(refusals); i++) {
        check_refusal("analyze gone.mp4", &refusals[i]);
        check_refusal("run --plain --state refused --duration 1 --camera a=gone.mp4", &refusals[i]);
    }
    assert_false(is_there("refused/its.db")); /* nothing was begun */
}

/* --- what looks */

static void analyze_tells_what_looks(void **state)
{
    struct process p;
    struct lines l;
    char why[200];
    its(&p, "analyze clip.mp4 --json --model \"$M\" --set detector.input_size=320");
    if (p.exit_code != 0 || !lines_read(p.out.data, &l, why))
        fail_msg("exit code %d: %s", p.exit_code, p.err.data);
    assert_string_equal(lines_string(l.summary, "detector"), "network");
    assert_string_equal(lines_string(l.summary, "model"), "yolo11n-320 f32");
    assert_int_equal(lines_int(l.summary, "analyzed"), FRAMES);
    assert_int_equal(lines_int(l.summary, "errors"), 0);
    lines_free(&l);
    process_fini(&p);

    its(&p, "analyze clip.mp4 --json --model \"$M\" --set detector.kind=motion");
    if (p.exit_code != 0 || !lines_read(p.out.data, &l, why))
        fail_msg("exit code %d: %s", p.exit_code, p.err.data);
    assert_string_equal(lines_string(l.summary, "detector"), "motion");
    lines_free(&l);
    process_fini(&p);
}

static void run_tells_what_looks(void **state)
{
    struct process p;
    its(&p, "run --plain --state looks --duration 2 --camera a=file:clip.mp4 --model \"$M\" "
            "--set detector.input_size=320");
    printf("%s", p.err.data);
    assert_int_equal(p.exit_code, 0);
    const char *line = strstr(p.err.data, "info  detector: network: yolo11n-320 f32\n");
    assert_non_null(line);
    assert_true(line < strstr(p.err.data, "a: live")); /* before any camera opens */
    assert_non_null(strstr(p.out.data, "a: "));
    process_fini(&p);

    its(&p, "run --plain --state looks --duration 1 --camera a=file:clip.mp4");
    assert_int_equal(p.exit_code, 0);
    assert_non_null(strstr(p.err.data, "info  detector: motion: no model is given (--model FILE"));
    process_fini(&p);
}

static void another_detector_needs_a_restart(void **state)
{
    static const char *const yaml = "cameras:\n  a: {url: clip.mp4, loop: true}\ndetector:\n  ";
    struct process p;
    char text[600], line[1200];
    snprintf(text, sizeof(text), "%sinput_size: 640\n", yaml);
    media_text(&folder, "its.yaml", text);
    snprintf(line, sizeof(line),
             "cd '%s' && exec '%s' run --plain --state reload --config its.yaml "
             "2>&1",
             folder.path, process_exe());
    process_start(&p, (const char *const[]){"sh", "-c", line, NULL});
    assert_true(process_await(&p, "a: live", 1, process_patience(LIMIT_S)));
    snprintf(text, sizeof(text), "%s{model: no.onnx, precision: int8, confidence: 0.3}\n", yaml);
    media_text(&folder, "its.yaml", text);
    kill(p.pid, SIGHUP);
    assert_true(process_await(&p, "reload: done", 1, process_patience(LIMIT_S)));
    if (!strstr(p.out.data, "warn  reload: takes effect after a restart only: detector.model, "
                            "detector.precision, detector.confidence\n"))
        fail_msg("%s", p.out.data);
    kill(p.pid, SIGTERM);
    process_finish(&p, process_patience(LIMIT_S));
    assert_int_equal(p.exit_code, 0);
    process_fini(&p);
}

/* --- packed weights */

/* Files in the folder, and how many of them are plans. -1: no such folder. */
static int count_files(const char *name, int *plans)
{
    DIR *d = opendir(media_path(&folder, name));
    int files = 0;
    *plans = 0;
    for (struct dirent *e; d && (e = readdir(d));) {
        files += e->d_name[0] != '.';
        *plans += strstr(e->d_name, ".plan") && !strstr(e->d_name, ".plan.");
    }
    if (d)
        closedir(d);
    return d ? files : -1;
}

#define LOOK "analyze clip.mp4 --json --max-frames 1 --model \"$M\" --set detector.input_size=320 "

static void quiet(const char *args)
{
    struct process p;
    its(&p, args);
    if (p.exit_code != 0 || strstr(p.err.data, "plan"))
        fail_msg("%s: exit code %d: %s", args, p.exit_code, p.err.data);
    printf("%.3f s  %s\n", p.wall_s, args);
    process_fini(&p);
}

static void run_makes_the_folder(void **state)
{
    int plans;
    quiet("run --plain --state new/state --duration 1 --camera a=file:clip.mp4 --model \"$M\"");
    assert_int_equal(count_files("new/state/plans", &plans), 1);
    assert_int_equal(plans, 1);
}

/* analyze keeps them where the state directory is; it does not make one, and does not complain. */
static void analyze_makes_no_state(void **state)
{
    int plans;
    quiet(LOOK "--set state=nowhere");
    assert_false(is_there("nowhere"));
    quiet(LOOK "--set state=/proc");
    quiet(LOOK "--set state=clip.mp4");

    assert_int_equal(mkdir(media_path(&folder, "kept"), 0755), 0);
    quiet(LOOK "--set state=kept");
    quiet(LOOK "--set state=kept");
    assert_int_equal(count_files("kept/plans", &plans), 1);
    assert_int_equal(plans, 1);
}

/* A damaged file is replaced; the answers stay the same. */
static void damaged_plans_are_replaced(void **state)
{
    struct process p;
    int plans;
    assert_int_equal(mkdir(media_path(&folder, "hurt"), 0755), 0);
    quiet(LOOK "--set state=hurt");
    process_shell(&p, 10,
                  "cd '%s/hurt/plans' && f=$(echo *.plan) && head -c 1000 $f >cut && mv cut "
                  "$f",
                  folder.path);
    assert_int_equal(p.exit_code, 0);
    process_fini(&p);
    its(&p, LOOK "--set state=hurt");
    assert_int_equal(p.exit_code, 0);
    assert_non_null(strstr(p.err.data, "is damaged or of another plan: written anew"));
    process_fini(&p);
    quiet(LOOK "--set state=hurt");
    assert_int_equal(count_files("hurt/plans", &plans), 1);
}

/* Two at once on an empty folder: both work, and one whole file is left. */
static void two_may_race(void **state)
{
    struct process p;
    int plans;
    assert_int_equal(mkdir(media_path(&folder, "race"), 0755), 0);
    process_shell(
        &p, process_patience(LIMIT_S),
        "cd '%s'; look() { '%s' analyze clip.mp4 --json --max-frames 1 --model '%s' --set "
        "detector.input_size=320 --set state=race >$1; }; look one & look two && wait $! "
        "&& test -s one && test -s two",
        folder.path, process_exe(), model);
    if (p.exit_code != 0 || strstr(p.err.data, "plan"))
        fail_msg("exit code %d: %s", p.exit_code, p.err.data);
    process_fini(&p);
    assert_int_equal(count_files("race/plans", &plans), 1);
    assert_int_equal(plans, 1);
    quiet(LOOK "--set state=race");
}

int main(void)
{
    testdata = getenv("ITS_TESTDATA");
    if (!testdata || !*testdata) {
        printf("SKIPPED: no test data (meson option testdata): starting with a network is not "
               "checked\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_explained),
        cmocka_unit_test(analyze_tells_what_looks),
        cmocka_unit_test(run_tells_what_looks),
        cmocka_unit_test(another_detector_needs_a_restart),
        cmocka_unit_test(run_makes_the_folder),
        cmocka_unit_test(analyze_makes_no_state),
        cmocka_unit_test(damaged_plans_are_replaced),
        cmocka_unit_test(two_may_race),
    };
    return cmocka_run_group_tests(tests, make_all, remove_all);
}
