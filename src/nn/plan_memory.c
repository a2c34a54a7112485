/* Offsets in the one block of activations. A slot lives from the step that writes it first to the
 * one that reads it last; slots that live at the same time must not share bytes. Greedy: the
 * largest first, each into the smallest gap that holds it (best fit). Optimal packing is NP-hard;
 * for detectors greedy by size ends within a few percent of the bound. */
#include "nn/plan.h"

#include <stdlib.h>

#include "base/mem.h"

static void touch(struct its_plan *p, int slot, int step)
{
    int64_t at;
    if (slot < 0)
        return;
    struct its_slot *s = &p->slot[its_plan_root(p, slot, &at)];
    if (s->first < 0)
        s->first = step;
    s->last = step;
}

static void find_lives(struct its_plan *p)
{
    for (int i = 0; i < p->step_count; i++) {
        for (int k = 0; k < p->step[i].in_count; k++)
            touch(p, p->step[i].in[k], i);
        for (int k = 0; k < p->step[i].out_count; k++)
            touch(p, p->step[i].out[k], i);
    }
}

static int by_bytes(const void *a, const void *b)
{
    const struct its_slot *x = *(struct its_slot *const *)a, *y = *(struct its_slot *const *)b;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? 1 : -1;
    return x->first - y->first;
}

static int by_offset(const void *a, const void *b)
{
    const struct its_slot *x = *(struct its_slot *const *)a, *y = *(struct its_slot *const *)b;
    return x->at < y->at ? -1 : x->at > y->at;
}

/* The start of the smallest gap of at least `bytes` between the given ones, sorted by offset. */
static size_t best_gap(struct its_slot *const *busy, int count, size_t bytes)
{
    size_t end = 0, best = SIZE_MAX, best_size = SIZE_MAX;
    for (int i = 0; i < count; i++) {
        if (busy[i]->at >= end + bytes && busy[i]->at - end < best_size) {
            best = end;
            best_size = busy[i]->at - end;
        }
        end = ITS_MAX(end, busy[i]->at + busy[i]->bytes);
    }
    return best == SIZE_MAX ? end : best;
}

static bool overlap(const struct its_slot *a, const struct its_slot *b)
{
    return a->first <= b->last && b->first <= a->last;
}

int its_plan_memory(struct its_plan *p)
{
    struct its_slot **order = its_try_calloc((size_t)p->slot_count * 2 + 1, sizeof(*order));
    if (!order)
        return -ENOMEM;
    struct its_slot **busy = order + p->slot_count;
    int count = 0;
    find_lives(p);
    for (int i = 0; i < p->slot_count; i++) {
        struct its_slot *s = &p->slot[i];
        s->bytes = (s->bytes + 63) / 64 * 64;
        if (s->base < 0 && !s->external && !s->constant && s->first >= 0)
            order[count++] = s;
    }
    qsort(order, (size_t)count, sizeof(*order), by_bytes);
    for (int i = 0; i < count; i++) {
        int n = 0;
        for (int k = 0; k < i; k++)
            if (overlap(order[i], order[k]))
                busy[n++] = order[k];
        qsort(busy, (size_t)n, sizeof(*busy), by_offset);
        order[i]->at = best_gap(busy, n, order[i]->bytes);
        p->block_bytes = ITS_MAX(p->block_bytes, order[i]->at + order[i]->bytes);
    }
    free(order);
    return 0;
}
