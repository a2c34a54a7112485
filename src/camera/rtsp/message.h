/* One RTSP message as it stands in a buffer (RFC 2326): a reply, or a request of the server. Points
 * into the buffer it was parsed from. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define ITS_RTSP_HEAD_MAX 16384
#define ITS_RTSP_BODY_MAX 65536

struct its_rtsp_message {
    int status; /* 100 to 599; 0: a request */
    const char *headers;
    size_t headers_len;
    const char *body;
    size_t body_len;
};

/* How many bytes the message takes; 0: not all of it is there yet; ITS_EDAMAGED: this is no RTSP;
 * ITS_ETOOBIG: past the limits above. */
int its_rtsp_message_parse(const char *buf, size_t len, struct its_rtsp_message *out);

/* The value of the nth (from 0) header of that name, without the spaces around it. False: there is
 * none, or it does not fit. */
bool its_rtsp_message_header(const struct its_rtsp_message *m, const char *name, unsigned nth,
                             char *out, size_t size);
