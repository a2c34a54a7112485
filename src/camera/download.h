/* Fetching one file over http or https into a temporary file beside its place, which it takes only
 * once somebody has looked at it. */
#pragma once

#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"

struct its_download_settings {
    const char *url;  /* http:// or https://; certificates are checked */
    const char *path; /* where it goes; its folder exists */
    int64_t bytes_max;
    int64_t idle_us; /* nothing comes for so long: -ETIMEDOUT */
    /* Called on the same thread, often; total 0: unknown. NULL: nobody asks. */
    void (*on_progress)(void *ctx, int64_t bytes, int64_t total);
    void *ctx;
};

/* Fetches url into `path`.part and tells its SHA-256 (65 bytes, ITS_SHA256_CHARS). Blocks; `cancel`
 * ends it early. 0; ITS_ENOTFOUND, ITS_EUNAUTHORISED, ITS_ETOOBIG, -ETIMEDOUT, the errno of the
 * file, …, with a sentence; then there is no .part. */
int its_download_fetch(const struct its_download_settings *s, struct its_cancel *cancel,
                       char sha256[65], struct its_error *err);

/* Gives `path`.part its name, or throws it away. */
int its_download_accept(const char *path, struct its_error *err);
void its_download_reject(const char *path);
