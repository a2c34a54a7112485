/* Error codes: 0 or negative. libc's errno values keep their numbers; ours lie below -10000.
 * One list, one string table. `struct its_error` adds a sentence for a person. */
#pragma once

#include <errno.h>

#include "base/attr.h"

/* name, value, word for machines (its_err_word), text. The text completes "cannot open X: …". */
#define ITS_ERRORS(X)                                                                              \
    X(ITS_EUNAUTHORISED, -10001, "unauthorised", "user name or password refused")                  \
    X(ITS_ENOTFOUND, -10002, "not_found", "not found")                                             \
    X(ITS_EUNSUPPORTED, -10003, "unsupported", "format or codec not supported")                    \
    X(ITS_ENOVIDEO, -10004, "no_video", "no video stream in it")                                   \
    X(ITS_EDAMAGED, -10005, "damaged", "damaged or not a media file")                              \
    X(ITS_EEOF, -10006, "end_of_stream", "end of stream")                                          \
    X(ITS_ECANCELLED, -10007, "cancelled", "cancelled")                                            \
    X(ITS_ECONFIG, -10008, "configuration", "configuration error")                                 \
    X(ITS_ESCHEMA, -10009, "schema", "database schema is of another version")                      \
    X(ITS_ETOOBIG, -10010, "too_big", "larger than the limit")                                     \
    X(ITS_EHOST, -10011, "no_host", "no host of that name")

/* libc's codes that machines are told by a word of their own; the others are "failed". */
#define ITS_SYSTEM_ERRORS(X)                                                                       \
    X(EACCES, "no_access")                                                                         \
    X(EPERM, "no_access")                                                                          \
    X(EBUSY, "busy")                                                                               \
    X(ECONNREFUSED, "refused")                                                                     \
    X(ECONNRESET, "closed")                                                                        \
    X(EPIPE, "closed")                                                                             \
    X(EHOSTUNREACH, "unreachable")                                                                 \
    X(ENETUNREACH, "unreachable")                                                                  \
    X(EINVAL, "invalid")                                                                           \
    X(ENOENT, "not_found")                                                                         \
    X(ENOMEM, "no_memory")                                                                         \
    X(ETIMEDOUT, "timed_out")

enum its_err {
#define X(name, value, word, text) name = value,
    ITS_ERRORS(X)
#undef X
};

/* Text of a code, ours or libc's. Never NULL; static storage or thread-local. */
const char *its_strerror(int code);

/* "not_found": one word that stays the same, for output that machines read. Static storage. */
const char *its_err_word(int code);

/* A code and the sentence a person needs. Plain data, owned by the caller, no heap. */
struct its_error {
    int code;
    char text[480];
};

/* Writes code and text; returns code, so that `return its_error_set(err, …)` reads well.
 * err may be NULL. Longer texts are cut. */
int its_error_set(struct its_error *err, int code, const char *fmt, ...) ITS_PRINTF(3, 4);

/* Puts "what: " before the text that is there. err may be NULL; returns its code. */
int its_error_prefix(struct its_error *err, const char *fmt, ...) ITS_PRINTF(2, 3);
