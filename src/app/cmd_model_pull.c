/* model pull: a network from the web, and only the one that was meant. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/cmd.h"
#include "app/interrupt.h"
#include "app/model_flags.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/url.h"
#include "camera/averror.h"
#include "camera/download.h"
#include "nn/model.h"

#define BYTES_MAX         (4ll << 30)
#define IDLE_US           30000000
#define PROGRESS_EVERY_US 200000

struct settings {
    const char *sha256, *output;
    bool json;
};

static const struct its_flag flags[] = {
    {{"sha256", ITS_OPT_STRING, offsetof(struct settings, sha256), .min = 1,
      .doc = "The file's SHA-256 as its maker publishes it, 64 hexadecimal digits. Needed."},
     "H"},
    {{"output", ITS_OPT_STRING, offsetof(struct settings, output), .min = 1,
      .default_text = "the address' last part", .doc = "Where the file goes."},
     "FILE"},
    {{"json", ITS_OPT_BOOL, offsetof(struct settings, json),
      .doc = "One JSON object on standard output, and nothing else."}},
};

static const struct its_flag_set sets[] = {{flags, ITS_ARRAY_LEN(flags), 0}};

struct progress {
    FILE *err;
    int64_t shown_us;
    bool shown;
};

static void show_progress(void *ctx, int64_t bytes, int64_t total)
{
    struct progress *p = ctx;
    int64_t now = its_mono_us();
    if (now - p->shown_us < PROGRESS_EVERY_US)
        return;
    p->shown_us = now;
    p->shown = true;
    if (total > 0)
        fprintf(p->err, "\r%3.0f %%  %.1f of %.1f MiB ", 100.0 * (double)bytes / (double)total,
                (double)bytes / 1048576, (double)total / 1048576);
    else
        fprintf(p->err, "\r%.1f MiB ", (double)bytes / 1048576);
}

static bool is_sha256(const char *text)
{
    size_t n = 0;
    while (isxdigit((unsigned char)text[n]))
        n++;
    return n == ITS_SHA256_CHARS - 1 && !text[n];
}

/* "yolo11n.onnx" of "https://host/path/yolo11n.onnx?download=true"; NULL when it ends in '/'. */
static const char *name_of(const char *url, struct its_arena *arena)
{
    const char *host = strstr(url, "://");
    size_t length = strcspn(url, "?#");
    const char *end = url + length, *name = end;
    while (name > url && name[-1] != '/')
        name--;
    if (!host || name <= host + 3 || name == end || *name == '.')
        return NULL;
    return its_arena_printf(arena, "%.*s", (int)(end - name), name);
}

/* The model that is there already, if it is the one asked for. */
static bool is_there(const char *path, const char *sha256)
{
    struct its_model *m = NULL;
    bool same = access(path, R_OK) == 0 && its_model_open(path, &m, NULL) == 0 &&
                strcasecmp(its_model_info(m)->sha256, sha256) == 0;
    its_model_close(&m);
    return same;
}

static int fetch(const struct its_call *call, const char *path, struct its_cancel *cancel,
                 struct its_error *err)
{
    const struct settings *set = call->settings;
    struct progress progress = {.err = call->err};
    struct its_download_settings s = {
        .url = call->operands.items[0],
        .path = path,
        .bytes_max = BYTES_MAX,
        .idle_us = IDLE_US,
        .on_progress = isatty(STDERR_FILENO) ? show_progress : NULL,
        .ctx = &progress,
    };
    char sha256[ITS_SHA256_CHARS];
    int rc = its_download_fetch(&s, cancel, sha256, err);
    if (progress.shown)
        fprintf(call->err, "\r%40s\r", "");
    if (rc < 0)
        return rc;
    if (strcasecmp(sha256, set->sha256) != 0) {
        its_download_reject(path);
        return its_error_set(err, ITS_EDAMAGED,
                             "what came is another file, and was thrown away: its SHA-256 is %s",
                             sha256);
    }
    return its_download_accept(path, err);
}

static int pull(const struct its_call *call, const char *path, bool *fetched, struct its_error *err)
{
    const struct settings *set = call->settings;
    *fetched = false;
    if (is_there(path, set->sha256))
        return 0;
    if (access(path, F_OK) == 0)
        return its_error_set(
            err, -EEXIST, "%s is there and is another file: take it away, or give --output", path);
    struct its_cancel *cancel = its_cancel_create(NULL);
    struct its_interrupt interrupt;
    its_interrupt_start(&interrupt, cancel);
    int rc = fetch(call, path, cancel, err);
    its_interrupt_stop(&interrupt);
    its_cancel_destroy(&cancel);
    *fetched = rc == 0;
    return rc;
}

static void report(const struct its_call *call, const char *path, bool fetched)
{
    const struct settings *set = call->settings;
    if (!set->json) {
        fprintf(call->out, "%s %s\n", path, fetched ? "fetched and verified" : "is there already");
        return;
    }
    struct its_str text = {0};
    struct its_json j = its_json_on(&text);
    its_json_object(&j);
    its_json_key(&j, "v"), its_json_int(&j, 1);
    its_json_key(&j, "path"), its_json_string(&j, path);
    its_json_key(&j, "sha256"), its_json_string(&j, set->sha256);
    its_json_key(&j, "fetched"), its_json_bool(&j, fetched);
    its_json_object_end(&j);
    fprintf(call->out, "%s\n", its_str_get(&text));
    its_str_fini(&text);
}

static int run(const struct its_call *call)
{
    const struct settings *set = call->settings;
    const char *url = call->operands.items[0];
    const char *path = set->output ? set->output : name_of(url, call->arena);
    its_av_log_adopt();
    if (!set->sha256)
        return its_model_usage(call, "model pull",
                               "--sha256 H is missing: what it is compared with");
    if (!is_sha256(set->sha256))
        return its_model_usage(call, "model pull", "--sha256: expected 64 hexadecimal digits");
    if (!path)
        return its_model_usage(call, "model pull",
                               "the address ends in no file name: give --output FILE");
    struct its_error err = {0};
    bool fetched;
    int rc = pull(call, path, &fetched, &err);
    if (rc < 0)
        fprintf(call->err, "its-camera-ai model pull: %s\n", err.text);
    else
        report(call, path, fetched);
    return rc == 0 ? ITS_EXIT_OK : rc == -EINVAL ? ITS_EXIT_USAGE : ITS_EXIT_FAILED;
}

const struct its_command its_cmd_model_pull = {
    .name = "model pull",
    .summary = "fetch a network and verify that it is the one meant",
    .operands = "URL",
    .operands_min = 1,
    .operands_max = 1,
    .description =
        "Fetches a file over https or http and compares its SHA-256 with the one given: a\n"
        "network decides what is counted, so it must be the one its maker published. The file\n"
        "appears under its name only when it is complete and right; what is there already is\n"
        "never written over, and is not fetched again when it is the same.\n"
        "\n"
        "Interrupted, it leaves nothing behind. Progress is shown on a terminal.\n",
    .environment = "http_proxy  a proxy for http:// addresses\n",
    .examples = "its-camera-ai model pull https://example.org/models/yolo11n.onnx \\\n"
                "    --sha256 c5cb4ea115b2037a29feeeeb4f1accdfd92e85bbb2fa5fc6574c10f8360b75c8\n",
    .sets = sets,
    .set_count = ITS_ARRAY_LEN(sets),
    .settings_bytes = sizeof(struct settings),
    .run = run,
};
