/* One line per crossing and, every ten seconds, one per camera: for files, pipes and logs. */
#include <stdio.h>
#include <stdlib.h>

#include "app/view.h"
#include "base/clock.h"
#include "base/mem.h"

#define STATUS_EVERY_US 10000000

struct its_view {
    const char *title; /* NULL once it is printed */
    int64_t next_status_us;
};

const char *its_view_counts(const uint64_t counts[ITS_CLASS_COUNT], char *out, size_t size)
{
    size_t at = 0;
    snprintf(out, size, "-");
    for (int c = 0; c < ITS_CLASS_COUNT; c++) {
        uint64_t n = counts[c];
        if (!n || at >= size)
            continue;
        int wrote = snprintf(out + at, size - at, "%s%llu %s", at ? ", " : "",
                             (unsigned long long)n, its_class_name((enum its_class)c));
        at += wrote > 0 ? (size_t)wrote : 0;
    }
    return out;
}

static struct its_view *plain_open(const char *title)
{
    struct its_view *v = its_malloc(sizeof(*v));
    v->title = title;
    setvbuf(stdout, NULL, _IOLBF, 0);
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

static void print_status(const struct its_seat_view *v)
{
    const struct its_camera_view *c = &v->camera;
    char when[25], forward[160], backward[160];
    printf("%s %s: %s, %.1f fps, forward %s, backward %s, latency p50 %.1f ms p99 %.1f ms, "
           "lost %llu, errors %llu%s%s\n",
           its_wall_format(its_wall_us(), when), c->id, its_camera_state_name(c->life.state),
           v->fps, its_view_counts(v->crossings[ITS_FORWARD], forward, sizeof(forward)),
           its_view_counts(v->crossings[ITS_BACKWARD], backward, sizeof(backward)),
           (double)c->p50_us * 1e-3, (double)c->p99_us * 1e-3, (unsigned long long)v->lost,
           (unsigned long long)v->errors, *c->reason ? ": " : "", c->reason);
}

static bool plain_refresh(struct its_view *v, struct its_engine *engine)
{
    struct its_seat_view seat;
    int64_t now = its_mono_us();
    if (v->title) {
        printf("%s\n", v->title);
        v->title = NULL;
        v->next_status_us = now + STATUS_EVERY_US;
    }
    if (now < v->next_status_us)
        return false;
    v->next_status_us = now + STATUS_EVERY_US;
    for (unsigned i = 0; its_engine_read_camera(engine, i, &seat); i++)
        print_status(&seat);
    return false;
}

static void plain_close(struct its_view **v)
{
    free(*v);
    *v = NULL;
}

const struct its_view_ops its_view_plain = {plain_open, plain_crossings, plain_refresh,
                                            plain_close};
