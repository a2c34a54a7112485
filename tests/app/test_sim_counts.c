/* Counts of the whole program on simulated streets, against the truth: both scenes, by day and in
 * rain. Arguments are seeds: bench/sim-counts gives five that nobody tuned on; without any, one
 * stands for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "lines.h"
#include "process.h"

/* The first seconds are not judged: a street that begins with a queue shows nobody what lies under
 * it before the lights have gone round once. */
enum { WARM_UP_S = 40, SECONDS = 60 + WARM_UP_S, FPS = 15, TOLERANCE_FRAMES = 15 };

#define LIMIT_S 120

/* Slower than this is standing. */
#define STANDS_KMH 2

/* What is asked of the motion detector over all runs of a scene and weather. At the junction
 * vehicles stand, hide each other and meet on the lines: there motion alone does less well. */
static const struct scene {
    const char *name;
    double f1_min, count_error_max;
    /* Besides the scene's own lines: where the first of the queue stand, metres on the ground. Its
     * counts mean little; nobody may be counted twice there. */
    bool queues;
    double x0, x1, y;
} scenes[] = {
    {"highway", .92, .08},
    {"junction", .85, .2, .queues = true, .x0 = .3, .x1 = 7, .y = 16.6},
};
static const char *const weathers[] = {"day", "rain"};

static int seeds;
static const char *const *seed;

struct result {
    struct its_truth_score score;
    int counted, count_error, twice; /* truth; sum of |error| over lines and directions */
    int hidden, seen;                /* vehicles in whole view: partly hidden, all */
};

static bool is_early(const struct its_truth_report *r)
{
    return r->frame < WARM_UP_S * FPS;
}

static struct its_truth_line line_of(const struct lines *truth, const char *name)
{
    struct its_truth_line l = {
        .fps = FPS, .frames = SECONDS * FPS, .window = {WARM_UP_S * FPS, SECONDS * FPS}};
    snprintf(l.name, sizeof(l.name), "%s", name);
    for (int i = 0; i < truth->crossings; i++) {
        if (strcmp(truth->crossing[i].line, name) != 0 || is_early(&truth->crossing[i]))
            continue;
        assert_true(l.count < ITS_TRUTH_EVENTS_MAX);
        struct its_truth_event *e = &l.event[l.count++];
        e->frame = truth->crossing[i].frame;
        e->direction = truth->crossing[i].direction;
    }
    return l;
}

static int count(const struct its_truth_report *r, int n, const char *line, int direction)
{
    int sum = 0;
    for (int i = 0; i < n; i++)
        sum += !is_early(&r[i]) && strcmp(r[i].line, line) == 0 && (int)r[i].direction == direction;
    return sum;
}

/* Objects of all frames: how many are in whole view, and of them, behind something. */
static void add_occlusion(const struct lines *truth, struct result *r)
{
    for (int i = 0; i < truth->count; i++) {
        size_t k;
        json_t *object;
        json_array_foreach(json_object_get(truth->line[i], "objects"), k, object)
        {
            if (lines_number(object, "truncation") > 0)
                continue;
            r->seen++;
            r->hidden += lines_number(object, "occlusion") > 0.05;
        }
    }
}

static void read_output(struct process *p, struct lines *out)
{
    char why[200];
    if (p->exit_code != 0)
        fail_msg("exit code %d: %s", p->exit_code, p->err.data);
    if (!lines_read(p->out.data, out, why))
        fail_msg("%s", why);
}

static void read_truth(const char *scene, const char *weather, const char *with, struct lines *out)
{
    struct process p;
    process_shell(&p, process_patience(LIMIT_S),
                  "t=$(mktemp) && '%s' simulate --scene %s --weather %s --seed %s --duration %d "
                  "--truth \"$t\" && cat \"$t\" && rm \"$t\"",
                  process_exe(), scene, weather, with, SECONDS);
    read_output(&p, out);
    process_fini(&p);
}

