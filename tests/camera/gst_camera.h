/* For tests: the RTSP server of rtsp_server.c as a process of our own, on a port of loopback. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct gst_camera;

/* Starts it with arguments, NULL at the end. Exits with 77 (skipped), saying why, where there is no
 * such server; fails the running test when it does not come up. */
struct gst_camera *gst_camera_start(const char *const *args);

int gst_camera_port(const struct gst_camera *c);

/* What it sent. */
struct gst_frame {
    bool key;
    int64_t mono_us; /* when the whole picture was handed to the packetiser */
};

/* The frame of that number, once it has been sent; false: not yet. */
bool gst_camera_frame(struct gst_camera *c, unsigned number, struct gst_frame *out);

/* Kills it as a power failure would. */
void gst_camera_kill(struct gst_camera **c);
