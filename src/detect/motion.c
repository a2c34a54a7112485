/* The motion detector, put together:
 *
 *   prepare  luma → working picture (lowres.c), seen through a window that follows a swaying camera
 *            (sway.c); the background follows the exposure
 *   infer    picture against background → mask; then the background learns (background.c)
 *   post     mask → connected regions (blobs.c) → one box per road user by what the perspective
 *            expects (group.c, perspective.c), which learns from them
 *
 * What stands is held: the background learns it at a quarter of the speed. What is a ghost (its
 * outline is an edge of the background that the picture lacks) and lies still is accepted at once.
 *
 * Time is the frames' stream time throughout; no frame rate is assumed. */
#include "detect/motion.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "detect/background.h"
#include "detect/blobs.h"
#include "detect/group.h"
#include "detect/hints.h"
#include "detect/lowres.h"
#include "detect/perspective.h"
#include "detect/sway.h"

#define TICKS_PER_S (1000000 / ITS_TICK_US)
/* Working pictures smaller than this have no room for a road user. */
#define SIDE_MIN 8
/* More than this share of the picture moving is no traffic; when it stays so for a second the
 * background is learned anew. */
#define FLOOD_SHARE 0.6f
/* The picture "a moment ago" is this old at least: long enough for far traffic to have moved. */
#define MOMENT_TICKS (TICKS_PER_S * 4 / 25)
/* A moved window must fit better by one part in this many. */
#define FIT_GAIN 33
/* A drift of one part in this many of the picture starts anew. */
#define DRIFT_SHARE 8
#define HOLD_MARGIN 2
/* The gate stays open until the background has been seen for so long. */
#define LEARN_TICKS (2 * TICKS_PER_S)

struct its_motion {
    struct its_motion_settings set;

    /* --- sized by the first frame of a size */
    struct its_lowres picture;
    struct its_background background;
    struct its_blobs blobs;
    struct its_perspective perspective;
    uint8_t *moment;  /* the working picture a moment ago */
    int moment_ticks; /* its age */
    bool started;     /* the background holds a picture */

    /* --- the frame being worked on */
    int display_w, display_h;
    int ticks;    /* since the frame before */
    bool stepped; /* the exposure jumped */
    struct its_landmarks landmarks;
    struct its_hints hints;

    /* --- since the start */
    bool has_time;
    int64_t last_us;
    int shift_x, shift_y; /* of the window: upright coded pixels */
    int flooded_ticks;
    bool active;
};

void its_motion_defaults(struct its_motion_settings *s)
{
    *s = (struct its_motion_settings){
        .max_side_px = 400,
        .threshold = 7,
        .min_area_px = 10,
        .stay_s = 120,
        .stabilise = true,
    };
}

static bool sound(const struct its_motion_settings *s)
{
    return s->max_side_px >= 32 && s->max_side_px <= 4096 && s->threshold >= 2 &&
           s->threshold <= 128 && s->min_area_px >= 1 && s->stay_s >= 1 &&
           s->stay_s * TICKS_PER_S <= 3.0f * ITS_BACKGROUND_TICKS_MAX;
}

int its_motion_create(const struct its_motion_settings *s, struct its_motion **out)
{
    *out = NULL;
    if (!sound(s))
        return -EINVAL;
    *out = its_malloc(sizeof **out);
    (*out)->set = *s;
    return 0;
}

static void forget(struct its_motion *m)
{
    its_blobs_fini(&m->blobs);
    its_background_fini(&m->background);
    its_lowres_fini(&m->picture);
    free(m->moment);
    m->moment = NULL;
    m->started = false;
}

void its_motion_destroy(struct its_motion **m)
{
    if (!m || !*m)
        return;
    forget(*m);
    free(*m);
    *m = NULL;
}

/* --- prepare */

