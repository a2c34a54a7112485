/* Does one camera disturb the others? Twenty file cameras run; in every other window the last of
 * them is broken, mended, removed, added, disabled and enabled in turn, a change each second. The
 * windows with and without are interleaved, so that whatever else the machine does falls on both.
 *
 * Prints the others' p99 from arrival to published result (median over the windows of a kind, and
 * their spread), the ratio and difference, lost frames, and the slope of the resident set after a
 * warm-up: of the least in each window in which all twenty run, as what waits in queues comes and
 * goes. A busy machine tells nothing. Ends with 1 when
 * the p99 moved by more than 10 % and 5 ms, or memory grew by more than 1 MB in 10 minutes.
 *
 * usage: bench-isolation [SECONDS [WINDOWS]]     (180 s, 20 windows) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/engine.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "camera/averror.h"
#include "camera/clip.h"
#include "sim/scene.h"

enum { CAMERAS = 20, CLIPS = 4, CLIP_FRAMES = 150, WINDOWS_MAX = 200 };

/* Pools, caches and the pages of histograms fill for so long. */
#define WARM_UP_US 90000000

static void must(int code, const struct its_error *err)
{
    if (code >= 0)
        return;
    fprintf(stderr, "bench-isolation: %s\n", err->text);
    exit(code == ITS_EUNSUPPORTED ? 77 : 1);
}

/* --- the street they all look at */

static void make_clip(const char *path, int number)
{
    struct its_error err = {0};
    struct its_scene_settings set;
    struct its_clip_settings clip_set;
    struct its_scene *scene;
    struct its_clip *clip;
    its_scene_settings_default(&set);
    set.kind = number % 2 ? ITS_SCENE_JUNCTION : ITS_SCENE_HIGHWAY;
    set.seed = (uint32_t)number + 1;
    set.width = 640;
    set.height = 360;
    set.fps = 10 + number * 5 / (CLIPS - 1);
    its_clip_settings_default(&clip_set);
    clip_set.path = path;
    clip_set.encoder.width = set.width;
    clip_set.encoder.height = set.height;
    clip_set.encoder.fps = set.fps;
    must(its_scene_create(&set, &scene, &err), &err);
    must(its_clip_create(&clip_set, &clip, &err), &err);
    for (int i = 0; i < CLIP_FRAMES; i++) {
        struct its_i420 picture;
        must(its_clip_picture(clip, &picture, &err), &err);
        its_scene_next(scene);
        its_scene_draw(scene, &picture);
        must(its_clip_add(clip, &err), &err);
    }
    must(its_clip_finish(&clip, &err), &err);
    its_scene_destroy(&scene);
}

/* --- the server */

struct plan {
    char dir[32], path[64], id[CAMERAS][16], url[CAMERAS][64];
    struct its_line_config line;
    struct its_camera_config camera[CAMERAS];
};

static void make_plan(struct plan *p)
{
    snprintf(p->dir, sizeof(p->dir), "/tmp/its-isolation-XXXXXX");
    if (!mkdtemp(p->dir))
        exit(1);
    snprintf(p->path, sizeof(p->path), "%s/its.db", p->dir);
    p->line.line =
        (struct its_line){.name = "main", .a = {0.1f, 0.6f}, .b = {0.9f, 0.6f}, .fractions = true};
    for (int i = 0; i < CAMERAS; i++) {
        snprintf(p->id[i], sizeof(p->id[i]), "cam-%d", i);
        snprintf(p->url[i], sizeof(p->url[i]), "%s/clip-%d.mp4", p->dir, i % CLIPS);
        if (i < CLIPS)
            make_clip(p->url[i], i);
        p->camera[i] = (struct its_camera_config){.id = p->id[i],
                                                  .url = p->url[i],
                                                  .enabled = true,
                                                  .loop = true,
                                                  .priority = ITS_PRIORITY_NORMAL,
                                                  .stall_us = 3000000,
                                                  .timeout_us = 10000000,
                                                  .lines = &p->line,
                                                  .line_count = 1};
    }
}

static void remove_plan(const struct plan *p)
{
    char command[64];
    snprintf(command, sizeof(command), "rm -rf '%s'", p->dir);
    if (system(command) != 0)
        fprintf(stderr, "bench-isolation: %s stays\n", p->dir);
}

static struct its_engine *start(const struct plan *p)
{
    struct its_config config = {
        .performance = {100},
        .decode = {.queue_packets = 256, .queue_us = 2000000},
        .store = {.path = p->path, .batch_us = 200000, .max_events_waiting = 100000},
        .cameras = (struct its_camera_config *)p->camera,
        .camera_count = CAMERAS,
    };
    struct its_error err = {0};
    struct its_engine *e;
    must(its_engine_start(&config, NULL, &e, &err), &err);
    return e;
}

/* The step-th change of the last camera; the sixth leaves it as it was at the beginning. */
static void disturb(struct its_engine *e, const struct plan *p, int step)
{
    struct its_camera_config c = p->camera[CAMERAS - 1];
    struct its_error err = {0};
    char what[64];
    int rc = 0;
    switch (step % 6) {
    case 0:
        c.url = "/nowhere/at/all.mp4";
        break;
    case 2:
        must(its_engine_remove_camera(e, c.id, &err), &err);
        return;
    case 3:
        must(its_engine_add_camera(e, &c, &err), &err);
        return;
    case 4:
        c.enabled = false;
        break;
    }
    rc = its_engine_change_camera(e, &c, what, sizeof(what), &err);
    must(rc, &err);
}

/* --- what is measured */

