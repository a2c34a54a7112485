/* One array of tracklets in order of birth, hence of id. An update moves all of them to the time of
 * the frame, pairs them with the detections (associate.c), corrects those that were seen, ends
 * those that were not seen for too long, and begins new ones with what is left. */
#include "track/tracker.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "track/associate.h"
#include "track/priv.h"

/* A speed must show so often to count: one jump of a box is none. */
#define SWIFT_HITS 5

struct its_tracker {
    struct its_tracker_settings set;
    struct its_kalman_noise noise;
    struct its_associate *associate;
    uint64_t next_id;
    int64_t now_us;
    bool running; /* now_us is set: there was a frame since creation or reset */
    struct its_tracker_stats stats;

    int count;
    struct its_tracklet track[ITS_TRACKS_MAX]; /* rising id */

    /* --- scratch of an update */
    struct its_detections seen;
    int detection_of[ITS_TRACKS_MAX];
    uint8_t use[ITS_DETECTIONS_MAX];
};

void its_tracker_defaults(struct its_tracker_settings *s)
{
    *s = (struct its_tracker_settings){
        .high_score = 0.35f,
        .low_score = 0.1f,
        .new_score = 0.4f,
        .second_round = true,
        .duplicate = 0.7f,
        .whole = true,
        .overlap = 0.2f,
        .overlap_low = 0.35f,
        .reach_sigmas = 3,
        .reach_sizes = 1.7f,
        .size_ratio = 2,
        .measure_noise = 0.05f,
        .drift = 0.15f,
        .accel = 1.5f,
        .speed = 5,
        .confirm_hits = 3,
        .confirm_us = 60000,
        .tentative_lost_us = 200000,
        .lost_us = 1500000,
        .predict_us = 500000,
    };
}

void its_tracker_defaults_motion(struct its_tracker_settings *s)
{
    its_tracker_defaults(s);
    s->new_score = s->high_score; /* the score says little: whoever moves may begin a track */
    s->overlap = 0.1f;
    s->stranger = 0.2f; /* classes are guessed from sizes */
    s->measure_noise = 0.15f;
    s->size_ratio = 3; /* blobs merge, split and lose their shadows */
    s->confirm_hits = 5;
    s->confirm_us = 250000; /* a branch in the wind does not last */
    s->tentative_lost_us = 250000;
    s->walk = 2.5f;
}

struct its_tracker *its_tracker_create(const struct its_tracker_settings *settings,
                                       uint64_t first_id)
{
    its_assert(first_id > 0);
    struct its_tracker *t = its_malloc(sizeof(*t));
    t->set = *settings;
    t->noise = its_tracker_noise(settings);
    t->next_id = first_id;
    t->associate = its_associate_create(ITS_TRACKS_MAX);
    return t;
}

void its_tracker_destroy(struct its_tracker **pt)
{
    struct its_tracker *t = *pt;
    if (!t)
        return;
    *pt = NULL;
    its_associate_destroy(&t->associate);
    free(t);
}

/* --- time */

static bool in_picture(const struct its_tracker *t, struct its_point p)
{
    return t->set.picture_w <= 0 || t->set.picture_h <= 0 ||
           (p.x >= 0 && p.y >= 0 && p.x < t->set.picture_w && p.y < t->set.picture_h);
}

/* A tentative track that was there in the last update has a chance in this one, however long the
 * frame interval. */
static bool is_over(const struct its_tracker *t, const struct its_tracklet *k)
{
    bool patient = k->confirmed || !k->lost;
    if (t->now_us - k->seen_us > (patient ? t->set.lost_us : t->set.tentative_lost_us))
        return true;
    return k->lost && !in_picture(t, (struct its_point){k->motion.cx.x, k->motion.cy.x});
}

static void end_those_over(struct its_tracker *t)
{
    int kept = 0;
    for (int i = 0; i < t->count; i++) {
        if (is_over(t, &t->track[i]))
            continue;
        if (kept != i)
            t->track[kept] = t->track[i];
        kept++;
    }
    t->count = kept;
}

static void advance(struct its_tracker *t, int64_t time_us)
{
    if (!t->running || time_us < t->now_us) {
        t->now_us = t->running ? t->now_us : time_us;
        t->running = true;
        return;
    }
    float dt_s = (float)((double)(time_us - t->now_us) * 1e-6);
    t->now_us = time_us;
    for (int i = 0; i < t->count; i++)
        its_kalman_predict(&t->track[i].motion, &t->noise, dt_s);
}

/* --- one detection */

/* Speed settles after a few detections. */
static bool too_fast_to_walk(const struct its_tracker *t, const struct its_tracklet *k)
{
    float speed = hypotf(k->motion.cx.v, k->motion.cy.v);
    return t->set.walk > 0 && k->hits > t->set.confirm_hits &&
           speed > t->set.walk * its_kalman_box(&k->motion).h;
}

static float distance(struct its_point a, struct its_point b)
{
    return hypotf(a.x - b.x, a.y - b.y);
}

static void note_place(struct its_tracker *t, struct its_tracklet *k)
{
    struct its_point here = {k->motion.cx.x, k->motion.cy.x};
    float size = its_kalman_size(&k->motion);
    k->travelled = k->travelled || distance(here, k->born) > size;
    if (distance(here, k->still) > 0.5f * size) {
        k->still = here;
        k->still_us = t->now_us;
    }
}

