/* For each track and line a small state: the side where the track is at home (clear of the band, or
 * born there), the side it is on, and the last passage that may become a crossing. A passage
 * becomes a crossing when the track is clear of the band on the other side, which then is its home;
 * it is cancelled when the track comes back. A crossing waits until its track is confirmed and
 * until the caller has room for it. */
#include "traffic/counter.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"

#define FOLLOWED_MAX (2 * ITS_TRACKS_MAX) /* those in view and those just gone */
#define RECENT_MAX   32

/* Where a passage went over the infinite line. */
enum where { WITHIN, NEAR_END, AWAY };

struct passage {
    enum where where;
    enum its_direction direction;
    uint64_t frame;
    int64_t time_us, capture_us;
    struct its_point at;
    struct its_box box; /* of the track on the new side */
};

/* A track as one line sees it. */
struct state {
    int8_t home, on; /* sides: +1 forward of the line, −1 backward, 0 not known yet */
    bool clear;      /* was clear of the band at home */
    bool passing;    /* on the other side, within the band: `passage` is set */
    bool counted;    /* crossed; once and for all */
    bool waiting;    /* crossed, but not handed out yet */
    bool carried;    /* only a prediction carried it over since it was last seen */
    float offset;    /* last signed distance, px */
    float depth;     /* farthest from the line at home, px */
    struct passage passage;
};

struct followed {
    uint64_t id;
    bool confirmed;
    enum its_class cls;
    float score;
    int64_t reported_us;
    /* --- the last sight that was not predicted */
    uint64_t frame;
    int64_t time_us;
    struct its_point anchor;
    struct state *state; /* (lines) */
};

struct recent {
    int line;
    uint64_t track;
    struct passage passage;
};

struct its_counter {
    struct its_counter_settings set;
    int line_count;
    struct its_line line[ITS_COUNTER_LINES_MAX];
    struct state *states;   /* (FOLLOWED_MAX, lines) */
    struct followed *all;   /* (FOLLOWED_MAX) */
    struct followed **list; /* (FOLLOWED_MAX) the first `count` by rising id, then unused ones */
    int count;
    struct recent recent[RECENT_MAX]; /* crossings handed out, a ring */
    unsigned recent_count;
    struct its_counter_stats stats;
};

void its_counter_defaults(struct its_counter_settings *s)
{
    *s = (struct its_counter_settings){
        .band_px = 1.5f,
        .band_size = 0.05f,
        .end_size = 0.25f,
        .keep_us = 3000000,
        .same_us = 350000,
        .same_overlap = 0.4f,
    };
}

static void set_lines(struct its_counter *c, const struct its_line *lines, int n)
{
    for (int i = 0; i < n; i++) {
        its_assert(!lines[i].fractions);
        its_assert(lines[i].a.x != lines[i].b.x || lines[i].a.y != lines[i].b.y);
        c->line[i] = lines[i];
    }
    c->line_count = n;
}

struct its_counter *its_counter_create(const struct its_counter_settings *settings,
                                       const struct its_line *lines, int n)
{
    its_assert(n >= 0 && n <= ITS_COUNTER_LINES_MAX);
    struct its_counter *c = its_malloc(sizeof(*c));
    c->set = *settings;
    c->states = its_calloc((size_t)FOLLOWED_MAX * (size_t)ITS_MAX(n, 1), sizeof(*c->states));
    c->all = its_calloc(FOLLOWED_MAX, sizeof(*c->all));
    c->list = its_calloc(FOLLOWED_MAX, sizeof(*c->list));
    set_lines(c, lines, n);
    for (int i = 0; i < FOLLOWED_MAX; i++) {
        c->all[i].state = c->states + (size_t)i * (size_t)n;
        c->list[i] = &c->all[i];
    }
    return c;
}

void its_counter_destroy(struct its_counter **pc)
{
    struct its_counter *c = *pc;
    if (!c)
        return;
    *pc = NULL;
    free(c->states);
    free(c->all);
    free(c->list);
    free(c);
}

