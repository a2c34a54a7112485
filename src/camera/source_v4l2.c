/* A camera on this machine: v4l2:/dev/video0, through libavdevice. Cameras that compress (JPEG,
 * H.264) are taken so; others bring plain pictures, which the decoder only hands on.
 *
 * libavdevice is loaded by the first such camera and stays: linked, it and what it depends on would
 * add 14 MiB to every process. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <libavcodec/avcodec.h>
#include <libavdevice/avdevice.h>
#include <libavformat/avformat.h>

#include "base/mem.h"
#include "camera/demux.h"
#include "camera/source_ops.h"

struct device {
    struct its_demux demux;
};

static int check_device(const struct its_source *s, const char *path, struct its_error *err)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return its_error_set(err, -errno, "cannot open %s: %s", s->name, its_strerror(-errno));
    if (!S_ISCHR(st.st_mode))
        return its_error_set(err, -ENOTTY, "cannot open %s: that is no video device", s->name);
    return 0;
}

/* 0, or ITS_EUNSUPPORTED with the reason. Safe from several threads: so is every step of it. */
static int load_libavdevice(struct its_error *err)
{
    const char *name = "libavdevice.so." AV_STRINGIFY(LIBAVDEVICE_VERSION_MAJOR);
    void *library = dlopen(name, RTLD_NOW | RTLD_NODELETE);
    void (*register_all)(void) =
        library ? (void (*)(void))dlsym(library, "avdevice_register_all") : NULL;
    if (!register_all)
        return its_error_set(err, ITS_EUNSUPPORTED, "V4L2 cameras need %s: %s", name, dlerror());
    register_all();
    dlclose(library);
    return 0;
}

static int device_open(struct its_source *s, struct its_error *err)
{
    struct device *d = s->kind = its_malloc(sizeof(*d));
    const char *path = strchr(s->set.url, ':') + 1;
    int rc = check_device(s, path, err);
    if (rc == 0)
        rc = load_libavdevice(err);
    if (rc < 0)
        return rc;
    const AVInputFormat *format = av_find_input_format("video4linux2");
    if (!format)
        return its_error_set(err, ITS_EUNSUPPORTED, "libavdevice here knows no V4L2");
    its_source_start_clock(s, s->set.open_timeout_us);
    return its_demux_open(&d->demux, s, &(struct its_demux_input){path, NULL, format, NULL}, err);
}

static void device_close(struct its_source *s)
{
    struct device *d = s->kind;
    if (d)
        its_demux_close(&d->demux);
    free(d);
}

static int device_read(struct its_source *s, struct its_packet *p, struct its_error *err)
{
    struct device *d = s->kind;
    int rc = its_demux_read(&d->demux, s, p, s->set.read_timeout_us, err);
    if (rc == ITS_EEOF)
        return its_error_set(err, -ENODEV, "%s has been unplugged", s->name);
    if (rc == 0)
        its_timeline_stamp(&s->time, p);
    return rc;
}

const struct its_source_ops its_source_v4l2 = {
    .schemes = (const char *const[]){"v4l2", NULL},
    .open = device_open,
    .read = device_read,
    .close = device_close,
};
