/* Files of every kind and in every state through `analyze`: it ends by itself, says what is wrong
 * in a way that helps, and keeps stdout clean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "lines.h"
#include "media.h"
#include "process.h"

enum { SEEDS = 20 };

#define LIMIT_S 30
#define COLOUR  "-f lavfi -i testsrc2=s=320x240:r=25:d=2 "

static struct media_folder folder;

static int make_folder(void **state)
{
    folder = media_folder_make();
    return 0;
}

static int remove_folder(void **state)
{
    media_folder_remove(&folder);
    return 0;
}

/* Runs analyze on the path. Whatever the file is: an end in time, no signal, no report of a
 * sanitizer, JSON Lines with a summary or nothing on stdout, and a sentence with every failure. */
static void analyze(struct process *p, struct lines *l, const char *path)
{
    char why[200];
    const char *argv[] = {process_exe(),          "analyze", "--json", "--frames", "--line",
                          "main:0.1,0.6,0.9,0.6", "--",      path,     NULL};
    process_run(p, argv, process_patience(LIMIT_S));
    if (p->timed_out)
        fail_msg("%s: no end within %.0f s", path, process_patience(LIMIT_S));
    if (p->exit_code != 0 && p->exit_code != 1)
        fail_msg("%s: exit code %d, signal %d: %s", path, p->exit_code, p->signal, p->err.data);
    if (!lines_read(p->out.data, l, why))
        fail_msg("%s: %s", path, why);
    if (p->exit_code == 0 && (!l->summary || p->err.len))
        fail_msg("%s: exit code 0, summary %d, stderr: %s", path, l->summary != NULL, p->err.data);
    if (p->exit_code == 1 && !strstr(p->err.data, "its-camera-ai analyze: "))
        fail_msg("%s: failed without a word: \"%s\"", path, p->err.data);
}

static void expect_failure(const char *path, const char *says)
{
    struct process p;
    struct lines l;
    analyze(&p, &l, path);
    printf("  %s", p.err.data);
    if (p.exit_code != 1 || !strstr(p.err.data, says) || l.count)
        fail_msg("%s: exit code %d, %d lines; stderr \"%s\", expected \"%s\" in it", path,
                 p.exit_code, l.count, p.err.data, says);
    lines_free(&l);
    process_fini(&p);
}

/* Boxes lie in the picture; time never runs back. */
static void check_frames(const struct lines *l, const char *path)
{
    double before = -1;
    for (int i = 0; i < l->count; i++) {
        if (strcmp(lines_string(l->line[i], "type"), "frame") != 0)
            continue;
        double time_s = lines_number(l->line[i], "time_s");
        if (time_s < before)
            fail_msg("%s: time runs back from %g s to %g s", path, before, time_s);
        before = time_s;
    }
}

static void expect_frames(const char *path, long long low, long long high)
{
    struct process p;
    struct lines l;
    analyze(&p, &l, path);
    if (p.exit_code != 0)
        fail_msg("%s: %s", path, p.err.data);
    long long frames = lines_int(l.summary, "frames");
    if (frames < low || frames > high)
        fail_msg("%s: %lld frames, expected %lld to %lld", path, frames, low, high);
    check_frames(&l, path);
    lines_free(&l);
    process_fini(&p);
}

/* --- not a video at all */

static void files_without_video(void **state)
{
    expect_failure(media_text(&folder, "empty.mp4", ""), "empty.mp4 is empty");
    expect_failure(media_text(&folder, "text.mp4", "Dear sir or madam,\n"),
                   "cut short, or not QuickTime / MOV at all");
    expect_failure(folder.path, "is a directory");
    expect_failure(media_path(&folder, "missing.mp4"), "No such file");
    expect_failure("", "No such file");
    expect_failure("http://127.0.0.1:1/a.mp4", "refuses connections");
    expect_failure("rtsp://127.0.0.1:1/a", "refuses connections");
    expect_failure(media_make(&folder, "audio.mp4", "-f lavfi -i sine=d=1"), "has no video stream");
    expect_failure(media_path(&folder, "text.mp4/inside.mp4"), "Not a directory");
    expect_failure("/dev/zero", "is a pipe or device");
}