/* --- other lines */

static int index_of_line(const struct its_counter *c, const struct its_line *l)
{
    for (int i = 0; i < c->line_count; i++) {
        const struct its_line *o = &c->line[i];
        if (strcmp(o->name, l->name) == 0 && o->a.x == l->a.x && o->a.y == l->a.y &&
            o->b.x == l->b.x && o->b.y == l->b.y)
            return i;
    }
    return -1;
}

/* The crossings handed out last, under the new numbers of their lines; those of lines that went
 * are no line's. */
static void renumber_recent(struct its_counter *c, const int *was, int n)
{
    for (unsigned i = 0; i < RECENT_MAX; i++) {
        int now = -1;
        for (int k = 0; k < n; k++)
            if (was[k] == c->recent[i].line)
                now = k;
        c->recent[i].line = now;
    }
}

int its_counter_change_lines(struct its_counter *c, const struct its_line *lines, int n)
{
    its_assert(n >= 0 && n <= ITS_COUNTER_LINES_MAX);
    int was[ITS_COUNTER_LINES_MAX];
    struct state *states =
        its_try_calloc((size_t)FOLLOWED_MAX * (size_t)ITS_MAX(n, 1), sizeof(*states));
    if (!states)
        return -ENOMEM;
    for (int k = 0; k < n; k++)
        was[k] = index_of_line(c, &lines[k]);
    for (int i = 0; i < FOLLOWED_MAX; i++) {
        struct state *old = c->all[i].state, *now = states + (size_t)i * (size_t)n;
        for (int k = 0; k < n; k++)
            if (was[k] >= 0)
                now[k] = old[was[k]];
        c->all[i].state = now;
    }
    renumber_recent(c, was, n);
    free(c->states);
    c->states = states;
    set_lines(c, lines, n);
    return 0;
}

/* --- who is followed */

static bool is_waiting(const struct its_counter *c, const struct followed *f)
{
    for (int i = 0; i < c->line_count; i++)
        if (f->state[i].waiting && f->confirmed)
            return true;
    return false;
}

/* What its unfinished passages come to when nobody will see it again. */
static void account_for_end(struct its_counter *c, const struct followed *f)
{
    for (int i = 0; i < c->line_count; i++) {
        const struct state *s = &f->state[i];
        if (s->waiting)
            c->stats.unconfirmed++;
        else if (s->passing && s->passage.where == WITHIN && !s->counted)
            c->stats.unsettled++;
        else if (s->carried && !s->counted && f->confirmed)
            c->stats.unseen++;
    }
}

static void drop(struct its_counter *c, int at)
{
    struct followed *f = c->list[at];
    account_for_end(c, f);
    c->count--;
    memmove(&c->list[at], &c->list[at + 1], (size_t)(c->count - at) * sizeof(c->list[0]));
    c->list[c->count] = f;
}

static void drop_gone(struct its_counter *c, int64_t time_us)
{
    for (int i = c->count - 1; i >= 0; i--) {
        const struct followed *f = c->list[i];
        if (time_us - f->reported_us > c->set.keep_us && !is_waiting(c, f))
            drop(c, i);
    }
}

static bool make_room(struct its_counter *c)
{
    if (c->count < FOLLOWED_MAX)
        return true;
    int oldest = -1;
    for (int i = 0; i < c->count; i++)
        if (!is_waiting(c, c->list[i]) &&
            (oldest < 0 || c->list[i]->reported_us < c->list[oldest]->reported_us))
            oldest = i;
    if (oldest >= 0)
        drop(c, oldest);
    return oldest >= 0;
}

