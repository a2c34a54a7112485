/* simulate: a clip of a street that does not exist. */
#include <string.h>
#include <unistd.h>

#include "app/cmd.h"
#include "app/interrupt.h"
#include "app/simulate.h"
#include "camera/averror.h"
#include "sim/scene_opts.h"

struct settings {
    struct its_scene_settings scene;
    const char *size, *clip, *truth;
    int64_t duration_us;
    int bitrate_kbps;
};

static const struct settings defaults = {
    .scene = ITS_SCENE_DEFAULTS,
    .size = "960x540",
    .duration_us = 60000000,
};

static const char *const scenes[] = {
#define X(name, text) text,
    ITS_SCENES(X)
#undef X
        NULL,
};

static const struct its_flag scene_flags[] = {
    {{"scene", ITS_OPT_CHOICE, offsetof(struct its_scene_settings, kind), .choices = scenes,
      .doc = "The place."},
     "SCENE"},
#define ROW(arg, ...) {__VA_ARGS__, arg},
    ITS_SCENE_OPT_ROWS(ROW)
#undef ROW
};

static const struct its_flag flags[] = {
    {{"size", ITS_OPT_STRING, offsetof(struct settings, size), .min = 1,
      .doc = "Of the picture: even numbers from 64 to 4096."},
     "WxH"},
    {{"duration", ITS_OPT_TIME, offsetof(struct settings, duration_us), .min = 0.01, .max = 86400,
      .unit = "s", .doc = "Length of the clip."},
     "SECONDS"},
    {{"bitrate", ITS_OPT_INT, offsetof(struct settings, bitrate_kbps), .min = 0, .max = 100000,
      .unit = "kbit/s", .doc = "Of the video; 0: constant quality."},
     "K"},
    {{"o", ITS_OPT_STRING, offsetof(struct settings, clip), .min = 1,
      .doc = "The clip to write: H.264 in MP4."},
     "CLIP.mp4"},
    {{"truth", ITS_OPT_STRING, offsetof(struct settings, truth), .min = 1,
      .doc = "Write down all that is true of every frame: JSON Lines with the fields of analyze "
             "--json --frames, and for each road user its place on the ground, speed, occlusion "
             "and truncation."},
     "FILE.jsonl"},
};

static const struct its_flag_set sets[] = {
    {scene_flags, ITS_ARRAY_LEN(scene_flags), offsetof(struct settings, scene)},
    {flags, ITS_ARRAY_LEN(flags), 0},
};

static int refuse(const struct its_call *call, const char *why)
{
    fprintf(call->err, "its-camera-ai simulate: %s\n", why);
    return ITS_EXIT_USAGE;
}

static int run(const struct its_call *call)
{
    const struct settings *settings = call->settings;
    struct its_error err = {0};
    struct its_simulate_settings s = {
        .scene = settings->scene,
        .duration_us = settings->duration_us,
        .bitrate_kbps = settings->bitrate_kbps,
        .clip = settings->clip,
        .truth = settings->truth,
        .progress = isatty(STDERR_FILENO),
    };
    its_av_log_adopt();
    if (!s.clip && !s.truth)
        return refuse(call, "nothing to write: give -o CLIP.mp4, --truth FILE.jsonl or both");
    if (its_scene_set_size(&s.scene, settings->size, &err) < 0)
        return refuse(call, (its_error_prefix(&err, "--size"), err.text));
    if (s.clip && s.truth && strcmp(s.truth, s.clip) == 0)
        return refuse(call, "clip and truth are the same file");
    struct its_cancel *cancel = its_cancel_create(NULL);
    struct its_interrupt interrupt;
    its_interrupt_start(&interrupt, cancel);
    int rc = its_simulate(&s, cancel, &err);
    its_interrupt_stop(&interrupt);
    its_cancel_destroy(&cancel);
    if (rc < 0)
        fprintf(call->err, "its-camera-ai simulate: %s\n", err.text);
    return rc < 0 ? ITS_EXIT_FAILED : ITS_EXIT_OK;
}

const struct its_command its_cmd_simulate = {
    .name = "simulate",
    .summary = "draw a street with traffic, and the truth about it",
    .description =
        "Draws traffic on a street as a camera would see it and writes it as a clip; the\n"
        "truth tells where every road user is and when he crosses which counting line. It\n"
        "serves to measure with: analyze the clip and compare.\n"
        "\n"
        "The same settings give the same pictures and the same truth. The first line of the\n"
        "truth names the counting lines, and the homography that takes a place on the ground\n"
        "(metres) to the picture (pixels).\n"
        "\n"
        "The same street as a live camera is the address sim:SCENE?seed=N&density=D&size=WxH\n"
        "with the names of the flags below, for run and analyze.\n",
    .examples = "its-camera-ai simulate --scene junction -o clip.mp4 --truth truth.jsonl\n"
                "its-camera-ai simulate --seed 7 --density 0.8 --size 1280x720 --fps 25 -o h.mp4\n"
                "its-camera-ai analyze 'sim:highway?seed=7&duration=30' --json --frames\n",
    .sets = sets,
    .set_count = ITS_ARRAY_LEN(sets),
    .settings_bytes = sizeof(struct settings),
    .defaults = &defaults,
    .run = run,
};