static void a_pipe_nobody_writes_to(void **state)
{
    const char *path = media_path(&folder, "pipe.mp4");
    assert_int_equal(mkfifo(path, 0600), 0);
    expect_failure(path, "is a pipe or device");
}

static void a_file_we_may_not_read(void **state)
{
    if (geteuid() == 0) {
        printf("SKIPPED: root may read everything\n");
        skip();
    }
    const char *path = media_make(&folder, "secret.mp4", COLOUR);
    assert_int_equal(chmod(path, 0), 0);
    expect_failure(path, "Permission denied");
}

static void cut_files(void **state)
{
    const char *whole = media_make(&folder, "whole.mp4", COLOUR "-c:v libx264 -g 10");
    expect_failure(media_cut(&folder, whole, "cut.mp4", 0.5), "cut short");
    expect_failure(media_cut(&folder, whole, "stub.mp4", 0.001), "damaged");
    const char *front =
        media_make(&folder, "front.mp4", COLOUR "-c:v libx264 -g 10 -movflags +faststart");
    expect_frames(media_cut(&folder, front, "cut-front.mp4", 0.6), 10, 49);
    const char *ts = media_make(&folder, "whole.ts", COLOUR "-c:v libx264 -g 10");
    expect_frames(media_cut(&folder, ts, "cut.ts", 0.6), 10, 49);
    const char *mkv = media_make(&folder, "whole.mkv", COLOUR "-c:v libx264 -g 10");
    expect_frames(media_cut(&folder, mkv, "cut.mkv", 0.6), 10, 49);
}

/* --- playlists */

static void playlists_reach_nothing_else(void **state)
{
    media_make(&folder, "part.ts", COLOUR "-c:v libx264");
    expect_failure(media_text(&folder, "list.m3u8",
                              "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\npart.ts\n"
                              "#EXT-X-ENDLIST\n"),
                   "is a playlist");
    expect_failure(media_text(&folder, "passwd.m3u8",
                              "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n/etc/passwd\n"
                              "#EXT-X-ENDLIST\n"),
                   "is a playlist");
    expect_failure(media_text(&folder, "net.m3u8",
                              "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n"
                              "http://127.0.0.1:1/a.ts\n#EXT-X-ENDLIST\n"),
                   "is a playlist");
    expect_failure(media_text(&folder, "list.txt", "ffconcat version 1.0\nfile part.ts\n"),
                   "is a playlist");
    expect_failure(media_text(&folder, "session.sdp",
                              "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
                              "m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"),
                   "session.sdp");
}

/* A name with a '%' in it is a name, not a pattern for a series of pictures. */
static void names_are_only_names(void **state)
{
    media_make(&folder, "shot%02d.png", COLOUR "-frames:v 5");
    expect_failure(media_path(&folder, "shot%02d.png"), "No such file");

    static const char *const names[] = {
        "100%.mp4",      "a%d.mp4",   "what?.mp4",  "a:b.mp4",        "a b.mp4",
        "Straße.mp4",    "-dash.mp4", "a?loop.mp4", "quote\".mp4",    "back\\slash.mp4",
        "new\nline.mp4", "a://b",     "tab\t.mp4",  "concat:x|y.mp4", "\xff\xfe.mp4",
    };
    char plain[MEDIA_PATH_MAX];
    snprintf(plain, sizeof(plain), "%s", media_make(&folder, "plain.mp4", COLOUR "-frames:v 3"));
    assert_int_equal(chdir(folder.path), 0);
    assert_int_equal(mkdir("a:", 0700), 0);
    for (unsigned i = 0; i < ITS_ARRAY_LEN(names); i++) {
        assert_int_equal(link(plain, names[i]), 0);
        expect_frames(names[i], 3, 3);
    }
    assert_int_equal(chdir("/"), 0);
}

