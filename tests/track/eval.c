#include "tests/track/eval.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "track/assign.h"

#define SAME_IOU  0.5     /* CLEAR and identity */
#define TINY      1e-9
#define KEEP_GAIN 1000.0f /* CLEAR: an old match is worth more than any similarity */

/* One of the two sides: its boxes, and its ids made dense. */
struct side {
    const struct its_boxes *boxes;
    int ids;
    int64_t *id;  /* (ids) rising */
    int *length;  /* (ids) boxes of it */
    int *of_item; /* (boxes) dense id */
};

struct job {
    struct side truth, said;
    struct its_assign *assign;
    /* --- the frame at hand: items from t0, s0; similarity is (nt, ns) */
    int t0, nt, s0, ns;
    float *similarity, *cost;
    int *pair;
};

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void side_init(struct side *s, const struct its_boxes *boxes)
{
    size_t n = (size_t)boxes->count + 1;
    *s = (struct side){
        .boxes = boxes,
        .id = its_calloc(n, sizeof(*s->id)),
        .length = its_calloc(n, sizeof(*s->length)),
        .of_item = its_calloc(n, sizeof(*s->of_item)),
    };
    for (int i = 0; i < boxes->count; i++)
        s->id[i] = boxes->item[i].id;
    qsort(s->id, (size_t)boxes->count, sizeof(*s->id), by_value);
    for (int i = 0; i < boxes->count; i++)
        if (i == 0 || s->id[i] != s->id[s->ids - 1])
            s->id[s->ids++] = s->id[i];
    for (int i = 0; i < boxes->count; i++) {
        const int64_t *at =
            bsearch(&boxes->item[i].id, s->id, (size_t)s->ids, sizeof(*s->id), by_value);
        s->of_item[i] = (int)(at - s->id);
        s->length[s->of_item[i]]++;
    }
}

static void side_fini(struct side *s)
{
    free(s->id);
    free(s->length);
    free(s->of_item);
}

static int most_in_a_frame(const struct its_boxes *b)
{
    int most = 0, run = 0;
    for (int i = 0; i < b->count; i++) {
        run = i && b->item[i].frame == b->item[i - 1].frame ? run + 1 : 1;
        most = ITS_MAX(most, run);
    }
    return most;
}

static void load_frame(struct job *j, int frame)
{
    const struct its_boxes *t = j->truth.boxes, *s = j->said.boxes;
    j->t0 = its_boxes_find(t, frame);
    j->nt = its_boxes_find(t, frame + 1) - j->t0;
    j->s0 = its_boxes_find(s, frame);
    j->ns = its_boxes_find(s, frame + 1) - j->s0;
    for (int a = 0; a < j->nt; a++)
        for (int b = 0; b < j->ns; b++)
            j->similarity[a * j->ns + b] = its_box_iou(t->item[j->t0 + a].box, s->item[j->s0 + b].box);
}

static int truth_id(const struct job *j, int a)
{
    return j->truth.of_item[j->t0 + a];
}

static int said_id(const struct job *j, int b)
{
    return j->said.of_item[j->s0 + b];
}

/* Pairs the frame so that the sum of gains, held in cost, is greatest; gains are <= most. */
static void pair_by_gain(struct job *j, int rows, int cols, float most)
{
    for (int i = 0; i < rows * cols; i++)
        j->cost[i] = j->cost[i] > 0 ? most - j->cost[i] : ITS_ASSIGN_NEVER;
    its_assign_solve(j->assign, j->cost, rows, cols, most, j->pair);
}

/* --- HOTA */

/* How well two ids go together over the whole sequence: TrackEval's global alignment score, which
 * breaks the ties of a frame in favour of the longer company. (truth ids, said ids) */