/* The others, together. */
static void read_others(struct its_engine *e, const struct plan *p, struct its_latency *latency,
                        uint64_t *lost)
{
    struct its_seat_view v;
    memset(latency, 0, sizeof(*latency));
    *lost = 0;
    for (int i = 0; i < CAMERAS - 1; i++)
        its_engine_read_camera_latency(e, p->id[i], latency);
    for (unsigned i = 0; i < CAMERAS - 1 && its_engine_read_camera(e, i, &v); i++)
        *lost += v.lost;
}

/* p99 of what was recorded between two readings, in ms. */
static double p99_between(const struct its_latency *before, const struct its_latency *after)
{
    struct its_hist *h = its_malloc(sizeof(*h));
    for (unsigned i = 0; i < ITS_HIST_BUCKETS; i++)
        h->bucket[i] = after->total.bucket[i] - before->total.bucket[i];
    h->count = after->total.count - before->total.count;
    h->max_us = after->total.max_us;
    double ms = (double)its_hist_quantile(h, 0.99) * 1e-3;
    free(h);
    return ms;
}

/* The least that was resident in each window. */
struct memory {
    int count;
    double at_s[WINDOWS_MAX], mb[WINDOWS_MAX];
};

/* Sample number `sample` of a window. */
static void sample_memory(struct memory *m, int64_t now_us, int sample)
{
    long pages, resident;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%ld %ld", &pages, &resident) != 2)
        exit(1);
    fclose(f);
    double mb = (double)resident * (double)sysconf(_SC_PAGESIZE) * 1e-6;
    if (sample == 0)
        m->mb[m->count++] = mb;
    if (sample == 0 || mb < m->mb[m->count - 1]) {
        m->at_s[m->count - 1] = (double)now_us * 1e-6;
        m->mb[m->count - 1] = mb;
    }
}

/* Of the line of least squares, MB in 10 minutes. */
static double memory_slope(const struct memory *m)
{
    double t = 0, b = 0, tt = 0, tb = 0, n = m->count;
    for (int i = 0; i < m->count; i++) {
        t += m->at_s[i];
        b += m->mb[i];
    }
    for (int i = 0; i < m->count; i++) {
        tt += (m->at_s[i] - t / n) * (m->at_s[i] - t / n);
        tb += (m->at_s[i] - t / n) * (m->mb[i] - b / n);
    }
    return tt > 0 ? tb / tt * 600 : 0;
}

/* --- windows */

struct figures {
    double p99[2][WINDOWS_MAX]; /* without and with disturbance */
    int count[2];
    uint64_t lost[2];
    struct memory memory;
};

static void run_window(struct its_engine *e, const struct plan *p, bool disturbed,
                       int64_t length_us, int *step, struct figures *out)
{
    static struct its_latency before, after;
    struct its_cancel *never = its_cancel_create(NULL);
    uint64_t lost_before, lost_after;
    read_others(e, p, &before, &lost_before);
    int64_t end_us = its_mono_us() + length_us;
    int samples = 0;
    for (int64_t now_us; (now_us = its_mono_us()) < end_us;) {
        if (disturbed)
            disturb(e, p, (*step)++);
        else /* what runs is then the same every time */
            sample_memory(&out->memory, now_us, samples++);
        its_cancel_sleep_until(never, ITS_MIN(now_us + 1000000, end_us));
    }
    read_others(e, p, &after, &lost_after);
    out->p99[disturbed][out->count[disturbed]++] = p99_between(&before, &after);
    out->lost[disturbed] += lost_after - lost_before;
    while (*step % 6) /* whole again */
        disturb(e, p, (*step)++);
    its_cancel_destroy(&never);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double summarise(struct figures *f, int kind, const char *name)
{
    int n = f->count[kind];
    double *v = f->p99[kind];
    qsort(v, (size_t)n, sizeof(*v), by_value);
    printf("isolation/p99 %-12s median %.2f ms (%.2f to %.2f in %d windows), %llu frames lost\n",
           name, v[n / 2], v[0], v[n - 1], n, (unsigned long long)f->lost[kind]);
    return v[n / 2];
}

static int judge(struct figures *f)
{
    double calm = summarise(f, 0, "undisturbed"), churn = summarise(f, 1, "disturbed");
    double slope = memory_slope(&f->memory), moved = churn - calm;
    bool p99_ok = moved < 5 || moved < 0.1 * calm, memory_ok = slope < 1;
    printf("isolation/p99 ratio %.3f difference %.2f ms: %s\n", churn / calm, moved,
           p99_ok ? "ok" : "TOO MUCH");
    printf("isolation/memory %.1f MB, slope %.2f MB/10 min: %s\n",
           f->memory.mb[f->memory.count - 1], slope, memory_ok ? "ok" : "TOO MUCH");
    return p99_ok && memory_ok ? 0 : 1;
}

int main(int argc, char **argv)
{
    static struct plan plan;
    static struct figures figures;
    double seconds = argc > 1 ? atof(argv[1]) : 180;
    int windows = argc > 2 ? atoi(argv[2]) : 20, step = 0;
    if (seconds <= 0 || windows < 2 || windows > WINDOWS_MAX) {
        fprintf(stderr, "usage: bench-isolation [SECONDS [WINDOWS]]\n");
        return 2;
    }
    its_mem_settle();
    its_log_set_level(ITS_LOG_ERROR);
    its_av_log_adopt();
    make_plan(&plan);
    struct its_engine *e = start(&plan);

    /* Warm: every kind of change was made a few times, every pool has its size. */
    static struct figures thrown_away;
    for (int i = 0; i < 2; i++)
        run_window(e, &plan, true, WARM_UP_US / 2, &step, &thrown_away);
    for (int i = 0; i < windows; i++)
        run_window(e, &plan, i % 2, (int64_t)(seconds * 1e6 / windows), &step, &figures);
    its_engine_stop(&e);
    remove_plan(&plan);
    return judge(&figures);
}
