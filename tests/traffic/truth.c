#include "tests/traffic/truth.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/attr.h"
#include "track/assign.h"

/* --- reading */

static void read_event(const json_t *j, struct its_truth_event *e)
{
    const char *cls = json_string_value(json_object_get(j, "class"));
    *e = (struct its_truth_event){
        .frame = json_integer_value(json_object_get(j, "frame")),
        .ignore = json_is_true(json_object_get(j, "ignore")),
        .hard = json_is_true(json_object_get(j, "hard")),
    };
    const char *direction = json_string_value(json_object_get(j, "direction"));
    e->direction = direction && direction[0] == '+' ? ITS_FORWARD : ITS_BACKWARD;
    snprintf(e->cls, sizeof(e->cls), "%s", cls ? cls : "?");
    const json_t *accept = json_object_get(j, "accept");
    for (size_t i = 0; i < json_array_size(accept) && i < ITS_TRUTH_CLASSES_MAX; i++)
        snprintf(e->accept[i], sizeof(e->accept[i]), "%s",
                 json_string_value(json_array_get(accept, i)));
}

static double number_at(const json_t *array, size_t i)
{
    return json_number_value(json_array_get(array, i));
}

static int read_line(const json_t *j, struct its_truth_line *l, struct its_error *err)
{
    const char *name = json_string_value(json_object_get(j, "name"));
    const char *video = json_string_value(json_object_get(j, "video"));
    const char *fps = json_string_value(json_object_get(j, "fps"));
    const json_t *points = json_object_get(j, "line"), *window = json_object_get(j, "window");
    const json_t *events = json_object_get(j, "crossings");
    double num, den;
    if (!name || !video || !fps || sscanf(fps, "%lf/%lf", &num, &den) != 2 || den <= 0 ||
        json_array_size(points) != 4 || json_array_size(window) != 2 ||
        json_array_size(events) > ITS_TRUTH_EVENTS_MAX)
        return its_error_set(err, -EINVAL, "truth of line %s lacks a field", name ? name : "?");

    *l = (struct its_truth_line){.fps = num / den};
    snprintf(l->name, sizeof(l->name), "%s", name);
    snprintf(l->clip, sizeof(l->clip), "%.*s", (int)strcspn(name, "/"), name);
    snprintf(l->video, sizeof(l->video), "%s", video);
    l->frames = json_integer_value(json_object_get(j, "frames"));
    memcpy(l->line.name, l->name, sizeof(l->line.name));
    l->line.a = (struct its_point){(float)number_at(points, 0), (float)number_at(points, 1)};
    l->line.b = (struct its_point){(float)number_at(points, 2), (float)number_at(points, 3)};
    l->window[0] = json_integer_value(json_array_get(window, 0));
    l->window[1] = json_integer_value(json_array_get(window, 1));
    for (size_t i = 0; i < json_array_size(events); i++)
        read_event(json_array_get(events, i), &l->event[l->count++]);
    return 0;
}

int its_truth_read(const char *testdata, struct its_truth *truth, struct its_error *err)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/counts/crossings.json", testdata);
    json_error_t why;
    json_t *root = json_load_file(path, 0, &why);
    if (!root)
        return its_error_set(err, -EINVAL, "%s:%d: %s", path, why.line, why.text);

    const json_t *all = json_object_get(root, "ground_truth");
    int rc =
        json_array_size(all) <= ITS_TRUTH_LINES_MAX
            ? 0
            : its_error_set(err, ITS_ETOOBIG, "%s: more than %d lines", path, ITS_TRUTH_LINES_MAX);
    truth->count = 0;
    for (size_t i = 0; rc == 0 && i < json_array_size(all); i++)
        rc = read_line(json_array_get(all, i), &truth->line[truth->count++], err);
    json_decref(root);
    return rc;
}

/* --- comparing */

/* Dearer than any difference in frames, so that an ignored event is taken only by what is left. */
#define IGNORED_PRICE 1e4f
#define ALONE_PRICE   1e5f

static float cost_of(const struct its_truth_event *e, const struct its_truth_report *r,
                     int64_t tolerance)
{
    int64_t apart = llabs(e->frame - r->frame);
    if (e->direction != r->direction || apart > tolerance)
        return ITS_ASSIGN_NEVER;
    return (float)apart + (e->ignore ? IGNORED_PRICE : 0);
}