/* --- every codec, size and container */

struct kind {
    const char *name, *args;
    long long low, high; /* frames */
};

static const struct kind kinds[] = {
    {"tiny.mkv", "-f lavfi -i color=s=16x16:d=1 -vf scale=1:1 -c:v ffv1 -pix_fmt yuv444p", 25, 25},
    {"2x2.avi", "-f lavfi -i color=s=2x2:d=1 -c:v rawvideo -pix_fmt yuv420p", 25, 25},
    {"8x8.avi", "-f lavfi -i color=s=8x8:d=1 -c:v rawvideo -pix_fmt yuv420p", 25, 25},
    {"flat.mkv", "-f lavfi -i color=s=4096x2:d=0.4 -c:v ffv1", 10, 10},
    {"tall.mkv", "-f lavfi -i color=s=2x4096:d=0.4 -c:v ffv1", 10, 10},
    {"odd.mkv", "-f lavfi -i testsrc=s=321x241:d=1 -c:v ffv1 -pix_fmt yuv420p", 25, 25},
    {"8k.avi", "-f lavfi -i color=s=7680x4320:r=25:d=0.12 -c:v mjpeg", 3, 3},
    {"10bit.mp4", COLOUR "-c:v libx264 -pix_fmt yuv420p10le", 50, 50},
    {"444.mp4", COLOUR "-c:v libx264 -pix_fmt yuv444p", 50, 50},
    {"422.mp4", COLOUR "-c:v libx264 -pix_fmt yuv422p", 50, 50},
    {"gray.mp4", COLOUR "-c:v libx264 -pix_fmt gray", 50, 50},
    {"bframes.mp4", COLOUR "-c:v libx264 -bf 3", 50, 50},
    {"interlaced.ts", COLOUR "-c:v libx264 -flags +ildct+ilme", 50, 50},
    {"mjpeg.avi", COLOUR "-c:v mjpeg", 50, 50},
    {"hevc.mp4", COLOUR "-c:v libx265 -x265-params log-level=none", 50, 50},
    {"vp9.webm", COLOUR "-c:v libvpx-vp9 -cpu-used 8 -deadline realtime", 50, 50},
    {"mpeg4.avi", COLOUR "-c:v mpeg4 -bf 2", 49, 50},
    {"mpeg2.mpg", COLOUR "-c:v mpeg2video", 49, 50},
    {"rgb.mkv", COLOUR "-c:v ffv1 -pix_fmt bgr0", 50, 50},
    {"one.png", COLOUR "-frames:v 1", 1, 1},
    {"one.jpg", COLOUR "-frames:v 1", 1, 1},
    {"moving.gif", COLOUR "-r 10", 19, 21},
    {"raw.h264", COLOUR "-c:v libx264 -bf 2", 50, 50},
    {"raw.hevc", COLOUR "-c:v libx265 -x265-params log-level=none", 50, 50},
    {"wide-pixels.mp4", COLOUR "-c:v libx264 -vf setsar=2", 50, 50},
    {"variable.mp4", COLOUR "-c:v libx264 -vf 'select=not(mod(n\\,3))' -vsync vfr", 16, 18},
    {"slow.mp4", "-f lavfi -i testsrc2=s=320x240:r=1/10:d=100 -c:v libx264", 10, 10},
    {"fast.mkv", "-f lavfi -i testsrc2=s=64x64:r=1000:d=0.5 -c:v ffv1", 500, 500},
};

static void every_kind_is_read(void **state)
{
    for (unsigned i = 0; i < ITS_ARRAY_LEN(kinds); i++)
        expect_frames(media_make(&folder, kinds[i].name, kinds[i].args), kinds[i].low,
                      kinds[i].high);
}

static void larger_than_any_camera(void **state)
{
    expect_failure(
        media_make(&folder, "16k.avi", "-f lavfi -i color=s=16384x8192:d=0.04 -c:v mjpeg"),
        "larger than the limit");
}

/* --- streams that change */

