#include "app/camera_state.h"

#include "base/attr.h"

#define TO(state) (1u << ITS_CAMERA_##state)

/* All arrows, in one place. Connecting follows everything: a new address is a new attempt. */
static const unsigned arrows[ITS_CAMERA_STATE_COUNT] = {
    [ITS_CAMERA_DISABLED] = TO(CONNECTING),
    [ITS_CAMERA_CONNECTING] =
        TO(CONNECTING) | TO(LIVE) | TO(STALLED) | TO(LOST) | TO(ENDED) | TO(DISABLED),
    [ITS_CAMERA_LIVE] = TO(CONNECTING) | TO(STALLED) | TO(LOST) | TO(ENDED) | TO(DISABLED),
    [ITS_CAMERA_STALLED] = TO(CONNECTING) | TO(LIVE) | TO(LOST) | TO(ENDED) | TO(DISABLED),
    [ITS_CAMERA_LOST] = TO(CONNECTING) | TO(DISABLED),
    [ITS_CAMERA_ENDED] = TO(CONNECTING) | TO(DISABLED),
};

const char *its_camera_state_name(enum its_camera_state state)
{
    static const char *const names[] = {
#define X(name, text) text,
        ITS_CAMERA_STATES(X)
#undef X
    };
    return names[state];
}

bool its_camera_state_may_follow(enum its_camera_state from, enum its_camera_state to)
{
    return arrows[from] >> to & 1;
}

void its_camera_life_init(struct its_camera_life *life, int64_t now_us)
{
    *life = (struct its_camera_life){.state = ITS_CAMERA_DISABLED, .since_us = now_us};
    life->entered[ITS_CAMERA_DISABLED] = 1;
}

void its_camera_life_enter(struct its_camera_life *life, enum its_camera_state state,
                           int64_t now_us)
{
    its_assert(its_camera_state_may_follow(life->state, state));
    its_assert(now_us >= life->since_us);
    life->spent_us[life->state] += now_us - life->since_us;
    life->entered[state]++;
    life->state = state;
    life->since_us = now_us;
}

int64_t its_camera_life_spent_us(const struct its_camera_life *life, enum its_camera_state state,
                                 int64_t now_us)
{
    return life->spent_us[state] + (state == life->state ? now_us - life->since_us : 0);
}