static float *align(struct job *j, int frames)
{
    int cols = j->said.ids;
    float *together = its_calloc((size_t)j->truth.ids * (size_t)cols + 1, sizeof(*together));
    for (int f = 0; f < frames; f++) {
        load_frame(j, f);
        for (int a = 0; a < j->nt; a++) {
            for (int b = 0; b < j->ns; b++) {
                const float *row = &j->similarity[a * j->ns];
                float all = -row[b];
                for (int k = 0; k < j->ns; k++)
                    all += row[k];
                for (int k = 0; k < j->nt; k++)
                    all += j->similarity[k * j->ns + b];
                if (all > TINY)
                    together[truth_id(j, a) * cols + said_id(j, b)] += row[b] / all;
            }
        }
    }
    for (int t = 0; t < j->truth.ids; t++)
        for (int s = 0; s < cols; s++)
            together[t * cols + s] /= (float)(j->truth.length[t] + j->said.length[s]) -
                                      together[t * cols + s];
    return together;
}

static double alpha(int k)
{
    return 0.05 * (k + 1);
}

/* hits[k]: (truth ids, said ids) how often the two were a hit at threshold k. */
static void count_hits(struct job *j, int frames, const float *aligned, struct its_eval *e,
                       int *hits)
{
    size_t layer = (size_t)j->truth.ids * (size_t)j->said.ids;
    for (int f = 0; f < frames; f++) {
        load_frame(j, f);
        for (int a = 0; a < j->nt; a++)
            for (int b = 0; b < j->ns; b++)
                j->cost[a * j->ns + b] = j->similarity[a * j->ns + b] *
                                         aligned[truth_id(j, a) * j->said.ids + said_id(j, b)];
        pair_by_gain(j, j->nt, j->ns, 1);
        for (int k = 0; k < ITS_EVAL_ALPHAS; k++) {
            int n = 0;
            for (int a = 0; a < j->nt; a++) {
                int b = j->pair[a];
                if (b < 0 || j->similarity[a * j->ns + b] < alpha(k) - 1e-6)
                    continue;
                n++;
                hits[(size_t)k * layer + (size_t)(truth_id(j, a) * j->said.ids + said_id(j, b))]++;
            }
            e->hit[k] += n;
            e->miss[k] += j->nt - n;
            e->extra[k] += j->ns - n;
        }
    }
}

static void add_hota(struct job *j, int frames, struct its_eval *e)
{
    size_t layer = (size_t)j->truth.ids * (size_t)j->said.ids;
    float *aligned = align(j, frames);
    int *hits = its_calloc(layer * ITS_EVAL_ALPHAS + 1, sizeof(*hits));
    count_hits(j, frames, aligned, e, hits);
    for (int k = 0; k < ITS_EVAL_ALPHAS; k++) {
        for (int t = 0; t < j->truth.ids; t++) {
            for (int s = 0; s < j->said.ids; s++) {
                double n = hits[(size_t)k * layer + (size_t)(t * j->said.ids + s)];
                if (n > 0)
                    e->association[k] += n * n / (j->truth.length[t] + j->said.length[s] - n);
            }
        }
    }
    free(hits);
    free(aligned);
}

/* --- CLEAR */

static void add_clear(struct job *j, int frames, struct its_eval *e)
{
    /* The said id of each truth id: in the frame before, and when it was last matched at all. */
    int *before = its_calloc((size_t)j->truth.ids + 1, sizeof(*before));
    int *last = its_calloc((size_t)j->truth.ids + 1, sizeof(*last));
    memset(before, -1, (size_t)j->truth.ids * sizeof(*before));
    memset(last, -1, (size_t)j->truth.ids * sizeof(*last));
    for (int f = 0; f < frames; f++) {
        load_frame(j, f);
        for (int i = 0; i < j->nt * j->ns; i++) {
            bool kept = before[truth_id(j, i / j->ns)] == said_id(j, i % j->ns);
            bool same = j->similarity[i] >= SAME_IOU - TINY;
            j->cost[i] = same ? j->similarity[i] + (kept ? KEEP_GAIN : 0) : 0;
        }
        pair_by_gain(j, j->nt, j->ns, KEEP_GAIN + 1);
        memset(before, -1, (size_t)j->truth.ids * sizeof(*before));
        int n = 0;
        for (int a = 0; a < j->nt; a++) {
            if (j->pair[a] < 0)
                continue;
            int t = truth_id(j, a), s = said_id(j, j->pair[a]);
            e->switches += last[t] >= 0 && last[t] != s;
            before[t] = last[t] = s;
            n++;
        }
        e->tp += n;
        e->fn += j->nt - n;
        e->fp += j->ns - n;
    }
    free(before);
    free(last);
}

