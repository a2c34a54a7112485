#include "base/stamps.h"

const char *its_stage_name(enum its_stage stage)
{
    static const char *const names[] = {
#define X(name, text) text,
        ITS_STAGES(X)
#undef X
    };
    return names[stage];
}

int64_t its_stamps_spent_us(const struct its_stamps *s, enum its_stage stage)
{
    if (!s->end_us[stage])
        return -1;
    int64_t from = s->arrived_us;
    for (int i = (int)stage - 1; i >= 0; i--) {
        if (s->end_us[i]) {
            from = s->end_us[i];
            break;
        }
    }
    return s->end_us[stage] - from;
}

int64_t its_stamps_total_us(const struct its_stamps *s)
{
    int64_t end = s->end_us[ITS_STAGE_PUBLISH];
    return end ? end - s->arrived_us : -1;
}
