#include "detect/motion.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "detect/background.h"
#include "detect/blobs.h"
#include "detect/group.h"
#include "detect/lowres.h"
#include "detect/scene.h"
#include "detect/sway.h"

struct its_motion {
    struct its_motion_settings set;
    struct its_lowres picture;
    struct its_background background;
    struct its_blobs blobs;
    struct its_scene scene;
    int display_w, display_h;
    int64_t last_us;
    bool learned, has_time, stepped;
    int ticks;
    uint8_t *before;
    int before_ticks;
    struct its_landmarks landmarks;
    int shift_x, shift_y; /* coded px */
};

void its_motion_defaults(struct its_motion_settings *s)
{
    *s = (struct its_motion_settings){
        .max_side_px = 400, .threshold = 7, .min_area_px = 10, .stay_s = 120, .stabilise = true};
}

int its_motion_create(const struct its_motion_settings *s, struct its_motion **out)
{
    *out = its_malloc(sizeof **out);
    (*out)->set = *s;
    return 0;
}

static void forget(struct its_motion *m)
{
    its_blobs_fini(&m->blobs);
    its_background_fini(&m->background);
    its_lowres_fini(&m->picture);
    free(m->before);
    m->before = NULL;
    m->learned = false;
    m->shift_x = m->shift_y = 0;
}

void its_motion_destroy(struct its_motion **m)
{
    if (!m || !*m)
        return;
    forget(*m);
    free(*m);
    *m = NULL;
}

static int plan(struct its_motion *m, const struct its_frame *f)
{
    forget(m);
    int rc = its_lowres_plan(&m->picture, f, m->set.max_side_px);
    if (rc == 0)
        rc = its_background_init(&m->background, m->picture.w, m->picture.h, m->picture.stride);
    if (rc == 0)
        rc = its_blobs_init(&m->blobs, m->picture.w, m->picture.h);
    m->before = its_try_aligned((size_t)m->picture.stride * m->picture.h);
    its_scene_init(&m->scene, m->picture.w, m->picture.h);
    if (rc < 0)
        forget(m);
    return rc;
}

/* A new whole pixel begins a little late, so that the window does not flutter. */
static int settle(int shift, float residual)
{
    return fabsf(residual) > 0.6f ? shift + (int)lrintf(residual) : shift;
}

/* Moves the window after the camera. */
static void follow(struct its_motion *m, const struct its_frame *f)
{
    struct its_sway s = its_sway_estimate(&m->landmarks, &m->background, m->picture.px);
    int k = m->picture.factor;
    int x = settle(m->shift_x, s.dx * (float)k), y = settle(m->shift_y, s.dy * (float)k);
    if (!s.sure || (x == m->shift_x && y == m->shift_y))
        return;
    m->shift_x = x;
    m->shift_y = y;
    its_lowres_reduce(&m->picture, f, x, y);
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
    int64_t us = m->has_time ? f->time_us - m->last_us : ITS_TICK_US;
    m->ticks = us < ITS_TICK_US ? 1 : us > 1000000 ? 1000000 / ITS_TICK_US : (int)(us / ITS_TICK_US);
    m->last_us = f->time_us;
    m->has_time = true;
    its_lowres_reduce(&m->picture, f, m->shift_x, m->shift_y);
    if (!m->learned) {
        its_background_restart(&m->background, m->picture.px);
        m->learned = true;
        memcpy(m->before, m->picture.px, (size_t)m->picture.stride * m->picture.h);
    } else {
        float gain = its_exposure_estimate(&m->background, m->picture.px);
        m->stepped = gain != 1;
        its_background_scale(&m->background, gain);
        if (m->set.stabilise)
            follow(m, f);
    }
    return 0;
}

void its_motion_infer(struct its_motion *m)
{
    its_background_compare(&m->background, m->picture.px, m->set.threshold);
    if (m->stepped)
        its_background_accept_unheld(&m->background, m->picture.px);
    its_background_learn(&m->background, m->picture.px, m->ticks);
}

/* Ghosts that lie still become background; what is real holds it. */
static void settle_blobs(struct its_motion *m)
{
    struct its_blobs *b = &m->blobs;
    memset(m->background.hold, 0, (size_t)m->background.stride * m->background.h);
    int kept = 0;
    for (int i = 0; i < b->count; i++) {
        struct its_blob *blob = &b->item[i];
        if (blob->ghost && blob->changed * 8 < blob->area) {
            its_blobs_accept(b, blob, &m->background, m->picture.px);
            continue;
        }
        its_blobs_hold(b, blob, &m->background);
        b->item[kept++] = *blob;
    }
    b->count = kept;
}

void its_motion_post(struct its_motion *m, struct its_detections *out)
{
    struct its_blobs *b = &m->blobs;
    its_blobs_find(b, &m->background, m->picture.px, m->before, m->set.min_area_px);
    if (m->before_ticks >= 40) {
        memcpy(m->before, m->picture.px, (size_t)m->picture.stride * m->picture.h);
        m->before_ticks = 0;
    }
    m->before_ticks += m->ticks;
    settle_blobs(m);
    its_blobs_split(b, &m->background, &m->scene);
    its_blobs_merge(b, &m->scene);
    for (int i = 0; i < b->count; i++)
        its_scene_learn(&m->scene, &b->item[i]);
    out->count = 0;
    float kx = (float)m->display_w / m->picture.w, ky = (float)m->display_h / m->picture.h;
    int sx = m->shift_x, sy = m->shift_y;
    for (int i = 0; i < b->count && out->count < ITS_DETECTIONS_MAX; i++) {
        struct its_rect r = b->item[i].box;
        struct its_size e = its_scene_expect(&m->scene, r.y1);
        float size = e.w > 0 ? (float)((r.x1 - r.x0) * (r.y1 - r.y0)) / (e.w * e.h) : 1;
        out->item[out->count++] = (struct its_detection){
            .box = {r.x0 * kx + sx, r.y0 * ky + sy, (r.x1 - r.x0) * kx, (r.y1 - r.y0) * ky},
            .score = b->item[i].ghost ? 0.2f : size < 0.15f ? 0.3f : size < 0.4f ? 0.5f : 0.7f,
            .cls = its_scene_classify(&m->scene, r),
        };
    }
}

void its_motion_reset(struct its_motion *m)
{
    m->has_time = false;
}

bool its_motion_active(const struct its_motion *m)
{
    return true;
}