static int plan(struct its_motion *m, const struct its_frame *f)
{
    forget(m);
    struct its_lowres *p = &m->picture;
    int rc = its_lowres_plan(p, f, m->set.max_side_px);
    if (rc < 0)
        return rc;
    int memory = (int)(m->set.stay_s * TICKS_PER_S / 3);
    rc = its_background_init(&m->background, p->w, p->h, p->stride, memory);
    if (rc == 0)
        rc = its_blobs_init(&m->blobs, p->w, p->h);
    m->moment = its_try_aligned((size_t)p->stride * p->h);
    if (rc < 0 || !m->moment) {
        forget(m);
        return -ENOMEM;
    }
    its_perspective_init(&m->perspective, p->w, p->h);
    return 0;
}

static void keep_moment(struct its_motion *m)
{
    memcpy(m->moment, m->picture.px, (size_t)m->picture.stride * m->picture.h);
    m->moment_ticks = 0;
}

/* The frame itself is the first background. */
static void start(struct its_motion *m, const struct its_frame *f)
{
    m->shift_x = m->shift_y = 0;
    m->flooded_ticks = 0;
    m->stepped = false;
    its_lowres_reduce(&m->picture, f, 0, 0);
    its_background_restart(&m->background, m->picture.px);
    keep_moment(m);
    m->started = true;
}

static int elapsed_ticks(struct its_motion *m, int64_t time_us)
{
    int64_t us = m->has_time ? time_us - m->last_us : 0;
    m->last_us = time_us;
    m->has_time = true;
    return us < ITS_TICK_US ? 1 : us > 1000000 ? TICKS_PER_S : (int)(us / ITS_TICK_US);
}

/* A new whole pixel begins a little late, so that the window does not flutter. */
static int settle(int shift, float residual)
{
    return fabsf(residual) > 0.6f ? shift + (int)lrintf(residual) : shift;
}

/* Moves the window after the camera, if that makes the picture fit clearly better. False when the
 * scene has drifted too far from where the background was learned. */
static bool follow(struct its_motion *m, const struct its_frame *f)
{
    struct its_lowres *p = &m->picture;
    struct its_sway s = its_sway_estimate(&m->landmarks, &m->background, p->px);
    float k = (float)p->factor;
    int x = settle(m->shift_x, s.dx * k), y = settle(m->shift_y, s.dy * k);
    if (!s.sure || (x == m->shift_x && y == m->shift_y))
        return true;
    int before = its_sway_misfit(&m->landmarks, p->px);
    its_lowres_reduce(p, f, x, y);
    if (its_sway_misfit(&m->landmarks, p->px) * FIT_GAIN > before * (FIT_GAIN - 1)) {
        its_lowres_reduce(p, f, m->shift_x, m->shift_y);
        return true;
    }
    m->shift_x = x;
    m->shift_y = y;
    return abs(x) * DRIFT_SHARE < p->w * p->factor && abs(y) * DRIFT_SHARE < p->h * p->factor;
}

int its_motion_prepare(struct its_motion *m, const struct its_frame *f)
{
    if (!its_lowres_fits(&m->picture, f)) {
        int rc = plan(m, f);
        if (rc < 0)
            return rc;
    }
    m->display_w = f->display_w;
    m->display_h = f->display_h;
    m->hints.count = 0;
    m->ticks = elapsed_ticks(m, f->time_us);
    if (!m->started || m->flooded_ticks > TICKS_PER_S) {
        start(m, f);
        return 0;
    }
    its_lowres_reduce(&m->picture, f, m->shift_x, m->shift_y);
    float gain = its_exposure_estimate(&m->background, m->picture.px);
    m->stepped = gain != 1;
    its_background_scale(&m->background, gain);
    if (m->set.stabilise && !follow(m, f))
        start(m, f);
    return 0;
}

/* --- infer */

/* What the window shows outside the frame is made up. */
static void ignore_outside(struct its_motion *m)
{
    int k = m->picture.factor, x = m->shift_x, y = m->shift_y;
    if (x || y)
        its_background_ignore(&m->background, x < 0 ? -x / k + 1 : 0, y < 0 ? -y / k + 1 : 0,
                              x > 0 ? x / k + 1 : 0, y > 0 ? y / k + 1 : 0);
}

