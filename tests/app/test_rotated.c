/* Clips whose container says "turn me": everything is told in the displayed picture. */
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
#include "tests/camera/make_clip.h"

enum { FRAMES = 300 };

#define LIMIT_S 60

static struct media_folder folder;
static const char *testdata;

static int make_clips(void **state)
{
    struct its_scene_settings s;
    static struct made_clip made;
    folder = media_folder_make();
    its_scene_settings_default(&s);
    s.density = 0.6;
    s.width = 640;
    s.height = 360;
    make_clip(&s, FRAMES, media_path(&folder, "plain.mp4"), &made);
    return 0;
}

static int remove_clips(void **state)
{
    media_folder_remove(&folder);
    return 0;
}

static void analyze(struct lines *l, const char *path, const char *args)
{
    char why[200];
    struct process p;
    process_shell(&p, process_patience(LIMIT_S), "exec '%s' analyze '%s' --json --frames %s",
                  process_exe(), path, args);
    if (p.exit_code != 0)
        fail_msg("%s: exit code %d: %s", path, p.exit_code, p.err.data);
    if (!lines_read(p.out.data, l, why))
        fail_msg("%s: %s", path, why);
    process_fini(&p);
}

/* How many boxes there are; all of them lie in a picture of that size. */
static int check_boxes(const struct lines *l, double w, double h)
{
    int boxes = 0;
    for (int i = 0; i < l->count; i++) {
        size_t n;
        const json_t *object, *objects = json_object_get(l->line[i], "objects");
        json_array_foreach(objects, n, object)
        {
            double v[4];
            for (size_t k = 0; k < 4; k++)
                v[k] = json_number_value(json_array_get(json_object_get(object, "box"), k));
            if (v[0] < 0 || v[1] < 0 || v[0] + v[2] > w + 0.11 || v[1] + v[3] > h + 0.11)
                fail_msg("box %g,%g %gx%g lies outside of %gx%g", v[0], v[1], v[2], v[3], w, h);
            boxes++;
        }
    }
    return boxes;
}

/* All classes together: what a box is taken for depends on its last pixel. */
static int count_of(const struct lines *l, const char *line, enum its_direction direction)
{
    int n = 0;
    for (int i = 0; i < l->crossings; i++)
        n += strcmp(l->crossing[i].line, line) == 0 && l->crossing[i].direction == direction;
    return n;
}

static void expect_same_counts(const struct lines *a, const struct lines *b, const char *what)
{
    const char *line;
    json_t *counts;
    json_object_foreach(json_object_get(a->summary, "lines"), line, counts)
    {
        for (int d = 0; d < 2; d++) {
            int got = count_of(a, line, (enum its_direction)d);
            int wanted = count_of(b, line, (enum its_direction)d);
            printf("%s: line %s, %s: %d\n", what, line, its_direction_name((enum its_direction)d),
                   got);
            if (got != wanted)
                fail_msg("%s: %d instead of %d", what, got, wanted);
        }
    }
}

/* A clip that is to be turned counts like one whose pictures ffmpeg has turned. */
static void turned_like_ffmpeg_does(void **state)
{
    static const int degrees[] = {90, 180, 270};
    static const char *const lines =
        "--line across:0.05,0.55,0.95,0.55 --line up:0.6,0.95,0.6,0.05";
    for (unsigned i = 0; i < ITS_ARRAY_LEN(degrees); i++) {
        char name[32], args[160], what[64];
        bool upright = degrees[i] % 180 == 0;
        struct lines marked, baked;
        snprintf(args, sizeof(args), "-i plain.mp4 -c copy -metadata:s:v rotate=%d", degrees[i]);
        snprintf(name, sizeof(name), "marked-%d.mp4", degrees[i]);
        media_make(&folder, name, args);
        analyze(&marked, media_path(&folder, name), lines);

        snprintf(args, sizeof(args), "-i %s -c:v libx264 -preset ultrafast -qp 0", name);
        snprintf(name, sizeof(name), "baked-%d.mp4", degrees[i]);
        media_make(&folder, name, args);
        analyze(&baked, media_path(&folder, name), lines);

        snprintf(what, sizeof(what), "turned by %d", degrees[i]);
        assert_int_equal(marked.frames, FRAMES);
        assert_true(check_boxes(&marked, upright ? 640 : 360, upright ? 360 : 640) > FRAMES);
        assert_true(marked.crossings >= 5);
        expect_same_counts(&marked, &baked, what);
        lines_free(&marked);
        lines_free(&baked);
    }
}

static const char *container(const char *name)
{
    static char path[512];
    snprintf(path, sizeof(path), "%s/videos/containers/ot_cyclist%s", testdata, name);
    return path;
}

static void one_stream_in_every_container(void **state)
{
    static const char *const names[] = {".avi", ".mkv", ".mov", ".h264", "_detect_rotated.mp4"};
    static const char *const lines = "--line v:240,60,240,540 --line h:80,300,720,300";
    struct lines first, other;
    analyze(&first, container(".mp4"), lines);
    assert_int_equal(first.frames, 60);
    assert_true(first.crossings >= 2);
    for (unsigned i = 0; i < ITS_ARRAY_LEN(names); i++) {
        analyze(&other, container(names[i]), lines);
        assert_int_equal(other.frames, 60);
        assert_true(check_boxes(&other, 800, 600) > 30);
        expect_same_counts(&other, &first, names[i]);
        lines_free(&other);
    }
    lines_free(&first);
}

/* Stored 800x600, displayed 600x800, turned counter-clockwise: (x, y) becomes (y, 800 - x). */
static void one_that_stands_upright(void **state)
{
    struct lines lying, standing;
    analyze(&lying, container(".mp4"), "--line v:240,60,240,540 ");
    analyze(&standing, container("_rotate.mp4"), "--line v:60,560,540,560");
    assert_int_equal(standing.frames, 60);
    assert_true(check_boxes(&standing, 600, 800) > 30);
    int below = 0;
    for (int i = 0; i < standing.count; i++) {
        size_t n;
        const json_t *object, *objects = json_object_get(standing.line[i], "objects");
        json_array_foreach(objects, n, object) below +=
            json_number_value(json_array_get(json_object_get(object, "box"), 1)) > 600;
    }
    assert_true(below > 0);
    expect_same_counts(&standing, &lying, "standing upright");
    lines_free(&lying);
    lines_free(&standing);
}

int main(void)
{
    media_need_ffmpeg();
    testdata = getenv("ITS_TESTDATA");
    const struct CMUnitTest own[] = {cmocka_unit_test(turned_like_ffmpeg_does)};
    const struct CMUnitTest real[] = {
        cmocka_unit_test(one_stream_in_every_container),
        cmocka_unit_test(one_that_stands_upright),
    };
    int failed = cmocka_run_group_tests_name("own clip", own, make_clips, remove_clips);
    if (testdata && *testdata)
        return failed + cmocka_run_group_tests_name("real clips", real, NULL, NULL);
    printf("SKIPPED: no test data (meson option testdata): real turned clips are not checked\n");
    return failed ? failed : 77;
}
