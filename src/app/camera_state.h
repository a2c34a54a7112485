/* A camera's life as a state machine: what states there are and which may follow which. Plain data
 * with the clock handed in; whoever keeps one guards it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Names are metric labels and part of the output. */
#define ITS_CAMERA_STATES(X)                                                                       \
    X(DISABLED, "disabled")     /* by configuration, or not started yet */                         \
    X(CONNECTING, "connecting") /* being opened, or open and the first picture is awaited */       \
    X(LIVE, "live")             /* pictures arrive */                                              \
    X(STALLED, "stalled")       /* open, but no picture for too long */                            \
    X(LOST, "lost")             /* could not be opened or read: waiting to try again */            \
    X(ENDED, "ended")           /* a file that is not looped has been read to its end */

enum its_camera_state {
#define X(name, text) ITS_CAMERA_##name,
    ITS_CAMERA_STATES(X)
#undef X
        ITS_CAMERA_STATE_COUNT
};

const char *its_camera_state_name(enum its_camera_state state);

/* Whether the machine has an arrow between them. */
bool its_camera_state_may_follow(enum its_camera_state from, enum its_camera_state to);

struct its_camera_life {
    enum its_camera_state state;
    int64_t since_us;                         /* monotonic time of the last change */
    uint64_t entered[ITS_CAMERA_STATE_COUNT]; /* how often each state was entered */
    int64_t spent_us[ITS_CAMERA_STATE_COUNT]; /* in each state, up to the last change */
};

/* Disabled since now_us. */
void its_camera_life_init(struct its_camera_life *life, int64_t now_us);

/* Takes an arrow; there must be one. now_us must not run back. */
void its_camera_life_enter(struct its_camera_life *life, enum its_camera_state state,
                           int64_t now_us);

/* Time in a state up to now_us, the present stay included. */
int64_t its_camera_life_spent_us(const struct its_camera_life *life, enum its_camera_state state,
                                 int64_t now_us);
