/* The caller's thread reads, one decode worker does everything else; the queue between them is
 * lossless, so the reader waits for the worker. Results are written on the worker, in order. */
#include "app/analyze.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "app/result_json.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/url.h"
#include "camera/source.h"
#include "frame/decode_pool.h"

#define PROGRESS_EVERY_US 200000

/* Enough to keep a worker busy while the reader fetches the next block of the file. */
#define QUEUE_PACKETS 32

struct run {
    const struct its_analyze_settings *set;
    struct its_bus bus;
    struct its_decode_pool *pool;
    struct its_decode_lane *lane;
    struct its_analysis *analysis;
    struct its_thread worker;
    _Atomic bool enough; /* max_frames are done, or the output is lost */

    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool has_ended; /* under lock: the last frame is through */

    /* --- worker only, until it has ended */
    struct its_str text;
    struct its_tally tally;
    enum its_sight sight;
    int64_t blind_us; /* stream time without sight */
    int64_t last_us;  /* stream time of the frame before */
    uint64_t frames;
    uint64_t errors; /* as of the newest frame: what was read ahead of it does not count */
    int write_error; /* negative errno: the output is lost; 0 = all is well */
    int64_t start_us, progress_us;
    uint64_t expected_frames; /* for the progress line; 0 = unknown */
};

/* --- on the worker */

static void show_progress(struct run *r)
{
    int64_t now = its_mono_us();
    if (!r->set->progress || now - r->progress_us < PROGRESS_EVERY_US)
        return;
    r->progress_us = now;
    double s = (double)(now - r->start_us) * 1e-6;
    if (r->expected_frames)
        fprintf(stderr, "\r%3.0f %%  %llu of %llu frames, %.0f per second ",
                100.0 * (double)r->frames / (double)r->expected_frames,
                (unsigned long long)r->frames, (unsigned long long)r->expected_frames,
                (double)r->frames / s);
    else
        fprintf(stderr, "\r%llu frames, %.0f per second ", (unsigned long long)r->frames,
                (double)r->frames / s);
}

static void crossing_text(struct its_str *out, const struct its_crossing *c)
{
    its_str_printf(out, "%9.3f s  %-16s %-9s %-10s track %llu\n", (double)c->time_us * 1e-6,
                   c->line, its_direction_name(c->direction), its_class_name(c->cls),
                   (unsigned long long)c->track);
}

/* Hands the text over to the output. Once that has failed, nothing more is worth the work. */
static void write_text(struct run *r, bool flush)
{
    if (r->write_error)
        return;
    errno = 0;
    size_t wrote = r->text.len ? fwrite(r->text.data, 1, r->text.len, r->set->out) : 0;
    if (wrote < r->text.len || (flush && fflush(r->set->out) != 0)) {
        r->write_error = errno ? -errno : -EIO;
        r->enough = true;
    }
}

static void view_text(struct its_str *out, const struct its_result *result)
{
    bool valid = result->sight == ITS_SIGHT_CLEAR;
    its_str_printf(out, "%9.3f s  %-16s %s\n", (double)result->time_us * 1e-6,
                   its_sight_name(result->sight),
                   valid ? "it sees again" : its_sight_text(result->sight));
}

static void note_sight(struct run *r, const struct its_result *result)
{
    if (r->sight != ITS_SIGHT_CLEAR)
        r->blind_us += result->time_us - r->last_us;
    r->last_us = result->time_us;
    if (result->sight == r->sight)
        return;
    r->sight = result->sight;
    if (r->set->json)
        its_view_json(&r->text, result);
    else
        view_text(&r->text, result);
}

static void on_result(void *ctx, struct its_result *result)
{
    struct run *r = ctx;
    its_str_clear(&r->text);
    note_sight(r, result);
    for (int i = 0; i < result->crossing_count; i++) {
        its_tally_add(&r->tally, &result->crossing[i]);
        if (r->set->json)
            its_crossing_json(&r->text, &result->crossing[i]);
        else
            crossing_text(&r->text, &result->crossing[i]);
    }
    if (r->set->json && r->set->frames)
        its_frame_json(&r->text, result);
    write_text(r, r->set->realtime);
    r->frames++;
    show_progress(r);
}

static void on_frame(void *ctx, struct its_frame *frame)
{
    struct run *r = ctx;
    if (!frame) {
        pthread_mutex_lock(&r->lock);
        r->has_ended = true;
        pthread_cond_signal(&r->ended);
        pthread_mutex_unlock(&r->lock);
        return;
    }
    if (r->enough) {
        its_frame_unref(&frame);
        return;
    }
    r->errors = frame->errors;
    its_analysis_frame(r->analysis, frame);
    if (r->set->max_frames && r->frames >= r->set->max_frames)
        r->enough = true;
}

static void work(void *pool)
{
    its_decode_pool_work(pool);
}

/* --- on the caller's thread */

