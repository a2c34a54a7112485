/* Whether a camera sees: pictures arrive, but do they show anything, and anything new? Plain data
 * with the clock handed in; whoever keeps a watch guards it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Names are part of the output. */
#define ITS_SIGHTS(X)                                                                              \
    X(CLEAR, "clear", "")                                                                          \
    /* to the last bit of its noise */                                                             \
    X(FROZEN, "frozen", "the same picture again and again, nothing is counted")                    \
    /* nothing in it has an edge: a lid, a bag, paint, darkness, dense fog */                      \
    X(COVERED, "covered", "nothing can be seen in the picture, nothing is counted")

enum its_sight {
#define X(name, text, sentence) ITS_SIGHT_##name,
    ITS_SIGHTS(X)
#undef X
        ITS_SIGHT_COUNT
};

/* "clear", … Static storage. */
const char *its_sight_name(enum its_sight sight);
/* What is wrong, for people. Static storage. */
const char *its_sight_text(enum its_sight sight);

/* One thing that can be wrong, followed through time. */
struct its_sight_cause {
    bool on;
    int64_t fine_us;       /* when it was last not there */
    int64_t good_us;       /* when it was last surely not there */
    int64_t good_since_us; /* since when it has surely not been there, short breaks allowed */
};

/* Zeroed memory is a watch that has seen nothing. */
struct its_sight_watch {
    bool begun;
    struct its_sight_cause frozen, covered;
};

/* What a picture says about itself; filled from its measures (frame/picture.h). */
struct its_picture_measure;

/* Follows the pictures of one camera, in order of their stream time, which goes on over reconnects
 * and loops. The sight is lost when it was
 * wrong in every picture for blind_us (0: never lost), and is back when pictures have been good for
 * a second. A picture may be both: covered is the word then. */
enum its_sight its_sight_follow(struct its_sight_watch *watch,
                                const struct its_picture_measure *measure, int64_t time_us,
                                int64_t blind_us);
