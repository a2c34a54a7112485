/* A heap with the worst candidate on top, once the room is full: a better one takes its place.
 * Emptying the same heap from the top sorts it, which spares a qsort that allocates. */
#include "detect/candidate.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

int its_candidates_init(struct its_candidates *c, int room)
{
    its_assert(room >= 1);
    *c = (struct its_candidates){.room = room};
    c->item = its_try_calloc((size_t)room, sizeof(*c->item));
    return c->item ? 0 : -ENOMEM;
}

void its_candidates_fini(struct its_candidates *c)
{
    free(c->item);
    *c = (struct its_candidates){0};
}

void its_candidates_clear(struct its_candidates *c)
{
    c->count = 0;
}

static bool worse(const struct its_candidate *a, const struct its_candidate *b)
{
    if (a->score != b->score)
        return a->score < b->score;
    if (a->anchor != b->anchor)
        return a->anchor > b->anchor;
    return a->class_id > b->class_id;
}

/* Lets item[at] sink until nothing below it is worse. */
static void sink(struct its_candidate *item, int count, int at)
{
    struct its_candidate one = item[at];
    for (int child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && worse(&item[child + 1], &item[child]))
            child++;
        if (!worse(&item[child], &one))
            break;
        item[at] = item[child];
    }
    item[at] = one;
}

static void heap(struct its_candidates *c)
{
    for (int i = c->count / 2 - 1; i >= 0; i--)
        sink(c->item, c->count, i);
}

static bool sensible(const struct its_candidate *one)
{
    struct its_box b = one->box;
    return isfinite(b.x) && isfinite(b.y) && isfinite(b.w) && isfinite(b.h) && b.w > 0 && b.h > 0 &&
           isfinite(one->score);
}

void its_candidates_add(struct its_candidates *c, const struct its_candidate *one)
{
    if (!sensible(one))
        return;
    if (c->count < c->room) {
        c->item[c->count++] = *one;
        if (c->count == c->room)
            heap(c);
    } else if (worse(&c->item[0], one)) {
        c->item[0] = *one;
        sink(c->item, c->count, 0);
    }
}

void its_candidates_sort(struct its_candidates *c)
{
    heap(c);
    for (int left = c->count - 1; left > 0; left--) {
        struct its_candidate worst = c->item[0];
        c->item[0] = c->item[left];
        c->item[left] = worst;
        sink(c->item, left, 0);
    }
}