void its_motion_infer(struct its_motion *m)
{
    its_background_compare(&m->background, m->picture.px, m->set.threshold);
    if (m->stepped)
        its_background_accept_unheld(&m->background, m->picture.px);
    ignore_outside(m);
    its_background_learn(&m->background, m->picture.px, m->ticks);
}

/* --- post */

static bool flooded(struct its_motion *m)
{
    int area = 0;
    for (int i = 0; i < m->blobs.count; i++)
        area += m->blobs.item[i].area;
    bool yes = (float)area > FLOOD_SHARE * (float)(m->picture.w * m->picture.h);
    m->flooded_ticks = yes ? m->flooded_ticks + m->ticks : 0;
    return yes;
}

static bool lies_still(const struct its_blob *b)
{
    return b->changed * 8 < b->area;
}

/* Ghosts that lie still become background. */
static void drop_ghosts(struct its_motion *m)
{
    struct its_blobs *b = &m->blobs;
    int kept = 0;
    for (int i = 0; i < b->count; i++) {
        struct its_blob *blob = &b->item[i];
        if (blob->ghost && lies_still(blob))
            its_blobs_accept(b, blob, &m->background, m->picture.px);
        else
            b->item[kept++] = *blob;
    }
    b->count = kept;
}

static void keep(struct its_background *bg, struct its_rect r)
{
    int x0 = ITS_MAX(r.x0, 0), x1 = ITS_MIN(r.x1, bg->w);
    for (int y = ITS_MAX(r.y0, 0); y < ITS_MIN(r.y1, bg->h) && x0 < x1; y++)
        memset(bg->hold + (size_t)y * bg->stride + x0, ITS_HOLD_KEPT, (size_t)(x1 - x0));
}

/* Where a road user is, the background learns slowly; round one that stands also a little beyond
 * its pixels, because what matches the background within it (a windscreen as dark as the road)
 * would be eaten from there. */
static void hold_road_users(struct its_motion *m)
{
    memset(m->background.hold, 0, (size_t)m->background.stride * m->background.h);
    for (int i = 0; i < m->blobs.count; i++) {
        const struct its_blob *b = &m->blobs.item[i];
        its_blobs_hold(&m->blobs, b, &m->background, lies_still(b) ? HOLD_MARGIN : 0);
    }
    for (int i = 0; i < m->hints.count; i++)
        if (m->hints.item[i].stays)
            keep(&m->background, m->hints.item[i].box);
}

/* A coarse confidence: how much the blob is like a whole vehicle. Slivers and ghosts may keep a
 * track alive but should not begin one. Upright ones are narrow by nature. */
static float score(const struct its_blob *b, struct its_size expected, enum its_class cls)
{
    if (b->ghost)
        return 0.2f;
    if (cls == ITS_CLASS_PERSON || cls == ITS_CLASS_MOTORCYCLE)
        return 0.5f;
    float area = (float)((b->box.x1 - b->box.x0) * (b->box.y1 - b->box.y0));
    float size = expected.w > 0 ? area / (expected.w * expected.h) : 1;
    return size < 0.15f ? 0.3f : size < 0.4f ? 0.5f : 0.7f;
}

/* Working pixels to displayed pixels, inside the picture. */
static struct its_box displayed(const struct its_motion *m, struct its_rect r)
{
    const struct its_lowres *p = &m->picture;
    bool turned = p->rotation == 90 || p->rotation == 270;
    float k = (float)p->factor;
    float sx = (float)m->display_w / (float)(turned ? p->coded_h : p->coded_w);
    float sy = (float)m->display_h / (float)(turned ? p->coded_w : p->coded_h);
    float x0 = fmaxf(0, ((float)r.x0 * k + (float)m->shift_x) * sx);
    float y0 = fmaxf(0, ((float)r.y0 * k + (float)m->shift_y) * sy);
    float x1 = fminf((float)m->display_w, ((float)r.x1 * k + (float)m->shift_x) * sx);
    float y1 = fminf((float)m->display_h, ((float)r.y1 * k + (float)m->shift_y) * sy);
    return (struct its_box){x0, y0, x1 - x0, y1 - y0};
}

