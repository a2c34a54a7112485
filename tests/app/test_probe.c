/* `camera probe` as people and scripts see it, on clips of every kind and on what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "media.h"
#include "process.h"

enum { SECONDS = 60 };

static struct media_folder folder;

static int make(void **state)
{
    folder = media_folder_make();
    return 0;
}

static int forget(void **state)
{
    media_folder_remove(&folder);
    return 0;
}

static void probe(struct process *p, const char *args)
{
    process_shell(p, process_patience(SECONDS), "cd '%s' && exec '%s' camera probe %s", folder.path,
                  process_exe(), args);
}

/* The number behind "name": in a line of JSON is replaced by N, and returned. */
static double take(char *json, const char *name)
{
    char key[64];
    snprintf(key, sizeof(key), "\"%s\":", name);
    char *at = strstr(json, key);
    if (!at)
        fail_msg("no %s in %s", name, json);
    at += strlen(key);
    char *end;
    double v = strtod(at, &end);
    at[0] = 'N';
    memmove(at + 1, end, strlen(end) + 1);
    return v;
}

/* Probes the clip, holds all but two numbers to `want`, and those to what they must be about. */
static void expect(const char *name, double kbps, const char *want)
{
    char args[200];
    struct process p;
    snprintf(args, sizeof(args), "%s --json", name);
    probe(&p, args);
    if (p.exit_code != 0)
        fail_msg("%s%s", p.err.data, p.out.data);
    double bitrate = take(p.out.data, "bitrate_kbps"), first = take(p.out.data, "first_frame_ms");
    assert_string_equal(p.out.data, want);
    print_message("%s: %.1f kbit/s, file %.1f; %.1f ms\n", name, bitrate, kbps, first);
    assert_true(bitrate > 0.8 * kbps && bitrate <= kbps);
    assert_true(first > 0 && first < 1e3 * process_patience(5));
    process_fini(&p);
}

/* Of the whole file, container included: a little more than its pictures. */
static double kbps_of(const char *path, double seconds)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    double kbits = (double)ftell(f) * 8e-3;
    fclose(f);
    return kbits / seconds;
}

static void h264(void **state)
{
    const char *path =
        media_make(&folder, "plain.mp4",
                   "-f lavfi -i testsrc2=s=320x240:r=10 -t 4 -pix_fmt yuv420p -c:v libx264 -g 10 "
                   "-keyint_min 10 -sc_threshold 0 -bf 0 -profile:v main");
    expect("plain.mp4", kbps_of(path, 4),
           "{\"v\":1,\"url\":\"plain.mp4\",\"codec\":\"h264\",\"profile\":\"Main\",\"width\":320,"
           "\"height\":240,\"fps\":10,\"measured_fps\":10,\"bitrate_kbps\":N,\"key_interval_s\":1,"
           "\"b_frames\":false,\"first_frame_ms\":N,\"clock\":\"file\"}\n");
}

static void h264_with_b_frames(void **state)
{
    const char *path =
        media_make(&folder, "b.mkv",
                   "-f lavfi -i testsrc2=s=320x240:r=25 -t 4 -pix_fmt yuv420p -c:v libx264 -g 50 "
                   "-keyint_min 50 -sc_threshold 0 -bf 2 -b_strategy 0 -profile:v high");
    expect("b.mkv", kbps_of(path, 4),
           "{\"v\":1,\"url\":\"b.mkv\",\"codec\":\"h264\",\"profile\":\"High\",\"width\":320,"
           "\"height\":240,\"fps\":25,\"measured_fps\":25,\"bitrate_kbps\":N,\"key_interval_s\":2,"
           "\"b_frames\":true,\"first_frame_ms\":N,\"clock\":\"file\"}\n");
}