static void tell(const struct its_truth_line *l, const char *what, int64_t frame,
                 enum its_direction d, const char *more)
{
    printf("    %-28s %s at frame %lld %s %s\n", l->name, what, (long long)frame,
           its_direction_name(d), more);
}

static bool accepts(const struct its_truth_event *e, const char *cls)
{
    for (int i = 0; i < ITS_TRUTH_CLASSES_MAX; i++)
        if (cls[0] && strcmp(e->accept[i], cls) == 0)
            return true;
    return cls[0] && strcmp(e->cls, cls) == 0;
}

/* Judges the pairs of rows and columns. */
static struct its_truth_score judge(const struct its_truth_line *l,
                                    const struct its_truth_report *rows, int n, const int *pair,
                                    bool verbose)
{
    struct its_truth_score s = {0};
    bool found[ITS_TRUTH_EVENTS_MAX] = {false};
    double error = 0;
    for (int i = 0; i < n; i++) {
        if (pair[i] < 0) {
            s.false_alarms++;
            if (verbose)
                tell(l, "false alarm", rows[i].frame, rows[i].direction, "");
            continue;
        }
        const struct its_truth_event *e = &l->event[pair[i]];
        found[pair[i]] = true;
        s.hits += !e->ignore;
        s.of_class += !e->ignore && accepts(e, rows[i].cls);
        if (verbose && !e->ignore && rows[i].cls[0] && !accepts(e, rows[i].cls))
            tell(l, rows[i].cls, rows[i].frame, rows[i].direction, e->cls);
        error += e->ignore ? 0 : fabs((double)(e->frame - rows[i].frame));
    }
    for (int j = 0; j < l->count; j++) {
        const struct its_truth_event *e = &l->event[j];
        if (found[j] || e->ignore)
            continue;
        s.misses++;
        if (verbose)
            tell(l, e->hard ? "missed (hard)" : "missed", e->frame, e->direction, e->cls);
    }
    s.frame_error = s.hits ? error / s.hits : 0;
    return s;
}

struct its_truth_score its_truth_compare(const struct its_truth_line *l,
                                         const struct its_truth_report *reports, int n,
                                         int64_t tolerance, bool verbose)
{
    struct its_truth_report *rows = calloc((size_t)n + 1, sizeof(*rows));
    float *cost = calloc((size_t)(n + 1) * ITS_TRUTH_EVENTS_MAX, sizeof(*cost));
    int *pair = calloc((size_t)n + 1, sizeof(*pair)), count = 0;
    struct its_assign *assign = its_assign_create(n + 1, ITS_TRUTH_EVENTS_MAX);
    its_assert(rows && cost && pair);

    for (int i = 0; i < n; i++)
        if (strcmp(reports[i].line, l->name) == 0 && reports[i].frame >= l->window[0] &&
            reports[i].frame <= l->window[1])
            rows[count++] = reports[i];
    for (int i = 0; i < count; i++)
        for (int j = 0; j < l->count; j++)
            cost[i * l->count + j] = cost_of(&l->event[j], &rows[i], tolerance);
    its_assign_solve(assign, cost, count, l->count, ALONE_PRICE, pair);
    struct its_truth_score s = judge(l, rows, count, pair, verbose);

    its_assign_destroy(&assign);
    free(pair);
    free(cost);
    free(rows);
    return s;
}

void its_truth_add(struct its_truth_score *sum, const struct its_truth_score *s)
{
    int hits = sum->hits + s->hits;
    if (hits)
        sum->frame_error = (sum->frame_error * sum->hits + s->frame_error * s->hits) / hits;
    sum->hits = hits;
    sum->of_class += s->of_class;
    sum->false_alarms += s->false_alarms;
    sum->misses += s->misses;
}

double its_truth_f1(const struct its_truth_score *s)
{
    int all = 2 * s->hits + s->false_alarms + s->misses;
    return all ? 2.0 * s->hits / all : 1;
}

double its_truth_f1_by_class(const struct its_truth_score *s)
{
    int all = 2 * s->hits + s->false_alarms + s->misses;
    return all ? 2.0 * s->of_class / all : 1;
}
