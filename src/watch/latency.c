#include "watch/latency.h"

void its_latency_record(struct its_latency *l, const struct its_stamps *stamps)
{
    for (int s = 0; s < ITS_STAGE_COUNT; s++) {
        int64_t us = its_stamps_spent_us(stamps, (enum its_stage)s);
        if (us >= 0)
            its_hist_record(&l->stage[s], us);
    }
    int64_t total = its_stamps_total_us(stamps);
    if (total >= 0)
        its_hist_record(&l->total, total);
}

void its_latency_add(struct its_latency *into, const struct its_latency *from)
{
    for (int s = 0; s < ITS_STAGE_COUNT; s++)
        its_hist_add(&into->stage[s], &from->stage[s]);
    its_hist_add(&into->total, &from->total);
}
