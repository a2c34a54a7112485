/* What the kinds of source share, and what each must do: for source.c and the source_*.c files.
 *
 * A kind is one `const struct its_source_ops` in one file source_KIND.c, listed in source.c. It
 * fetches pictures; numbering, references and the stamps every packet needs are made in source.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/pool.h"
#include "camera/nal.h"
#include "camera/source.h"
#include "camera/timeline.h"

struct its_source {
    const struct its_source_ops *ops;
    void *kind;                     /* the kind's own state; NULL before its open made it */
    struct its_source_settings set; /* options in the URL are already in it; set.url is borrowed
                                     * during open only */
    char *name;                     /* for people, in error texts; secrets are masked */
    struct its_cancel *cancel;      /* borrowed */
    int64_t deadline_us;            /* of the call under way; 0 = none */

    struct its_stream_info *info; /* of the packets that come next */
    struct its_pool *packets;
    struct its_nal_scan nal;
    struct its_timeline time;
    uint64_t seq, errors;

    int64_t pace_mono_us;  /* monotonic time of time_us 0; 0 = not yet set */
    int64_t wall_start_us; /* wall time of time_us 0 */
};

struct its_source_ops {
    const char *const *schemes; /* "rtsp" for rtsp:…; NULL at the end */

    /* Opens set.url, reads far enough to know the codec; calls its_source_begin. When it fails,
     * source.c calls close. 0 or negative with a sentence. */
    int (*open)(struct its_source *s, struct its_error *err);

    /* The next picture into p->av, and its times: calls its_timeline_stamp; may set arrived_us
     * (else it is the time of the return) and capture_us with its source (else it is the wall clock
     * at arrival). Counts damage in s->errors. Blocks; ends early on cancel and deadline. */
    int (*read)(struct its_source *s, struct its_packet *p, struct its_error *err);

    /* How many pictures it says it holds; NULL: unknown. */
    uint64_t (*frames)(const struct its_source *s);

    /* Frees s->kind; it may be NULL or half-open. */
    void (*close)(struct its_source *s);
};

extern const struct its_source_ops its_source_file, its_source_rtsp, its_source_sim,
    its_source_stream, its_source_v4l2;

/* --- for the kinds */

/* From here on packets belong to this stream; takes the reference. first_ts as in timeline.h.
 * Called again when the parameters change in mid-stream; then the time goes on and first_ts is
 * unused. */
void its_source_begin(struct its_source *s, struct its_stream_info *info, int64_t first_ts);

/* Sets the deadline of the call under way; timeout 0 = none. */
void its_source_start_clock(struct its_source *s, int64_t timeout_us);

/* Cancelled, or past the deadline. libav's interrupt callback; ctx is the source. */
int its_source_interrupted(void *ctx);

/* A foreign code becomes ours; a call we interrupted ourselves says why. */
int its_source_map(const struct its_source *s, int averror);

/* Waits until a camera would have sent what is due at that stream time. 0 or ITS_ECANCELLED. */
int its_source_pace(struct its_source *s, int64_t due_us);
