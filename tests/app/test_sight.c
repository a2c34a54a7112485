/* Pictures that froze and lenses that were covered, through the whole program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "lines.h"
#include "media.h"
#include "process.h"
#include "tests/camera/make_clip.h"

enum { FPS = 15, SECONDS = 24, LIMIT_S = 60 };

#define BLIND_S 15 /* the default of cameras.ID.blind_s */

static struct media_folder folder;
static struct made_clip truth;

static int make(void **state)
{
    struct its_scene_settings scene = ITS_SCENE_DEFAULTS;
    scene.width = 640;
    scene.height = 360;
    scene.density = 1;
    folder = media_folder_make();
    make_clip(&scene, SECONDS * FPS, media_path(&folder, "street.mp4"), &truth);
    return 0;
}

static int forget(void **state)
{
    media_folder_remove(&folder);
    return 0;
}

static void analyze(struct process *p, struct lines *l, const char *path)
{
    char why[200];
    process_shell(p, process_patience(LIMIT_S),
                  "exec '%s' analyze %s --line inbound:0.14,0.58,0.42,0.58 --json", process_exe(),
                  path);
    if (p->exit_code != 0)
        fail_msg("%s: exit code %d: %s", path, p->exit_code, p->err.data);
    if (!lines_read(p->out.data, l, why))
        fail_msg("%s: %s", path, why);
}

/* The number-th view line. */
static const json_t *view(const struct lines *l, int number)
{
    for (int i = 0; i < l->count; i++)
        if (strcmp(lines_string(l->line[i], "type"), "view") == 0 && number-- == 0)
            return l->line[i];
    fail_msg("no such view line");
    return NULL;
}

/* Eight seconds of street, `still_s` of something else, the rest of the street: the sight must be
 * lost and found at these times. */
static void check(const char *name, const char *middle, double still_s, const char *reason)
{
    char args[1024];
    snprintf(
        args, sizeof(args),
        "-i street.mp4 -filter_complex '[0]split=3[x][y][z];[x]trim=0:8,setpts=PTS-STARTPTS[a];"
        "[y]%s,trim=0:%g,setpts=PTS-STARTPTS[b];[z]trim=8,setpts=PTS-STARTPTS[c];"
        "[a][b][c]concat=n=3' -c:v libx264 -preset ultrafast -qp 0",
        middle, still_s);
    struct process p;
    struct lines l;
    const char *path = media_make(&folder, name, args);
    analyze(&p, &l, path);
    assert_int_equal(l.views, 2);
    const json_t *lost = view(&l, 0), *found = view(&l, 1);
    double lost_s = lines_number(lost, "time_s"), found_s = lines_number(found, "time_s");
    print_message("%s: lost at %.2f s, found at %.2f s\n", name, lost_s, found_s);
    assert_true(json_is_false(json_object_get(lost, "valid")));
    assert_string_equal(lines_string(lost, "reason"), reason);
    assert_true(json_is_true(json_object_get(found, "valid")));
    assert_null(json_object_get(found, "reason"));
    assert_true(lost_s > 8 + BLIND_S - 0.2 && lost_s < 8 + BLIND_S + 0.2);
    assert_true(found_s > 8 + still_s + 0.8 && found_s < 8 + still_s + 1.2);
    double blind_s = lines_number(l.summary, "blind_s");
    assert_true(blind_s > found_s - lost_s - 0.01 && blind_s < found_s - lost_s + 0.01);

    int before = 0, after = 0;
    for (int i = 0; i < l.crossings; i++) {
        double s = (double)l.crossing[i].frame / FPS;
        before += s < 8;
        after += s > found_s;
        assert_false(s > lost_s && s < found_s);
    }
    print_message("%s: %d crossings before, %d after\n", name, before, after);
    assert_true(before > 0 && after > 0);
    lines_free(&l);
    process_fini(&p);
}

static void a_frozen_picture(void **state)
{
    check("frozen.mp4", "trim=7.9:8,setpts=PTS-STARTPTS,tpad=stop_mode=clone:stop_duration=30", 20,
          "frozen");
}

static void a_dark_lens(void **state)
{
    check("dark.mp4", "drawbox=color=black:t=fill,noise=alls=9:allf=t", 16, "covered");
}

static void a_grey_bag(void **state)
{
    check("bag.mp4", "drawbox=color=gray:t=fill,vignette,noise=alls=3:allf=t", 16, "covered");
}

/* A street on which nobody comes by for 40 seconds, at night, as a camera's encoder sends it. */
static void an_empty_night_is_seen(void **state)
{
    static const char *const scenes[] = {"highway", "junction"};
    for (int i = 0; i < 2; i++) {
        struct process p;
        struct lines l;
        const char *path = media_path(&folder, "night.mp4");
        process_shell(&p, process_patience(LIMIT_S),
                      "exec '%s' simulate --scene %s --weather night --density 0 --fps 5 "
                      "--size 640x360 --duration 40 -o %s",
                      process_exe(), scenes[i], path);
        if (p.exit_code != 0)
            fail_msg("simulate: %s", p.err.data);
        process_fini(&p);
        analyze(&p, &l, path);
        assert_int_equal(l.views, 0);
        lines_free(&l);
        process_fini(&p);
    }
}

/* People read a sentence when it begins, one when it ends, and the sum. */
static void people_are_told(void **state)
{
    struct process p;
    process_shell(&p, process_patience(LIMIT_S), "exec '%s' analyze %s --line main:0,0.5,1,0.5",
                  process_exe(), media_path(&folder, "frozen.mp4"));
    assert_int_equal(p.exit_code, 0);
    assert_int_equal(process_count(&p.out, "the same picture again and again"), 1);
    assert_int_equal(process_count(&p.out, "it sees again"), 1);
    assert_int_equal(process_count(&p.out, "nothing was counted in 6."), 1);
    process_fini(&p);
}

/* In the server the log has one line for it, however long it lasts. */
static void the_server_logs_it_once(void **state)
{
    char yaml[1024];
    struct process p;
    const char *still = media_make(
        &folder, "still.mp4",
        "-i street.mp4 -vf trim=0:0.1,tpad=stop_mode=clone:stop_duration=1 -c:v libx264 -qp 0");
    snprintf(yaml, sizeof(yaml),
             "state: %s\ncameras:\n  north:\n    url: %s\n    loop: true\n    blind_s: 0.5\n",
             folder.path, still);
    process_shell(&p, process_patience(LIMIT_S), "exec '%s' run --plain --duration 4 --config %s",
                  process_exe(), media_text(&folder, "its.yaml", yaml));
    assert_int_equal(p.exit_code, 0);
    assert_int_equal(process_count(&p.err, "north: frozen: the same picture"), 1);
    assert_int_equal(process_count(&p.err, "it sees again"), 0);
    process_fini(&p);
}

int main(void)
{
    media_need_ffmpeg();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frozen_picture), cmocka_unit_test(a_dark_lens),
        cmocka_unit_test(a_grey_bag),       cmocka_unit_test(an_empty_night_is_seen),
        cmocka_unit_test(people_are_told),  cmocka_unit_test(the_server_logs_it_once),
    };
    return cmocka_run_group_tests(tests, make, forget);
}