/* The line across the queue, as a flag. */
static void add_queue(const struct scene *scene, const json_t *header, char *flags, size_t size)
{
    double p[4], h[9];
    for (int i = 0; i < 9; i++)
        h[i] = json_number_value(
            json_array_get(json_array_get(json_object_get(header, "homography"), i / 3), i % 3));
    for (int i = 0; i < 2; i++) {
        double x = i ? scene->x1 : scene->x0, y = scene->y, w = h[6] * x + h[7] * y + h[8];
        p[2 * i] = (h[0] * x + h[1] * y + h[2]) / w;
        p[2 * i + 1] = (h[3] * x + h[4] * y + h[5]) / w;
    }
    size_t n = strlen(flags);
    snprintf(flags + n, size - n, " --line queue:%.2f,%.2f,%.2f,%.2f", p[0], p[1], p[2], p[3]);
}

static void analyse(const struct scene *scene, const char *weather, const char *with,
                    const struct lines *truth, struct lines *out)
{
    char flags[1024] = "";
    size_t k;
    json_t *line;
    json_array_foreach(json_object_get(truth->line[0], "lines"), k, line)
    {
        json_t *at = json_object_get(line, "points");
        size_t n = strlen(flags);
        snprintf(flags + n, sizeof(flags) - n, " --line %s", lines_string(line, "name"));
        for (int i = 0; i < 4; i++) {
            double v = json_number_value(json_array_get(json_array_get(at, i / 2), i % 2));
            n = strlen(flags);
            snprintf(flags + n, sizeof(flags) - n, "%c%.2f", i ? ',' : ':', v);
        }
    }
    if (scene->queues)
        add_queue(scene, truth->line[0], flags, sizeof(flags));
    struct process p;
    process_shell(&p, process_patience(LIMIT_S),
                  "exec '%s' analyze 'sim:%s?weather=%s&seed=%s&duration=%d' --json --frames%s",
                  process_exe(), scene->name, weather, with, SECONDS, flags);
    read_output(&p, out);
    process_fini(&p);
}

static void compare(const struct lines *truth, const struct lines *found, struct result *r)
{
    size_t k;
    json_t *line;
    json_array_foreach(json_object_get(truth->line[0], "lines"), k, line)
    {
        const char *name = lines_string(line, "name");
        struct its_truth_line l = line_of(truth, name);
        struct its_truth_report mine[LINES_CROSSINGS_MAX];
        int n = 0;
        for (int i = 0; i < found->crossings; i++)
            if (strcmp(found->crossing[i].line, name) == 0)
                mine[n++] = found->crossing[i];
        bool verbose = getenv("ITS_VERBOSE") != NULL;
        struct its_truth_score s = its_truth_compare(&l, mine, n, TOLERANCE_FRAMES, verbose);
        its_truth_add(&r->score, &s);
        for (int d = 0; d < 2; d++)
            r->count_error +=
                abs(count(mine, n, name, d) - count(truth->crossing, truth->crossings, name, d));
        r->counted += l.count;
    }
}

/* --- who is counted twice while standing */

static json_t *objects_of(const struct lines *l, long long frame)
{
    for (int i = 0; i < l->count; i++)
        if (strcmp(lines_string(l->line[i], "type"), "frame") == 0 &&
            lines_int(l->line[i], "frame") == frame)
            return json_object_get(l->line[i], "objects");
    return NULL;
}

static struct its_box box_of(const json_t *object)
{
    const json_t *b = json_object_get(object, "box");
    float v[4];
    for (size_t i = 0; i < 4; i++)
        v[i] = (float)json_number_value(json_array_get(b, i));
    return (struct its_box){v[0], v[1], v[2], v[3]};
}

/* The number of the one in the truth whom a crossing is about, if he stands; -1: nobody, or on the
 * move. */