static void join(const char *name, const char *a, const char *b)
{
    struct process p;
    process_shell(&p, 10, "cd '%s' && cat %s %s > %s", folder.path, a, b, name);
    assert_int_equal(p.exit_code, 0);
    process_fini(&p);
}

static void the_size_changes_midway(void **state)
{
    static const char *const ends[] = {"h264", "ts"};
    for (unsigned i = 0; i < ITS_ARRAY_LEN(ends); i++) {
        char small[32], large[32], both[32];
        snprintf(small, sizeof(small), "small.%s", ends[i]);
        snprintf(large, sizeof(large), "large.%s", ends[i]);
        snprintf(both, sizeof(both), "both.%s", ends[i]);
        media_make(&folder, small, COLOUR "-c:v libx264");
        media_make(&folder, large, "-f lavfi -i testsrc2=s=640x480:r=25:d=2 -c:v libx264");
        join(both, small, large);
        expect_frames(media_path(&folder, both), 99, 100);
        join(both, large, small);
        expect_frames(media_path(&folder, both), 99, 100);
    }
}

static void time_stamps_that_jump(void **state)
{
    media_make(&folder, "t1.ts", COLOUR "-c:v libx264 -output_ts_offset 5000");
    media_make(&folder, "t2.ts", COLOUR "-c:v libx264");
    join("back.ts", "t1.ts", "t2.ts");
    expect_frames(media_path(&folder, "back.ts"), 99, 100);
    join("ahead.ts", "t2.ts", "t1.ts");
    expect_frames(media_path(&folder, "ahead.ts"), 99, 100);
    expect_frames(media_make(&folder, "negative.mkv",
                             COLOUR "-c:v libx264 -bf 2 -output_ts_offset -1 "
                                    "-avoid_negative_ts disabled"),
                  20, 50);
    expect_frames(media_make(&folder, "gap.mkv",
                             COLOUR
                             "-c:v libx264 -vf 'setpts=PTS+gte(N\\,25)*86400/TB' -vsync vfr"),
                  50, 50);
}

/* --- damage */

static void damaged_bytes(void **state)
{
    static const char *const names[] = {"flip.mp4", "flip.ts", "flip.h264", "flip.mkv", "flip.avi"};
    for (unsigned i = 0; i < ITS_ARRAY_LEN(names); i++) {
        char whole[MEDIA_PATH_MAX], damaged[64];
        snprintf(whole, sizeof(whole), "%s",
                 media_make(&folder, names[i], COLOUR "-c:v libx264 -g 25"));
        snprintf(damaged, sizeof(damaged), "damaged-%s", names[i]);
        int ends[2] = {0};
        for (uint32_t seed = 1; seed <= SEEDS; seed++) {
            struct process p;
            struct lines l;
            printf("%s seed %u\n", names[i], seed);
            analyze(&p, &l, media_flip(&folder, whole, damaged, 0.05, seed));
            check_frames(&l, damaged);
            ends[p.exit_code]++;
            if (p.exit_code == 0 && lines_int(l.summary, "errors") == 0 &&
                lines_int(l.summary, "frames") == 50)
                fail_msg("%s seed %u: the damage is not told", names[i], seed);
            lines_free(&l);
            process_fini(&p);
        }
        printf("%s: %d passed over the damage, %d gave up\n", names[i], ends[0], ends[1]);
        assert_true(ends[0] > SEEDS / 2);
    }
}

int main(void)
{
    media_need_ffmpeg();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_without_video),
        cmocka_unit_test(a_pipe_nobody_writes_to),
        cmocka_unit_test(a_file_we_may_not_read),
        cmocka_unit_test(cut_files),
        cmocka_unit_test(playlists_reach_nothing_else),
        cmocka_unit_test(names_are_only_names),
        cmocka_unit_test(every_kind_is_read),
        cmocka_unit_test(larger_than_any_camera),
        cmocka_unit_test(the_size_changes_midway),
        cmocka_unit_test(time_stamps_that_jump),
        cmocka_unit_test(damaged_bytes),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
