/* Sorts the detections (usable, good, weak, second reports), then plays the rounds: a cost for each
 * pair of track and detection, the optimal assignment, and both are out of the game. Costs are
 * 0..1; a round's dearest pair is its threshold. */
#include "track/associate.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "track/assign.h"
#include "track/part.h"

/* A tentative or lost track must not take a detection that fits a steady track nearly as well. */
#define UNSURE_COST 0.05f

struct its_associate {
    struct its_assign *assign;
    int max_tracks;
    float *cost;    /* (rows, cols) of this round */
    int *row_track; /* (rows) index of the track */
    int *row_pair;  /* (rows) column, or -1 */
    int col_detection[ITS_DETECTIONS_MAX];

    /* --- the call under way */
    const struct its_tracker_settings *set;
    struct its_kalman_noise noise;
    const struct its_tracklet *tracks;
    int track_count;
    struct its_detections *seen;
    int *detection_of;
    uint8_t *use;
};

struct its_associate *its_associate_create(int max_tracks)
{
    struct its_associate *a = its_malloc(sizeof(*a));
    a->max_tracks = max_tracks;
    a->assign = its_assign_create(max_tracks, ITS_DETECTIONS_MAX);
    a->cost = its_calloc((size_t)max_tracks * ITS_DETECTIONS_MAX, sizeof(*a->cost));
    a->row_track = its_calloc((size_t)max_tracks, sizeof(*a->row_track));
    a->row_pair = its_calloc((size_t)max_tracks, sizeof(*a->row_pair));
    return a;
}

void its_associate_destroy(struct its_associate **pa)
{
    struct its_associate *a = *pa;
    if (!a)
        return;
    *pa = NULL;
    its_assign_destroy(&a->assign);
    free(a->cost);
    free(a->row_track);
    free(a->row_pair);
    free(a);
}

/* --- detections */

static bool usable(const struct its_detection *d)
{
    return isfinite(d->box.x) && isfinite(d->box.y) && isfinite(d->box.w) && isfinite(d->box.h) &&
           isfinite(d->score) && d->box.w > 0 && d->box.h > 0;
}

static bool outranks(const struct its_detections *seen, int a, int b)
{
    float sa = seen->item[a].score, sb = seen->item[b].score;
    return sa > sb || (sa == sb && a < b);
}

/* A detector suppresses overlapping boxes class by class; across classes it is done here. */
static bool repeats(const struct its_associate *a, int i, int of)
{
    const struct its_detection *d = &a->seen->item[i], *o = &a->seen->item[of];
    return outranks(a->seen, of, i) && its_class_likeness(d->cls, o->cls) > 0 &&
           its_box_iou(d->box, o->box) > a->set->duplicate;
}

static int drop_duplicates(struct its_associate *a)
{
    int dropped = 0;
    for (int i = 0; i < a->seen->count; i++) {
        for (int j = 0; j < a->seen->count && a->use[i] != ITS_DETECTION_VOID; j++) {
            if (j != i && a->use[j] != ITS_DETECTION_VOID && repeats(a, i, j)) {
                a->use[i] = ITS_DETECTION_VOID;
                dropped++;
            }
        }
    }
    return dropped;
}

/* Parts go, and lend their score to the whole: a motorcycle hardly seen under a rider clearly seen
 * is clearly seen. `persons`: those, else all others. */
static int drop_parts(struct its_associate *a, bool persons)
{
    int dropped = 0;
    for (int i = 0; i < a->seen->count; i++) {
        const struct its_detection *part = &a->seen->item[i];
        if ((part->cls == ITS_CLASS_PERSON) != persons)
            continue;
        for (int j = 0; j < a->seen->count && a->use[i] != ITS_DETECTION_VOID; j++) {
            struct its_detection *whole = &a->seen->item[j];
            if (j == i || a->use[j] == ITS_DETECTION_VOID || !its_is_part(part, whole))
                continue;
            whole->score = fmaxf(whole->score, part->score);
            a->use[i] = ITS_DETECTION_VOID;
            dropped++;
        }
    }
    return dropped;
}

static int sort_detections(struct its_associate *a)
{
    for (int i = 0; i < a->seen->count; i++) {
        const struct its_detection *d = &a->seen->item[i];
        bool good = usable(d) && d->score >= a->set->low_score;
        a->use[i] = good ? ITS_DETECTION_FREE : ITS_DETECTION_VOID;
    }
    int dropped = drop_duplicates(a);
    if (a->set->whole) /* two-wheelers first: a rider rides the one that stays */
        dropped += drop_parts(a, false) + drop_parts(a, true);
    for (int i = 0; i < a->seen->count; i++)
        if (a->use[i] == ITS_DETECTION_FREE && a->seen->item[i].score < a->set->high_score)
            a->use[i] = ITS_DETECTION_WEAK;
    return dropped;
}