/* Index in the list of the first id not below. */
static int position(const struct its_counter *c, uint64_t id)
{
    int lo = 0, hi = c->count;
    while (lo < hi) {
        int mid = (lo + hi) / 2;
        if (c->list[mid]->id < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* NULL: no room, all that are followed wait to be handed out. */
static struct followed *follow(struct its_counter *c, uint64_t id)
{
    int at = position(c, id);
    if (at < c->count && c->list[at]->id == id)
        return c->list[at];
    if (!make_room(c))
        return NULL;
    at = position(c, id);
    struct followed *f = c->list[c->count];
    memmove(&c->list[at + 1], &c->list[at], (size_t)(c->count - at) * sizeof(c->list[0]));
    c->list[at] = f;
    c->count++;
    *f = (struct followed){.id = id, .state = f->state};
    memset(f->state, 0, (size_t)c->line_count * sizeof(f->state[0]));
    return f;
}

/* --- the path */

/* One sight of a track. */
struct sight {
    const struct its_track *track;
    struct its_point anchor;
    uint64_t frame;
    int64_t time_us, capture_us;
};

static enum where where_on(const struct its_counter *c, const struct its_line *l,
                           struct its_point at, float width)
{
    float dx = l->b.x - l->a.x, dy = l->b.y - l->a.y, len = hypotf(dx, dy);
    float along = ((at.x - l->a.x) * dx + (at.y - l->a.y) * dy) / len;
    float beyond = fmaxf(-along, along - len);
    if (beyond <= c->set.end_size * width)
        return WITHIN;
    return beyond <= (1 + c->set.end_size) * width ? NEAR_END : AWAY;
}

/* The path from the last sight to this one goes from offset `from` to offset `to`, on two sides of
 * line l. */
static struct passage pass(const struct its_counter *c, const struct its_line *l,
                           const struct followed *f, const struct sight *now, float from, float to)
{
    double part = (double)from / ((double)from - (double)to);
    struct its_point at = {f->anchor.x + (float)part * (now->anchor.x - f->anchor.x),
                           f->anchor.y + (float)part * (now->anchor.y - f->anchor.y)};
    int64_t time_us = f->time_us + (int64_t)(part * (double)(now->time_us - f->time_us));
    uint64_t frames = now->frame > f->frame ? now->frame - f->frame : 0;
    return (struct passage){
        .where = where_on(c, l, at, now->track->box.w),
        .direction = to > 0 ? ITS_FORWARD : ITS_BACKWARD,
        .frame = ITS_MIN(f->frame + (uint64_t)(part * (double)frames) + 1, now->frame),
        .time_us = time_us,
        .capture_us = now->capture_us - (now->time_us - time_us),
        .at = at,
        .box = now->track->box,
    };
}

static void settle(struct its_counter *c, struct state *s)
{
    s->home = s->on;
    s->clear = true;
    s->passing = false;
    s->depth = fabsf(s->offset);
    if (s->passage.where == AWAY)
        return;
    if (s->passage.where == NEAR_END)
        c->stats.outside++;
    else if (s->counted)
        c->stats.repeated++;
    else
        s->counted = s->waiting = true;
}

static void look(struct its_counter *c, int line, struct followed *f, const struct sight *now)
{
    const struct its_line *l = &c->line[line];
    struct state *s = &f->state[line];
    struct its_box box = now->track->box;
    float band = fmaxf(c->set.band_px, c->set.band_size * sqrtf(its_box_area(box)));
    float before = s->offset, offset = its_line_side(l, now->anchor);
    int8_t side = offset > 0 ? 1 : offset < 0 ? -1 : s->on;

    s->offset = offset;
    s->carried = false;
    if (!s->home)
        s->home = s->on = side;
    if (side != s->on) {
        s->on = side;
        s->passing = side != s->home;
        if (s->passing && !s->waiting)
            s->passage = pass(c, l, f, now, before, offset);
    }
    if (side == s->home) {
        s->depth = fmaxf(s->depth, fabsf(offset));
        s->clear |= fabsf(offset) >= band;
    } else if (fabsf(offset) >= (s->clear ? band : fmaxf(band, 2 * band - s->depth))) {
        settle(c, s);
    }
}

static void imagine(struct its_counter *c, int line, struct followed *f, const struct sight *now)
{
    const struct its_line *l = &c->line[line];
    struct state *s = &f->state[line];
    float offset = its_line_side(l, now->anchor);
    s->carried = offset * (float)s->home < 0 && s->on == s->home &&
                 where_on(c, l, now->anchor, now->track->box.w) == WITHIN;
}

static void take_sight(struct its_counter *c, struct followed *f, const struct sight *now)
{
    f->confirmed = now->track->confirmed;
    f->cls = now->track->cls;
    f->score = now->track->score;
    f->reported_us = now->time_us;
    for (int i = 0; i < c->line_count; i++)
        (now->track->predicted ? imagine : look)(c, i, f, now);
    if (now->track->predicted)
        return;
    f->anchor = now->anchor;
    f->frame = now->frame;
    f->time_us = now->time_us;
}

/* --- out */

static bool is_double(const struct its_counter *c, int line, uint64_t track,
                      const struct passage *p)
{
    for (unsigned i = 0; i < ITS_MIN(c->recent_count, RECENT_MAX); i++) {
        const struct recent *r = &c->recent[i];
        if (r->line == line && r->track != track && r->passage.direction == p->direction &&
            llabs(r->passage.time_us - p->time_us) <= c->set.same_us &&
            its_box_iou(r->passage.box, p->box) > c->set.same_overlap)
            return true;
    }
    return false;
}

static struct its_crossing describe(const struct its_line *l, const struct followed *f,
                                    const struct passage *p)
{
    struct its_crossing x = {
        .line_revision = l->revision,
        .direction = p->direction,
        .cls = f->cls,
        .track = f->id,
        .frame = p->frame,
        .time_us = p->time_us,
        .capture_us = p->capture_us,
        .score = f->score,
        .at = p->at,
    };
    memcpy(x.line, l->name, sizeof(x.line));
    return x;
}

static void insert_by_time(struct its_crossing *out, int n, const struct its_crossing *x)
{
    int at = n;
    while (at > 0 && out[at - 1].time_us > x->time_us)
        at--;
    memmove(&out[at + 1], &out[at], (size_t)(n - at) * sizeof(*out));
    out[at] = *x;
}

int its_counter_drain(struct its_counter *c, struct its_crossing *out, int max)
{
    its_assert(max > 0);
    int n = 0;
    for (int i = 0; i < c->count; i++) {
        struct followed *f = c->list[i];
        for (int k = 0; k < c->line_count && n < max; k++) {
            struct state *s = &f->state[k];
            if (!s->waiting || !f->confirmed)
                continue;
            s->waiting = false;
            if (is_double(c, k, f->id, &s->passage)) {
                c->stats.doubled++;
                continue;
            }
            c->recent[c->recent_count++ % RECENT_MAX] = (struct recent){k, f->id, s->passage};
            struct its_crossing x = describe(&c->line[k], f, &s->passage);
            insert_by_time(out, n++, &x);
            c->stats.counted++;
        }
    }
    return n;
}

int its_counter_update(struct its_counter *c, const struct its_tracks *tracks, uint64_t frame,
                       int64_t time_us, int64_t capture_us, struct its_crossing *out, int max)
{
    for (int i = 0; i < tracks->count; i++) {
        const struct its_track *t = &tracks->item[i];
        struct followed *f = follow(c, t->id);
        struct sight now = {t, its_box_bottom_centre(t->box), frame, time_us, capture_us};
        if (f)
            take_sight(c, f, &now);
    }
    drop_gone(c, time_us);
    return its_counter_drain(c, out, max);
}

void its_counter_reset(struct its_counter *c)
{
    for (int i = c->count - 1; i >= 0; i--)
        if (is_waiting(c, c->list[i]))
            c->list[i]->reported_us = INT64_MIN / 2; /* goes as soon as it is handed out */
        else
            drop(c, i);
}

void its_counter_read_stats(const struct its_counter *c, struct its_counter_stats *stats)
{
    *stats = c->stats;
}
