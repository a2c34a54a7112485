/* A camera for tests: gst-rtsp-server with one stream at /cam.
 *
 *     rtsp-server [--codec h264|h265|jpeg] [--fps N] [--size WxH] [--bframes N] [--port N]
 *                 [--user NAME:PASSWORD] [--file FILE.mp4] [--silent-after N] [--audio-only]
 *                 [--change-after N]
 *
 * Prints "port N" once it listens, and for each picture "frame N KEY MONO_US": its number, whether
 * it is a key frame, and when (CLOCK_MONOTONIC, microseconds) it was handed to the packetiser,
 * whole. Ends with its stdin. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gst/gst.h>
#include <gst/rtsp-server/rtsp-server.h>

struct settings {
    const char *codec, *user, *file;
    int fps, width, height, bframes, port, silent_after, change_after;
    gboolean audio_only;
};

static struct settings set = {.codec = "h264", .fps = 25, .width = 320, .height = 240};
static unsigned frames;

static int64_t mono_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* --- the pipeline */

static char *launch(void)
{
    if (set.audio_only)
        return g_strdup(
            "( audiotestsrc is-live=true ! audioconvert ! alawenc ! rtppcmapay name=pay0 "
            "pt=8 )");
    if (set.file)
        return g_strdup_printf("( filesrc location=\"%s\" ! qtdemux ! h264parse config-interval=-1 "
                               "! identity name=mark sync=true ! rtph264pay name=pay0 pt=96 "
                               "aggregate-mode=zero-latency )",
                               set.file);
    char *source = g_strdup_printf("videotestsrc is-live=true pattern=ball ! capsfilter name=size "
                                   "caps=video/x-raw,format=I420,width=%d,height=%d,framerate=%d/1",
                                   set.width, set.height, set.fps);
    char *all;
    if (strcmp(set.codec, "jpeg") == 0)
        all = g_strdup_printf("( %s ! jpegenc ! identity name=mark ! rtpjpegpay name=pay0 pt=26 )",
                              source);
    else if (strcmp(set.codec, "h265") == 0)
        all =
            g_strdup_printf("( %s ! x265enc tune=zerolatency speed-preset=ultrafast key-int-max=%d "
                            "! h265parse config-interval=-1 ! identity name=mark ! rtph265pay "
                            "name=pay0 pt=96 aggregate-mode=zero-latency )",
                            source, set.fps);
    else
        all = g_strdup_printf(
            "( %s ! x264enc %s bframes=%d b-adapt=false speed-preset=superfast key-int-max=%d ! "
            "video/x-h264,profile=main ! h264parse config-interval=-1 ! identity name=mark ! "
            "rtph264pay name=pay0 pt=96 aggregate-mode=zero-latency )",
            source, set.bframes ? "" : "tune=zerolatency", set.bframes, set.fps);
    g_free(source);
    return all;
}

static void change_size(GstElement *element)
{
    GObject *bin = G_OBJECT(gst_element_get_parent(element));
    GstElement *filter = gst_bin_get_by_name(GST_BIN(bin), "size");
    GstCaps *caps = gst_caps_new_simple(
        "video/x-raw", "format", G_TYPE_STRING, "I420", "width", G_TYPE_INT, set.width * 2,
        "height", G_TYPE_INT, set.height * 2, "framerate", GST_TYPE_FRACTION, set.fps, 1, NULL);
    g_object_set(filter, "caps", caps, NULL);
    gst_caps_unref(caps);
    gst_object_unref(filter);
    g_object_unref(bin);
}

static GstPadProbeReturn on_picture(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    if (set.silent_after && (int)frames >= set.silent_after)
        return GST_PAD_PROBE_DROP;
    printf("frame %u %d %" PRId64 "\n", frames,
           !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT), mono_us());
    fflush(stdout);
    frames++;
    if (set.change_after && (int)frames == set.change_after)
        change_size(data);
    return GST_PAD_PROBE_OK;
}

static void on_media(GstRTSPMediaFactory *factory, GstRTSPMedia *media, gpointer data)
{
    GstElement *top = gst_rtsp_media_get_element(media);
    GstElement *mark = gst_bin_get_by_name_recurse_up(GST_BIN(top), "mark");
    if (mark) {
        GstPad *pad = gst_element_get_static_pad(mark, "src");
        gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_picture, mark, NULL);
        gst_object_unref(pad);
        gst_object_unref(mark);
    }
    /* What is made is sent at once, not one frame later, when a screen would have shown it. */
    GstObject *pipeline = gst_object_get_parent(GST_OBJECT(top));
    gst_pipeline_set_latency(GST_PIPELINE(pipeline), 0);
    gst_object_unref(pipeline);
    gst_object_unref(top);
}

/* --- the server */

