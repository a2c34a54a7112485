/* Which kind of source a URL names, and what all kinds share: numbers, references, stamps. */
#include "camera/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libavcodec/avcodec.h>
#include <libavutil/error.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/url.h"
#include "build_config.h"
#include "camera/averror.h"
#include "camera/packet_pool.h"
#include "camera/source_ops.h"

/* A reader that was held up longer than this stops hurrying after its schedule. */
#define PACE_SLACK_US 1000000

/* Gaps in a stream are played no longer than this. */
#define PACE_GAP_US 30000000

#define US_PER_S 1000000

static const struct its_source_ops *const kinds[] = {
    &its_source_file, &its_source_sim, &its_source_rtsp, &its_source_stream,
#if HAVE_V4L2
    &its_source_v4l2,
#endif
};

void its_source_defaults(struct its_source_settings *settings)
{
    *settings = (struct its_source_settings){
        .open_timeout_us = 10 * US_PER_S,
        .read_timeout_us = 10 * US_PER_S,
    };
}

/* --- which kind */

static bool has_scheme(const char *url, size_t len, const struct its_source_ops *ops)
{
    for (const char *const *s = ops->schemes; *s; s++)
        if (strlen(*s) == len && strncasecmp(*s, url, len) == 0)
            return true;
    return false;
}

/* Letters before the first ':' that some kind knows. Anything else without "://" is a path, and so
 * is what a file really is called: names may hold colons. */
static const struct its_source_ops *kind_of(const char *url)
{
    size_t len = strspn(url, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
    if (url[len] == ':')
        for (size_t i = 0; i < ITS_ARRAY_LEN(kinds); i++)
            if (has_scheme(url, len, kinds[i]))
                return kinds[i];
    return strstr(url, "://") && access(url, F_OK) != 0 ? NULL : &its_source_file;
}

static int unknown_scheme(const char *url, struct its_error *err)
{
    return its_error_set(err, ITS_EUNSUPPORTED,
                         "'%.*s://' sources are not supported by this version: give "
                         "rtsp://…, http://… or a file, as PATH or file:PATH",
                         (int)ITS_MIN(strstr(url, "://") - url, 32), url);
}

/* --- life */

static char *masked_name(const char *url)
{
    char text[ITS_URL_MAX];
    return its_strdup(its_url_mask(url, text, sizeof(text)));
}

int its_source_open(const struct its_source_settings *settings, struct its_cancel *cancel,
                    struct its_source **out, struct its_error *err)
{
    const struct its_source_ops *ops = kind_of(settings->url);
    if (!ops)
        return unknown_scheme(settings->url, err);

    struct its_source *s = its_malloc(sizeof(*s));
    s->ops = ops;
    s->set = *settings;
    s->cancel = cancel;
    s->name = masked_name(settings->url);
    s->packets = its_packet_pool_create();
    s->seq = settings->resume.seq;
    its_timeline_init(&s->time, &settings->resume);

    int rc = ops->open(s, err);
    if (rc < 0) {
        its_source_close(&s);
        return rc;
    }
    its_assert(s->info);
    s->set.url = NULL;
    s->wall_start_us = its_wall_us() - s->set.resume.time_us;
    *out = s;
    return 0;
}

void its_source_close(struct its_source **ps)
{
    struct its_source *s = *ps;
    if (!s)
        return;
    *ps = NULL;
    s->ops->close(s);
    its_stream_info_unref(&s->info);
    its_pool_close(&s->packets);
    free(s->name);
    free(s);
}

const struct its_stream_info *its_source_info(const struct its_source *s)
{
    return s->info;
}

uint64_t its_source_frames(const struct its_source *s)
{
    return s->ops->frames ? s->ops->frames(s) : 0;
}

struct its_source_resume its_source_resume_point(const struct its_source *s)
{
    return (struct its_source_resume){s->seq, s->time.epoch + 1, s->time.end_us};
}

uint64_t its_source_errors(const struct its_source *s)
{
    return s->errors;
}

/* --- reading */

static void complete(struct its_source *s, struct its_packet *p)
{
    p->info = its_stream_info_ref(s->info);
    p->seq = s->seq++;
    p->bytes = (uint32_t)p->av->size;
    p->key = p->av->flags & AV_PKT_FLAG_KEY;
    p->disposable = its_nal_is_disposable(&s->nal, p->av);
    p->read_errors = s->errors;
    if (!p->arrived_us)
        p->arrived_us = its_mono_us();
    if (!p->capture_us)
        p->capture_us = its_wall_us() - (its_mono_us() - p->arrived_us);
}

int its_source_read(struct its_source *s, struct its_packet **out, struct its_error *err)
{
    struct its_packet *p = its_packet_take(s->packets);
    if (!p)
        return its_error_set(err, -ENOMEM, "no memory");
    p->arrived_us = p->capture_us = 0;
    p->capture_source = ITS_CAPTURE_ARRIVAL;
    int rc = s->ops->read(s, p, err);
    if (rc < 0) {
        its_packet_unref(&p);
        return rc;
    }
    complete(s, p);
    *out = p;
    return 0;
}

/* --- for the kinds */

void its_source_begin(struct its_source *s, struct its_stream_info *info, int64_t first_ts)
{
    bool first = !s->info;
    its_stream_info_unref(&s->info);
    s->info = info;
    its_nal_scan_init(&s->nal, info->codec);
    if (first)
        its_timeline_begin(&s->time, info, first_ts);
}

void its_source_start_clock(struct its_source *s, int64_t timeout_us)
{
    s->deadline_us = timeout_us ? its_mono_us() + timeout_us : 0;
}

int its_source_interrupted(void *ctx)
{
    struct its_source *s = ctx;
    return its_cancel_is_set(s->cancel) || (s->deadline_us && its_mono_us() > s->deadline_us);
}

int its_source_map(const struct its_source *s, int averror)
{
    if (its_cancel_is_set(s->cancel))
        return ITS_ECANCELLED;
    if (averror == AVERROR_EXIT)
        return -ETIMEDOUT;
    return its_averror_map(averror);
}

int its_source_pace(struct its_source *s, int64_t due_us)
{
    int64_t now = its_mono_us();
    int64_t late = now - (s->pace_mono_us + due_us);
    if (!s->pace_mono_us || late > PACE_SLACK_US || late < -PACE_GAP_US)
        s->pace_mono_us = now - due_us;
    return its_cancel_sleep_until(s->cancel, s->pace_mono_us + due_us) ? ITS_ECANCELLED : 0;
}
