/* Reads a file through libavformat and makes it behave like a camera: paced by its own time stamps,
 * begun again at its end when asked. Pacing goes by dts, because that is the order in which a
 * camera would send. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>

#include "base/mem.h"
#include "camera/demux.h"
#include "camera/source_ops.h"

struct file {
    AVIOContext *io; /* outlives the demuxer */
    struct its_demux demux;
};

static bool take_option(struct its_source *s, const char *name)
{
    if (strcmp(name, "loop") == 0 || strcmp(name, "loop=1") == 0)
        s->set.loop = true;
    else if (strcmp(name, "loop=0") == 0)
        s->set.loop = false;
    else if (strcmp(name, "unpaced") == 0)
        s->set.paced = false;
    else
        return false;
    return true;
}

/* Splits "file:PATH?option&option" into settings and s->name. A file that is named so wins over the
 * options. */
static int parse_url(struct its_source *s, struct its_error *err)
{
    const char *url = s->set.url;
    if (strncasecmp(url, "file:", 5) == 0)
        url += 5;
    if (strncmp(url, "//", 2) == 0)
        url += 2; /* file:///path */
    free(s->name);
    s->name = its_strdup(url);

    char *query = strrchr(s->name, '?');
    if (!query || access(s->name, F_OK) == 0)
        return 0;
    *query++ = 0;
    char *rest = query;
    for (char *name; (name = strsep(&rest, "&"));)
        if (*name && !take_option(s, name))
            return its_error_set(err, -EINVAL,
                                 "unknown option '%s' in the file URL: expected loop or unpaced",
                                 name);
    return 0;
}

/* Opening a pipe or a device may block where nothing can interrupt it. */
static int check_file(const struct its_source *s, struct its_error *err)
{
    struct stat st;
    if (stat(s->name, &st) < 0)
        return its_error_set(err, -errno, "cannot open '%s': %s", s->name, its_strerror(-errno));
    if (S_ISDIR(st.st_mode))
        return its_error_set(err, -EISDIR, "%s is a directory: give a video file in it", s->name);
    if (!S_ISREG(st.st_mode))
        return its_error_set(err, ITS_EUNSUPPORTED,
                             "%s is a pipe or device: this version reads files", s->name);
    if (st.st_size == 0)
        return its_error_set(err, ITS_EDAMAGED, "%s is empty", s->name);
    return 0;
}

static int fail_opening(const struct its_source *s, int averror, struct its_error *err)
{
    int code = its_source_map(s, averror);
    return its_error_set(err, code, "cannot open %s: %s", s->name, its_strerror(code));
}

static int open_io(struct its_source *s, struct file *f, struct its_error *err)
{
    AVIOInterruptCB callback = {its_source_interrupted, s};
    AVDictionary *options = NULL;
    av_dict_set(&options, "protocol_whitelist", "file", 0);
    char *address = av_asprintf("file:%s", s->name);
    int rc = address ? avio_open2(&f->io, address, AVIO_FLAG_READ, &callback, &options)
                     : AVERROR(ENOMEM);
    av_free(address);
    av_dict_free(&options);
    return rc < 0 ? fail_opening(s, rc, err) : 0;
}

/* One file is read and nothing else: a playlist, or an MP4 that keeps its pictures elsewhere, must
 * not lead us to other files or into the network. Handing our own AVIOContext over also keeps
 * libavformat from taking a '%' in a picture's name for a pattern. */
static int open_demux(struct its_source *s, struct file *f, struct its_error *err)
{
    const AVInputFormat *kind = NULL;
    int rc = av_probe_input_buffer2(f->io, &kind, s->name, NULL, 0, 0);
    if (rc < 0)
        return fail_opening(s, rc, err);
    if (av_match_name(kind->name, "concat,dash,hls,imf,rtsp,sdp"))
        return its_error_set(
            err, ITS_EUNSUPPORTED,
            "%s is a playlist, which only names other files: give the video itself", s->name);
    AVDictionary *options = NULL;
    av_dict_set(&options, "protocol_whitelist", "none", 0);
    rc = its_demux_open(&f->demux, s, &(struct its_demux_input){s->name, f->io, kind, &options},
                        err);
    av_dict_free(&options);
    return rc;
}

static int file_open(struct its_source *s, struct its_error *err)
{
    struct file *f = s->kind = its_malloc(sizeof(*f));
    int rc = parse_url(s, err);
    s->set.loop &= !s->set.once;
    its_source_start_clock(s, s->set.open_timeout_us);
    if (rc == 0)
        rc = check_file(s, err);
    if (rc == 0)
        rc = open_io(s, f, err);
    if (rc == 0)
        rc = open_demux(s, f, err);
    return rc;
}

static void file_close(struct its_source *s)
{
    struct file *f = s->kind;
    if (!f)
        return;
    its_demux_close(&f->demux);
    avio_closep(&f->io);
    free(f);
}

static uint64_t file_frames(const struct its_source *s)
{
    const struct file *f = s->kind;
    int64_t n = f->demux.format->streams[f->demux.stream]->nb_frames;
    return n > 0 && !s->set.loop ? (uint64_t)n : 0;
}

static int rewind_to_start(struct its_source *s, struct its_error *err)
{
    struct file *f = s->kind;
    AVFormatContext *format = f->demux.format;
    if (s->time.end_us <= s->time.epoch_start_us)
        return its_error_set(err, ITS_EDAMAGED, "%s holds no picture: nothing to loop", s->name);
    int64_t start = s->time.first_ts != AV_NOPTS_VALUE ? s->time.first_ts : 0;
    int rc = av_seek_frame(format, f->demux.stream, start, AVSEEK_FLAG_BACKWARD);
    if (rc < 0) /* raw streams have no index: go back by bytes */
        rc = avformat_seek_file(format, -1, 0, 0, 0, AVSEEK_FLAG_BYTE);
    if (rc < 0) {
        int code = its_source_map(s, rc);
        return its_error_set(err, code, "cannot loop %s: %s", s->name, its_strerror(code));
    }
    its_timeline_next_epoch(&s->time, format->streams[f->demux.stream]->start_time);
    return 0;
}

static int pace(struct its_source *s, const struct its_packet *p)
{
    if (!s->set.paced)
        return 0;
    bool has_dts = p->av->dts != AV_NOPTS_VALUE && s->time.first_ts != AV_NOPTS_VALUE;
    return its_source_pace(s, has_dts ? its_timeline_us(&s->time, p->av->dts) : p->time_us);
}

static int file_read(struct its_source *s, struct its_packet *p, struct its_error *err)
{
    struct file *f = s->kind;
    int rc;
    while ((rc = its_demux_read(&f->demux, s, p, s->set.read_timeout_us, err)) == ITS_EEOF &&
           s->set.loop)
        if ((rc = rewind_to_start(s, err)) < 0)
            return rc;
    if (rc < 0)
        return rc;
    its_timeline_stamp(&s->time, p);
    p->capture_us = s->wall_start_us + p->time_us;
    p->capture_source = ITS_CAPTURE_FILE;
    return pace(s, p);
}

const struct its_source_ops its_source_file = {
    .schemes = (const char *const[]){"file", NULL},
    .open = file_open,
    .read = file_read,
    .frames = file_frames,
    .close = file_close,
};
