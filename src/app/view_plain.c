/* One line per crossing and, every ten seconds, one per camera: for files, pipes and logs. */
#include <stdio.h>
#include <stdlib.h>

#include "app/view.h"
#include "base/clock.h"
#include "base/mem.h"

#define STATUS_EVERY_US 10000000

struct its_view {
    struct its_engine *engine;
    int64_t next_status_us;
};

const char *its_view_counts(const struct its_recorder *recorder, enum its_direction direction,
                            char *out, size_t size)
{
    size_t at = 0;
    snprintf(out, size, "-");
    for (int c = 0; c < ITS_CLASS_COUNT; c++) {
        uint64_t n = recorder->crossings[direction][c];
        if (!n || at >= size)
            continue;
        int wrote = snprintf(out + at, size - at, "%s%llu %s", at ? ", " : "",
                             (unsigned long long)n, its_class_name((enum its_class)c));
        at += wrote > 0 ? (size_t)wrote : 0;
    }
    return out;
}

static struct its_view *plain_open(struct its_engine *engine, const char *title)
{
    struct its_view *v = its_malloc(sizeof(*v));
    v->engine = engine;
    v->next_status_us = its_mono_us() + STATUS_EVERY_US;
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("%s\n", title);
    return v;
}

static void plain_crossings(struct its_view *v, const struct its_result *r)
{
    for (int i = 0; i < r->crossing_count; i++) {
        const struct its_crossing *c = &r->crossing[i];
        char when[25];
        printf("%s %s: line %s %s: %s (track %llu)\n", its_wall_format(c->capture_us, when),
               r->camera, c->line, its_direction_name(c->direction), its_class_name(c->cls),
               (unsigned long long)c->track);
    }
}

static void print_status(struct its_view *v, int index)
{
    struct its_engine_camera_view view;
    char when[25], forward[160], backward[160];
    its_engine_read_camera(v->engine, index, &view);
    const struct its_camera_view *c = &view.camera;
    printf("%s %s: %s, %.1f fps, forward %s, backward %s, latency p50 %.1f ms p99 %.1f ms, "
           "lost %llu, errors %llu%s%s\n",
           its_wall_format(its_wall_us(), when), c->id, its_camera_state_name(c->state), view.fps,
           its_view_counts(view.recorder, ITS_FORWARD, forward, sizeof(forward)),
           its_view_counts(view.recorder, ITS_BACKWARD, backward, sizeof(backward)),
           (double)its_hist_quantile(&c->latency->total, 0.50) * 1e-3,
           (double)its_hist_quantile(&c->latency->total, 0.99) * 1e-3,
           (unsigned long long)view.lost, (unsigned long long)view.errors, *c->reason ? ": " : "",
           c->reason);
}

static bool plain_refresh(struct its_view *v)
{
    int64_t now = its_mono_us();
    if (now < v->next_status_us)
        return false;
    v->next_status_us = now + STATUS_EVERY_US;
    for (int i = 0; i < its_engine_camera_count(v->engine); i++)
        print_status(v, i);
    return false;
}

static void plain_close(struct its_view **v)
{
    free(*v);
    *v = NULL;
}

const struct its_view_ops its_view_plain = {plain_open, plain_crossings, plain_refresh,
                                            plain_close};