static void hevc(void **state)
{
    const char *path =
        media_make(&folder, "h.mp4",
                   "-f lavfi -i testsrc2=s=320x240:r=12.5 -t 4 -pix_fmt yuv420p -c:v libx265 "
                   "-x265-params log-level=error:bframes=0:keyint=25:min-keyint=25:scenecut=0");
    expect("h.mp4", kbps_of(path, 4),
           "{\"v\":1,\"url\":\"h.mp4\",\"codec\":\"hevc\",\"profile\":\"Main\",\"width\":320,"
           "\"height\":240,\"fps\":12.5,\"measured_fps\":12.5,\"bitrate_kbps\":N,"
           "\"key_interval_s\":2,\"b_frames\":false,\"first_frame_ms\":N,\"clock\":\"file\"}\n");
}

/* What is shown: wide pixels stretched. */
static void the_size_is_as_displayed(void **state)
{
    struct process p;
    media_make(&folder, "wide.mp4",
               "-f lavfi -i testsrc2=s=320x240:r=10 -t 1.5 -vf setsar=4/3 -pix_fmt yuv420p "
               "-c:v libx264 -g 100");
    probe(&p, "wide.mp4 --json");
    assert_non_null(strstr(p.out.data, "\"width\":427,\"height\":240,"));
    assert_non_null(strstr(p.out.data, "\"key_interval_s\":null,"));
    process_fini(&p);
}

static void for_people(void **state)
{
    struct process p;
    media_make(&folder, "people.mp4",
               "-f lavfi -i testsrc2=s=320x240:r=10 -t 3 -pix_fmt yuv420p -c:v libx264 -g 10 "
               "-keyint_min 10 -sc_threshold 0 -bf 0 -profile:v main");
    probe(&p, "people.mp4");
    assert_int_equal(p.exit_code, 0);
    assert_string_equal(p.err.data, "");
    static const char *const rows[] = {
        "people.mp4\n",
        "codec           h264 (Main)\n",
        "size            320x240\n",
        "frame rate      10 frames/s measured\n",
        "key frames      every 1 s\n",
        "B-frames        no\n",
        "clock           file\n",
    };
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (!strstr(p.out.data, rows[i]))
            fail_msg("no \"%s\" in:\n%s", rows[i], p.out.data);
    process_fini(&p);
}

/* Every failure says what it is, to people and to machines, and never the password. */
static void failures(void **state)
{
    static const struct {
        const char *url, *word, *text;
    } cases[] = {
        {"nowhere.mp4", "not_found", "No such file or directory"},
        {"text.mp4", "damaged", "cannot open text.mp4: damaged"},
        {"sound.wav", "no_video", "no video stream"},
        {"rtsp://me:sesame@127.0.0.1:9/a", "refused", "refuses connections on port 9"},
        {"rtsp://me:sesame@no-such-host.invalid/a", "no_host", "no-such-host.invalid"},
    };
    media_text(&folder, "text.mp4", "This is no film.\n");
    media_make(&folder, "sound.wav", "-f lavfi -i sine -t 1");
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct process p;
        char args[200], word[100];
        snprintf(args, sizeof(args), "'%s' --timeout 5 --json", cases[i].url);
        snprintf(word, sizeof(word), "\"error\":{\"code\":\"%s\",\"text\":\"", cases[i].word);
        probe(&p, args);
        if (p.exit_code != 1 || strncmp(p.out.data, "{\"v\":1,\"url\":\"", 14) != 0 ||
            !strstr(p.out.data, word) || !strstr(p.out.data, cases[i].text) ||
            strstr(p.out.data, "sesame"))
            fail_msg("%s: %d, %s%s", cases[i].url, p.exit_code, p.out.data, p.err.data);
        process_fini(&p);

        snprintf(args, sizeof(args), "'%s' --timeout 5", cases[i].url);
        probe(&p, args);
        if (p.exit_code != 1 || p.out.len || !strstr(p.err.data, cases[i].text) ||
            strstr(p.err.data, "sesame"))
            fail_msg("%s: %d, %s%s", cases[i].url, p.exit_code, p.out.data, p.err.data);
        process_fini(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(h264),       cmocka_unit_test(h264_with_b_frames),
        cmocka_unit_test(hevc),       cmocka_unit_test(the_size_is_as_displayed),
        cmocka_unit_test(for_people), cmocka_unit_test(failures),
    };
    media_need_ffmpeg();
    return cmocka_run_group_tests_name("app/probe", tests, make, forget);
}