static void see(struct its_tracker *t, struct its_tracklet *k, const struct its_detection *d)
{
    note_place(t, k);
    k->lost = false;
    k->hits++;
    k->seen_us = t->now_us;
    k->score = d->score;
    k->swift += too_fast_to_walk(t, k);
    its_vote_add(&k->vote, d->cls, d->score);
    if (!k->confirmed && k->hits >= t->set.confirm_hits &&
        k->seen_us - k->born_us >= t->set.confirm_us) {
        k->confirmed = true;
        t->stats.confirmed++;
    }
}

/* Room for one more: the track that was not seen for the longest time makes it. */
static bool make_room(struct its_tracker *t)
{
    if (t->count < ITS_TRACKS_MAX)
        return true;
    int oldest = -1;
    for (int i = 0; i < t->count; i++)
        if (t->track[i].lost && (oldest < 0 || t->track[i].seen_us < t->track[oldest].seen_us))
            oldest = i;
    if (oldest < 0)
        return false;
    memmove(&t->track[oldest], &t->track[oldest + 1],
            (size_t)(t->count - oldest - 1) * sizeof(t->track[0]));
    t->count--;
    return true;
}

static void begin(struct its_tracker *t, const struct its_detection *d)
{
    if (!make_room(t)) {
        t->stats.full++;
        return;
    }
    struct its_tracklet *k = &t->track[t->count++];
    struct its_point at = its_box_centre(d->box);
    *k = (struct its_tracklet){
        .id = t->next_id++, .born_us = t->now_us, .born = at, .still = at, .still_us = t->now_us};
    its_kalman_start(&k->motion, &t->noise, d->box);
    see(t, k, d);
    t->stats.born++;
}

/* --- out */

/* Seen from the front a motorcycle has the shape of a person, not the speed. */
static enum its_class class_of(const struct its_tracker *t, const struct its_tracklet *k)
{
    enum its_class cls = its_vote_winner(&k->vote);
    return cls == ITS_CLASS_PERSON && t->set.walk > 0 && k->swift >= SWIFT_HITS
               ? ITS_CLASS_MOTORCYCLE
               : cls;
}

static struct its_track snapshot(const struct its_tracker *t, const struct its_tracklet *k,
                                 bool predicted)
{
    return (struct its_track){
        .id = k->id,
        .box = its_kalman_box(&k->motion),
        .vx = k->motion.cx.v,
        .vy = k->motion.cy.v,
        .score = k->score,
        .cls = class_of(t, k),
        .confirmed = k->confirmed,
        .predicted = predicted,
        .hits = k->hits,
        .born_us = k->born_us,
        .seen_us = k->seen_us,
        .travelled = k->travelled,
        .still_us = k->still_us,
    };
}

static void report(const struct its_tracker *t, bool predicted, struct its_tracks *out)
{
    out->count = 0;
    for (int i = 0; i < t->count; i++) {
        const struct its_tracklet *k = &t->track[i];
        if (k->lost && (!k->confirmed || t->now_us - k->seen_us > t->set.predict_us))
            continue;
        out->item[out->count++] = snapshot(t, k, predicted || k->lost);
    }
}

void its_tracker_update(struct its_tracker *t, int64_t time_us,
                        const struct its_detections *detections, struct its_tracks *out)
{
    its_assert(detections->count >= 0 && detections->count <= ITS_DETECTIONS_MAX);
    struct its_detections *seen = &t->seen;
    seen->count = detections->count;
    memcpy(seen->item, detections->item, (size_t)seen->count * sizeof(seen->item[0]));

    advance(t, time_us);
    end_those_over(t);
    t->stats.duplicates += (uint64_t)its_associate_run(t->associate, &t->set, t->track, t->count,
                                                       seen, t->detection_of, t->use);
    for (int i = 0; i < t->count; i++) {
        struct its_tracklet *k = &t->track[i];
        if (t->detection_of[i] >= 0) {
            const struct its_detection *d = &seen->item[t->detection_of[i]];
            float doubt = d->score < t->set.high_score ? 2 : 1;
            its_kalman_correct(&k->motion, &t->noise, d->box, doubt);
            see(t, k, d);
        } else {
            k->lost = true;
            its_kalman_freeze_size(&k->motion);
        }
    }
    end_those_over(t);
    for (int i = 0; i < seen->count; i++)
        if (t->use[i] == ITS_DETECTION_FREE && seen->item[i].score >= t->set.new_score)
            begin(t, &seen->item[i]);
    report(t, false, out);
}

void its_tracker_predict(struct its_tracker *t, int64_t time_us, struct its_tracks *out)
{
    advance(t, time_us);
    end_those_over(t);
    report(t, true, out);
}

void its_tracker_reset(struct its_tracker *t)
{
    t->count = 0;
    t->running = false;
}

uint64_t its_tracker_next_id(const struct its_tracker *t)
{
    return t->next_id;
}

void its_tracker_read_stats(const struct its_tracker *t, struct its_tracker_stats *stats)
{
    *stats = t->stats;
    stats->alive = t->count;
}
