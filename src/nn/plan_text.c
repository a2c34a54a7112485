/* A plan as a table for people: what runs in which order, where its results lie, how often memory
 * is reused. */
#include <stdio.h>

#include "base/str.h"
#include "nn/op.h"
#include "nn/plan.h"

static const char *layout_name(enum its_layout layout)
{
    static const char *const name[] = {"planes", "c16", "pixels"};
    return name[layout];
}

/* "0x12c000", "0x12c000 part" inside another slot, "input", "output". */
static void put_where(struct its_str *out, const struct its_plan *p, int slot)
{
    int64_t at;
    const struct its_slot *root = &p->slot[its_plan_root(p, slot, &at)];
    char text[48];
    at *= (int64_t)its_dtype_bytes(root->form.type);
    if (root->external)
        snprintf(text, sizeof(text), "%s+%#llx",
                 root->external <= p->graph->input_count ? "input" : "output",
                 (unsigned long long)at);
    else
        snprintf(text, sizeof(text), "%#llx%s", (unsigned long long)(root->at + (size_t)at),
                 p->slot[slot].base >= 0 ? " part" : "");
    its_str_printf(out, "%-16s", text);
}

static void put_step(struct its_str *out, const struct its_plan *p, int index, double ms)
{
    const struct its_step *s = &p->step[index];
    const struct its_slot *to = &p->slot[s->out[0]];
    char shape[64];
    its_str_printf(out, "%4d %-10s %-18s %-4s %-6s ", index,
                   s->node ? s->node->op->name : "Convert",
                   its_shape_text(&to->value->shape, shape, sizeof(shape)),
                   its_dtype_name(to->form.type), layout_name(to->form.layout));
    put_where(out, p, s->out[0]);
    its_str_printf(out, "%9zu %9zu %8.3f  %-32s %s\n", to->bytes, s->weight_bytes, ms,
                   s->how ? s->how : s->kernel->name, to->value->name);
}

void its_plan_print(const struct its_plan *p, const double *ms, struct its_str *out)
{
    size_t sum = 0;
    for (int i = 0; i < p->slot_count; i++)
        if (p->slot[i].base < 0 && !p->slot[i].external && !p->slot[i].constant)
            sum += p->slot[i].bytes;
    its_str_printf(out, "%4s %-10s %-18s %-4s %-6s %-16s%9s %9s %8s  %-32s %s\n", "step", "op",
                   "shape", "type", "layout", "at", "bytes", "weights", "ms", "by", "value");
    for (int i = 0; i < p->step_count; i++)
        put_step(out, p, i, ms ? ms[i] : 0);
    its_str_printf(out,
                   "weights %zu bytes, activations %zu (%zu if none were shared), scratch %zu\n",
                   p->weight_bytes, p->block_bytes, sum, p->scratch_bytes);
}