static struct its_rect working(const struct its_motion *m, const struct its_motion_hint *h)
{
    const struct its_lowres *p = &m->picture;
    bool turned = p->rotation == 90 || p->rotation == 270;
    float k = 1 / (float)p->factor, dt = (float)m->ticks / TICKS_PER_S;
    float sx = (float)(turned ? p->coded_h : p->coded_w) / (float)m->display_w;
    float sy = (float)(turned ? p->coded_w : p->coded_h) / (float)m->display_h;
    float x = ((h->box.x + h->vx * dt) * sx - (float)m->shift_x) * k;
    float y = ((h->box.y + h->vy * dt) * sy - (float)m->shift_y) * k;
    return (struct its_rect){(int)lrintf(x), (int)lrintf(y), (int)lrintf(x + h->box.w * sx * k),
                             (int)lrintf(y + h->box.h * sy * k)};
}

void its_motion_hint(struct its_motion *m, const struct its_motion_hint *hints, int count)
{
    m->hints.count = 0;
    for (int i = 0; i < count && m->hints.count < ITS_HINTS_MAX; i++) {
        struct its_rect r = working(m, &hints[i]);
        if (r.x1 > r.x0 && r.y1 > r.y0)
            m->hints.item[m->hints.count++] = (struct its_hint){r, hints[i].stays};
    }
}

static int by_score(const void *pa, const void *pb)
{
    const struct its_detection *a = pa, *b = pb;
    if (a->score != b->score)
        return a->score < b->score ? 1 : -1;
    float aa = its_box_area(a->box), ba = its_box_area(b->box);
    if (aa != ba)
        return aa < ba ? 1 : -1;
    return a->box.x < b->box.x ? -1 : a->box.x > b->box.x;
}

static void report(const struct its_motion *m, struct its_detections *out)
{
    const struct its_blobs *b = &m->blobs;
    for (int i = 0; i < b->count && out->count < ITS_DETECTIONS_MAX; i++) {
        struct its_rect r = b->item[i].box;
        struct its_detection *d = &out->item[out->count];
        d->box = displayed(m, r);
        d->cls = its_perspective_classify(&m->perspective, r);
        d->score = score(&b->item[i], its_perspective_expect(&m->perspective, r.y1), d->cls);
        out->count += d->box.w > 0 && d->box.h > 0;
    }
    qsort(out->item, (size_t)out->count, sizeof *out->item, by_score);
}

void its_motion_post(struct its_motion *m, struct its_detections *out)
{
    out->count = 0;
    m->active = false;
    if (m->picture.w < SIDE_MIN || m->picture.h < SIDE_MIN)
        return;
    struct its_blobs *b = &m->blobs;
    its_blobs_find(b, &m->background, m->picture.px, m->moment, m->set.min_area_px);
    m->moment_ticks += m->ticks;
    if (m->moment_ticks >= MOMENT_TICKS)
        keep_moment(m);
    m->active = m->background.seen_ticks < LEARN_TICKS || b->count > 0;
    if (flooded(m))
        return;
    drop_ghosts(m);
    hold_road_users(m);
    its_blobs_divide(b, &m->background, &m->perspective, &m->hints);
    its_blobs_split(b, &m->background, &m->perspective);
    for (int i = 0; i < b->count; i++)
        its_perspective_learn(&m->perspective, &b->item[i]);
    its_blobs_merge(b, &m->perspective);
    report(m, out);
}

void its_motion_reset(struct its_motion *m)
{
    m->has_time = false;
}

bool its_motion_active(const struct its_motion *m)
{
    return m->active || !m->started;
}
