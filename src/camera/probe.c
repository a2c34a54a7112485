/* Times are those of the stream where it has them, else those of arrival: a camera's first pictures
 * often come in one burst. */
#include "camera/probe.h"

#include <stdio.h>

#include <libavcodec/avcodec.h>

#include "base/clock.h"

/* A stream without this much of it tells too little. */
#define LEAST_US 1000000

struct watch {
    uint64_t pictures, bytes;
    int64_t first_us, last_us; /* of the pictures' times, in the order they are shown in */
    bool b_frames;
    uint64_t keys;
    int64_t first_key_us, last_key_us;
};

void its_probe_defaults(struct its_probe_settings *settings)
{
    *settings = (struct its_probe_settings){.timeout_us = 10000000, .watch_us = 5000000};
}

static void see(struct watch *w, const struct its_packet *p)
{
    int64_t us = p->has_time ? p->time_us : p->arrived_us;
    if (!w->pictures)
        w->first_us = w->last_us = us;
    w->b_frames |= us < w->last_us;
    w->first_us = ITS_MIN(w->first_us, us);
    w->last_us = ITS_MAX(w->last_us, us);
    w->pictures++;
    w->bytes += p->bytes;
    if (!p->key)
        return;
    w->first_key_us = w->keys ? w->first_key_us : us;
    w->last_key_us = us;
    w->keys++;
}

static void describe(struct its_probe *out, const struct its_packet *p)
{
    const struct its_stream_info *info = p->info;
    const char *profile = avcodec_profile_name(info->codec->codec_id, info->codec->profile);
    snprintf(out->codec, sizeof(out->codec), "%s", info->codec_name);
    snprintf(out->profile, sizeof(out->profile), "%s", profile ? profile : "");
    its_stream_info_displayed_size(info, &out->width, &out->height);
    out->declared_fps = info->fps;
    out->clock = p->capture_source;
}

static void conclude(struct its_probe *out, const struct watch *w)
{
    double span_s = (double)(w->last_us - w->first_us) * 1e-6;
    out->pictures = w->pictures;
    out->b_frames = w->b_frames;
    if (span_s > 0) {
        out->measured_fps = (double)(w->pictures - 1) / span_s;
        out->bitrate_kbps = (double)w->bytes * 8e-3 / (double)w->pictures * out->measured_fps;
    }
    if (w->keys > 1)
        out->key_interval_s =
            (double)(w->last_key_us - w->first_key_us) * 1e-6 / (double)(w->keys - 1);
}

/* Pictures until enough was seen. What ends it is an error only while there is next to nothing. */
static int watch(struct its_source *s, const struct its_probe_settings *set, int64_t began_us,
                 struct its_probe *out, struct its_error *err)
{
    struct watch w = {0};
    int rc = 0;
    while (rc == 0 && w.last_us - w.first_us < set->watch_us) {
        struct its_packet *p;
        rc = its_source_read(s, &p, err);
        if (rc < 0)
            break;
        if (!w.pictures)
            out->first_picture_us = its_mono_us() - began_us;
        describe(out, p); /* each time: a clock may become known later */
        see(&w, p);
        its_packet_unref(&p);
    }
    out->read_errors = its_source_errors(s);
    conclude(out, &w);
    if (rc == ITS_EEOF && w.pictures)
        return 0;
    return w.last_us - w.first_us >= LEAST_US ? 0 : rc;
}

int its_probe(const struct its_probe_settings *settings, struct its_cancel *cancel,
              struct its_probe *out, struct its_error *err)
{
    struct its_source_settings set;
    struct its_source *source;
    int64_t began_us = its_mono_us();
    its_source_defaults(&set);
    set.url = settings->url;
    set.transport = settings->transport;
    set.open_timeout_us = set.read_timeout_us = settings->timeout_us;
    *out = (struct its_probe){0};
    int rc = its_source_open(&set, cancel, &source, err);
    if (rc < 0)
        return rc;
    rc = watch(source, settings, began_us, out, err);
    its_source_close(&source);
    return rc;
}
