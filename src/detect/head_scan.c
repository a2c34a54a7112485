/* Class by class over a run of anchors, so that the compiler can compare many at a time; a run's
 * numbers stay in the first-level cache whatever the layout. On logits the threshold is turned into
 * one: no exponential but for the anchors found. */
#include "detect/head_scan.h"

#include <float.h>
#include <math.h>

#define RUN 64

/* The threshold as a logit is lowered by more than its rounding; the score itself decides. */
#define LOGIT_SLACK 1e-3f

struct best {
    float score[RUN];
    int class_id[RUN];
};

static float sigmoid(float x)
{
    return 1 / (1 + expf(-x));
}

/* At a threshold of 0 the logit is -inf: the cut is above it, so that an anchor whose classes are
 * all impossible, or no numbers, is below. */
static float cut_of(const struct its_head_scan *s, const struct its_head_want *want)
{
    float lowest = its_head_want_lowest(want);
    if (!s->logits || lowest > 1)
        return lowest;
    return fmaxf(logf(lowest / (1 - lowest)) - LOGIT_SLACK, -FLT_MAX);
}

static const float *scores_of(const struct its_head_scan *s, int class_id, int anchor)
{
    return s->score + class_id / s->block * s->block_stride + class_id % s->block +
           (int64_t)anchor * s->pixel_stride;
}

static inline void raise(struct best *best, const float *score, int n, int stride, int class_id)
{
    for (int i = 0; i < n; i++) {
        bool more = score[(int64_t)i * stride] > best->score[i];
        best->score[i] = more ? score[(int64_t)i * stride] : best->score[i];
        best->class_id[i] = more ? class_id : best->class_id[i];
    }
}

static void find_best(const struct its_head_scan *s, const struct its_head_want *want, int first,
                      int n, struct best *best)
{
    for (int i = 0; i < RUN; i++) {
        best->score[i] = -INFINITY;
        best->class_id[i] = -1;
    }
    for (int k = 0; k < want->count; k++) {
        const float *score = scores_of(s, want->id[k], first);
        if (n == RUN && s->pixel_stride == 1)
            raise(best, score, RUN, 1, want->id[k]);
        else
            raise(best, score, n, s->pixel_stride, want->id[k]);
    }
}

static void take(const struct its_head_scan *s, const struct its_head_want *want, int anchor,
                 int class_id, float score, struct its_candidates *out)
{
    score = s->logits ? sigmoid(score) : score;
    if (score < want->threshold[class_id])
        return;
    its_candidates_add(out, &(struct its_candidate){.box = s->box(s->head, anchor),
                                                    .score = score,
                                                    .class_id = class_id,
                                                    .anchor = s->first_anchor + anchor});
}

static void scan_best(const struct its_head_scan *s, const struct its_head_want *want, float cut,
                      struct its_candidates *out)
{
    struct best best;
    for (int first = 0; first < s->anchors; first += RUN) {
        int n = ITS_MIN(RUN, s->anchors - first);
        find_best(s, want, first, n, &best);
        for (int i = 0; i < n; i++)
            if (best.score[i] >= cut)
                take(s, want, first + i, best.class_id[i], best.score[i], out);
    }
}

static void scan_every(const struct its_head_scan *s, const struct its_head_want *want, float cut,
                       struct its_candidates *out)
{
    for (int k = 0; k < want->count; k++) {
        const float *score = scores_of(s, want->id[k], 0);
        for (int i = 0; i < s->anchors; i++, score += s->pixel_stride)
            if (*score >= cut)
                take(s, want, i, want->id[k], *score, out);
    }
}

void its_head_scan(const struct its_head_scan *s, const struct its_head_want *want,
                   struct its_candidates *out)
{
    if (want->every)
        scan_every(s, want, cut_of(s, want), out);
    else
        scan_best(s, want, cut_of(s, want), out);
}
