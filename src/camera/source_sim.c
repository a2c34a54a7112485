/* A camera that looks at a simulated street: draws, encodes and hands packets out like any other,
 * all on the thread that reads. What comes behind it cannot tell the difference. */
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>

#include "base/attr.h"
#include "base/mem.h"
#include "base/opts.h"
#include "camera/encoder.h"
#include "camera/packet_pool.h"
#include "camera/source_ops.h"
#include "sim/scene_opts.h"

/* Read as fast as it can be drawn it has to end somewhere. */
#define UNPACED_DURATION_US 60000000

#define OPTION_MAX 64 /* bytes of one NAME=VALUE */

struct options {
    struct its_scene_settings scene;
    int64_t duration_us; /* 0 = endless */
    int bitrate_kbps;    /* 0 = constant quality */
};

struct sim {
    struct options set;
    struct its_scene *scene;
    struct its_encoder *encoder;
    uint64_t drawn, frames; /* 0 = endless */
};

static const struct its_opt scene_opts[] = {
#define ROW(arg, ...) __VA_ARGS__,
    ITS_SCENE_OPT_ROWS(ROW)
#undef ROW
};

static const struct its_opt own_opts[] = {
    {"duration", ITS_OPT_TIME, offsetof(struct options, duration_us), .max = 1e8, .unit = "s"},
    {"bitrate", ITS_OPT_INT, offsetof(struct options, bitrate_kbps), .max = 100000,
     .unit = "kbit/s"},
};

/* --- the URL */

static int take_option(struct options *set, char *option, struct its_error *err)
{
    char *equals = strchr(option, '=');
    if (equals)
        *equals = 0;
    const struct its_opt *o = its_opt_find(scene_opts, ITS_ARRAY_LEN(scene_opts), option);
    bool is_switch = o && o->type == ITS_OPT_BOOL;
    const char *value = equals ? equals + 1 : is_switch ? "true" : "";
    int rc;
    if (strcmp(option, "size") == 0)
        rc = its_scene_set_size(&set->scene, value, err);
    else if (o)
        rc = its_opt_set(o, &set->scene, value, NULL, err);
    else if ((o = its_opt_find(own_opts, ITS_ARRAY_LEN(own_opts), option)))
        rc = its_opt_set(o, set, value, NULL, err);
    else
        return its_error_set(err, -EINVAL,
                             "there is no option '%.32s' in a sim: address; "
                             "its-camera-ai simulate --help names them",
                             option);
    return rc < 0 ? its_error_prefix(err, "%s", option) : 0;
}

/* "sim:SCENE?NAME=VALUE&…" */
static int parse_url(const char *url, struct options *set, struct its_error *err)
{
    char text[OPTION_MAX];
    url += strlen("sim:");
    url += strncmp(url, "//", 2) == 0 ? 2 : 0;
    for (bool first = true; first || *url; first = false) {
        size_t n = strcspn(url, first ? "?" : "&");
        if (n >= sizeof(text))
            return its_error_set(err, -EINVAL, "'%.32s…' is too long", url);
        memcpy(text, url, n);
        text[n] = 0;
        url += n + (url[n] != 0);
        int rc = 0;
        if (first && (rc = its_scene_kind_from_name(text)) >= 0)
            set->scene.kind = (enum its_scene_kind)rc;
        else if (first)
            return its_error_set(err, -EINVAL,
                                 "there is no scene '%s' (expected highway or "
                                 "junction)",
                                 text);
        else if (n > 0 && (rc = take_option(set, text, err)) < 0)
            return rc;
    }
    return 0;
}

/* --- life */

static int open_encoder(struct sim *sim, struct its_error *err)
{
    struct its_encoder_settings e;
    its_encoder_settings_default(&e);
    e.width = sim->set.scene.width;
    e.height = sim->set.scene.height;
    e.fps = sim->set.scene.fps;
    e.bitrate_kbps = sim->set.bitrate_kbps;
    e.live = true;
    return its_encoder_create(&e, &sim->encoder, err);
}

static struct its_stream_info *make_info(const struct sim *sim)
{
    const AVCodecContext *c = its_encoder_context(sim->encoder);
    AVCodecParameters *par = avcodec_parameters_alloc();
    struct its_stream_info *info = NULL;
    if (par && avcodec_parameters_from_context(par, c) >= 0)
        info = its_stream_info_create(par);
    avcodec_parameters_free(&par);
    if (!info)
        return NULL;
    strcpy(info->codec_name, "h264");
    info->coded_w = c->width;
    info->coded_h = c->height;
    info->time_base_num = c->time_base.num;
    info->time_base_den = c->time_base.den;
    info->fps = sim->set.scene.fps;
    return info;
}

static int sim_open(struct its_source *s, struct its_error *err)
{
    struct sim *sim = s->kind = its_malloc(sizeof(*sim));
    sim->set.scene = (struct its_scene_settings)ITS_SCENE_DEFAULTS;
    sim->set.duration_us = s->set.paced ? 0 : UNPACED_DURATION_US;
    int rc = parse_url(s->set.url, &sim->set, err);
    if (rc == 0)
        rc = its_scene_create(&sim->set.scene, &sim->scene, err);
    if (rc == 0)
        rc = open_encoder(sim, err);
    if (rc < 0)
        return its_error_prefix(err, "cannot open %s", s->name);
    sim->frames = (uint64_t)((sim->set.duration_us * sim->set.scene.fps + 999999) / 1000000);
    struct its_stream_info *info = make_info(sim);
    if (!info)
        return its_error_set(err, -ENOMEM, "cannot open %s: no memory", s->name);
    its_source_begin(s, info, 0);
    return 0;
}

static void sim_close(struct its_source *s)
{
    struct sim *sim = s->kind;
    if (!sim)
        return;
    its_encoder_destroy(&sim->encoder);
    its_scene_destroy(&sim->scene);
    free(sim);
}

static uint64_t sim_frames(const struct its_source *s)
{
    const struct sim *sim = s->kind;
    return sim->frames;
}

/* --- pictures */

static int draw(struct sim *sim)
{
    struct its_i420 picture;
    int rc = its_encoder_picture(sim->encoder, &picture);
    if (rc < 0)
        return rc;
    its_scene_next(sim->scene);
    its_scene_draw(sim->scene, &picture);
    sim->drawn++;
    return its_encoder_send(sim->encoder);
}

static int next_packet(struct sim *sim, AVPacket *packet)
{
    int rc;
    while ((rc = its_encoder_take(sim->encoder, packet)) == -EAGAIN) {
        if (sim->frames && sim->drawn == sim->frames)
            rc = its_encoder_finish(sim->encoder);
        else
            rc = draw(sim);
        if (rc < 0)
            return rc;
    }
    return rc;
}

static int sim_read(struct its_source *s, struct its_packet *p, struct its_error *err)
{
    struct sim *sim = s->kind;
    int rc = its_cancel_is_set(s->cancel) ? ITS_ECANCELLED : next_packet(sim, p->av);
    if (rc == ITS_EEOF || rc == ITS_ECANCELLED)
        return rc;
    if (rc < 0)
        return its_error_set(err, rc, "cannot draw %s: %s", s->name, its_strerror(rc));
    its_timeline_stamp(&s->time, p);
    return s->set.paced ? its_source_pace(s, p->time_us) : 0;
}

const struct its_source_ops its_source_sim = {
    .schemes = (const char *const[]){"sim", NULL},
    .open = sim_open,
    .read = sim_read,
    .frames = sim_frames,
    .close = sim_close,
};