static void require_user(GstRTSPServer *server, GstRTSPMediaFactory *factory)
{
    char **pair = g_strsplit(set.user, ":", 2);
    GstRTSPAuth *auth = gst_rtsp_auth_new();
    gst_rtsp_auth_set_supported_methods(auth, GST_RTSP_AUTH_DIGEST);
    GstRTSPToken *token =
        gst_rtsp_token_new(GST_RTSP_TOKEN_MEDIA_FACTORY_ROLE, G_TYPE_STRING, "user", NULL);
    gst_rtsp_auth_add_digest(auth, pair[0], pair[1], token);
    char *basic = gst_rtsp_auth_make_basic(pair[0], pair[1]);
    gst_rtsp_auth_add_basic(auth, basic, token);
    gst_rtsp_server_set_auth(server, auth);
    gst_rtsp_media_factory_add_role(factory, "user", GST_RTSP_PERM_MEDIA_FACTORY_ACCESS,
                                    G_TYPE_BOOLEAN, TRUE, GST_RTSP_PERM_MEDIA_FACTORY_CONSTRUCT,
                                    G_TYPE_BOOLEAN, TRUE, NULL);
    gst_rtsp_token_unref(token);
    g_free(basic);
    g_object_unref(auth);
    g_strfreev(pair);
}

static gboolean on_stdin(GIOChannel *channel, GIOCondition condition, gpointer loop)
{
    g_main_loop_quit(loop);
    return FALSE;
}

static void serve(void)
{
    GMainLoop *loop = g_main_loop_new(NULL, FALSE);
    GstRTSPServer *server = gst_rtsp_server_new();
    GstRTSPMountPoints *mounts = gst_rtsp_server_get_mount_points(server);
    GstRTSPMediaFactory *factory = gst_rtsp_media_factory_new();
    char *text = launch(), port[8];
    snprintf(port, sizeof(port), "%d", set.port);
    gst_rtsp_server_set_address(server, "127.0.0.1");
    gst_rtsp_server_set_service(server, port);
    gst_rtsp_media_factory_set_launch(factory, text);
    gst_rtsp_media_factory_set_shared(factory, TRUE);
    gst_rtsp_media_factory_set_latency(factory, 0);
    g_signal_connect(factory, "media-configure", G_CALLBACK(on_media), NULL);
    if (set.user)
        require_user(server, factory);
    gst_rtsp_mount_points_add_factory(mounts, "/cam", factory);
    g_object_unref(mounts);
    if (gst_rtsp_server_attach(server, NULL) == 0) {
        fprintf(stderr, "cannot listen on port %s\n", port);
        exit(1);
    }
    printf("port %d\n", gst_rtsp_server_get_bound_port(server));
    fflush(stdout);
    GIOChannel *in = g_io_channel_unix_new(0);
    g_io_add_watch(in, G_IO_IN | G_IO_HUP, on_stdin, loop);
    g_main_loop_run(loop);
    g_free(text);
}

int main(int argc, char **argv)
{
    char *codec = NULL, *user = NULL, *file = NULL, *size = NULL;
    const GOptionEntry options[] = {
        {"codec", 0, 0, G_OPTION_ARG_STRING, &codec, "h264, h265 or jpeg", NULL},
        {"fps", 0, 0, G_OPTION_ARG_INT, &set.fps, "pictures per second", NULL},
        {"size", 0, 0, G_OPTION_ARG_STRING, &size, "WIDTHxHEIGHT", NULL},
        {"bframes", 0, 0, G_OPTION_ARG_INT, &set.bframes, "B-frames in a row", NULL},
        {"user", 0, 0, G_OPTION_ARG_STRING, &user, "NAME:PASSWORD", NULL},
        {"port", 0, 0, G_OPTION_ARG_INT, &set.port, "0: any", NULL},
        {"file", 0, 0, G_OPTION_ARG_STRING, &file, "an MP4 with H.264", NULL},
        {"silent-after", 0, 0, G_OPTION_ARG_INT, &set.silent_after, "pictures", NULL},
        {"change-after", 0, 0, G_OPTION_ARG_INT, &set.change_after, "pictures", NULL},
        {"audio-only", 0, 0, G_OPTION_ARG_NONE, &set.audio_only, "no video", NULL},
        {0},
    };
    GError *error = NULL;
    GOptionContext *context = g_option_context_new(NULL);
    g_option_context_add_main_entries(context, options, NULL);
    g_option_context_add_group(context, gst_init_get_option_group());
    if (!g_option_context_parse(context, &argc, &argv, &error) ||
        (size && sscanf(size, "%dx%d", &set.width, &set.height) != 2)) {
        fprintf(stderr, "%s\n", error ? error->message : "bad size");
        return 2;
    }
    g_option_context_free(context);
    set.codec = codec ? codec : set.codec;
    set.user = user;
    set.file = file;
    serve();
    return 0;
}
