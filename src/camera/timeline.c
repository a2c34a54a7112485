#include "camera/timeline.h"

#include <libavcodec/avcodec.h>
#include <libavutil/mathematics.h>

#include "base/mem.h"

#define US_PER_S 1000000

/* Decoding times may jitter, but a step back by this much is a new beginning: files put together
 * end to end, a recorder that was restarted, a clock that wrapped. So is a jump ahead where the
 * format (MPEG-TS) allows such; elsewhere it is a true gap. */
#define JUMP_BACK_US  500000
#define JUMP_AHEAD_US 10000000

/* Of a stream that does not say how fast it runs. */
#define UNKNOWN_STEP_US 40000

void its_timeline_init(struct its_timeline *t, const struct its_source_resume *resume)
{
    *t = (struct its_timeline){
        .epoch = resume->epoch,
        .base_num = 1,
        .base_den = US_PER_S,
        .first_ts = AV_NOPTS_VALUE,
        .last_dts = AV_NOPTS_VALUE,
        .epoch_start_us = resume->time_us,
        .end_us = resume->time_us,
        .step_us = UNKNOWN_STEP_US,
    };
}

void its_timeline_begin(struct its_timeline *t, const struct its_stream_info *info,
                        int64_t first_ts)
{
    t->base_num = info->time_base_num;
    t->base_den = info->time_base_den;
    t->first_ts = first_ts;
    t->step_us = info->fps > 0 ? (int64_t)(US_PER_S / info->fps) : UNKNOWN_STEP_US;
    t->last_us = t->epoch_start_us - t->step_us;
}

void its_timeline_next_epoch(struct its_timeline *t, int64_t first_ts)
{
    t->epoch++;
    t->first_ts = first_ts;
    t->epoch_start_us = t->end_us;
    t->last_us = t->epoch_start_us - t->step_us;
    t->last_dts = AV_NOPTS_VALUE;
}

static int64_t to_us(const struct its_timeline *t, int64_t units)
{
    return av_rescale_q(units, (AVRational){t->base_num, t->base_den}, AV_TIME_BASE_Q);
}

int64_t its_timeline_us(const struct its_timeline *t, int64_t ts)
{
    return to_us(t, ts - t->first_ts) + t->epoch_start_us;
}

static void notice_jump(struct its_timeline *t, const AVPacket *av)
{
    if (av->dts == AV_NOPTS_VALUE)
        return;
    if (t->last_dts != AV_NOPTS_VALUE) {
        int64_t step = to_us(t, av->dts - t->last_dts);
        if (step < -JUMP_BACK_US || (t->may_jump && step > JUMP_AHEAD_US))
            its_timeline_next_epoch(t, av->pts != AV_NOPTS_VALUE ? av->pts : av->dts);
    }
    t->last_dts = av->dts;
}

void its_timeline_stamp(struct its_timeline *t, struct its_packet *p)
{
    const AVPacket *av = p->av;
    notice_jump(t, av);
    if (t->first_ts == AV_NOPTS_VALUE)
        t->first_ts = av->pts != AV_NOPTS_VALUE ? av->pts : av->dts; /* may still be none */

    p->epoch = t->epoch;
    p->pts = av->pts;
    p->has_time = av->pts != AV_NOPTS_VALUE && t->first_ts != AV_NOPTS_VALUE;
    p->time_us = p->has_time ? its_timeline_us(t, av->pts) : t->last_us + t->step_us;
    t->last_us = p->time_us;

    int64_t step = av->duration > 0 ? to_us(t, av->duration) : t->step_us;
    t->end_us = ITS_MAX(t->end_us, p->time_us + step);
}