/* --- identity */

static void add_identity(struct job *j, int frames, struct its_eval *e)
{
    int rows = j->truth.ids, cols = j->said.ids, most = 1;
    float *cost = its_calloc((size_t)rows * (size_t)cols + 1, sizeof(*cost));
    int *pair = its_calloc((size_t)rows + 1, sizeof(*pair));
    for (int f = 0; f < frames; f++) {
        load_frame(j, f);
        for (int i = 0; i < j->nt * j->ns; i++)
            if (j->similarity[i] >= SAME_IOU - TINY)
                cost[truth_id(j, i / j->ns) * cols + said_id(j, i % j->ns)]++;
    }
    for (int i = 0; i < rows * cols; i++)
        most = ITS_MAX(most, (int)cost[i]);
    for (int i = 0; i < rows * cols; i++)
        cost[i] = cost[i] > 0 ? (float)most - cost[i] : ITS_ASSIGN_NEVER;

    struct its_assign *assign = its_assign_create(rows + 1, cols + 1);
    its_assign_solve(assign, cost, rows, cols, (float)most, pair);
    int64_t together = 0;
    for (int t = 0; t < rows; t++)
        if (pair[t] >= 0)
            together += most - (int)cost[t * cols + pair[t]];
    e->idtp += together;
    e->idfn += j->truth.boxes->count - together;
    e->idfp += j->said.boxes->count - together;
    its_assign_destroy(&assign);
    free(pair);
    free(cost);
}

void its_eval_add(struct its_eval *e, const struct its_boxes *truth, const struct its_boxes *said)
{
    int rows = most_in_a_frame(truth) + 1, cols = most_in_a_frame(said) + 1;
    int frames = ITS_MAX(truth->frames, said->frames);
    struct job j = {
        .assign = its_assign_create(rows, cols),
        .similarity = its_calloc((size_t)rows * (size_t)cols, sizeof(float)),
        .cost = its_calloc((size_t)rows * (size_t)cols, sizeof(float)),
        .pair = its_calloc((size_t)rows, sizeof(int)),
    };
    side_init(&j.truth, truth);
    side_init(&j.said, said);

    add_hota(&j, frames, e);
    add_clear(&j, frames, e);
    add_identity(&j, frames, e);

    side_fini(&j.truth);
    side_fini(&j.said);
    its_assign_destroy(&j.assign);
    free(j.similarity);
    free(j.cost);
    free(j.pair);
}

static double ratio(double a, double b)
{
    return b > 0 ? a / b : 0;
}

struct its_eval_scores its_eval_scores(const struct its_eval *e)
{
    struct its_eval_scores s = {0};
    for (int k = 0; k < ITS_EVAL_ALPHAS; k++) {
        double det = ratio(e->hit[k], e->hit[k] + e->miss[k] + e->extra[k]);
        double ass = ratio(e->association[k], e->hit[k]);
        s.deta += det / ITS_EVAL_ALPHAS;
        s.assa += ass / ITS_EVAL_ALPHAS;
        s.hota += sqrt(det * ass) / ITS_EVAL_ALPHAS;
    }
    s.mota = 1 - ratio((double)(e->fn + e->fp + e->switches), (double)(e->tp + e->fn));
    s.idf1 = ratio(2.0 * (double)e->idtp, (double)(2 * e->idtp + e->idfp + e->idfn));
    return s;
}