/* --- costs, 0..1 */

/* Where a track should be and what it is: the same for all detections of a round. */
struct expected {
    const struct its_kalman *motion;
    struct its_box box;
    enum its_class cls;
    float size;
};

/* A detector that goes by shape takes one road user for a person now and for a vehicle then. */
static float likeness(const struct its_associate *a, enum its_class x, enum its_class y)
{
    return fmaxf(its_class_likeness(x, y), a->set->stranger);
}

static float cost_by_overlap(const struct its_associate *a, const struct expected *e,
                             const struct its_detection *d)
{
    return 1 - likeness(a, e->cls, d->cls) * its_box_iou(e->box, d->box);
}

static bool similar(float a, float b, float ratio)
{
    return a <= b * ratio && b <= a * ratio;
}

static float cost_by_distance(const struct its_associate *a, const struct expected *e,
                              const struct its_detection *d)
{
    struct its_point c = its_box_centre(d->box), p = its_box_centre(e->box);
    if (its_class_likeness(e->cls, d->cls) <= 0 ||
        !similar(e->box.w, d->box.w, a->set->size_ratio) ||
        !similar(e->box.h, d->box.h, a->set->size_ratio) ||
        hypotf(c.x - p.x, c.y - p.y) > a->set->reach_sizes * e->size)
        return ITS_ASSIGN_NEVER;
    return sqrtf(its_kalman_distance2(e->motion, &a->noise, c)) / a->set->reach_sigmas;
}

/* --- rounds */

struct round {
    enum its_detection_use from; /* which detections take part */
    bool lost_too;               /* lost tracks take part */
    float most;                  /* a dearer pair is never made */
    float (*cost)(const struct its_associate *, const struct expected *,
                  const struct its_detection *);
};

static int gather_tracks(struct its_associate *a, bool lost_too)
{
    int rows = 0;
    for (int i = 0; i < a->track_count; i++)
        if (a->detection_of[i] < 0 && (lost_too || !a->tracks[i].lost))
            a->row_track[rows++] = i;
    return rows;
}

static int gather_detections(struct its_associate *a, enum its_detection_use from)
{
    int cols = 0;
    for (int i = 0; i < a->seen->count; i++)
        if (a->use[i] == from)
            a->col_detection[cols++] = i;
    return cols;
}

static void play(struct its_associate *a, const struct round *r)
{
    int rows = gather_tracks(a, r->lost_too), cols = gather_detections(a, r->from);
    if (!rows || !cols)
        return;
    for (int i = 0; i < rows; i++) {
        const struct its_tracklet *t = &a->tracks[a->row_track[i]];
        struct expected e = {&t->motion, its_kalman_box(&t->motion), its_vote_winner(&t->vote),
                             its_kalman_size(&t->motion)};
        float extra = t->confirmed && !t->lost ? 0 : UNSURE_COST;
        for (int j = 0; j < cols; j++) {
            float c = r->cost(a, &e, &a->seen->item[a->col_detection[j]]);
            a->cost[i * cols + j] = c > r->most ? ITS_ASSIGN_NEVER : c + extra;
        }
    }
    its_assign_solve(a->assign, a->cost, rows, cols, r->most + UNSURE_COST, a->row_pair);
    for (int i = 0; i < rows; i++) {
        if (a->row_pair[i] < 0)
            continue;
        int d = a->col_detection[a->row_pair[i]];
        a->detection_of[a->row_track[i]] = d;
        a->use[d] = ITS_DETECTION_TAKEN;
    }
}

int its_associate_run(struct its_associate *a, const struct its_tracker_settings *s,
                      const struct its_tracklet *tracks, int track_count,
                      struct its_detections *seen, int *detection_of, uint8_t *use)
{
    its_assert(track_count <= a->max_tracks && seen->count <= ITS_DETECTIONS_MAX);
    a->set = s;
    a->noise = its_tracker_noise(s);
    a->tracks = tracks;
    a->track_count = track_count;
    a->seen = seen;
    a->detection_of = detection_of;
    a->use = use;
    for (int i = 0; i < track_count; i++)
        detection_of[i] = -1;

    int duplicates = sort_detections(a);
    play(a, &(struct round){ITS_DETECTION_FREE, true, 1 - s->overlap, cost_by_overlap});
    play(a, &(struct round){ITS_DETECTION_FREE, false, 1, cost_by_distance});
    if (s->second_round)
        play(a, &(struct round){ITS_DETECTION_WEAK, false, 1 - s->overlap_low, cost_by_overlap});
    return duplicates;
}
