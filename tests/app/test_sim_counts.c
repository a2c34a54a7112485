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
 * it. */
enum { WARM_UP_S = 10, SECONDS = 60 + WARM_UP_S, FPS = 15, TOLERANCE_FRAMES = 15 };

#define LIMIT_S 120

/* What is asked of the motion detector over all runs of a scene and weather. */
#define COUNT_ERROR_MAX 0.08
#define F1_MIN          0.92

/* Where vehicles stand in queues over the counting line motion alone does not reach it: printed,
 * not judged. */
static const struct {
    const char *name;
    bool judged;
} scenes[] = {{"highway", true}, {"junction", false}};
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

static void analyse(const char *scene, const char *weather, const char *with,
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
    struct process p;
    process_shell(&p, process_patience(LIMIT_S),
                  "exec '%s' analyze 'sim:%s?weather=%s&seed=%s&duration=%d' --json%s",
                  process_exe(), scene, weather, with, SECONDS, flags);
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

static void print(const char *what, const char *with, const struct result *r)
{
    printf("%-16s seed %-6s truth %4d  TP %4d FP %3d FN %3d  count error %4.1f %%  F1 %.3f  "
           "hidden %4.1f %%\n",
           what, with, r->counted, r->score.hits, r->score.false_alarms, r->score.misses,
           100.0 * r->count_error / ITS_MAX(1, r->counted), its_truth_f1(&r->score),
           100.0 * r->hidden / ITS_MAX(1, r->seen));
    fflush(stdout);
}

static void add(struct result *sum, const struct result *r)
{
    its_truth_add(&sum->score, &r->score);
    sum->counted += r->counted;
    sum->count_error += r->count_error;
    sum->hidden += r->hidden;
    sum->seen += r->seen;
}

static bool judge(const char *scene, const char *weather)
{
    char what[32];
    struct result sum = {0};
    snprintf(what, sizeof(what), "%s %s", scene, weather);
    for (int i = 0; i < seeds; i++) {
        static struct lines truth, found;
        struct result r = {0};
        read_truth(scene, weather, seed[i], &truth);
        analyse(scene, weather, seed[i], &truth, &found);
        compare(&truth, &found, &r);
        add_occlusion(&truth, &r);
        print(what, seed[i], &r);
        add(&sum, &r);
        lines_free(&truth);
        lines_free(&found);
    }
    print(what, "all", &sum);
    return its_truth_f1(&sum.score) >= F1_MIN && sum.count_error <= COUNT_ERROR_MAX * sum.counted &&
           sum.hidden >= sum.seen / 10;
}

static void counts_agree_with_truth(void **state)
{
    int bad = 0;
    for (size_t i = 0; i < ITS_ARRAY_LEN(scenes); i++)
        for (size_t k = 0; k < ITS_ARRAY_LEN(weathers); k++)
            bad += !judge(scenes[i].name, weathers[k]) && scenes[i].judged;
    if (bad)
        fail_msg("%d times F1 below %.2f, or counts off by more than %.0f %%", bad, F1_MIN,
                 COUNT_ERROR_MAX * 100);
}

int main(int argc, char **argv)
{
    static const char *const usual[] = {"11"};
    seeds = argc > 1 ? argc - 1 : 1;
    seed = argc > 1 ? (const char *const *)(argv + 1) : usual;
    const struct CMUnitTest tests[] = {cmocka_unit_test(counts_agree_with_truth)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
