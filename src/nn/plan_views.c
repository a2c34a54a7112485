/* Which slots lie inside others, so that nothing is copied.
 *
 * For one picture, channels [a, b) of a tensor are one run of memory in planes, and in blocks of
 * 16 when a is a multiple of 16: a part of a concat or a split is the same tensor at another
 * address. A reshape of planes is the same memory altogether. Kernels of such nodes (alias) skip
 * what already lies where it belongs, so that each part decided here is a copy less, and each not
 * decided stays right. */
#include "nn/plan.h"

#include "nn/pass.h"

#define ITS_CONCAT_PARTS_MAX 32

/* Elements before channel c of the place; -1 when a part cannot begin there. */
static int64_t channel_at(const struct its_place *p, int64_t c)
{
    if (p->n != 1 || p->layout == ITS_LAYOUT_PIXELS || c % p->block != 0)
        return -1;
    return c / p->block * p->block_stride;
}

static bool same_elements(const struct its_slot *a, const struct its_slot *b)
{
    return its_form_equal(a->form, b->form) && a->place.scale == b->place.scale &&
           a->place.zero == b->place.zero;
}

/* For one picture the strides of a part are its own: only the address is another. */
static void put_inside(struct its_plan *p, int slot, int base, int64_t at)
{
    p->slot[slot].base = base;
    p->slot[slot].base_at = at;
}

static void view_split(struct its_plan *p, const struct its_step *s)
{
    if (!its_node_along_channels(s->node, s->node->in[0]))
        return;
    int64_t c = 0;
    for (int i = 0; i < s->out_count; i++) {
        struct its_slot *out = &p->slot[s->out[i]];
        int64_t at = channel_at(&p->slot[s->in[0]].place, c);
        bool whole = at >= 0 && (out->place.c % out->place.block == 0 || i + 1 == s->out_count);
        if (whole && !out->external && same_elements(out, &p->slot[s->in[0]]))
            put_inside(p, s->out[i], s->in[0], at);
        c += out->place.c;
    }
}

struct part {
    int root;        /* of the input */
    int64_t root_at; /* the input's elements in its root */
    int64_t at;      /* where the concat wants them */
    int64_t length;
};

/* May the whole root of part k move into the concat's slot? Every part of the concat that the root
 * would cover must be that piece of that root. */
static bool root_fits(const struct its_plan *p, const struct part *part, int count, int k, int out)
{
    const struct its_slot *root = &p->slot[part[k].root], *to = &p->slot[out];
    int64_t begin = part[k].at - part[k].root_at;
    int64_t end = begin + root->place.image_stride;
    if (begin < 0 || end > to->place.image_stride || part[k].root == out || root->external ||
        root->constant || !same_elements(root, to) || root->place.n != 1)
        return false;
    for (int j = 0; j < count; j++) {
        bool covered = part[j].at < end && part[j].at + part[j].length > begin;
        if (covered && (part[j].root != part[k].root || part[j].at - part[j].root_at != begin))
            return false;
    }
    return true;
}

static void view_concat(struct its_plan *p, const struct its_step *s)
{
    struct part part[ITS_CONCAT_PARTS_MAX];
    if (!its_node_along_channels(s->node, s->node->out[0]) || s->in_count > ITS_CONCAT_PARTS_MAX)
        return;
    int64_t c = 0;
    for (int i = 0; i < s->in_count; i++) {
        const struct its_slot *in = &p->slot[s->in[i]];
        part[i].root = its_plan_root(p, s->in[i], &part[i].root_at);
        part[i].at = channel_at(&p->slot[s->out[0]].place, c);
        part[i].length = in->place.image_stride;
        if (part[i].at < 0 || !its_form_equal(in->form, p->slot[s->out[0]].form))
            return;
        c += in->place.c;
    }
    for (int i = 0; i < s->in_count; i++)
        if (root_fits(p, part, s->in_count, i, s->out[0]))
            put_inside(p, part[i].root, s->out[0], part[i].at - part[i].root_at);
}

void its_plan_views(struct its_plan *p)
{
    for (int i = 0; i < p->step_count; i++) {
        const struct its_step *s = &p->step[i];
        if (!s->node || !s->kernel->alias)
            continue;
        if (its_node_is(s->node, "Concat"))
            view_concat(p, s);
        else if (its_node_is(s->node, "Split"))
            view_split(p, s);
        else if (!p->slot[s->out[0]].external && !p->slot[s->in[0]].constant)
            put_inside(p, s->out[0], s->in[0], 0);
    }
}