static int start(struct run *r, struct its_error *err)
{
    const struct its_analyze_settings *set = r->set;
    struct its_decode_lane_settings lane;
    its_decode_lane_defaults(&lane);
    lane.lossless = !set->realtime;
    if (lane.lossless)
        lane.limits.packets = QUEUE_PACKETS;
    lane.budget_us = set->budget_us ? set->budget_us : lane.budget_us;
    lane.analysis_fps = set->analysis_fps;
    lane.on_frame = on_frame;
    lane.ctx = r;

    its_bus_add(&r->bus, on_result, r);
    its_tally_init(&r->tally, set->analysis.lines, set->analysis.line_count);
    int rc = its_analysis_create(&set->analysis, &r->bus, &r->analysis);
    if (rc < 0)
        return its_error_set(err, rc, "cannot start the analysis: %s", its_strerror(rc));
    r->pool = its_decode_pool_create();
    r->lane = its_decode_lane_open(r->pool, &lane);
    rc = its_thread_start(&r->worker, "decode-0", 0, work, r->pool);
    if (rc < 0)
        return its_error_set(err, rc, "cannot start a thread: %s", its_strerror(rc));
    return 0;
}

static void stop(struct run *r)
{
    its_decode_lane_close(&r->lane);
    if (r->pool)
        its_decode_pool_stop(r->pool);
    its_thread_join(&r->worker);
    its_decode_pool_destroy(&r->pool);
    its_analysis_destroy(&r->analysis);
    its_str_fini(&r->text);
    pthread_cond_destroy(&r->ended);
    pthread_mutex_destroy(&r->lock);
}

/* Damage passed over. Where --max-frames stopped us, only what came before the last frame: how far
 * the reader was ahead of it differs from run to run. */
static uint64_t errors_of(const struct run *r, const struct its_source *source,
                          const struct its_decode_lane_stats *lane)
{
    uint64_t failed = its_analysis_stats(r->analysis)->failed;
    if (r->enough)
        return r->errors + failed;
    return its_source_errors(source) + lane->decoder.bad_packets + lane->decoder.damaged_frames +
           failed;
}

/* Reads to the end, until enough or until cancelled, which is an end like another; 0, or why it
 * ended early. */
static int feed(struct run *r, struct its_source *source, struct its_cancel *cancel,
                struct its_error *err)
{
    int rc = 0;
    while (rc == 0 && !r->enough && !its_cancel_is_set(cancel)) {
        struct its_packet *packet;
        rc = its_source_read(source, &packet, err);
        if (rc == 0)
            rc = its_decode_lane_push(r->lane, packet);
    }
    return rc == ITS_EEOF || rc == ITS_ECANCELLED ? 0 : rc;
}

static void wait_until_through(struct run *r)
{
    its_decode_lane_finish(r->lane);
    pthread_mutex_lock(&r->lock);
    while (!r->has_ended)
        pthread_cond_wait(&r->ended, &r->lock);
    pthread_mutex_unlock(&r->lock);
}

static void print_summary(struct run *r, const struct its_source *source,
                          const struct its_decode_lane_stats *lane)
{
    char input[ITS_URL_MAX];
    struct its_summary summary = {
        .input = its_url_mask(r->set->input, input, sizeof(input)),
        .detector = r->set->analysis.detectors ? "network" : "motion",
        .model = r->set->analysis.detectors ? its_detectors_name(r->set->analysis.detectors) : NULL,
        .frames = r->frames,
        .analysed = its_analysis_stats(r->analysis)->analysed,
        .errors = errors_of(r, source, lane),
        .wall_s = (double)(its_mono_us() - r->start_us) * 1e-6,
        .blind_s = (double)r->blind_us * 1e-6,
        .tally = &r->tally,
        .latency = its_analysis_latency(r->analysis),
    };
    for (int i = 0; i < ITS_SKIP_COUNT; i++)
        summary.skipped += lane->skipped[i];
    its_str_clear(&r->text);
    if (r->set->json)
        its_summary_json(&r->text, &summary);
    else
        its_summary_text(&r->text, &summary);
    write_text(r, true);
}

static int finish(struct run *r, const struct its_source *source, int rc, struct its_error *err)
{
    wait_until_through(r);
    if (r->set->progress)
        fprintf(stderr, "\r%60s\r", "");
    struct its_decode_lane_stats lane;
    its_decode_lane_read_stats(r->lane, &lane);
    if (r->frames == 0 && rc == 0)
        rc = its_error_set(err, lane.failed ? lane.failed : ITS_EDAMAGED,
                           "%s: not one picture of it could be decoded: %s", r->set->input,
                           its_strerror(lane.failed ? lane.failed : ITS_EDAMAGED));
    if (r->frames > 0)
        print_summary(r, source, &lane);
    if (r->write_error)
        rc = its_error_set(err, r->write_error, "cannot write the output: %s",
                           its_strerror(r->write_error));
    return rc;
}

int its_analyze(const struct its_analyze_settings *settings, struct its_cancel *cancel,
                struct its_error *err)
{
    struct its_source_settings source_settings;
    its_source_defaults(&source_settings);
    source_settings.url = settings->input;
    source_settings.transport = settings->transport;
    source_settings.paced = settings->realtime;
    source_settings.once = true;
    struct its_source *source;
    int rc = its_source_open(&source_settings, cancel, &source, err);
    if (rc < 0)
        return rc;

    struct run *r = its_malloc(sizeof(*r));
    r->set = settings;
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->ended, NULL);
    r->start_us = its_mono_us();
    r->expected_frames = settings->max_frames ? settings->max_frames : its_source_frames(source);
    rc = start(r, err);
    if (rc == 0) {
        rc = feed(r, source, cancel, err);
        rc = finish(r, source, rc, err);
    }
    stop(r);
    free(r);
    its_source_close(&source);
    return rc;
}
