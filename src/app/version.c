#include "app/version.h"

#include <stdio.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libswscale/swscale.h>
#include <sqlite3.h>

#include "base/attr.h"
#include "base/json.h"
#include "base/yaml.h"
#include "build_config.h"

struct library {
    const char *name;
    char version[32];
};

#define LIBRARY_COUNT 6

static struct library ffmpeg_library(const char *name, unsigned v)
{
    struct library l = {.name = name};
    snprintf(l.version, sizeof(l.version), "%u.%u.%u", AV_VERSION_MAJOR(v), AV_VERSION_MINOR(v),
             AV_VERSION_MICRO(v));
    return l;
}

static struct library other_library(const char *name, const char *version)
{
    struct library l = {.name = name};
    snprintf(l.version, sizeof(l.version), "%s", version);
    return l;
}

/* Of the libraries as they are loaded now, not of the headers we were built with. */
static void list_libraries(struct library out[LIBRARY_COUNT])
{
    out[0] = ffmpeg_library("libavformat", avformat_version());
    out[1] = ffmpeg_library("libavcodec", avcodec_version());
    out[2] = ffmpeg_library("libavutil", avutil_version());
    out[3] = ffmpeg_library("libswscale", swscale_version());
    out[4] = other_library("sqlite", sqlite3_libversion());
    out[5] = other_library("libyaml", its_yaml_library_version());
}

void its_version_print(struct its_str *out)
{
    struct library libraries[LIBRARY_COUNT];
    list_libraries(libraries);
    its_str_printf(out, "its-camera-ai %s\nbuild: %s\nfeatures: %s\nlibraries:", ITS_VERSION,
                   ITS_BUILD, ITS_FEATURES);
    for (int i = 0; i < LIBRARY_COUNT; i++)
        its_str_printf(out, "%s %s %s", i ? "," : "", libraries[i].name, libraries[i].version);
    its_str_putc(out, '\n');
}

void its_version_print_json(struct its_str *out)
{
    struct library libraries[LIBRARY_COUNT];
    list_libraries(libraries);
    struct its_json j = its_json_on(out);
    its_json_object(&j);
    its_json_key(&j, "v");
    its_json_int(&j, 1);
    its_json_key(&j, "version");
    its_json_string(&j, ITS_VERSION);
    its_json_key(&j, "build");
    its_json_string(&j, ITS_BUILD);
    its_json_key(&j, "features");
    its_json_string(&j, ITS_FEATURES);
    its_json_key(&j, "libraries");
    its_json_object(&j);
    for (int i = 0; i < LIBRARY_COUNT; i++) {
        its_json_key(&j, libraries[i].name);
        its_json_string(&j, libraries[i].version);
    }
    its_json_object_end(&j);
    its_json_object_end(&j);
    its_str_putc(out, '\n');
}
