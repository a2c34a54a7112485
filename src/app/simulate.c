#include "app/simulate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/truth_json.h"
#include "base/clock.h"
#include "base/mem.h"
#include "camera/clip.h"

#define PROGRESS_EVERY_US 200000

struct run {
    const struct its_simulate_settings *set;
    struct its_cancel *cancel;
    struct its_scene *scene;
    struct its_clip *clip;
    FILE *truth;     /* NULL: none */
    char *truth_tmp; /* its name until it is complete */
    struct its_str text;
    struct its_tally tally;
    uint64_t frames;
    int64_t start_us, progress_us;
};

/* --- the truth's file */

static int fail_truth(const struct run *r, struct its_error *err)
{
    int code = errno ? -errno : -EIO;
    return its_error_set(err, code, "cannot write %s: %s", r->set->truth, its_strerror(code));
}

static int open_truth(struct run *r, struct its_error *err)
{
    if (!r->set->truth)
        return 0;
    size_t size = strlen(r->set->truth) + sizeof(".tmp");
    r->truth_tmp = its_malloc(size);
    snprintf(r->truth_tmp, size, "%s.tmp", r->set->truth);
    errno = 0;
    r->truth = fopen(r->truth_tmp, "we");
    return r->truth ? 0 : fail_truth(r, err);
}

static int write_truth(struct run *r, struct its_error *err)
{
    errno = 0;
    size_t wrote = r->truth ? fwrite(r->text.data, 1, r->text.len, r->truth) : r->text.len;
    int code = wrote < r->text.len ? fail_truth(r, err) : 0;
    its_str_clear(&r->text);
    return code;
}

static int close_truth(struct run *r, struct its_error *err)
{
    if (!r->truth)
        return 0;
    its_truth_summary_json(&r->text, r->frames, &r->tally);
    int code = write_truth(r, err);
    if (code < 0)
        return code;
    errno = 0;
    bool lost = fflush(r->truth) != 0 || fsync(fileno(r->truth)) != 0;
    lost |= fclose(r->truth) != 0;
    r->truth = NULL;
    if (!lost && rename(r->truth_tmp, r->set->truth) == 0)
        return 0;
    code = fail_truth(r, err);
    unlink(r->truth_tmp);
    return code;
}

static void drop_truth(struct run *r)
{
    if (r->truth) {
        fclose(r->truth);
        unlink(r->truth_tmp);
    }
    free(r->truth_tmp);
}

/* --- frames */

static void show_progress(struct run *r, uint64_t frames)
{
    int64_t now = its_mono_us();
    if (!r->set->progress || now - r->progress_us < PROGRESS_EVERY_US)
        return;
    r->progress_us = now;
    fprintf(stderr, "\r%3.0f %%  %llu of %llu frames, %.0f per second ",
            100.0 * (double)r->frames / (double)frames, (unsigned long long)r->frames,
            (unsigned long long)frames,
            (double)r->frames * 1e6 / (double)ITS_MAX(1, now - r->start_us));
}

static int film_frame(struct run *r, struct its_error *err)
{
    struct its_i420 picture;
    its_truth_frame_json(&r->text, r->scene, its_scene_next(r->scene), &r->tally);
    int code = write_truth(r, err);
    if (code < 0 || !r->clip)
        return code;
    if ((code = its_clip_picture(r->clip, &picture, err)) < 0)
        return code;
    its_scene_draw(r->scene, &picture);
    return its_clip_add(r->clip, err);
}

static int film(struct run *r, struct its_error *err)
{
    const struct its_simulate_settings *set = r->set;
    uint64_t frames = (uint64_t)((set->duration_us * set->scene.fps + 999999) / 1000000);
    its_truth_tally_init(&r->tally, r->scene);
    its_truth_header_json(&r->text, r->scene);
    int code = write_truth(r, err);
    for (; code == 0 && r->frames < frames; r->frames++) {
        if (its_cancel_is_set(r->cancel))
            return its_error_set(err, ITS_ECANCELLED, "cancelled");
        code = film_frame(r, err);
        show_progress(r, frames);
    }
    if (set->progress)
        fprintf(stderr, "\r%60s\r", "");
    return code;
}

static int open_clip(struct run *r, struct its_error *err)
{
    struct its_clip_settings s;
    if (!r->set->clip)
        return 0;
    its_clip_settings_default(&s);
    s.path = r->set->clip;
    s.encoder.width = r->set->scene.width;
    s.encoder.height = r->set->scene.height;
    s.encoder.fps = r->set->scene.fps;
    s.encoder.bitrate_kbps = r->set->bitrate_kbps;
    return its_clip_create(&s, &r->clip, err);
}

int its_simulate(const struct its_simulate_settings *settings, struct its_cancel *cancel,
                 struct its_error *err)
{
    struct run *r = its_malloc(sizeof(*r));
    r->set = settings;
    r->cancel = cancel;
    r->start_us = its_mono_us();
    int code = its_scene_create(&settings->scene, &r->scene, err);
    if (code == 0)
        code = open_clip(r, err);
    if (code == 0)
        code = open_truth(r, err);
    if (code == 0)
        code = film(r, err);
    if (code == 0)
        code = close_truth(r, err);
    if (code == 0 && r->clip && (code = its_clip_finish(&r->clip, err)) < 0 && settings->truth)
        unlink(settings->truth);
    drop_truth(r);
    its_clip_destroy(&r->clip);
    its_scene_destroy(&r->scene);
    its_str_fini(&r->text);
    free(r);
    return code;
}