static long long who_stands(const struct lines *truth, const struct lines *found,
                            const json_t *crossing)
{
    long long frame = lines_int(crossing, "frame"), track = lines_int(crossing, "track"), who = -1;
    struct its_box box = {0};
    float best = .3f;
    size_t k;
    json_t *object;
    json_array_foreach(objects_of(found, frame), k, object)
    {
        if (lines_int(object, "track") == track)
            box = box_of(object);
    }
    json_array_foreach(objects_of(truth, frame), k, object)
    {
        float iou = its_box_iou(box, box_of(object));
        if (iou <= best)
            continue;
        best = iou;
        who = lines_number(object, "speed_kmh") < STANDS_KMH ? lines_int(object, "track") : -1;
    }
    return who;
}

/* How often somebody who stands is counted again on the same line. */
static int count_twice(const struct lines *truth, const struct lines *found)
{
    enum { MAX = 64 };
    struct {
        const char *line;
        long long who;
    } seen[MAX];
    int count = 0, twice = 0;
    for (int i = 0; i < found->count; i++) {
        const json_t *c = found->line[i];
        if (strcmp(lines_string(c, "type"), "crossing") != 0)
            continue;
        long long who = who_stands(truth, found, c);
        const char *line = lines_string(c, "line");
        bool again = false;
        for (int k = 0; who >= 0 && k < count; k++)
            again |= seen[k].who == who && strcmp(seen[k].line, line) == 0;
        twice += again;
        if (who >= 0 && !again && count < MAX) {
            seen[count].line = line;
            seen[count++].who = who;
        }
    }
    return twice;
}

static void print(const char *what, const char *with, const struct result *r)
{
    printf("%-16s seed %-6s truth %4d  TP %4d FP %3d FN %3d  count error %4.1f %%  F1 %.3f  "
           "twice %d  hidden %4.1f %%\n",
           what, with, r->counted, r->score.hits, r->score.false_alarms, r->score.misses,
           100.0 * r->count_error / ITS_MAX(1, r->counted), its_truth_f1(&r->score), r->twice,
           100.0 * r->hidden / ITS_MAX(1, r->seen));
    fflush(stdout);
}

static void add(struct result *sum, const struct result *r)
{
    its_truth_add(&sum->score, &r->score);
    sum->counted += r->counted;
    sum->count_error += r->count_error;
    sum->twice += r->twice;
    sum->hidden += r->hidden;
    sum->seen += r->seen;
}

static bool judge(const struct scene *scene, const char *weather)
{
    char what[32];
    struct result sum = {0};
    snprintf(what, sizeof(what), "%s %s", scene->name, weather);
    for (int i = 0; i < seeds; i++) {
        static struct lines truth, found;
        struct result r = {0};
        read_truth(scene->name, weather, seed[i], &truth);
        analyse(scene, weather, seed[i], &truth, &found);
        compare(&truth, &found, &r);
        r.twice = count_twice(&truth, &found);
        add_occlusion(&truth, &r);
        print(what, seed[i], &r);
        add(&sum, &r);
        lines_free(&truth);
        lines_free(&found);
    }
    print(what, "all", &sum);
    return its_truth_f1(&sum.score) >= scene->f1_min && sum.twice == 0 &&
           sum.count_error <= scene->count_error_max * sum.counted && sum.hidden >= sum.seen / 10;
}

static void counts_agree_with_truth(void **state)
{
    int bad = 0;
    for (size_t i = 0; i < ITS_ARRAY_LEN(scenes); i++)
        for (size_t k = 0; k < ITS_ARRAY_LEN(weathers); k++)
            bad += !judge(&scenes[i], weathers[k]);
    if (bad)
        fail_msg("%d times F1 or counts beyond the bounds, or somebody counted twice", bad);
}

int main(int argc, char **argv)
{
    static const char *const usual[] = {"11"};
    seeds = argc > 1 ? argc - 1 : 1;
    seed = argc > 1 ? (const char *const *)(argv + 1) : usual;
    const struct CMUnitTest tests[] = {cmocka_unit_test(counts_agree_with_truth)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
